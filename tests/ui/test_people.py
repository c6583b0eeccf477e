"""Finding people, and one person's life with the segments below it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from segue.bootstrap import environment
from segue.domain.instant import DAY, HOUR
from segue.domain.users import Role
from segue.services.live.intake import Batch
from segue.services.live.life import MOST_EXPLAINED, life
from segue.ui.lifeline import STEPS, drawn
from tests.http.running import Running, running
from tests.ui.conftest import DEFINITIONS, Studio, odd_person
from tests.ui.hostile import secret_of

ODD = quote(odd_person(), safe="")
MORE = ("long-ago", "to-be-erased")
"""Who comes in tests of this file, beside the sixty people of the shop."""


def _did(
    server: Running, who: str, done: list[tuple[str, int, dict[str, object]]], first: int = 0
) -> None:
    """Somebody did these things: name, how long ago (ms), properties; their events are numbered
    from `first`."""
    now = environment.now()
    batch = Batch(
        [who] * len(done),
        [name for name, _, _ in done],
        [now - ago for _, ago, _ in done],
        [f"{who} {first + i}" for i in range(len(done))],
        [None] * len(done),
        [json.dumps(properties) for *_, properties in done],
        now,
    )
    server.serving.live.submit(batch).result(60)


# ------------------------------------------------------------------------------------------ finding


def test_who_did_something_lately_comes_first(studio: Studio) -> None:
    page = studio.page("/people")
    more = sum(studio.server.serving.store.person_code(one) is not None for one in MORE)

    assert "Who did something lately." in page
    assert f"<b>{60 + more}</b> people" in page
    assert page.count('<th scope="row" class="wide"><a href="/studio/people/') == 50


def test_people_of_a_segment_and_a_stage(studio: Studio) -> None:
    """Since and until, and only whoever is in both; a level is no segment of its own."""
    buyers = studio.page("/people", segment="buyers")
    both = studio.page("/people", segment="fresh", stage="paying")

    assert buyers.count('<th scope="row" class="wide"><a href="/studio/people/') == 20
    assert "In Buyers now" in buyers
    assert "In Looked lately and the stage paying now" in both
    assert 'href="/studio/people/p00"' in both
    assert 'href="/studio/people/p01"' not in both
    assert "Nobody is in it now." in studio.page("/people", segment="idle")


def test_pages_of_people_hold_everybody_once(studio: Studio) -> None:
    """The cursor of a page leads to the next one."""
    found: list[str] = []
    path = "/people?segment=fresh&stage="
    while path:
        text = studio.client.get(f"/studio{path}").text
        found += re.findall(r'class="wide"><a href="/studio/people/([^"]+)"', text)
        more = re.search(r'href="/studio(/people\?[^"]*before=\d+)"', text)
        path = more[1].replace("&amp;", "&") if more else ""

    inside = {
        one.person_id for one in studio.server.serving.live.in_segments(["fresh"], limit=99).members
    }
    assert len(found) == len(set(found)) == len(inside) > 40


def test_an_unknown_segment_is_named(studio: Studio) -> None:
    response = studio.client.get("/studio/people?segment=buyerz")

    assert response.status_code == 404
    assert "did you mean buyers" in response.text


# --------------------------------------------------------------------------------------- one person


def test_spans_are_drawn_under_the_events(studio: Studio) -> None:
    """A dot for what they did, a bar for every stay with a title that says since when and until
    when, and dashes up to when they are expected to leave."""
    page = studio.page("/people/p00")
    picture = page.partition('<svg class="chart life"')[2].partition("</svg>")[0]

    assert picture.index(">look</text>") < picture.index(">Buyers</text>")
    assert 'aria-label="Looked lately: since' in picture
    assert "if nothing more happens" in picture
    assert picture.count('class="ahead"') == 4
    assert ">now</text>" in picture
    assert "/studio/people/p00/why/buyers" in picture


def test_a_period_is_in_the_address(studio: Studio) -> None:
    """Where nobody chose one it is a month, or all of it where they did nothing in that."""
    assert (
        '<a class="choice" href="/studio/people/p00?days=28" aria-current="true">'
        in studio.page("/people/p00")
    )
    assert '?days=90" aria-current="true">' in studio.page("/people/p00", days="90")
    _did(studio.server, "long-ago", [("look", 400 * DAY, {"page": "/shoes"})])
    assert '?days=0" aria-current="true">' in studio.page("/people/long-ago")


def test_everything_known_of_somebody_stands_there(studio: Studio) -> None:
    """What they said, what they were sent and what became of it, what a page would show and why
    not, and how their ids were linked."""
    _did(studio.server, "p01", [("$create_alias", HOUR, {"alias": "anonymous-1"})])
    page = studio.page("/people/p01")

    assert "Would you recommend us?" in page
    assert "was delivered" in page or "was shown" in page
    assert "Not shown" in page
    assert "anonymous-1" in page
    assert "by <code>$create_alias</code>" in page


def test_a_timeline_of_one_event(studio: Studio) -> None:
    page = studio.page("/people/p00", event="buy")
    timeline = page.partition('<ol class="timeline">')[2].partition("</ol>")[0]

    assert timeline.count("<li>") == 1
    assert "<b>buy</b>" in timeline


def test_heavy_users_are_read_within_bounds(tmp_path: Path) -> None:
    """A hundred thousand events: the picture counts all of them in as many dots as there are
    steps, and what would take long is left out and said so."""
    with running(tmp_path / "shop", definitions=DEFINITIONS) as server:
        for first in range(0, 100_000, 20_000):
            ages = range(first * 20_000, (first + 20_000) * 20_000, 20_000)
            _did(server, "heavy", [("look", age, {"page": "/shoes"}) for age in ages], first)
        serving = server.serving
        found = life(serving.store, serving.live, "heavy", environment.now(), days=28, steps=STEPS)
        server.client.post(server.studio_link)
        page = server.client.get("/studio/people/heavy").text

    assert found.events == sum(one.count for one in found.beats) == 100_000
    assert len(found.beats) <= STEPS
    assert not found.explained
    assert found.events > MOST_EXPLAINED
    assert len(drawn(found, "UTC").events[0].dots) <= STEPS
    assert "They did more than 20,000 things" in page


def test_an_export_is_what_the_api_gives(studio: Studio) -> None:
    """As a file, and not to be kept anywhere."""
    response = studio.client.get(f"/studio/people/{ODD}/export")
    told = studio.server.ask(f"/api/people/{ODD}/export").json()

    assert response.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert response.headers["cache-control"] == "no-store"
    assert response.json() | {"exported_at": ""} == told | {"exported_at": ""}


# ------------------------------------------------------------------------------------------ erasing


@pytest.fixture
def page(chromium: Browser, studio: Studio) -> Iterator[Page]:
    """A page of the admin; nothing may be said on its console."""
    said: list[str] = []
    with chromium.new_context(base_url=studio.address) as context:
        context.add_cookies(
            [{"name": "segue_session", "value": studio.cookie, "url": f"{studio.address}/studio"}]
        )
        page = context.new_page()
        page.on(
            "console",
            lambda one: said.append(one.text) if "status of 400" not in one.text else None,
        )
        page.on("pageerror", lambda one: said.append(str(one)))
        yield page
    assert not said


def test_erasing_asks_for_the_id_first(page: Page, studio: Studio) -> None:
    """By keyboard: another id erases nobody; theirs does, and says what is gone. The log of changes
    has no trace of who it was."""
    _did(studio.server, "to-be-erased", [("look", HOUR, {}), ("buy", HOUR, {})])
    page.goto("/studio/people/to-be-erased")
    page.get_by_text("Erase this person…").click()
    page.get_by_label("To be sure").fill("somebody")
    page.get_by_role("button", name="Erase them for good").click()
    expect(page.get_by_role("alert")).to_have_text("Nothing was erased: that is not their id.")

    page.get_by_text("Erase this person…").click()
    page.get_by_label("To be sure").fill("to-be-erased")
    page.keyboard.press("Enter")

    gone = page.get_by_role("status")
    expect(gone).to_contain_text("They are gone: 2 events were removed")
    assert studio.client.get("/studio/people/to-be-erased").status_code == 404
    log = studio.page("/settings/log")
    assert "Erase a person" in log
    assert "to-be-erased" not in log


def test_the_picture_can_be_walked_by_keyboard(page: Page) -> None:
    """Each stay is a link to why they were in."""
    page.goto("/studio/people/p00")
    page.get_by_role("link", name="Buyers: since").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("p00 is in Buyers")


def test_from_a_segment_to_a_person_by_choosing(page: Page) -> None:
    page.goto("/studio/people")
    page.locator("select[name=segment]").select_option("buyers")

    expect(page.get_by_text("In Buyers now")).to_be_visible()
    page.get_by_role("link", name="p00").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("p00")
    page.get_by_role("link", name="90 days").click()
    expect(page).to_have_url(re.compile("days=90"))


def test_only_admins_are_offered_to_erase(studio: Studio) -> None:
    cookies = {"segue_session": secret_of(studio.server, Role.EDITOR, "erin")}
    text = httpx.get(f"{studio.address}/studio/people/p00", cookies=cookies, timeout=30).text

    assert "Only an admin can erase somebody." in text
    assert "Erase this person" not in text
