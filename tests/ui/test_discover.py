"""Discovery in the studio, on the demo's data: what is found, and what can be made of it."""

import datetime as dt
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from playwright.sync_api import Browser, Page, expect

from segue import demo
from segue.bootstrap import environment
from segue.bootstrap.engine import Engine
from segue.bootstrap.workspace import Workspace
from segue.domain.instant import DAY, SECOND, format_instant, parse_instant
from segue.insight.discovery import Contrast, Estimate, Finding, Verdict
from segue.insight.shares import Interval, Share
from segue.language.parse import parse_condition
from segue.services.insight.discovering_words import needs_more
from segue.ui.segments import sentence
from tests.http.running import running
from tests.sdks.served import eventually
from tests.ui.conftest import DEFINITIONS, Studio
from tests.ui.test_browser import AXE, RULES

DAYS = 100
BEGAN = parse_instant("2026-08-15T00:00:00Z")
"""When the simulated days begin: on which days of the week people come decides what is found."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A hundred days of the demo, always the same, the last of which is today, and somebody who is
    signed in."""
    folder = tmp_path_factory.mktemp("discover") / "demo"
    Workspace(folder).create(demo.definitions())
    today = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    later = int(today.timestamp() * 1000) - (DAYS - 1) * DAY - BEGAN
    with Engine.open(folder) as engine:
        engine.record(_moved(demo.simulate(people=900, days=DAYS, start=BEGAN), later))
    with (
        running(folder) as server,
        httpx.Client(base_url=server.address, timeout=60, follow_redirects=True) as client,
    ):
        client.post(server.studio_link)
        yield Studio(server, client)


def _moved(events: pa.Table, later: int) -> pa.Table:
    """The same events so much later (ms)."""
    place = events.schema.get_field_index("occurred_at")
    kind = events.schema.field(place)
    moved = pc.add(events.column(place).cast(pa.int64()), later).cast(kind.type)
    return events.set_column(place, kind, moved)


def settled(world: Studio, path: str, **query: str) -> str:
    """The page, once nothing of it is worked on any more, as a reader reads it."""
    page = ""

    def is_there() -> bool:
        nonlocal page
        page = world.page(path, **query)
        return "data-working" not in page

    assert eventually(is_there, True, seconds=200)
    return unescape(page)


def _mark(world: Studio) -> str:
    session = world.server.serving.store.session(world.cookie, now=environment.now())
    assert session is not None
    return session.id


# -------------------------------------------------------------------------------- what leads there


def test_findings_are_those_of_the_api(world: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the same words, with the same figures, of the same instant."""
    now = environment.now() // SECOND * SECOND
    monkeypatch.setattr(environment, "now", lambda: now)
    page = settled(world, "/discover", within="3,7,13")  # which is looked at here only
    headers = {"Authorization": f"Bearer {world.server.secret_key}"}
    asked = {"within": ["3 days", "7 days", "13 days"], "at": format_instant(now)}
    said = world.server.client.post(
        "/api/discover", json=asked, headers=headers, timeout=200
    ).json()

    assert said["findings"], "the demo has findings"
    assert said["words"] in page
    assert said["findings"][0]["words"] in page
    assert said["findings"][0]["condition"] in page
    assert page.count('class="found"') <= len(said["findings"])
    assert '<circle class="better"' in page


def test_it_says_at_once_what_is_being_done(world: Studio) -> None:
    page = world.page("/discover", goal="activated", within="1")

    assert "data-working" in page
    assert "Every event, action and common value is tried" in page


@pytest.mark.parametrize(
    ("query", "status"),
    [("entering=nobody", 404), ("within=soon", 400), ("within=0", 400)],
)
def test_what_cannot_be_looked_for_says_why(world: Studio, query: str, status: int) -> None:
    assert world.client.get(f"/studio/discover?{query}").status_code == status


def test_a_goal_that_there_is_not_says_so_in_place(world: Studio) -> None:
    page = settled(world, "/discover", goal="nothing")

    assert "There is no goal" in page


def test_whom_to_look_at_is_everybody_a_stage_or_a_segment(world: Studio) -> None:
    page = settled(world, "/discover", entering="journey.intent", within="3,7")

    assert '<optgroup label="Stages">' in page
    assert '<option value="journey.intent" selected>' in page
    assert "first entered “Intent”" in page


def test_a_finding_is_tested_with_a_campaign(world: Studio) -> None:
    """It becomes a segment first; asked again, the same one serves."""
    form = {
        "mark": _mark(world),
        "title": "Invited <early>",
        "kind": "intent",
        "when": 'did invited within 3 days after first "$session_started"',
    }

    def sent() -> str:
        response = world.client.post("/studio/discover/test", data=form, follow_redirects=False)
        assert response.status_code == 303
        return response.headers["location"]

    first, again = sent(), sent()

    assert first.startswith("/studio/campaigns/new?segment=invited_early&undo=")
    assert again == "/studio/campaigns/new?segment=invited_early"
    page = world.page("/segments/invited_early")
    assert "Invited &lt;early&gt;" in page
    assert '<form class="done"' in world.page(
        "/segments/invited_early", undo=first.partition("undo=")[2]
    )


def test_what_is_no_condition_makes_no_segment(world: Studio) -> None:
    form = {"mark": _mark(world), "title": "Bad", "when": "did did"}

    response = world.client.post("/studio/discover/test", data=form)

    assert response.status_code in {400, 500}
    assert "bad" not in world.server.serving.project.project.segments


def test_a_form_from_elsewhere_is_not_taken(world: Studio) -> None:
    form = {"mark": "wrong", "title": "Bad", "when": "everyone"}
    assert world.client.post("/studio/discover/test", data=form).status_code == 403


# ------------------------------------------------------------------------------------------ groups


def test_groups_stand_with_what_marks_them_and_their_rule(world: Studio) -> None:
    """Asked for two, there are two, each with a way to make it a segment."""
    page = settled(world, "/discover/groups", groups="2")
    rules = re.findall(r'aria-label="As a condition"><code>(.*?)</code>', page, re.DOTALL)

    assert len(rules) == 2
    assert page.count(">Make it a segment</a>") == 2
    assert "compared by what they do" in page
    assert world.client.get("/studio/discover/groups?groups=1").status_code == 400


def test_behaviour_or_identity(world: Studio) -> None:
    """The answer, or how many people it would take."""
    page = settled(world, "/discover/identity", goal="activated")

    assert "AUC of" in page or "Cannot tell yet" in page
    assert "Models learn from earlier people" in page


def test_ready_made_groups_are_a_click_from_a_segment(world: Studio) -> None:
    page = settled(world, "/discover/ready")

    assert "Of all revenue of" in page
    assert page.count(">Make it a segment<") == 4 + 9
    link = re.search(r'href="(/studio/builder\?[^"]+)">Make it a segment<span', page)
    assert link is not None
    builder = unescape(world.client.get(link[1]).text)
    assert "Lifecycle: new" in builder
    assert "first any within 7 days" in builder


def test_nothing_is_known_of_an_empty_project(tmp_path: Path) -> None:
    """Every page says what to do."""
    definitions = DEFINITIONS.partition("goals:")[0]
    with (
        running(tmp_path / "empty", definitions=definitions) as server,
        httpx.Client(base_url=server.address, timeout=60, follow_redirects=True) as client,
    ):
        client.post(server.studio_link)
        empty = Studio(server, client)
        for path in ("/discover", "/discover/identity"):
            page = empty.page(path)
            assert "There is no goal yet." in page
            assert "goals:\n  subscribed:" in page
        assert "Cannot tell yet: needs" in settled(empty, "/discover/groups")
        assert "No purchases are known." in settled(empty, "/discover/ready")
        assert "There is no goal to measure conversion by" in settled(empty, "/segments")


# ---------------------------------------------------------------------------- how many it would take


def _finding(verdict: Verdict, did: Share, later: Share) -> Finding:
    nothing = Estimate(None, None)
    others = Share.measured(50, 1_000)

    def contrast(one: Share) -> Contrast:
        difference = Estimate(0.1, Interval(0.02, 0.18))
        return Contrast(one, others, *[nothing] * 5, difference, nothing)

    return Finding(0, 1, DAY, verdict, contrast(did), contrast(later), 3.0, 0.01, 0.01)


def test_what_was_seen_once_says_how_many_more_it_takes() -> None:
    """Only where it is not known yet; the more came later, the fewer are missing."""
    did = Share.measured(15, 100)
    few, some = Share.measured(1, 10), Share.measured(5, 40)

    missing = needs_more(_finding(Verdict.TOO_FEW_LATER, did, few))
    fewer = needs_more(_finding(Verdict.TOO_FEW_LATER, did, some))

    assert missing is not None
    assert fewer == missing - 30
    assert needs_more(_finding(Verdict.NOT_AGAIN, did, few)) is None
    assert needs_more(_finding(Verdict.FOUND, did, few)) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("did buy", "Has bought."),
        ("(did a or did b) and did c", "(Has done “a”, or has done “b”), and has done “c”."),
    ],
)
def test_a_sentence_begins_with_a_capital(text: str, said: str) -> None:
    assert sentence(parse_condition(text), {}) == said


# ---------------------------------------------------------------------------------- in the browser


def _opened(chromium: Browser, world: Studio, **options: object) -> Page:
    context = chromium.new_context(base_url=world.address, **options)  # type: ignore[arg-type]
    context.add_cookies(
        [{"name": "segue_session", "value": world.cookie, "url": f"{world.address}/studio"}]
    )
    return context.new_page()


def test_from_a_goal_to_a_segment(chromium: Browser, world: Studio) -> None:
    """As a person would: wait for the findings, read the first, make it a segment."""
    said: list[str] = []
    page = _opened(chromium, world)
    page.on("console", lambda one: said.append(one.text))
    page.goto("/studio/discover?within=3%2C7%2C14")
    expect(page.get_by_role("heading", level=2).first).to_contain_text("1.", timeout=200_000)

    page.get_by_role("link", name="Make it a segment").first.click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("segment")
    expect(page.get_by_label("Name")).not_to_have_value("")
    page.context.close()
    assert not said


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1440])
@pytest.mark.parametrize(
    "path",
    [
        "/discover?within=3%2C7%2C14", "/discover/groups?groups=2", "/discover/ready",
        "/discover/identity?goal=activated", "/segments", "/segments/high_intent",
    ],
)  # fmt: skip
def test_every_page_is_for_everybody_when_all_is_there(
    chromium: Browser, world: Studio, path: str, scheme: str, width: int
) -> None:
    """axe-core finds nothing, and no page is wider than the window."""
    where, _, query = path.partition("?")
    settled(world, where, **dict(parse_qsl(query)))
    viewport = {"width": width, "height": 800}
    page = _opened(chromium, world, color_scheme=scheme, viewport=viewport, bypass_csp=True)
    page.goto(f"/studio{path}")
    page.add_script_tag(path=AXE)
    found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    page.context.close()

    assert [(one["id"], [n["html"] for n in one["nodes"]]) for one in found["violations"]] == []
    assert wider <= 0
