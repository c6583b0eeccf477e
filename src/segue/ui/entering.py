"""Signing in and out: by name and password, or once by a link."""

from __future__ import annotations

import os
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from segue.bootstrap import environment
from segue.bootstrap.serving import Serving
from segue.domain.errors import UsageError
from segue.domain.users import Session
from segue.services.users import SHORTEST_PASSWORD, SignIn, check_password
from segue.ui.pages import Page
from segue.ui.signing import COOKIE, HOME, Sending, SignedIn, is_from_here, keep, own_path

_WRONG: Final = "No user has this name and this password."
_ELSEWHERE: Final = "The form was not sent from this page: try again."

router = APIRouter()


def sign_in(serving: Serving) -> SignIn:
    """Signing in to a workspace."""
    return SignIn(serving.store, os.urandom)


@router.get("/sign-in")
def ask(request: Request, next: str = HOME) -> Response:  # noqa: A002  # the name in the address
    """The page where one signs in."""
    page = Page.of(request)
    if page.session is not None:
        return RedirectResponse(own_path(next), 303)
    return _asked(page, own_path(next))


@router.post("/sign-in")
def enter(
    request: Request,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = HOME,  # noqa: A002
) -> Response:
    """Sign in with a name and a password."""
    page = Page.of(request)
    if not is_from_here(request):
        return _asked(page, own_path(next), _ELSEWHERE, 403)
    try:
        user = request.app.state.sign_in.user(name, password, page.now)
    except UsageError as error:
        return _asked(page, own_path(next), f"{error.message}. {error.hint}", 429)
    if user is None:
        return _asked(page, own_path(next), _WRONG, 401)
    return _entered(request, page, user.id, own_path(next))


@router.get("/enter/{secret}")
def show_link(request: Request, secret: str) -> Response:
    """The page of a one-time link. Looking at it uses nothing up: programs look at links too."""
    page = Page.of(request)
    return page.shown("enter", {"secret": secret}, title="Enter the studio")


@router.post("/enter/{secret}")
def use_link(request: Request, secret: str) -> Response:
    """Sign in by a one-time link."""
    page = Page.of(request)
    user = page.serving.store.use_link(secret, now=page.now) if is_from_here(request) else None
    if user is None:
        return _asked(page, HOME, "This link has been used, or it is more than a day old.", 401)
    return _entered(request, page, user.id, HOME if user.has_password else "/studio/account")


@router.post("/sign-out")
def leave(request: Request, session: Sending) -> Response:
    """Sign out."""
    del session
    page = Page.of(request)
    page.serving.store.end_session(request.cookies[COOKIE])
    response = RedirectResponse("/studio/sign-in", 303)
    response.delete_cookie(COOKIE, path="/studio")
    return response


@router.post("/account/sign-out-everywhere")
def leave_everywhere(request: Request, session: Sending) -> Response:
    """Sign out everywhere."""
    Page.of(request).serving.store.end_sessions(session.user.id)
    response = RedirectResponse("/studio/sign-in", 303)
    response.delete_cookie(COOKIE, path="/studio")
    return response


@router.get("/account")
def account(request: Request, session: SignedIn) -> Response:
    """The user's own page: a password."""
    del session
    return _account(Page.of(request))


@router.post("/account")
def set_password(
    request: Request,
    session: Sending,
    password: Annotated[str, Form()] = "",
    current: Annotated[str, Form()] = "",
) -> Response:
    """Choose a password. Everybody who was signed in as this user has to sign in again; whoever
    sent the form stays. Where there is a password it is asked for: a browser that was left open is
    not enough."""
    page = Page.of(request)
    signing: SignIn = request.app.state.sign_in
    try:
        check_password(password)
        if session.user.has_password and not _is_own(signing, session, current, page.now):
            return _account(page, "That is not your password now.", 400)
        signing.set_password(session.user.id, password)
    except UsageError as error:
        return _account(page, error.message, 400)
    return _entered(request, page, session.user.id, HOME)


def _is_own(signing: SignIn, session: Session, password: str, now: int) -> bool:
    """Whether it is the password of who is signed in. Raises `UsageError` after too many tries."""
    found = signing.user(session.user.name, password, now)
    return found is not None and found.id == session.user.id


def _account(page: Page, problem: str = "", status: int = 200) -> Response:
    values = {"problem": problem, "shortest": SHORTEST_PASSWORD}
    return page.shown("account", values, title="Your account", status=status)


def _asked(page: Page, next_path: str, problem: str = "", status: int = 200) -> Response:
    values = {"next": next_path, "problem": problem}
    return page.shown("sign_in", values, title="Sign in", status=status)


def _entered(request: Request, page: Page, user_id: str, path: str) -> Response:
    store = page.serving.store
    store.end_session(request.cookies.get(COOKIE, ""))  # whoever was signed in here is not any more
    secret = store.begin_session(user_id, now=environment.now())
    response = RedirectResponse(path, 303)
    keep(response, request, secret)
    return response
