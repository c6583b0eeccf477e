"""Who gets into the studio, and who does not."""

from collections.abc import Iterator

import httpx
import pytest

from segue.services.users import TRIES
from segue.ui.signing import HOME, own_path
from tests.http.running import Running, running
from tests.ui.conftest import PASSWORD, Studio

PAGES = ("/", "/segments", "/segments/buyers", "/people", "/people/p00", "/account")
FORMS = ("/sign-out", "/account")


@pytest.fixture
def stranger(server: Running) -> Iterator[httpx.Client]:
    """Somebody who is not signed in."""
    with httpx.Client(base_url=server.address, timeout=60) as client:
        yield client


@pytest.mark.parametrize("page", PAGES[1:])
def test_strangers_are_led_to_the_sign_in(stranger: httpx.Client, page: str) -> None:
    """And from there back to the page that they asked for."""
    response = stranger.get(f"/studio{page}?x=1")

    assert response.status_code == 303
    assert response.headers["location"] == f"/studio/sign-in?next=/studio{page}%3Fx%3D1"


@pytest.mark.parametrize("path", ["/studio", "/studio/"])
def test_the_bare_address_leads_in(stranger: httpx.Client, path: str) -> None:
    response = stranger.get(path, follow_redirects=True)

    assert response.url.path == "/studio/sign-in"


def test_a_made_up_session_is_none(stranger: httpx.Client) -> None:
    response = stranger.get("/studio/segments", headers={"cookie": "segue_session=made up"})

    assert response.status_code == 303


def test_a_link_lets_in_once_and_looking_at_it_uses_nothing_up(tmp_path) -> None:
    """Mail programs and chats look at links; only the button enters. Then a password is asked
    for, and the next start of the server gives no link any more."""
    folder = tmp_path / "shop"
    with running(folder) as server, httpx.Client(timeout=60) as client:
        for _ in range(2):
            assert "Enter the studio" in client.get(server.studio_link).text
        entered = client.post(server.studio_link)
        assert entered.headers["location"] == "/studio/account"
        assert client.post(server.studio_link).status_code == 401
        mark = _mark(client.get(f"{server.address}/studio/account").text)
        form = {"mark": mark, "password": PASSWORD}
        assert client.post(f"{server.address}/studio/account", data=form).status_code == 303
        assert client.get(f"{server.address}/studio/segments").status_code == 200
    with running(folder) as server:
        assert server.studio_link == ""


def _mark(page: str) -> str:
    return page.partition('name="mark" value="')[2].partition('"')[0]


def test_the_cookie_is_for_the_studio_only(stranger: httpx.Client, studio: Studio) -> None:
    """No script reads it, no other site's form sends it, over TLS nothing else carries it."""
    form = {"name": "admin", "password": PASSWORD, "next": "/studio/people"}
    plain = stranger.post("/studio/sign-in", data=form)
    secure = stranger.post("/studio/sign-in", data=form, headers={"x-forwarded-proto": "https"})

    assert plain.headers["location"] == "/studio/people"
    kept = plain.headers["set-cookie"].lower()
    assert {"httponly", "samesite=lax", "path=/studio"} <= set(kept.split("; "))
    assert "secure" in secure.headers["set-cookie"].lower().split("; ")


@pytest.mark.parametrize(
    ("name", "password"), [("admin", "wrong horse battery"), ("nobody", PASSWORD), ("", "")]
)
def test_wrong_ones_are_told_nothing(
    stranger: httpx.Client, studio: Studio, name: str, password: str
) -> None:
    """Not even whether there is such a user."""
    response = stranger.post("/studio/sign-in", data={"name": name, "password": password})

    assert response.status_code == 401
    assert "No user has this name and this password." in response.text


def test_guessing_is_ended(stranger: httpx.Client, studio: Studio) -> None:
    form = {"name": "somebody else", "password": "wrong horse battery"}
    answers = [stranger.post("/studio/sign-in", data=form).status_code for _ in range(TRIES + 1)]

    assert answers == [401] * TRIES + [429]


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    ("mark", "headers"),
    [
        ("", {}),
        ("0123456789abcdef", {}),
        ("own", {"origin": "https://evil.example"}),
        ("own", {"sec-fetch-site": "cross-site"}),
        ("own", {"origin": "null"}),
    ],
)
def test_forms_of_other_pages_are_not_taken(
    studio: Studio, path: str, mark: str, headers: dict[str, str]
) -> None:
    """Without the session's mark, or from another site."""
    own = _mark(studio.page("/account"))
    form = {"mark": own if mark == "own" else mark, "password": PASSWORD}

    response = studio.client.post(f"/studio{path}", data=form, headers=headers)

    assert response.status_code == 403
    assert studio.page("/segments")


def test_signing_out_ends_the_session(server: Running, studio: Studio) -> None:
    with httpx.Client(base_url=server.address, timeout=60, follow_redirects=True) as client:
        client.post("/studio/sign-in", data={"name": "admin", "password": PASSWORD})
        secret = client.cookies["segue_session"]
        client.post("/studio/sign-out", data={"mark": _mark(client.get("/studio/account").text)})
        again = client.get("/studio/segments", headers={"cookie": f"segue_session={secret}"})

    assert again.url.path == "/studio/sign-in"


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example/",
        "//evil.example/studio/",
        "/\\evil.example",
        "/studio/\\evil.example",
        "javascript:alert(1)",
        "/api/people",
        "",
    ],
)
def test_sign_in_leads_nowhere_else(text: str) -> None:
    """To the home page instead."""
    assert own_path(text) == HOME


def test_sign_in_leads_back(studio: Studio) -> None:
    path = "/studio/segments/buyers?on=2026-05-01"

    assert own_path(path) == path
    response = studio.client.get("/studio/sign-in", params={"next": path}, follow_redirects=False)
    assert response.headers["location"] == path


def test_a_short_password_is_not_taken(studio: Studio) -> None:
    mark = _mark(studio.page("/account"))

    response = studio.client.post("/studio/account", data={"mark": mark, "password": "short"})

    assert response.status_code == 400
    assert "at least 10 characters" in response.text
