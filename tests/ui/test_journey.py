"""The journey: its figures with the tables behind them, and the people behind its numbers."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from segue.bootstrap import environment
from segue.domain.instant import local_date
from tests.http.running import running
from tests.ui.conftest import DEFINITIONS, Studio
from tests.ui.looking import opened
from tests.ui.waiting import eventually


@pytest.fixture
def page(chromium: Browser, studio: Studio) -> Iterator[Page]:
    with opened(chromium, studio) as page:
        yield page


def settled(studio: Studio, path: str, **query: str) -> str:
    """The page once nothing is worked on."""

    def look() -> str | None:
        text = studio.page(path, **query)
        return None if "data-working" in text else text

    return eventually(look)


def test_the_first_look_waits_for_nothing(studio: Studio) -> None:
    """It says what is being done; without scripts one looks again."""
    page = studio.page("/journey", days="77")
    assert "Working it out" in page
    assert "Look again" in page


def test_every_figure_has_its_table(studio: Studio) -> None:
    page = settled(studio, "/journey")

    figures = re.findall(r'<figure class="plot" data-name="([a-z-]+)"', page)
    assert figures == ["journey-flow", "journey-funnel", "journey-pace", "journey-occupancy"]
    assert page.count("<summary>As a table</summary>") == len(figures)
    assert 'role="img" aria-label="From where to where: ' in page
    assert "nothing for 14 days" in page
    assert '<table class="rows" data-name="journey-steps">' in page


def test_each_stage_leads_to_its_people(studio: Studio) -> None:
    """As many as it says; who did something last first, with what that was."""
    journey = settled(studio, "/journey")
    stage = re.search(
        r'<th scope="row">Paying</th><td class="num"><a href="([^"]+)">(\d+)<', journey
    )
    assert stage is not None
    query = dict(re.findall(r"(\w+)=(\w+)", stage[1]))
    people = settled(studio, "/journey/people", **query)

    assert f"<b>{stage[2]}</b>" in people
    assert "People who are at Paying now" in people
    assert people.count('<th scope="row"><a href="/studio/people/') == min(50, int(stage[2]))
    assert "<b>buy</b>" in people


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"before": "+", "after": "paying"}, "were at not there yet when the period began and are"),
        ({"after": "aware", "stopped": "true"}, "are at Aware now and stopped there"),
        ({"after": "paying", "segment": "idle"}, "Nobody."),
    ],
)
def test_the_people_of_a_way_are_told_of_in_words(
    studio: Studio, query: dict[str, str], said: str
) -> None:
    assert said in settled(studio, "/journey/people", **query)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/journey?segment=buyerz", 404, "did you mean buyers"),
        ("/journey?days=1", 400, "is not understood"),
        ("/journey?until=2999-01-01", 400, "has not come yet"),
        ("/journey/people?after=nowhere", 404, "There is no stage"),
    ],
)
def test_what_cannot_be_shown_says_why(studio: Studio, path: str, status: int, said: str) -> None:
    response = studio.client.get(f"/studio{path}")
    assert response.status_code == status
    assert said in response.text.replace("&#39;", "'")


def test_a_week_in_which_nobody_began(studio: Studio) -> None:
    settled(studio, "/journey")
    response = studio.client.get("/studio/journey", params={"week": "2020-01-06"})
    assert response.status_code == 404


def test_a_journey_that_there_is_not(tmp_path: Path) -> None:
    """It is said how one is written."""
    without = re.sub(r"journey:\n(  - .*\n)+", "", DEFINITIONS).replace("stage: paying, ", "")
    without = without.replace("    stage: aware\n", "")
    with running(tmp_path / "shop", definitions=without) as server:
        server.client.post(server.studio_link)
        page = server.client.get("/studio/journey").text
    assert "This project has no journey yet" in page
    assert "stage: trial" in page


def test_where_nobody_was_it_is_said(studio: Studio) -> None:
    page = settled(studio, "/journey", segment="idle")
    assert "Nobody was on the journey in this time, of those in idle" in page
    assert "<figure" not in page


def test_figures_are_drawn_and_followed(page: Page) -> None:
    """In the colours of the page, with nothing said on the console; a click leads to people."""
    page.goto("/studio/journey")
    flow = page.get_by_role("img", name=re.compile("From where to where"))
    expect(flow.locator(".sankey-node")).not_to_have_count(0)
    expect(page.get_by_role("img", name=re.compile("People on each stage"))).to_contain_text(
        "Paying"
    )

    flow.locator(".sankey-node").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("People who are at")


def test_a_figure_is_walked_by_keyboard(page: Page) -> None:
    """The arrows go from mark to mark; Enter leads to the people of that day."""
    page.goto("/studio/journey")
    figure = page.get_by_role("img", name=re.compile("People on each stage"))
    expect(figure.locator(".scatterlayer")).to_have_count(1)
    figure.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(figure.locator(".hovertext")).not_to_have_count(0)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/studio/segments/journey\.aware\?on=\d{4}-\d\d-\d\d"))


def test_a_figure_as_a_picture(page: Page) -> None:
    page.goto("/studio/journey")
    figure = page.get_by_role("img", name=re.compile("From where to where"))
    expect(figure.locator(".sankey-node")).not_to_have_count(0)
    kind, size = figure.evaluate(
        "async one => { const b = await one.picture(); return [b.type, b.size] }"
    )
    assert kind == "image/png"
    assert size > 2_000


def test_the_period_is_chosen_in_the_page(
    page: Page, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table that stands behind a figure opens beside it."""
    now = environment.now()
    monkeypatch.setattr(environment, "now", lambda: now)  # the day does not end meanwhile
    settled(studio, "/journey", days="28")
    page.goto("/studio/journey")
    page.get_by_label(re.compile("^Period")).select_option("28 days")
    expect(page).to_have_url(re.compile("days=28"))
    page.locator('figure[data-name="journey-occupancy"] summary').click()
    today = local_date(now, "Europe/Berlin").isoformat()
    expect(page.get_by_role("row", name=today)).to_be_visible()
