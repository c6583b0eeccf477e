"""Taking back a change of the project file, as long as nobody changed it since."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from segue.domain.errors import UsageError
from segue.domain.users import Role
from segue.services.live.editing import Change
from segue.ui.pages import Page
from segue.ui.signing import Sending, needs, own_path

KEPT: Final = 100
"""How many changes can be taken back; the oldest goes first."""

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Done:
    """A change of the file: what was done, in words, the text before and after it, and the page
    that undoing it leads to."""

    token: str
    what: str
    before: str
    after: str
    back: str


@dataclass
class Undoing:
    """The changes of this process that can be taken back."""

    _done: OrderedDict[str, Done] = field(default_factory=OrderedDict)

    def keep(self, what: str, before: str, after: str, back: str) -> Done:
        """Note a change."""
        token = hashlib.sha256(f"{before}\0{after}".encode()).hexdigest()[:20]
        self._done[token] = Done(token, what, before, after, back)
        while len(self._done) > KEPT:
            self._done.popitem(last=False)
        return self._done[token]

    def get(self, token: str) -> Done | None:
        """The change, where it can still be taken back."""
        return self._done.get(token)


def undoing_of(request: Request) -> Undoing:
    """What can be taken back here."""
    found: Undoing = request.app.state.undoing
    return found


def changed(request: Request, page: Page, change: Change, what: str, back: str = "/studio/") -> str:
    """Change the project file, put it in force, and note how to take that back: the token for the
    address (`?undo=TOKEN`). `back` is the page that undoing leads to, where whoever shows the
    button names none. Raises as `Serving.change_definitions` does."""
    seen = ""

    def remembered(before: str) -> str:
        nonlocal seen
        seen = before
        return change(before)

    saved = page.serving.change_definitions(remembered)
    return undoing_of(request).keep(what, seen, saved.text, back).token


def undoable(request: Request) -> Done | None:
    """The change that the address of this page offers to take back."""
    return undoing_of(request).get(request.query_params.get("undo", ""))


@router.post("/undo/{token}")
def undo(request: Request, session: Sending, token: str, back: str = "") -> Response:
    """Put the file back as it was before a change, and lead to the page `back`."""
    needs(session, Role.EDITOR)
    done = undoing_of(request).get(token)
    if done is None:
        raise UsageError("This can no longer be taken back", hint="change it by hand")

    def restored(now: str) -> str:
        if now != done.after:
            raise UsageError(
                "The file was changed since: this can no longer be taken back",
                hint="change it by hand, so that nobody's work is lost",
            )
        return done.before

    Page.of(request).serving.change_definitions(restored)
    return RedirectResponse(own_path(back or done.back), 303)
