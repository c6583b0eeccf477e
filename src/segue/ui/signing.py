"""Who is signed in: the cookie of a session, and whether a form was really sent from a page of
theirs."""

from __future__ import annotations

import hmac
from typing import Annotated, Final, TypeAlias
from urllib.parse import quote, urlsplit

from fastapi import Depends, Form, Request
from starlette.responses import Response

from segue.bootstrap import environment
from segue.bootstrap.serving import Serving
from segue.domain.instant import SECOND
from segue.domain.users import SESSION_LASTS, Role, Session

COOKIE: Final = "segue_session"
HOME: Final = "/studio/today"


class NotSignedInError(Exception):
    """Nobody is signed in who could see this page."""


class NotAllowedError(Exception):
    """A form did not come from a page of whoever is signed in, or takes a higher role."""


def serving_of(request: Request) -> Serving:
    """The workspace that is served."""
    serving = request.app.state.serving
    assert isinstance(serving, Serving)
    return serving


def session_of(request: Request) -> Session | None:
    """The session whose cookie came along; None where nobody is signed in."""
    secret = request.cookies.get(COOKIE, "")
    return serving_of(request).store.session(secret, now=environment.now()) if secret else None


def _signed_in(request: Request) -> Session:
    session = session_of(request)
    if session is None:
        raise NotSignedInError
    return session


SignedIn: TypeAlias = Annotated[Session, Depends(_signed_in)]
"""A parameter of a page that everybody who is signed in may see."""


def _from_own_page(
    request: Request, session: SignedIn, mark: Annotated[str, Form()] = ""
) -> Session:
    """Let in a form that a page of this session had: it carries the session's mark, and the browser
    says that it comes from here."""
    if not hmac.compare_digest(mark.encode(), session.id.encode()) or not is_from_here(request):
        raise NotAllowedError("The form is an old one, or not from here: open the page again.")
    request.state.session = session  # for whoever notes what was done: see deeds.py
    return session


Sending: TypeAlias = Annotated[Session, Depends(_from_own_page)]
"""A parameter of a route that takes a form of somebody who is signed in."""


def needs(session: Session, role: Role) -> None:
    """Raise `NotAllowedError` where the user's role is less than that."""
    own = session.user.role
    if not own.may(role):
        raise NotAllowedError(f"This takes the role {role.value}; yours is {own.value}.")


def is_from_here(request: Request) -> bool:
    """Whether the browser says that a request comes from a page of this server."""
    origin = request.headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == request.headers.get("host")
    return request.headers.get("sec-fetch-site", "none") in ("same-origin", "none")


def keep(response: Response, request: Request, secret: str) -> None:
    """Give the browser the cookie of a session."""
    secure = request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
    response.set_cookie(
        COOKIE,
        secret,
        max_age=SESSION_LASTS // SECOND,
        path="/studio",
        httponly=True,
        secure=secure,
        samesite="lax",
    )


def next_of(request: Request) -> str:
    """The page that was asked for, as part of an address; forms lead to the page that has them."""
    if request.method != "GET":
        return quote(HOME, safe="/")
    query = f"?{request.url.query}" if request.url.query else ""
    return quote(f"{request.url.path}{query}", safe="/")


def own_path(text: str) -> str:
    """A page of the studio to lead to; the home page where the text is anything else."""
    parts = urlsplit(text)
    is_own = not parts.scheme and not parts.netloc and text.startswith("/studio/")
    return text if is_own and "\\" not in text else HOME
