"""What happens, as it happens: in the page as it is made, as messages, and in a browser."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from segue.bootstrap import environment
from segue.domain.errors import NotFoundError
from segue.services.live.intake import Batch
from segue.ui.live import AT_ONCE, Asked, Filter, Teller, clock, rate_words
from tests.http.running import running
from tests.ui.conftest import DEFINITIONS, Studio, odd_person
from tests.ui.looking import opened

MARKUP = "<script>alert(1)</script>"


@pytest.fixture
def page(chromium: Browser, studio: Studio) -> Iterator[Page]:
    with opened(chromium, studio) as page:
        yield page


def happen(studio: Studio, *deeds: tuple[str, str], **properties: object) -> None:
    """Let people do something now."""
    now = environment.now()
    batch = Batch(
        [who for who, _ in deeds],
        [what for _, what in deeds],
        [now] * len(deeds),
        [f"live-{now}-{place}" for place in range(len(deeds))],
        [None] * len(deeds),
        [json.dumps(properties)] * len(deeds),
        now,
    )
    studio.server.serving.live.submit(batch).result(30)


def test_the_latest_are_there_without_scripts(studio: Studio) -> None:
    """Events with who and what, transitions with the segment; names are text, whatever they are."""
    happen(studio, (odd_person(), MARKUP), page=MARKUP)
    page = studio.page("/live")

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert MARKUP not in page
    assert 'href="/studio/segments/buyers">Buyers</a>' in page
    assert "Look again" in page


@pytest.mark.parametrize(
    ("query", "there", "gone"),
    [
        ({"event": "buy"}, "<b>buy</b>", "<b>look</b>"),
        ({"event": "buy"}, "<b>buy</b>", "Changes of segments"),
        ({"segment": "buyers"}, "entered</span>", "<b>buy</b>"),
        ({"person": "p00"}, ">p00</a>", ">p01</a>"),
        ({"person": "nobody"}, "Nobody has the id “nobody” yet", "<b>buy</b>"),
        ({"event": "sleep"}, "None yet", "<b>buy</b>"),
    ],
)
def test_what_is_looked_at_is_in_the_address(
    studio: Studio, query: dict[str, str], there: str, gone: str
) -> None:
    page = studio.page("/live", **query)
    assert there in page
    assert gone not in page


def test_a_segment_that_there_is_not(studio: Studio) -> None:
    response = studio.client.get("/studio/live", params={"segment": "buyerz"})
    assert response.status_code == 404
    assert "did you mean buyers" in response.text


def test_only_who_is_signed_in_may_watch(studio: Studio) -> None:
    response = httpx.get(f"{studio.address}/studio/live/stream", timeout=60)
    assert response.status_code == 303
    assert response.headers["location"].startswith("/studio/sign-in")


def test_a_message_shows_a_few_and_counts_the_rest(studio: Studio) -> None:
    serving = studio.server.serving
    teller = Teller(serving, Filter.of(serving, Asked()), serving.feed.next_transition - 1)
    with serving.live.tap.watched() as teller.upto:
        happen(studio, *((f"new{one}", "buy") for one in range(100)))
        told = json.loads(teller.told(environment.now()))
        again = json.loads(teller.told(environment.now()))

    assert len(told["events"]) == len(told["changes"]) == AT_ONCE
    assert told["events"][0][1:3] == ["new99", "buy"]
    assert told["more_events"] == "and 88 more events"
    assert re.fullmatch(r"and \d+ more changes", told["more_changes"])
    assert again["events"] == again["changes"] == []
    assert again["more_events"] == again["more_changes"] == ""


def test_a_message_for_a_filter_has_only_that(studio: Studio) -> None:
    serving = studio.server.serving
    asked = Asked(segment="fresh", person="p05")
    teller = Teller(serving, Filter.of(serving, asked), serving.feed.next_transition - 1)
    with serving.live.tap.watched() as teller.upto:
        happen(studio, ("p06", "look"), ("later", "look"), page="/shoes")
        told = json.loads(teller.told(environment.now()))
    assert told["events"] == told["changes"] == []


def test_no_filter_for_a_segment_that_there_is_not(studio: Studio) -> None:
    with pytest.raises(NotFoundError):
        Filter.of(studio.server.serving, Asked(segment="buyerz"))


@pytest.mark.parametrize(("rate", "words"), [(0, "0"), (0.5, "0.5"), (12.4, "12"), (4310, "4,310")])
def test_a_rate_in_words(rate: float, words: str) -> None:
    assert rate_words(rate) == words


def test_a_time_of_today_and_of_another_day() -> None:
    noon = 1_700_000_000_000
    assert clock(noon, noon, "Europe/Berlin") == "23:13:20"
    assert clock(noon, noon + 86_400_000, "Europe/Berlin") == "14 Nov 23:13"


def test_watching_pausing_and_going_on(page: Page, studio: Studio) -> None:
    """What happens appears by itself, stops while paused, and comes again."""
    page.goto("/studio/live")
    expect(page.get_by_role("status")).to_have_text("Live")
    happen(studio, ("x-ada", "look"), page=MARKUP)
    events = page.get_by_role("region", name="Events, newest first")
    expect(events.get_by_role("row", name="x-ada")).to_contain_text(MARKUP)

    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("status")).to_have_text("Paused")
    happen(studio, ("x-bob", "look"))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("status")).to_have_text("Live")
    happen(studio, ("x-cleo", "buy"))
    expect(events.get_by_role("row", name="x-cleo")).to_be_visible()
    expect(events.get_by_role("row", name="x-bob")).to_have_count(0)
    changes = page.get_by_role("region", name="Changes of segments, newest first")
    expect(changes.get_by_role("row", name="x-cleo").filter(has_text="Buyers")).to_contain_text(
        "entered"
    )


def test_the_list_stays_short(page: Page, studio: Studio) -> None:
    page.goto("/studio/live?event=look")
    expect(page.get_by_role("status")).to_have_text("Live")
    for turn in range(3):
        happen(studio, *((f"many{turn}-{one}", "look") for one in range(60)))
        expect(page.get_by_role("row", name=f"many{turn}-59")).to_be_visible()
    assert page.locator('[data-list="events"] tr').count() <= 100
    expect(page.locator('[data-more="events"]')).to_contain_text("more events")


def test_a_filter_is_chosen_by_keyboard(page: Page) -> None:
    page.goto("/studio/live")
    page.get_by_label("Event", exact=True).fill("buy")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("event=buy"))
    expect(page.get_by_role("heading", name="buy")).to_be_visible()


def test_streams_end_with_the_server(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Nobody who watches keeps it from ending."""
    with (
        running(tmp_path / "shop", definitions=DEFINITIONS) as server,
    ):
        server.client.post(server.studio_link)
        with server.client.stream("GET", "/studio/live/stream") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            lines = answer.iter_lines()
            assert next(lines) == "retry: 2000"
            server.serving.feed.close()
            assert not [line for line in lines if line and not line.startswith("data: ")]
