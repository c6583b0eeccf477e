"""The application of the studio: its routes, its errors, and the headers of all its pages."""

from __future__ import annotations

import threading
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from segue.bootstrap.serving import Serving
from segue.domain.errors import (
    BusyError,
    InputError,
    NotFoundError,
    SegueError,
    UsageError,
)
from segue.services.live.catalogue import Catalogue
from segue.ui import (
    assets,
    builder,
    campaign_form,
    campaigns,
    data,
    discover,
    discover_groups,
    entering,
    finding,
    health,
    journey,
    live,
    members,
    moved,
    people,
    plots,
    segment,
    segments,
    settings,
    today,
    undo,
    voices,
)
from segue.ui.board import Board
from segue.ui.deeds import Noting
from segue.ui.drafts import Drafts
from segue.ui.once import Once
from segue.ui.pages import Page
from segue.ui.signing import NotAllowedError, NotSignedInError, next_of
from segue.ui.undo import Undoing

_SPOKEN: Final = (campaign_form, campaigns, voices)
"""What is said to people: the form goes first, as an id may hold slashes."""
PARTS: Final = (
    assets,
    plots,
    entering,
    segments,
    members,
    moved,
    segment,
    discover,
    discover_groups,
    builder,
    people,
    health,
    settings,
    today,
    journey,
    live,
    data,
    *_SPOKEN,
    undo,
    finding,
)
"""The modules whose routes make up the studio, in the order in which they are looked through."""
_STATUS: Final = {NotFoundError: 404, UsageError: 400, InputError: 400, BusyError: 503}
"""What the errors of Segue are in HTTP; every other one is 500."""


def studio(serving: Serving) -> FastAPI:
    """The studio over a workspace that is served."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.serving = serving
    app.state.sign_in = entering.sign_in(serving)
    app.state.catalogue = Catalogue(serving.store, serving.store.next_ref)
    app.state.board = Board(serving.alone)
    app.state.quick = Board(threading.Lock())
    app.state.trying = threading.Lock()
    app.state.undoing, app.state.drafts, app.state.once = Undoing(), Drafts(), Once()
    for part in PARTS:
        app.include_router(part.router)
    app.add_middleware(Noting, serving=serving)
    app.add_exception_handler(NotSignedInError, _to_sign_in)
    app.add_exception_handler(NotAllowedError, _not_allowed)
    app.add_exception_handler(SegueError, _trouble)
    app.add_exception_handler(HTTPException, _no_page)
    app.add_exception_handler(RequestValidationError, _not_understood)
    return app


def _to_sign_in(request: Request, _: Exception) -> Response:
    """Lead to the page where one signs in, and from there back."""
    return RedirectResponse(f"/studio/sign-in?next={next_of(request)}", 303)


def _not_allowed(request: Request, error: Exception) -> Response:
    return _failed(request, 403, "This form cannot be taken", str(error))


def _trouble(request: Request, error: Exception) -> Response:
    assert isinstance(error, SegueError)
    kinds = (status for kind, status in _STATUS.items() if isinstance(error, kind))
    return _failed(request, next(kinds, 500), error.message, error.hint)


def _no_page(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _failed(request, 404, "There is no such page", "Its address may be mistyped.")
    return _failed(request, error.status_code, str(error.detail), "")


def _not_understood(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    name = str(first["loc"][-1])
    return _failed(request, 400, f"{name!r} is not understood", str(first["msg"]))


def _failed(request: Request, status: int, what: str, hint: str) -> Response:
    page = Page.of(request)
    return page.shown("failed", {"what": what, "hint": hint}, title=what, status=status)
