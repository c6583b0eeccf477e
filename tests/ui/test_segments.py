"""The pages of segments: what they show is what the API says, and all of it leads to people."""

import csv
import io
import re
from html import unescape

import numpy as np
import pyarrow as pa
import pytest
from playwright.sync_api import Browser, Page, expect

from segue.bootstrap.streaming import sheet
from segue.domain.instant import DAY
from segue.domain.live import SegmentVersion
from segue.domain.ports import DefinitionVersion
from segue.insight.comparisons import Difference
from segue.insight.overlap import Overlaps
from segue.insight.portfolio.findings import LintFinding, Mistake
from segue.insight.shares import Interval, Share
from segue.insight.standing import Standing
from segue.services.insight.lint_words import HEADINGS, Severity, by_mistake, severity, worst
from segue.services.insight.linting import Linted
from segue.ui.intervals import Axis
from segue.ui.segment_figures import figure, overlaps
from segue.ui.versions import condition_in, difference, versions
from tests.sdks.served import eventually
from tests.ui.conftest import DEFINITIONS, Studio, odd_person


def settled(studio: Studio, path: str, **query: str) -> str:
    """The page, once nothing of it is worked on any more, as a reader reads it."""
    page = ""

    def is_there() -> bool:
        nonlocal page
        page = studio.page(path, **query)
        return "data-working" not in page

    assert eventually(is_there, True, seconds=120)
    return unescape(page)


# ------------------------------------------------------------------------------------ all segments


def test_conversion_is_what_the_api_says(studio: Studio) -> None:
    """In the words of the API, beside a drawing of its interval."""
    page = settled(studio, "/segments")
    said = studio.server.ask("/api/measures").json()

    fresh = next(one for one in said["segments"] if one["segment_id"] == "fresh")
    words = next(one for one in fresh["words"] if "of those who entered" in one)
    assert f'title="{words}"' in page
    assert page.count('<svg class="interval"') >= 1


def test_findings_stand_below_and_are_led_to(studio: Studio) -> None:
    """A badge says how many and how bad; its link leads to the worst of them."""
    page = settled(studio, "/segments")
    said = studio.server.ask("/api/portfolio").json()["findings"]

    mine = [one for one in said if "idle" in one["segments"]]
    row = page.partition('data-name="nobody at all idle"')[2].partition("</tr>")[0]
    number = re.search(r'href="#finding-(\d+)">(\d+) finding', row)
    assert number is not None
    assert int(number[2]) == len(mine)
    assert 'class="badge broken"' in row
    found = page.partition(f'id="finding-{number[1]}"')[2].partition("</li>")[0]
    told = re.sub("</?code>", "`", found)
    assert any(one["evidence"] in told for one in mine)


@pytest.mark.parametrize(
    ("sort", "first"),
    [("size", "fresh"), ("change", "fresh"), ("given", "fresh"), ("conversion", "fresh")],
)
def test_the_order_is_in_the_address(studio: Studio, sort: str, first: str) -> None:
    page = settled(studio, "/segments", sort=sort, by="kind")

    assert f'<option value="{sort}" selected>' in page
    assert f"/studio/segments/{first}" in page


def test_who_leaves_by_themselves_within_a_day(studio: Studio) -> None:
    """As many as the members whose end is known to lie before tomorrow."""
    live = studio.server.serving.live
    inside = live.in_segments(["fresh"], limit=100).members
    until = live.ticked_at + DAY

    expected = sum(one.until is not None and one.until <= until for one in inside)

    assert live.leaving(DAY)["fresh"] == expected > 0
    assert live.leaving(DAY)["buyers"] == 0
    link = f'<a class="down" href="/studio/segments/fresh?order=leaving#members">−{expected}</a>'
    assert link in settled(studio, "/segments")


def test_who_leaves_next_stands_first(studio: Studio) -> None:
    """Soonest first, as many as the page has room for; nobody leaves for ever."""
    live = studio.server.serving.live
    inside = live.in_segments(["fresh"], limit=100).members
    soonest = sorted(one.until for one in inside if one.until is not None)

    found = live.leaving_first("fresh", 50)

    assert [one.until for one in found] == soonest[:50]
    page = studio.page("/segments/fresh", order="leaving")
    assert page.index(f">{found[0].person_id}<") < page.index(f">{found[-1].person_id}<")
    assert "Nobody leaves by themselves" in studio.page("/segments/buyers", order="leaving")


def test_a_filter_leaves_findings_of_what_it_names(studio: Studio) -> None:
    page = settled(studio, "/segments", q="nobody at all")

    assert "Nobody at all</a>" in page.partition('id="mend"')[2]
    assert "Buyers" not in page


# ------------------------------------------------------------------------------------- one segment


def test_the_measures_are_those_of_the_api(studio: Studio) -> None:
    """Sentence by sentence, and share by share."""
    page = settled(studio, "/segments/fresh")
    said = studio.server.ask("/api/segments/fresh/measures").json()

    for sentence in said["words"]:
        assert f"<li>{sentence}</li>" in page
    assert f"{said['engagement']['count'] / said['engagement']['of']:.0%}"[:-1] in page


def test_overlaps_lead_to_the_people_in_both(studio: Studio) -> None:
    page = settled(studio, "/segments/buyers")
    said = studio.server.ask("/api/portfolio").json()["overlaps"]

    both = next(one["both"] for one in said if set(one["segments"]) == {"buyers", "fresh"})
    link = f'<a href="/studio/people?segment=buyers&segment=fresh">{both}</a>'
    assert link in page


def test_voices_of_the_members(studio: Studio) -> None:
    """What they answered, with how many did."""
    page = settled(studio, "/segments/fresh")

    assert "Why not?" in page
    assert "Would you recommend us?" in page
    assert "of those who were asked" in page
    assert 'href="/studio/voices/why?segment=fresh"' in page


def test_members_are_found_by_id_and_by_address(studio: Studio) -> None:
    found = studio.page("/segments/buyers", who="ada@shop.example")
    assert found.count(">why</a>") == 1
    assert 'href="/studio/people/p00"' in found
    assert "No member has an id that begins with" in studio.page("/segments/buyers", who="p01")


def test_pages_lead_through_all_members(studio: Studio) -> None:
    """Everybody who ever came, fifty at a time, each once."""
    seen: list[str] = []
    path = "/segments/habit.low"
    following: str | None = path
    while following is not None:
        page = unescape(studio.client.get(f"/studio{following}").text)
        part = page.partition('id="members"')[2].partition('id="versions"')[0]
        seen += re.findall(r'<th scope="row"><a href="/studio/people/([^"]+)"', part)
        more = re.search(r'href="/studio([^"]*after=[^"]+)#members">More', part)
        following = more[1] if more else None

    assert (
        len(seen)
        == len(set(seen))
        == studio.server.serving.live.in_segments(["habit.low"], limit=1000).members.__len__()
    )


def test_members_of_a_past_day_are_found_too(studio: Studio) -> None:
    today = re.search(r'data-today="([^"]+)"', studio.page("/segments/buyers"))
    assert today is not None
    page = settled(studio, "/segments/buyers", on=today[1], who="p03")
    assert page.count(">why</a>") == 1


@pytest.mark.parametrize("query", ["after=xyz", "on=2999-01-01", "days=5000", "compare=-1"])
def test_an_address_that_means_nothing_says_so(studio: Studio, query: str) -> None:
    assert studio.client.get(f"/studio/segments/buyers?{query}").status_code == 400


def test_all_members_as_a_table_for_spreadsheets(studio: Studio) -> None:
    """Now and on a past day; an id that a spreadsheet would take for a formula is harmless."""
    studio.server.send("/v1/track", json={"event": "buy", "userId": '=HYPERLINK("x")'})
    rows: list[list[str]] = []

    def are_there() -> bool:
        response = studio.client.get("/studio/segments/buyers/members.csv")
        assert response.headers["content-disposition"] == 'attachment; filename="buyers.csv"'
        rows[:] = list(csv.reader(io.StringIO(response.text)))
        return len(rows) == 22

    assert eventually(are_there, True)
    assert rows[0] == ["segment_id", "person_id", "entered_at", "leaves_at"]
    people = {row[1] for row in rows[1:]}
    assert odd_person() not in people
    assert "p03" in people
    assert '\'=HYPERLINK("x")' in people
    old = studio.client.get("/studio/segments/buyers/members.csv?on=2020-04-01").text
    assert len(old.splitlines()) == 1
    assert studio.client.get("/studio/segments/buyerz/members.csv").status_code == 404


@pytest.mark.parametrize(
    ("written", "harmless"),
    [
        ("=1+1", "'=1+1"),
        ("+49", "'+49"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ('ada, "B"', 'ada, "B"'),
        ("a=1", "a=1"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(written: str, harmless: str) -> None:
    """In every batch; instants stay as they are."""
    schema = pa.schema([("who", pa.string()), ("at", pa.timestamp("ms", tz="UTC"))])
    at = pa.array([0], pa.int64()).cast(schema.field("at").type)
    batch = pa.record_batch([pa.array([written]), at], schema=schema)

    text = b"".join(sheet([batch, batch], schema)).decode()

    row = [harmless, "1970-01-01T00:00:00.000Z"]
    assert list(csv.reader(io.StringIO(text))) == [["who", "at"], row, row]


def test_names_of_events_are_text_in_conditions(studio: Studio) -> None:
    """Whatever stands in the file."""
    serving = studio.server.serving
    text = serving.workspace.definitions.read_text()
    odd = "  odd: {title: '<i>Odd</i>', when: 'did \"<script>alert(1)</script>\"'}\n"
    serving.change_definitions(lambda before: before.replace("segments:\n", f"segments:\n{odd}"))
    try:
        for path in ("/segments", "/segments/odd"):
            page = studio.page(path)
            assert "<script>alert" not in page
            assert "<i>Odd" not in page
            assert "&lt;i&gt;Odd" in page
    finally:
        serving.change_definitions(lambda _: text)


# ---------------------------------------------------------------------------------------- versions


def test_a_version_says_how_it_differs(studio: Studio) -> None:
    """Word by word, with a way to see what the change did."""
    serving = studio.server.serving
    text = serving.workspace.definitions.read_text()
    serving.change_definitions(lambda before: before.replace("within 7 days\n", "within 6 days\n"))
    try:
        page = settled(studio, "/segments/fresh")
        assert "<del>7</del><ins>6</ins>" in page
        compare = re.search(r"compare=(\d+)#comparison", page)
        assert compare is not None
        shown = settled(studio, "/segments/fresh", compare=compare[1])
        assert "people are in now; before it would be" in shown
    finally:
        serving.change_definitions(lambda _: text)


def test_a_version_takes_its_text_from_the_file_that_brought_it() -> None:
    files = [
        DefinitionVersion(1, 1_000, DEFINITIONS),
        DefinitionVersion(2, 50_000, DEFINITIONS.replace("when: did buy}\n  fresh", "x")),
        DefinitionVersion(
            3, 90_000, DEFINITIONS.replace("did buy}\n", "did buy at least 2 times}\n")
        ),
    ]
    published = [
        SegmentVersion(1, "buyers", 1, "a", 990, 90_010),
        SegmentVersion(2, "buyers", 2, "b", 90_010),
    ]

    last, first = versions("buyers", published, files)

    assert (first.number, first.file, first.when, first.parts) == (1, 1, "did buy", ())
    assert last.when == "did buy at least 2 times"
    assert [(one.mark, one.text) for one in last.parts] == [
        ("same", "did buy"),
        ("added", " at least 2 times"),
    ]


@pytest.mark.parametrize("text", ["", "segments: [", "segments: {buyers: {when: did}}", "a: b"])
def test_a_text_that_cannot_be_read_has_no_condition(text: str) -> None:
    assert condition_in(text, "buyers") == ""


def test_a_difference_keeps_every_word() -> None:
    before, after = "did a within 7 days", "did a or did b within 8 days"
    parts = difference(before, after)

    assert "".join(one.text for one in parts if one.mark != "added") == before
    assert "".join(one.text for one in parts if one.mark != "gone") == after


# ----------------------------------------------------------------------------------------- figures


def test_every_mistake_has_a_name_and_a_severity() -> None:
    assert set(HEADINGS) == set(Mistake)
    assert {severity(one) for one in Mistake} == set(Severity)


def test_the_worst_of_several_findings() -> None:
    dull = LintFinding(Mistake.NEVER_ASKED, "", "")
    bad = LintFinding(Mistake.NOBODY, "", "")

    assert worst([dull, bad, dull]) is Severity.BROKEN
    assert worst([]) is None
    assert by_mistake([dull, bad, dull]) == {
        Mistake.NEVER_ASKED: [dull, dull],
        Mistake.NOBODY: [bad],
    }


def test_intervals_of_a_column_share_one_scale() -> None:
    """From 0 to the highest end; nobody is not drawn."""
    shares = [Share(1, 4, Interval(0.1, 0.5)), Share(3, 4, Interval(0.6, 1.0)), Share(0, 0, None)]
    axis = Axis.of(shares)

    first, second, none = (axis.whisker(one) for one in shares)

    assert none is None
    assert first is not None
    assert second is not None
    assert first.low < first.x < first.high < second.low < second.x < second.high == 116.0
    assert axis.placed(0.0, None).x == 4.0
    assert Axis.of([]).high == 1.0


def test_overlaps_are_ordered_by_how_alike_they_are() -> None:
    members = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 1], [0, 0, 0, 1]], np.bool_)
    linted = Linted(0, (), ("a", "b", "c", "d"), Overlaps.measured(members), 4, 0)

    found = overlaps(linted, "a", {"b": "B"})

    assert [(one.id, one.title, one.both) for one in found] == [("b", "B", 2), ("c", "c", 1)]
    assert (found[0].of_this, found[0].of_that, found[0].alike) == (2 / 3, 1.0, 2 / 3)
    assert overlaps(linted, "new", {}) == []


def test_what_cannot_be_told_says_how_many_it_takes() -> None:
    some, other = Share.measured(10, 100), Share.measured(12, 100)
    standing = Standing(some, Difference.measured(some, other), None)

    row = figure("do", standing, Axis.of([some, other]))

    assert row.mark == ""
    assert re.fullmatch(r"cannot tell yet: needs [\d,]+ more", row.against)
    assert row.before == "–"


# ---------------------------------------------------------------------------------- in the browser


@pytest.fixture
def tab(chromium: Browser, studio: Studio) -> Page:
    context = chromium.new_context(base_url=studio.address)
    context.add_cookies(
        [{"name": "segue_session", "value": studio.cookie, "url": f"{studio.address}/studio"}]
    )
    return context.new_page()


def test_a_slider_leads_to_any_day(tab: Page) -> None:
    """By keyboard; the day and its people are said while it moves."""
    tab.goto("/studio/segments/buyers")
    slider = tab.get_by_role("slider", name="Day to look at")
    slider.focus()
    said = slider.get_attribute("aria-valuetext")

    tab.keyboard.press("ArrowLeft")

    expect(tab.get_by_role("link", name="Back to now")).to_be_visible()
    expect(tab.get_by_role("heading", name=re.compile("^Members at the end of"))).to_be_visible()
    assert slider.get_attribute("aria-valuetext") != said
    tab.context.close()


def test_what_is_worked_out_appears_by_itself(tab: Page) -> None:
    """The filter that somebody wrote meanwhile stays."""
    tab.goto("/studio/segments")
    tab.get_by_label("Filter segments").fill("lately")
    expect(tab.locator("[data-working]")).to_have_count(0)

    expect(tab.get_by_role("link", name="Looked lately").first).to_be_visible()
    expect(tab.locator("tr[data-name]").get_by_role("link", name="Buyers")).to_be_hidden()
    tab.context.close()


def test_a_past_that_takes_a_while_appears_by_itself(
    tab: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The days, their slider, and who was in; until then the page says that it works on them."""
    monkeypatch.setattr("segue.ui.analyses.PATIENCE", 0.0)
    tab.goto("/studio/segments/buyers?days=91")
    day = tab.locator("input[type=date]").input_value()

    response = tab.goto(f"/studio/segments/buyers?days=92&on={day}")

    assert response is not None
    text = response.text()
    assert 'data-working="history"' in text
    assert 'data-working="members"' in text
    slider = tab.get_by_role("slider", name="Day to look at")
    expect(slider).to_be_visible()
    assert re.search(r": \d+ people$", slider.get_attribute("aria-valuetext") or "")
    expect(tab.get_by_role("link", name="p03").first).to_be_visible()
    tab.context.close()
