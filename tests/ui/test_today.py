"""The first page: what changed, what works, what is to be mended; or how to begin."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from segue.bootstrap import environment
from segue.domain.instant import DAY
from segue.services.live.intake import Batch
from tests.http.running import WRITE_KEY, running
from tests.ui.conftest import DEFINITIONS, Studio
from tests.ui.looking import opened
from tests.ui.waiting import eventually


@pytest.fixture
def page(chromium: Browser, studio: Studio) -> Iterator[Page]:
    with opened(chromium, studio) as page:
        yield page


@pytest.fixture(scope="module")
def today(studio: Studio) -> str:
    """The page once nothing is worked on."""

    def look() -> str | None:
        text = studio.page("/today")
        return None if "data-working" in text else text

    return eventually(look)


def send(studio: Studio, who: str, what: str, at: int) -> None:
    batch = Batch([who], [what], [at], [f"{who}-{what}-{at}"], [None], ["{}"], at)
    studio.server.serving.live.submit(batch).result(30)


@pytest.mark.parametrize("path", ["/studio", "/studio/"])
def test_it_is_the_first_page(studio: Studio, path: str) -> None:
    response = studio.client.get(path)
    assert response.url.path == "/studio/today"


def test_segments_that_moved_lead_to_their_people(today: str) -> None:
    """With what is usual; of a log of a few days nothing is usual yet."""
    row = re.search(r"<tr>.*?Buyers.*?</tr>", today, re.DOTALL)
    assert row is not None
    assert 'href="/studio/people?segment=buyers"' in row[0]
    assert '<span class="up">+20</span>' in row[0]
    assert "cannot tell yet" in row[0]


def test_campaigns_by_what_can_be_said(today: str) -> None:
    assert '<h3 class="up">They help</h3>' in today
    assert 'href="/studio/campaigns/offer"' in today
    assert "They harm" not in today


def test_new_answers_lead_to_the_voices(today: str) -> None:
    assert 'href="/studio/voices/why"' in today
    assert "3 new in 24 hours" in today


def test_what_is_broken_comes_with_evidence_and_advice(today: str) -> None:
    assert "Events that no longer arrive" in today
    assert "which never arrived" in today
    assert 'href="/studio/segments/idle">idle</a>' in today


def test_findings_come_in_words_and_lead_to_what_was_tried(today: str) -> None:
    found = re.search(r'<section id="findings">.*?</section>', today, re.DOTALL)
    assert found is not None
    assert 'href="/studio/discover"' in found[0]


def test_what_is_unusual_is_marked_and_what_chance_does_is_said(tmp_path: Path) -> None:
    """Somebody buys every day for weeks; today nobody does, but seven leave who had bought."""
    definitions = DEFINITIONS.replace("when: did buy}", "when: did buy within 60 days}")
    with running(tmp_path / "shop", definitions=definitions) as server:
        server.client.post(server.studio_link)
        now = environment.now()
        rows = [(f"p{day}", day) for day in range(2, 100)]
        rows += [(f"gone{one}", 60) for one in range(7)]
        batch = Batch(
            [who for who, _ in rows],
            ["buy"] * len(rows),
            [now - day * DAY - 1_000 for _, day in rows],
            [f"e{one}" for one in range(len(rows))],
            [None] * len(rows),
            ["{}"] * len(rows),
            now,
        )
        server.serving.live.submit(batch).result(30)

        def look() -> str | None:
            text = server.client.get("/studio/today").text
            found = re.search(r"<tr><th[^>]*><a[^>]*>Buyers</a>.*?</tr>", text, re.DOTALL)
            return found and f"{found[0]}{text}"

        found = eventually(look)
    assert "−8" in found
    assert '<span class="state">unusual</span>' in found
    assert "If only chance moved them, up to " in found


def test_a_file_that_cannot_be_used_is_told_of(studio: Studio) -> None:
    serving = studio.server.serving
    file = serving.workspace.definitions
    before = file.read_text("utf-8")
    file.write_text(f"{before}<b>wrong</b>: 1\n", "utf-8")
    try:
        serving.look_at_project()
        page = studio.page("/today")
        assert "cannot be used" in page
        assert "&lt;b&gt;wrong&lt;/b&gt;" in page
        assert "<b>wrong" not in page
    finally:
        file.write_text(before, "utf-8")
        serving.look_at_project()


@pytest.fixture
def _one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is counted is that of a day, which does not end in the middle of a test."""
    now = environment.now()
    monkeypatch.setattr(environment, "now", lambda: now)


@pytest.mark.usefixtures("_one_day")
def test_the_counter_counts_what_arrives(studio: Studio) -> None:
    before = int(studio.client.get("/studio/today/now").json()["events"].replace(",", ""))
    send(studio, "counted", "look", environment.now())
    after = studio.client.get("/studio/today/now").json()
    assert int(after["events"].replace(",", "")) == before + 1
    assert set(after) == {"events", "rate", "people", "changes"}


@pytest.mark.usefixtures("_one_day")
def test_the_counter_goes_on_by_itself(page: Page, studio: Studio) -> None:
    page.goto("/studio/today")
    count = page.locator('[data-count="events"]')
    before = int(count.inner_text().replace(",", ""))
    send(studio, "watched", "look", environment.now())
    expect(count).to_have_text(f"{before + 1:,}")


def test_the_first_event_is_noticed(chromium: Browser, tmp_path: Path) -> None:
    """A new workspace says how to send one, with the write key, and sees it come."""
    with running(tmp_path / "shop", definitions=DEFINITIONS) as server:
        server.client.post(server.studio_link)
        studio = Studio(server, server.client)
        with opened(chromium, studio) as page:
            page.goto("/studio/today")
            expect(page.get_by_role("heading", level=1)).to_have_text("Send the first event")
            expect(page.get_by_label("From a browser")).to_contain_text(WRITE_KEY)
            event = {"userId": "ana", "event": "signed_up", "properties": {}}
            server.send("/v1/track", content=json.dumps(event)).raise_for_status()
            expect(page.get_by_role("status")).to_contain_text("The first event has arrived")
            page.get_by_role("link", name="See it").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Today")
