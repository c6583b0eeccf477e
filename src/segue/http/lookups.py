"""Where somebody stands, the look-up that other programs make at every request of theirs: answered
in front of the framework, which takes several times as long as the answer.

The route of `api.people` says the same and describes it; this is asked first.
"""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from segue.domain.errors import SegueError
from segue.http.access import with_secret_key
from segue.http.api.people import standing_document
from segue.http.context import Context
from segue.http.errors import JSON, Refusal, answer

_BEFORE: Final = "/api/people/"
_AFTER: Final = "/segments"


class Lookups:
    """Stands in front of the framework and answers `GET /api/people/{person_id}/segments`."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self._app, self._context = app, context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a look-up; pass every other request on."""
        person_id = _person_of(scope)
        if not person_id:
            await self._app(scope, receive, send)
            return
        scope.update(endpoint=self, path_params={"person_id": person_id})
        scope["segue.often"] = True
        try:
            body = self._standing(scope, person_id)
        except (SegueError, Refusal) as error:
            await answer(error)(scope, receive, send)
            return
        headers = [(b"content-type", JSON.encode()), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _standing(self, scope: Scope, person_id: str) -> bytes:
        with_secret_key(self._context, scope)
        return msgspec.json.encode(standing_document(self._context.live.standing(person_id)))


def _person_of(scope: Scope) -> str:
    """The distinct id that is asked about; empty where something else is asked."""
    path = str(scope["path"]) if scope["type"] == "http" else ""
    if not path.startswith(_BEFORE) or not path.endswith(_AFTER) or scope["method"] != "GET":
        return ""
    return path[len(_BEFORE) : -len(_AFTER)]
