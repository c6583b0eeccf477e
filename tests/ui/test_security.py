"""Who may do what, and that nothing of what people write does anything: over every route there is.

The routes are those of the application itself, so that one that is added is looked at too.
"""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

import httpx
import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import Browser

from segue.bootstrap import environment
from segue.domain.users import Role
from segue.ui.app import PARTS
from segue.ui.signing import COOKIE
from tests.ui.conftest import PASSWORD, Studio
from tests.ui.hostile import EVIL, hostile, secret_of, session_of

__all__ = ["hostile"]

ODD: Final = quote(EVIL, safe="")
NOBODY_NEEDS: Final = {"/sign-in", "/enter/{secret}"}
"""Forms of people who are not signed in yet."""
UPLOADS: Final = {"/data/import"}
"""Forms with a file, which are looked at before they are read whole."""
EVERYBODY_MAY: Final = {"/sign-out", "/account", "/account/sign-out-everywhere"}
"""Forms about oneself."""
VALUES: Final = {
    "person_id": ODD,
    "segment_id": "buyers",
    "campaign_id": "offer",
    "spoken_id": "offer",
    "survey_id": "why",
    "event": ODD,
    "name": ODD,
    "secret": "made-up",
    "user_id": "user_none",
    "key_id": "key_none",
    "hook_id": "we_none",
    "token": "none",
}
"""What stands in the place of each parameter of a path; any other is called `none`."""
FORM: Final = {
    "role": "admin",
    "kind": "secret",
    "name": "mallory",
    "title": "odd",
    "when": "did buy",
    "segment": "buyers",
    "event": "buy",
    "goal": "bought",
}
"""What a form may ask for, so that none is refused for what it lacks."""
MARKUP: Final = ("<script>alert", "<img src=x", "<b>kind", "{{7*7}}49")


def _routes(method: str) -> list[APIRoute]:
    every = (route for part in PARTS for route in _within(part.router))
    return [one for one in every if method in one.methods]


def _within(router: Any) -> Iterator[APIRoute]:
    """The routes of a router and of those that it includes."""
    for one in router.routes:
        if isinstance(one, APIRoute):
            yield one
        elif hasattr(one, "original_router"):
            yield from _within(one.original_router)


def _address(route: APIRoute) -> str:
    return re.sub(r"{(\w+)(:\w+)?}", lambda found: VALUES.get(found[1], "none"), route.path)


POSTS: Final = [one.path for one in _routes("POST")]
STREAMS: Final = {"/live/stream"}
"""They never end."""
GETS: Final = sorted(
    {one.path for one in _routes("GET") if "static" not in one.path and "plotly" not in one.path}
    - STREAMS
)
ADDRESSES: Final = {one.path: _address(one) for one in [*_routes("POST"), *_routes("GET")]}
STATES: Final = (
    "/people?q=p",
    "/people?segment=buyers&stage=paying",
    f"/people/{ODD}?days=0",
    f"/people/{ODD}?event={ODD}",
    f"/people?q={ODD}",
    f"/segments?q={ODD}",
    f"/campaigns/offer?person={ODD}",
    f"/sign-in?next={ODD}",
    f"/builder?when={ODD}&title={ODD}&segment=",
    f"/nothing/{ODD}",
    "/settings/log?version=1",
    "/settings/log?version=2",
)
"""Pages with something in their address."""


def _send(studio: Studio, path: str, role: Role | None) -> httpx.Response:
    """A form sent by somebody with a role (None: by a stranger), with the mark of their session."""
    cookies, mark = {}, ""
    if role is not None:
        secret = secret_of(studio.server, role)
        cookies, mark = {COOKIE: secret}, session_of(studio.server, secret).id
    return httpx.post(
        f"{studio.address}/studio{ADDRESSES[path]}",
        params={"segment": "buyers"},
        **_form(path, {"mark": mark} | FORM),
        cookies=cookies,
        timeout=60,
    )


def _form(path: str, form: dict[str, str]) -> dict[str, Any]:
    """A form as a browser sends it from a route's page."""
    if path not in UPLOADS:
        return {"data": form}
    parts = {name: (None, value) for name, value in form.items()}
    return {"files": parts | {"file": ("some.csv", b"person_id,event\n")}}


# ----------------------------------------------------------------------------------- who may do what


def test_there_are_routes_to_look_at() -> None:
    assert len(POSTS) > 15
    assert len(GETS) > 15


@pytest.mark.parametrize("path", sorted({*POSTS} - NOBODY_NEEDS))
def test_strangers_send_nothing(hostile: Studio, path: str) -> None:
    """They are led to the sign-in, or refused; nothing is done."""
    response = _send(hostile, path, None)

    assert response.status_code in (303, 403)
    assert response.status_code == 403 or "/sign-in" in response.headers["location"]


@pytest.mark.parametrize("path", sorted({*POSTS} - NOBODY_NEEDS - EVERYBODY_MAY))
def test_a_viewer_changes_nothing(hostile: Studio, path: str) -> None:
    """Every form of the studio but those about oneself takes a role; a new one is here by
    itself."""
    response = _send(hostile, path, Role.VIEWER)

    assert response.status_code == 403 or path.endswith("/try"), response.text[-800:]
    assert not [
        one for one in hostile.server.serving.store.deeds() if one.user.startswith("viewer")
    ]


@pytest.mark.parametrize(
    "path",
    [
        one
        for one in POSTS
        if one.startswith(("/settings", "/health"))
        or one.endswith("/erase")
        or one in ("/campaigns/stop", "/campaigns/start")
    ],
)
def test_what_is_for_admins_is_for_admins(hostile: Studio, path: str) -> None:
    response = _send(hostile, path, Role.EDITOR)

    assert response.status_code == 403
    assert "takes the role admin" in response.text


@pytest.mark.parametrize("end", ["", "/keys", "/members", "/log"])
@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
def test_settings_tell_others_why_not(hostile: Studio, role: Role, end: str) -> None:
    """And nothing else: no key, no link, nobody's name but those whom to ask."""
    cookies = {COOKIE: secret_of(hostile.server, role)}
    response = httpx.get(f"{hostile.address}/studio/settings{end}", cookies=cookies, timeout=60)

    assert response.status_code == 403
    assert "Settings are for admins" in response.text
    assert "fb_" not in response.text
    assert "wk_" not in response.text


# ------------------------------------------------------------------------------- forms of other pages


@pytest.mark.parametrize("path", sorted({*POSTS} - NOBODY_NEEDS))
@pytest.mark.parametrize(
    ("mark", "headers"),
    [
        ("", {}),
        ("0123456789abcdef", {}),
        ("own", {"origin": "https://evil.example"}),
        ("own", {"origin": "null"}),
        ("own", {"sec-fetch-site": "cross-site"}),
        ("own", {"sec-fetch-site": "same-site"}),
    ],
)
def test_forms_of_other_pages_are_refused(
    hostile: Studio, path: str, mark: str, headers: dict[str, str]
) -> None:
    """Whatever they are about: without the session's mark, or from elsewhere."""
    own = session_of(hostile.server, hostile.cookie).id
    form = _form(path, {"mark": own if mark == "own" else mark})
    response = hostile.client.post(f"/studio{ADDRESSES[path]}", headers=headers, **form)

    assert response.status_code == 403


@pytest.mark.parametrize("path", sorted(NOBODY_NEEDS))
@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_nobody_is_signed_in_from_elsewhere(hostile: Studio, path: str, origin: str) -> None:
    """Else somebody would work as another one without knowing."""
    response = httpx.post(
        f"{hostile.address}/studio{ADDRESSES[path]}",
        data={"name": "a", "password": PASSWORD},
        headers={"origin": origin},
        timeout=60,
    )

    assert response.status_code in (401, 403)
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize("path", sorted({*POSTS} - NOBODY_NEEDS))
def test_the_mark_of_another_session_is_none(hostile: Studio, path: str) -> None:
    other = session_of(hostile.server, secret_of(hostile.server, Role.ADMIN, "another admin")).id

    response = hostile.client.post(f"/studio{ADDRESSES[path]}", **_form(path, {"mark": other}))

    assert response.status_code == 403


# ------------------------------------------------------------------------------------------ sessions


def test_a_session_that_somebody_brought_along_is_not_taken_up(hostile: Studio) -> None:
    """Who signs in gets a new one; the one that the browser had before is over."""
    store = hostile.server.serving.store
    user = store.add_user("fixed", Role.VIEWER, now=0)
    before = store.begin_session(user.id, now=environment.now())
    link = store.add_link(user.id, now=environment.now())
    with httpx.Client(base_url=hostile.address, timeout=60) as client:
        response = client.post(f"/studio/enter/{link}", headers={"cookie": f"{COOKIE}={before}"})

    assert response.status_code == 303
    assert response.cookies[COOKIE] != before
    assert store.session(before, now=environment.now()) is None
    assert store.session(response.cookies[COOKIE], now=environment.now()) is not None


def test_a_link_is_good_once(hostile: Studio) -> None:
    store = hostile.server.serving.store
    link = store.add_link(store.add_user("once", Role.VIEWER, now=0).id, now=environment.now())
    first, second = (
        httpx.post(f"{hostile.address}/studio/enter/{link}", timeout=60) for _ in range(2)
    )

    assert (first.status_code, second.status_code) == (303, 401)
    assert COOKIE not in second.cookies


@pytest.mark.parametrize(
    "next_",
    ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", EVIL],
)
def test_signing_in_leads_nowhere_else(hostile: Studio, next_: str) -> None:
    with httpx.Client(base_url=hostile.address, timeout=60) as client:
        client.cookies.set(COOKIE, hostile.cookie)
        response = client.get("/studio/sign-in", params={"next": next_})

    assert response.status_code == 303
    assert response.headers["location"].startswith("/studio/")


# -------------------------------------------------------------------------------- what people write


@pytest.mark.parametrize("path", [*(ADDRESSES[one] for one in GETS), *STATES])
def test_every_page_is_kept_to_itself(hostile: Studio, path: str) -> None:
    """Nothing is kept by browsers or proxies, nothing comes from elsewhere or stands in the page,
    no other page frames it; and what anybody wrote is text."""
    response = hostile.client.get(f"/studio{path}")
    told = response.headers

    assert response.status_code < 500, response.text[:2000]
    if response.status_code in (303, 307):
        assert told["location"].startswith("/studio")
        assert "/sign-in" not in told["location"]
        return
    if told["content-type"].startswith(("text/csv", "text/event-stream", "application/json")):
        assert "nosniff" in told["x-content-type-options"]
        return
    assert told["cache-control"] == "no-store"
    assert told["x-content-type-options"] == "nosniff"
    assert told["x-frame-options"] == "DENY"
    assert told["referrer-policy"] == "same-origin"
    policy = dict(
        one.strip().partition(" ")[::2] for one in told["content-security-policy"].split(";")
    )
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["form-action"] == policy["script-src"] == "'self'"
    assert "unsafe" not in told["content-security-policy"]
    assert not [one for one in MARKUP if one in response.text]


@pytest.mark.parametrize("path", sorted(STREAMS))
def test_streams_are_kept_to_themselves(hostile: Studio, path: str) -> None:
    with hostile.client.stream("GET", f"/studio{path}") as response:
        told = response.headers

    assert response.status_code == 200
    assert "no-store" in told["cache-control"]


@pytest.fixture
def tab(chromium: Browser, hostile: Studio) -> Iterator[Any]:
    """A page of a browser, and what it complained of: anything that ran, and anything that the
    policy had to stop."""
    with chromium.new_context(base_url=hostile.address) as context:
        context.add_cookies(
            [{"name": COOKIE, "value": hostile.cookie, "url": f"{hostile.address}/studio"}]
        )
        page = context.new_page()
        said: list[str] = []
        page.on("dialog", lambda one: (said.append(f"ran: {one.message}"), one.dismiss()))
        page.on("console", lambda one: said.append(one.text) if one.type == "error" else None)
        page.on("pageerror", lambda one: said.append(str(one)))
        yield page, said


@pytest.mark.parametrize("path", [*(ADDRESSES[one] for one in GETS), *STATES])
def test_nothing_runs_that_people_wrote(tab: Any, hostile: Studio, path: str) -> None:
    """In a real browser, where a script that the policy stops is a failure as well."""
    page, said = tab
    told = hostile.client.get(f"/studio{path}").headers
    if not told.get("content-type", "").startswith("text/html"):  # no browser takes it for a page
        assert told.get("x-content-type-options") == "nosniff" or told["location"]
        return
    page.goto(f"/studio{path}", wait_until="load")
    page.wait_for_timeout(100)

    assert not [one for one in said if "status of 4" not in one]
    assert page.locator("img[src='x']").count() == 0


def test_no_other_site_frames_the_studio(chromium: Browser, hostile: Studio) -> None:
    """Clicks meant for another page would do something here."""
    page = chromium.new_page()
    page.set_content(f"<iframe src='{hostile.address}/studio/sign-in'></iframe>")
    page.wait_for_timeout(300)
    (frame,) = page.frames[1:]

    assert "Sign in" not in frame.content()
    page.close()
