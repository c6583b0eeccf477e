"""The ten tasks of docs/usability.md, tried in a browser: they take the clicks and keys it says.

A choice from a list counts as two clicks, and so does a file: the dialogue, and the file in it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.docs.pages import page as documented
from tests.ui.artefacts import keep
from tests.ui.conftest import Studio

SHOP: Final = "user,action,time\nivo,task_test,2026-06-01T09:12:00Z\n"
SILENT: Final = "did buy at least 2 times and inactive for 90 days"
_ROW: Final = re.compile(
    r"^\| (\d+) \|.*\| (\d+) clicks?(?:, (\d+) keys?)? \|[^|]*\|$", re.MULTILINE
)


@dataclass
class Hand:
    """What a hand does on a page, counted."""

    page: Page
    clicks: int = 0
    keys: int = 0

    def click(self, place: Locator) -> None:
        """One click on what can be seen."""
        place.click()
        self.clicks += 1

    def menu(self, name: str) -> None:
        """One click in the menu, which leads to a page: the one before has links of these names
        too."""
        menu = self.page.get_by_role("navigation", name="Pages").first
        link = menu.get_by_role("link", name=name, exact=True)
        self.click(link)
        expect(link).to_have_attribute("aria-current", "page")

    def write(self, place: Locator, text: str) -> None:
        """A click into a field, and a key for each letter."""
        self.click(place)
        self.page.keyboard.type(text)
        self.keys += len(text)

    def over(self, place: Locator, text: str) -> None:
        """A click into a field, and a new text for what stands there."""
        self.click(place)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)
        self.keys += 1 + len(text)

    def choose(self, place: Locator, *, value: str | None = None, label: str | None = None) -> None:
        """Two clicks: the list, and one of it."""
        place.select_option(value=value, label=label)
        self.clicks += 2


@pytest.fixture
def hand(chromium: Browser, studio: Studio) -> Iterator[Hand]:
    """Somebody who signed in, and is where one comes in."""
    cookie = {"name": "segue_session", "value": studio.cookie, "url": f"{studio.address}/studio"}
    with chromium.new_context(
        base_url=studio.address, viewport={"width": 1440, "height": 900}
    ) as context:
        context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        page.goto("/studio/")
        yield Hand(page)


def who_leaves_today(hand: Hand, _: Path) -> None:
    """Of those who looked lately."""
    hand.menu("Segments")
    row = hand.page.get_by_role("row", name="Looked lately")
    headings = hand.page.get_by_role("table").filter(has=row).get_by_role("columnheader")
    expect(headings.filter(has_text="Next 24 hours")).to_be_visible()
    column = headings.all_inner_texts().index("Next 24 hours")
    cell = row.get_by_role("rowheader").or_(row.get_by_role("cell")).nth(column)
    hand.click(cell.get_by_role("link", name=re.compile("^−")))
    expect(hand.page.get_by_role("link", name="All members", exact=True)).to_be_visible()


def why_somebody_is_in_it(hand: Hand, _: Path) -> None:
    """By what they did."""
    hand.menu("Segments")
    hand.click(hand.page.get_by_role("link", name="Buyers", exact=True).first)
    hand.click(hand.page.get_by_role("link", name="why", exact=True).first)
    expect(hand.page.get_by_role("heading", level=1)).to_contain_text("is in Buyers")


def import_this_file(hand: Hand, folder: Path) -> None:
    """Of a table whose columns have other names."""
    (folder / "shop.csv").write_text(SHOP)
    hand.menu("Data")
    hand.click(hand.page.get_by_role("link", name="Import a file").first)
    hand.page.get_by_label("Drop a file here").set_input_files(folder / "shop.csv")
    hand.clicks += 2
    hand.click(hand.page.get_by_role("button", name="Send it"))
    hand.click(hand.page.get_by_role("button", name=re.compile("^Import 1 event")))
    expect(hand.page.get_by_text("The file is imported")).to_be_visible()


def make_a_segment(hand: Hand, _: Path) -> None:
    """Bought at least twice, and silent for 90 days, by clicking."""
    page = hand.page
    hand.menu("Segments")
    hand.click(page.get_by_role("link", name="New segment"))
    hand.write(page.get_by_label("Name", exact=True), "Regulars")
    expect(page.locator("#blocks fieldset").first).to_be_enabled()
    hand.write(page.locator('[name="b.what.names.0"]'), "buy")
    written = page.locator("#when")
    expect(written).to_have_value("did buy")
    hand.choose(page.locator('[name="b.times.is"]'), label="so many times")
    hand.over(page.locator('[name="b.times.count"]'), "2")
    expect(written).to_have_value("did buy at least 2 times")
    hand.click(page.get_by_label("What else to do with this"))
    hand.click(page.get_by_role("button", name="and …"))
    hand.choose(page.locator('[name="b.terms.1.is"]'), label="inactive for")
    hand.over(page.locator('[name="b.terms.1.duration.count"]'), "90")
    expect(written).to_have_value(SILENT)
    hand.click(page.get_by_role("button", name="Save it"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Regulars")


def send_them_a_nudge(hand: Hand, _: Path) -> None:
    """To the buyers, in the product."""
    page = hand.page
    hand.menu("Segments")
    hand.click(page.get_by_role("link", name="Buyers", exact=True).first)
    hand.click(page.get_by_role("link", name="Write a campaign to it"))
    hand.write(page.get_by_label("Name", exact=True), "Nudge")
    hand.choose(page.get_by_label("Who is in already"), value="skip")
    hand.write(page.get_by_label("Text", exact=True), "Come back.")
    hand.choose(page.get_by_label("Goal"), value="bought")
    hand.choose(page.get_by_label("It speaks").last, label="from now on, as soon as it is saved")
    hand.click(page.get_by_role("button", name="Save it"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Nudge")


def whether_it_helped(hand: Hand, _: Path) -> None:
    """The list of campaigns says it."""
    hand.menu("Campaigns")
    expect(hand.page.get_by_role("row", name="An offer")).to_contain_text("Helps.")


def what_they_say(hand: Hand, _: Path) -> None:
    """Those of a segment, against everybody."""
    hand.menu("Segments")
    hand.click(hand.page.get_by_role("link", name="Looked lately", exact=True).first)
    hand.click(hand.page.get_by_role("link", name="What they say"))
    expect(hand.page.locator("#voices")).to_contain_text("Would you recommend us?")


def who_saw_it_and_did_not_click(hand: Hand, _: Path) -> None:
    """One by one."""
    hand.menu("Campaigns")
    hand.click(hand.page.get_by_role("link", name="An offer"))
    hand.choose(hand.page.get_by_label("Which"), label="shown, and not clicked")
    expect(hand.page).to_have_url(re.compile("which=only_shown"))


def invite_a_colleague(hand: Hand, _: Path) -> None:
    """Who may only look."""
    page = hand.page
    hand.click(page.locator("header details.who summary"))
    hand.click(page.get_by_role("link", name="Settings"))
    hand.click(page.get_by_role("link", name="Members"))
    hand.write(page.get_by_label("Name, or e-mail address"), "zoe")
    hand.click(page.get_by_role("button", name="Invite"))
    expect(page.get_by_label("The link")).to_contain_text("/studio/enter/")


def stop_everything(hand: Hand, _: Path) -> None:
    """At once."""
    hand.menu("Campaigns")
    hand.click(hand.page.get_by_text("Stop everything", exact=True))
    hand.click(hand.page.get_by_role("button", name="Stop everything now"))
    expect(hand.page.get_by_text("Everything is stopped: nothing goes out.")).to_be_visible()


TASKS: Final[tuple[Callable[[Hand, Path], None], ...]] = (
    who_leaves_today,
    why_somebody_is_in_it,
    import_this_file,
    make_a_segment,
    send_them_a_nudge,
    whether_it_helped,
    what_they_say,
    who_saw_it_and_did_not_click,
    invite_a_colleague,
    stop_everything,
)


def told() -> dict[int, tuple[int, int]]:
    """The clicks and keys of each task, as the page says them."""
    rows = _ROW.findall(documented("usability.md").text)
    return {int(number): (int(clicks), int(keys or 0)) for number, clicks, keys in rows}


@pytest.mark.parametrize("number", range(1, 11), ids=[task.__name__ for task in TASKS])
def test_a_task_takes_what_the_page_says(hand: Hand, number: int, tmp_path: Path) -> None:
    """Not a click more, nor fewer."""
    TASKS[number - 1](hand, tmp_path)
    keep(hand.page, f"task {number} {TASKS[number - 1].__name__}")

    assert (hand.clicks, hand.keys) == told()[number]
