"""The pages of settings, for admins: the project, keys, members, and who changed what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from segue.bootstrap.instants import chosen_zone, zones
from segue.domain.access import KeyKind
from segue.domain.errors import NotFoundError, UsageError
from segue.domain.ports import DefinitionVersion
from segue.domain.users import Role, Session, User
from segue.language.models import Privacy
from segue.services.acting.links import feedback_key
from segue.services.live.editing import difference, put_privacy, put_zone
from segue.ui.once import Made, Once
from segue.ui.pages import Page
from segue.ui.signing import Sending, SignedIn, needs
from segue.ui.undo import changed, undoable

PARTS: Final = (
    ("", "Project"),
    ("/keys", "Keys"),
    ("/members", "Members"),
    ("/log", "Who changed what"),
)
"""The pages of settings: the end of the address, and the name."""
VERSIONS: Final = 50
DEEDS: Final = 200

router = APIRouter()


# ---------------------------------------------------------------------------------------- project


@router.get("/settings")
def project(request: Request, session: SignedIn) -> Response:
    """The time zone, what is kept of people, and what the project leaves out."""
    return _project(request, session)


@router.post("/settings/zone")
def set_zone(
    request: Request, session: Sending, zone: Annotated[str, Form(max_length=100)] = ""
) -> Response:
    """Change the time zone, from the next start on."""
    needs(session, Role.ADMIN)
    page = Page.of(request)
    try:
        wanted = chosen_zone(zone)
    except UsageError as error:
        return _project(request, session, zone, error)
    if wanted == page.serving.project.next_zone:
        return RedirectResponse("/studio/settings", 303)
    what = f"The time zone is {wanted}, from the next start of the server on."
    if wanted == page.zone:
        what = f"The time zone stays {wanted}."
    token = changed(request, page, lambda text: put_zone(text, wanted), what)
    return RedirectResponse(f"/studio/settings?undo={token}", 303)


def _project(
    request: Request, session: Session, zone: str = "", error: UsageError | None = None
) -> Response:
    """The page of the project; with what was written as time zone, where there is none such."""
    page = Page.of(request)
    project = page.serving.project
    values = {
        "rules": project.project,
        "file": page.serving.workspace.definitions.name,
        "trouble": project.trouble,
        "undoing": undoable(request),
        "zones": zones(),
        "next_zone": project.next_zone,
        "wanted": zone or project.next_zone,
        "error": error,
    }
    return _shown(page, session, "project", values, "Project", status=400 if error else 200)


@router.post("/settings/privacy")
def set_privacy(
    request: Request,
    session: Sending,
    *,
    store_ip: Annotated[bool, Form()] = False,
    honour_gpc: Annotated[bool, Form()] = False,
    require_consent: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Change what is kept of people."""
    needs(session, Role.ADMIN)
    wanted = [one.strip() for one in require_consent.split(",") if one.strip()]
    privacy = Privacy(store_ip=store_ip, honour_gpc=honour_gpc, require_consent=wanted)
    page = Page.of(request)
    token = changed(request, page, lambda text: put_privacy(text, privacy), "Privacy was changed.")
    return RedirectResponse(f"/studio/settings?undo={token}", 303)


# ------------------------------------------------------------------------------------------- keys


@router.get("/settings/keys")
def keys(
    request: Request,
    session: SignedIn,
    made: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Which keys there are; one that was just made is shown once."""
    page = Page.of(request)
    every = page.serving.store.keys()[::-1]
    values = {
        "good": [one for one in every if one.revoked_at is None],
        "revoked": [one for one in every if one.revoked_at is not None],
        "kinds": list(KeyKind),
        "made": _once(request).show(session, made),
        "feedback": feedback_key(page.serving.store.link_secret()) if _is_admin(session) else "",
        "host": _host(request),
    }
    return _shown(page, session, "keys", values, "Keys")


@router.post("/settings/keys")
def make_key(
    request: Request,
    session: Sending,
    name: Annotated[str, Form(max_length=100)] = "",
    kind: Annotated[KeyKind, Form()] = KeyKind.WRITE,
) -> Response:
    """Make a key."""
    needs(session, Role.ADMIN)
    page = Page.of(request)
    wanted = name.strip()
    if not wanted:
        raise UsageError("A key needs a name", hint="What will it be used for?")
    if kind is KeyKind.WRITE:
        page.serving.store.add_write_key(wanted, now=page.now)
        return RedirectResponse("/studio/settings/keys", 303)
    made = page.serving.store.add_secret_key(wanted, now=page.now)
    token = _once(request).keep(session, Made("secret key", wanted, made.text))
    return RedirectResponse(f"/studio/settings/keys?made={token}", 303)


@router.post("/settings/keys/{key_id}/revoke")
def revoke_key(request: Request, session: Sending, key_id: str) -> Response:
    """Revoke a key."""
    needs(session, Role.ADMIN)
    page = Page.of(request)
    page.serving.store.revoke(key_id, now=page.now)
    return RedirectResponse("/studio/settings/keys", 303)


# ---------------------------------------------------------------------------------------- members


@router.get("/settings/members")
def members(
    request: Request,
    session: SignedIn,
    made: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Who may sign in, and as what; a link that was just made is shown once."""
    page = Page.of(request)
    every = page.serving.store.users()
    values = {
        "users": [one for one in every if one.ended_at is None],
        "ended": [one for one in every if one.ended_at is not None],
        "roles": list(Role),
        "made": _once(request).show(session, made),
    }
    return _shown(page, session, "members", values, "Members")


@router.post("/settings/members")
def invite(
    request: Request,
    session: Sending,
    name: Annotated[str, Form(max_length=200)] = "",
    role: Annotated[Role, Form()] = Role.VIEWER,
) -> Response:
    """Invite somebody."""
    needs(session, Role.ADMIN)
    page = Page.of(request)
    return _linked(request, page, session, page.serving.store.add_user(name, role, now=page.now))


@router.post("/settings/members/{user_id}/role")
def set_role(
    request: Request, session: Sending, user_id: str, role: Annotated[Role, Form()]
) -> Response:
    """Give somebody another role."""
    needs(session, Role.ADMIN)
    Page.of(request).serving.store.set_role(user_id, role)
    return RedirectResponse("/studio/settings/members", 303)


@router.post("/settings/members/{user_id}/link")
def make_link(request: Request, session: Sending, user_id: str) -> Response:
    """Make a link for somebody who lost their password."""
    needs(session, Role.ADMIN)
    page = Page.of(request)
    user = _user(page, user_id)
    if user.ended_at is not None:
        raise UsageError(f"{user.name} may not sign in", hint="Let them in again first.")
    if user.id == session.user.id:  # it would sign out whoever has to read the link
        raise UsageError("This is you", hint="Choose a password on your account.")
    page.serving.store.set_password(user_id, "")
    return _linked(request, page, session, user)


@router.post("/settings/members/{user_id}/end")
def end_access(request: Request, session: Sending, user_id: str) -> Response:
    """End somebody's access."""
    needs(session, Role.ADMIN)
    page = Page.of(request)
    page.serving.store.end_user(user_id, now=page.now)
    return RedirectResponse("/studio/settings/members", 303)


@router.post("/settings/members/{user_id}/readmit")
def readmit(request: Request, session: Sending, user_id: str) -> Response:
    """Let somebody in again."""
    needs(session, Role.ADMIN)
    page = Page.of(request)
    return _linked(request, page, session, page.serving.store.readmit(user_id))


def _linked(request: Request, page: Page, session: Session, user: User) -> Response:
    """Lead to the page that shows a link for the user, once."""
    secret = page.serving.store.add_link(user.id, now=page.now)
    link = f"{_host(request)}/studio/enter/{secret}"
    token = _once(request).keep(session, Made("link", user.name, link))
    return RedirectResponse(f"/studio/settings/members?made={token}", 303)


def _user(page: Page, user_id: str) -> User:
    for one in page.serving.store.users():
        if one.id == user_id:
            return one
    raise NotFoundError(f"there is no user {user_id!r}", hint="Look at the list of members.")


# -------------------------------------------------------------------------------------------- log


@router.get("/settings/log")
def log(
    request: Request, session: SignedIn, version: Annotated[int | None, Query(ge=1)] = None
) -> Response:
    """What was changed here, by whom and when; and the versions of the project file, one of them
    against the one before it."""
    page = Page.of(request)
    versions = page.serving.store.definition_versions()
    values = {
        "deeds": page.serving.store.deeds(DEEDS),
        "versions": versions[-VERSIONS:][::-1],
        "older": max(len(versions) - VERSIONS, 0),
        "version": version,
        "diff": None if version is None else _difference(versions, version),
    }
    return _shown(page, session, "log", values, "Who changed what")


def _difference(versions: list[DefinitionVersion], number: int) -> list[tuple[str, str]]:
    """What a version changed: each line with whether it came, went or stayed."""
    texts = {one.version: one.text for one in versions}
    if number not in texts:
        raise NotFoundError(f"there is no version {number}", hint="Look at the list.")
    told = difference(texts.get(number - 1, ""), texts[number], "segue.yaml").splitlines()[2:]
    marks = {"+": "came", "-": "went", "@": "place"}
    return [(marks.get(line[:1], ""), line) for line in told]


# -------------------------------------------------------------------------------------- for admins


def _shown(
    page: Page,
    session: Session,
    name: str,
    values: Mapping[str, Any],
    title: str,
    *,
    status: int = 200,
) -> Response:
    """A page of settings; who is no admin sees why not, and whom to ask."""
    around = {"parts": PARTS, "part": name}
    if _is_admin(session):
        return page.shown(f"settings_{name}", {**values, **around}, title=title, status=status)
    users = (one for one in page.serving.store.users() if one.ended_at is None)
    admins = [one.name for one in users if one.role is Role.ADMIN]
    told = {"admins": admins, **around}
    return page.shown("settings_closed", told, title="Settings", status=403)


def _is_admin(session: Session) -> bool:
    return session.user.role.may(Role.ADMIN)


def _once(request: Request) -> Once:
    once: Once = request.app.state.once
    return once


def _host(request: Request) -> str:
    """Where this server answers, as the browser knows it."""
    scheme = request.headers.get("x-forwarded-proto", request.url.scheme)
    return f"{scheme}://{request.headers['host']}"
