"""The whole story on a real shop, in a real browser: from a file to the effect of a message.

The orders of Online Retail are moved in time, so that the last one was yesterday: the studio looks
from now.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Page, expect

import segue
from segue.bootstrap import environment
from segue.domain.campaigns import State
from segue.domain.instant import DAY
from tests.cli.test_results import rows
from tests.http.running import Running, running
from tests.ui.artefacts import keep

EVERY: Final = 12
"""One customer in so many is taken: the story is the same, and soon told."""
WHEN: Final = "did item_purchased at least 2 times and last item_purchased more than 90 days ago"
DEFINITIONS: Final = """\
project: online-retail
actions: {}
segments: {}
goals:
  bought: {event: item_purchased, within: 7 days}
messaging: {holdout: 0%}
"""


@dataclass(frozen=True)
class Shop:
    """A shop without events, the file that has them, and the ids of who is to be found in it."""

    server: Running
    file: Path
    members: frozenset[str]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Iterator[Shop]:
    """Nothing has arrived yet."""
    folder = tmp_path_factory.mktemp("story")
    file = folder / "orders.parquet"
    pq.write_table(_cut(real_data / "online_retail.parquet"), file)
    with running(folder / "shop", definitions=DEFINITIONS) as server:
        yield Shop(server, file, _members(file))


def _cut(file: Path) -> pa.Table:
    """All that some customers did, the last of it yesterday."""
    table = pq.read_table(file)
    numbers = pc.cast(table["user_id"], pa.int64())
    chosen = pc.equal(pc.subtract(numbers, pc.multiply(pc.divide(numbers, EVERY), EVERY)), 0)
    part = table.filter(chosen)
    last = pc.max(part["ts"]).cast(pa.int64()).as_py() // 1000
    days = (environment.now() - last) // DAY - 1
    moved = pc.add(part["ts"].cast(pa.int64()), days * DAY * 1000).cast(pa.timestamp("us"))
    return part.set_column(part.schema.get_field_index("ts"), "ts", moved)


def _members(file: Path) -> frozenset[str]:
    """Who is in, as another surface says it."""
    definitions = {"segments": {"found": {"when": WHEN}}}
    with segue.Engine.in_memory(definitions) as engine:
        columns = {"person_id": "user_id", "occurred_at": "ts", "properties": "props"}
        engine.import_files([file], columns=columns, keep_rejects=False)
        found = engine.evaluate(environment.now())
        return frozenset(found["person_id"].to_pylist())


@pytest.fixture(scope="module")
def page(shop: Shop, chromium: Browser) -> Iterator[Page]:
    """A page of somebody who came by the link; nothing may be said on its console."""
    said: list[str] = []
    with chromium.new_context(
        base_url=shop.server.address, viewport={"width": 1440, "height": 900}
    ) as context:
        page = context.new_page()
        page.on("console", lambda one: said.append(f"{one.text} {one.location}"))
        page.on("pageerror", lambda one: said.append(str(one)))
        page.goto(shop.server.studio_link)
        page.get_by_role("button").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
        yield page
    assert not said


# ------------------------------------------------------------------------ what comes after what
# Whichever test asks first goes as far as it needs; any worker may be given any of them.


@pytest.fixture(scope="module")
def imported(page: Page, shop: Shop) -> Shop:
    """The shop once its file was sent by the page, looked at, and taken."""
    page.goto("/studio/data")
    keep(page, "1 no data yet")
    page.get_by_role("main").get_by_role("link", name="Import a file").first.click()
    keep(page, "2 choose a file")
    page.get_by_label("Drop a file here").set_input_files(shop.file)
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("orders.parquet")
    expect(page.get_by_label("Who did it")).to_have_value("user_id")
    expect(page.get_by_label("When", exact=True)).to_have_value("ts")
    expect(page.get_by_text("none is refused")).to_be_visible()
    keep(page, "3 say what its columns are")

    page.get_by_role("button", name="Import").click()

    expect(page.get_by_text("The file is imported")).to_be_visible()
    expect(page.get_by_role("row", name="Events taken")).to_contain_text(
        f"{pq.read_metadata(shop.file).num_rows:,}"
    )
    keep(page, "4 what came of it")
    return shop


@pytest.fixture(scope="module")
def built(page: Page, imported: Shop) -> Shop:
    """The shop once it has a segment, which was tried before it was saved."""
    shop = imported
    page.goto("/studio/builder")
    page.get_by_label("Name", exact=True).fill("Silent regulars")
    page.locator("#when").fill(WHEN)
    expect(page.locator("[data-tried]")).to_contain_text(str(len(shop.members)))
    keep(page, "6 build a segment")
    page.get_by_role("button", name="What would it have done?").click()
    expect(page.locator("#backtest").get_by_role("img").first).to_be_visible()
    keep(page, "7 its backtest")
    page.get_by_role("button", name="Save it").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Silent regulars")
    expect(page.locator(".big").first).to_contain_text(str(len(shop.members)))
    keep(page, "8 the segment")
    return shop


@pytest.fixture(scope="module")
def written(page: Page, built: Shop) -> Shop:
    """The shop once it has a campaign, of which some are held out."""
    _delivered(built)  # results are looked at no more often than every so many minutes
    page.goto("/studio/campaigns/new?segment=silent_regulars")
    page.get_by_label("Name", exact=True).fill("We miss you")
    page.get_by_label("Who is in already").select_option("skip")
    page.get_by_label("Channel").select_option("console")
    page.get_by_label("Text", exact=True).fill("Come back, {{ person.id }}.")
    page.get_by_label("Goal").select_option("bought")
    page.get_by_label("Held out, to measure").fill("10%")
    keep(page, "10 write a campaign")
    page.get_by_role("button", name="Save it").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("We miss you")
    keep(page, "11 the campaign")
    return built


def _delivered(shop: Shop) -> None:
    """What nine days make of it."""
    shop.server.serving.store.save_deliveries(
        made=[
            *rows("we_miss_you", range(900), State.DELIVERED, 0.4),
            *rows("we_miss_you", range(900, 1_000), State.HELD_OUT, 0.15),
        ]
    )


# ------------------------------------------------------------------------------------ the story


@pytest.mark.usefixtures("imported")
def test_a_file_is_imported_by_the_page(shop: Shop) -> None:
    """Its columns are guessed, though none has Segue's own name; every row becomes an event."""
    assert len(shop.server.events()) == pq.read_metadata(shop.file).num_rows


@pytest.mark.usefixtures("imported")
def test_what_there_is_says_what_can_be_asked(page: Page) -> None:
    """The events with their properties lead to a segment."""
    page.goto("/studio/data")
    page.get_by_role("link", name="item_purchased", exact=True).click()
    expect(page.get_by_role("row", name="Country")).to_contain_text("text")
    expect(page.get_by_role("row", name="Quantity")).to_contain_text("number")
    keep(page, "5 an event")


@pytest.mark.usefixtures("built")
def test_a_segment_is_built_tried_and_saved(shop: Shop) -> None:
    """Bought at least twice, and silent for 90 days: the preview says how many before it is kept."""
    inside = shop.server.serving.live.in_segments(["silent_regulars"], limit=10_000).members
    assert {one.person_id for one in inside} == shop.members


def test_who_is_in_it_and_why(page: Page, built: Shop) -> None:
    """Every member is somebody of whom it holds, and the page says by what they did."""
    page.goto("/studio/segments/silent_regulars")
    page.get_by_role("link", name="why").first.click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("is in Silent regulars")
    assert heading.inner_text().split(" is in ")[0] in built.members
    keep(page, "9 why")


@pytest.mark.usefixtures("written")
def test_a_campaign_is_written(shop: Shop) -> None:
    """To those who are silent, with some held out to see what it does."""
    campaign = shop.server.serving.actor.campaign("we_miss_you")
    assert (campaign.title, campaign.holdout) == ("We miss you", Fraction(1, 10))


@pytest.mark.usefixtures("written")
def test_whether_it_helped_is_said_with_its_interval(page: Page) -> None:
    """Nine days later: of those who got it more bought than of those who were held out."""
    page.goto("/studio/campaigns/we_miss_you")

    # Of the real customers some happen to buy in these days, too.
    said = re.compile(r"a difference of \+2[5-9]\.\d points \(\+\d")
    expect(page.get_by_text(said)).to_be_visible()
    keep(page, "12 whether it helped")
    page.goto("/studio/campaigns")
    expect(page.get_by_role("row", name="We miss you")).to_contain_text("Helps.")
    keep(page, "13 campaigns")


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize(
    "path",
    [
        *("today", "journey", "segments", "discover", "campaigns", "voices", "people", "live"),
        *("data", "data/send", "data/traits", "health", "settings"),
    ],
)
def test_every_page_has_something_to_say(page: Page, path: str) -> None:
    """Each shows its first heading, and is no wider than the window."""
    response = page.goto(f"/studio/{path}")
    assert response is not None
    assert response.status == 200
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("[data-working]")).to_have_count(0)
    keep(page, f"page {path}")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
