"""Who changed what: every form that did something is noted by itself, in the words of its route."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segue.bootstrap import environment
from segue.bootstrap.serving import Serving
from segue.domain.users import Deed, Session

_DONE: Final = 303
"""What a form that changed something is answered with: it leads to a page that shows it."""
_PEOPLE: Final = "person_id"
_LONGEST: Final = 200


class Noting:
    """Stands in front of the studio's routes. A form of somebody who is signed in that was answered
    with 303 did something: who, when, what (the first line of the route's docstring) and with which
    thing (the last part of the path that varies; never a person) is kept."""

    def __init__(self, app: ASGIApp, serving: Serving) -> None:
        self._app, self._serving = app, serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note what it did."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        status = 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if status == _DONE:  # before whoever sent it looks at the next page
                    await self._note(scope)
            await send(message)

        await self._app(scope, receive, sent)

    async def _note(self, scope: Scope) -> None:
        session = scope.get("state", {}).get("session")
        if isinstance(session, Session):
            deed = deed_of(session, scope["endpoint"], scope["path_params"])
            await run_in_threadpool(self._serving.store.note_deed, deed)


def deed_of(session: Session, endpoint: Callable[..., Any], path: dict[str, Any]) -> Deed:
    """What somebody did with a route, in words."""
    what = (inspect.getdoc(endpoint) or endpoint.__name__).partition("\n")[0]
    about = "" if _PEOPLE in path or not path else str(list(path.values())[-1])
    return Deed(environment.now(), session.user.name, what.rstrip("."), about[:_LONGEST])
