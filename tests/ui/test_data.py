"""The pages of data: what there is, and the lines that send more."""

import html
import re

import httpx
import pytest

from segue.ui.sending import ADDRESS, PAGE, SERVER, Way
from tests.docs.pages import page as documented
from tests.http.running import WRITE_KEY
from tests.ui.conftest import Studio
from tests.ui.waiting import eventually


def test_every_event_is_listed_with_where_it_leads(studio: Studio) -> None:
    """To what it says of its properties, and to a segment of those who did it."""
    text = eventually(lambda: _with(studio, "/data", "data-of"))

    assert '<a href="/studio/data/events/look">look</a>' in text
    assert "/studio/builder?when=did+%22look%22" in text
    assert '<td class="num" data-value="20">20</td>' in text
    assert "No event is called so" in studio.page("/data", q="nothing of the sort")


def test_an_event_says_what_its_properties_are(studio: Studio) -> None:
    """With type, how often they are filled, and frequent values that lead to a segment."""
    text = eventually(lambda: _with(studio, "/data/events/look", "Most frequent values"))

    assert "page</th><td>text</td>" in text
    assert "100 %" in text
    assert "where+page+%3D+%22%2Fshoes%22" in text
    assert "<script>alert" not in text
    assert html.escape("<script>alert(1)</script>", quote=False) in text
    assert eventually(lambda: _with(studio, "/data/events/buy", "0 to 19, half below"))


def test_what_was_not_taken_says_why(studio: Studio) -> None:
    """As long as all was taken it says so."""
    assert "Every event that arrived was taken." in studio.page("/data")
    studio.server.send("/v1/track", json={"event": "look"})

    assert eventually(lambda: _with(studio, "/data", 'data-name="not-taken"'))


def test_an_event_that_is_none_has_no_page(studio: Studio) -> None:
    """It says where those are that there are."""

    def look() -> str | None:  # as long as nobody knows yet which there are, it may be one
        response = studio.client.get("/studio/data/events/nothing")
        return response.text if response.status_code == 404 else None

    assert "Data lists those that there are" in eventually(look)


def test_traits_are_described_as_properties_are(studio: Studio) -> None:
    """By the names that the language gives them."""
    text = eventually(lambda: _with(studio, "/data/traits", "Most frequent values"))

    assert "plan.name</th>" in text
    assert "trait+plan.name+%3D+%22pro%22" in text


@pytest.mark.parametrize("way", [*PAGE, *SERVER], ids=lambda one: one.title)
def test_the_lines_are_those_of_the_documentation(way: Way) -> None:
    """Which are tried with the real libraries."""
    if way.title == "page.html":
        (script,) = (one.body for one in documented("in-app.md").blocks if "sdk.js" in one.body)
        assert way.lines.strip() == script.strip()
        return
    page = documented("send-events.md")
    lines = {one.title: one.body.strip() for one in page.blocks}
    assert way.lines.strip() == lines[way.title]
    assert not way.install or way.install in {one.body.strip() for one in page.blocks}


def test_the_lines_have_the_address_and_the_key(studio: Studio) -> None:
    """Nothing is left to be filled in."""
    text = html.unescape(studio.page("/data/send"))

    assert f"curl {studio.address}/v1/track -u {WRITE_KEY}:" in text
    assert ADDRESS not in text


def test_a_first_event_is_waited_for(studio: Studio) -> None:
    """What comes is shown, and what came and was not taken too."""
    begin = studio.page("/data/send")
    wait = html.unescape(re.findall(r'href="(\?since=[^"#]+)', begin)[0])
    assert "data-working" in studio.client.get(f"/studio/data/send{wait}").text

    answer = httpx.post(
        f"{studio.address}/v1/track",
        auth=(WRITE_KEY, ""),
        json={"userId": "first <one>", "event": "Tried it"},
        timeout=60,
    )
    assert answer.status_code == 200

    text = eventually(lambda: _with(studio, f"/data/send{wait}", "It arrives"))
    assert "Tried it" in text
    assert "first &lt;one&gt;" in text


def _with(studio: Studio, path: str, words: str) -> str | None:
    text = studio.client.get(f"/studio{path}").text
    return text if words in text else None
