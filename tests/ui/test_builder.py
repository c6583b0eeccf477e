"""A segment written, tried, saved, changed and removed: by forms, and while one types."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from segue.bootstrap import environment
from segue.domain.users import Role
from tests.http.running import running
from tests.ui.conftest import DEFINITIONS, Studio, _live

COMMENTED = DEFINITIONS.replace("segments:\n", "segments:\n  # people with money\n")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A shop of its own, whose project file may be changed, and an editor."""
    folder = tmp_path_factory.mktemp("builder") / "shop"
    with running(folder, definitions=COMMENTED) as server:
        _live(server)
        store, now = server.serving.store, environment.now()
        editor = store.add_user("eva", Role.EDITOR, now=now)
        cookies = {"segue_session": store.begin_session(editor.id, now=now)}
        with httpx.Client(base_url=server.address, cookies=cookies, timeout=20) as client:
            yield Studio(server, client)


def _file(shop: Studio) -> Path:
    return shop.server.serving.workspace.definitions


def _sent(shop: Studio, segment: str = "", **form: str) -> httpx.Response:
    mark = shop.page("/account").partition('name="mark" value="')[2].partition('"')[0]
    query = {"segment": segment} if segment else {}
    return shop.client.post("/studio/builder", params=query, data={"mark": mark, **form})


def test_trying_shows_what_it_would_mean(shop: Studio) -> None:
    """In words, how many, how that went, who entered last; nothing is saved."""
    before = _file(shop).read_text()

    page = _sent(shop, title="Rich", when="did buy where price > 9").text

    assert "Bought where price is more than 9." in page.replace("has b", "B").replace("Has b", "B")
    assert "<b>10</b> of 60 people, 16.7%" in page
    assert "Entered last:" in page
    assert _file(shop).read_text() == before


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("did looked at leest 2 times", "leest"),
        ("did looked whithin 7 days", "did you mean <b>within</b>"),
        ("did bye", "did you mean"),
        ("in nowhere", "nowhere"),
        ("", "write a condition"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(shop: Studio, when: str, said: str) -> None:
    """With the text, a caret below the place, and the nearest name."""
    mark = shop.page("/account").partition('name="mark" value="')[2].partition('"')[0]

    part = shop.client.post("/studio/builder/try", data={"mark": mark, "when": when})

    assert part.status_code == 200
    assert said in part.text
    assert "<html" not in part.text


def test_a_segment_is_saved_changed_and_removed(shop: Studio) -> None:
    """In the file, whose comments stay; in force at once."""
    saved = _sent(shop, title="Big spenders!", when="did  buy\n where price > 9", go="save")
    assert saved.headers["location"] == "/studio/segments/big_spenders"
    assert "# people with money" in _file(shop).read_text()
    assert "when: did buy where price > 9" in _file(shop).read_text()
    assert "<b>10</b> people" in shop.page("/segments/big_spenders")

    builder = shop.page("/builder", segment="big_spenders")
    assert ">did buy where price &gt; 9</textarea>" in builder
    form = {"title": "Big spenders", "kind": "purchase", "stage": "paying"}
    _sent(shop, "big_spenders", **form, when="did buy where price > 14", go="save")
    assert "<b>5</b> people" in shop.page("/segments/big_spenders")
    assert "Version 2" in shop.page("/segments/big_spenders")

    removed = _sent(shop, "big_spenders", when="did buy", go="remove")
    assert removed.headers["location"] == "/studio/segments"
    assert "big_spenders" not in _file(shop).read_text()
    assert shop.client.get("/studio/segments/big_spenders").status_code == 404


def test_what_is_wrong_is_not_saved(shop: Studio) -> None:
    """The form comes back as it was written."""
    before = _file(shop).read_text()

    response = _sent(shop, title="Broken", when="did looked whithin 7 days", go="save")

    assert response.status_code == 400
    assert ">did looked whithin 7 days</textarea>" in response.text
    assert _file(shop).read_text() == before


def test_a_file_that_is_read_only_gives_the_change_to_apply(shop: Studio) -> None:
    _file(shop).chmod(0o444)
    try:
        response = _sent(shop, title="Rich", when="did buy", go="save")
    finally:
        _file(shop).chmod(0o644)

    assert response.status_code == 400
    assert "+  rich:" in response.text


def test_levels_are_changed_in_the_file(shop: Studio) -> None:
    page = shop.page("/builder", segment="habit.high")

    assert "is a level of a ladder" in page
    assert "<textarea" not in page


def test_viewers_build_nothing(shop: Studio) -> None:
    """Neither is the way there shown to them."""
    store, now = shop.server.serving.store, environment.now()
    viewer = store.add_user(f"vic {os.urandom(4).hex()}", Role.VIEWER, now=now)
    headers = {"cookie": f"segue_session={store.begin_session(viewer.id, now=now)}"}

    assert httpx.get(f"{shop.address}/studio/builder", headers=headers).status_code == 403
    segments = httpx.get(f"{shop.address}/studio/segments", headers=headers)
    assert "New segment" not in segments.text


@pytest.fixture
def page(chromium: Browser, shop: Studio) -> Iterator[Page]:
    """A page of the editor; nothing may be said on its console."""
    said: list[str] = []
    with chromium.new_context(base_url=shop.address) as context:
        secret = shop.client.cookies["segue_session"]
        url = f"{shop.address}/studio"
        context.add_cookies([{"name": "segue_session", "value": secret, "url": url}])
        page = context.new_page()
        page.on("console", lambda one: said.append(one.text))
        page.on("pageerror", lambda one: said.append(str(one)))
        yield page
    assert not said


def test_it_is_tried_while_one_writes(page: Page) -> None:
    """Half a sentence is an error, the whole one an answer; a name is put in by a click."""
    page.goto("/studio/segments")
    page.get_by_role("link", name="New segment").click()
    field = page.get_by_label("Who is in it")
    field.press_sequentially("did ")
    tried = page.get_by_label("What it would mean")
    expect(tried.locator(".trouble")).to_be_visible()

    page.get_by_text("Your actions").click()
    page.get_by_role("button", name="looked", exact=True).click()
    expect(field).to_have_value("did looked")
    expect(tried).to_contain_text("60 of 60 people")

    page.get_by_label("Name").fill("Lookers")
    page.get_by_role("button", name="Save it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Lookers")
    page.get_by_role("link", name="Change it").click()
    page.get_by_text("Remove it").click()
    page.get_by_role("button", name="Remove lookers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Segments")
