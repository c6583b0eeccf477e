"""Composing in a real browser: by clicks and by typing, with the keyboard alone, narrow and wide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Error, Page, Route, expect

from segue.bootstrap import environment
from segue.domain.users import Role
from segue.language.parse import parse_condition
from segue.language.text import to_text
from segue.language.tree import Condition, Name
from tests.http.running import running
from tests.language import strategies
from tests.language.strategies import Vocabulary
from tests.ui.conftest import DEFINITIONS, Studio, _live
from tests.ui.test_browser import AXE, RULES
from tests.ui.test_builder import proposed

SAMPLE = 50
NAMED = Vocabulary(
    names=st.sampled_from(
        [Name("looked"), Name("buy"), Name("look", quoted=True), Name("a b", quoted=True)]
    ),
    segments=st.sampled_from(["buyers", "habit.high", "idle"]),
)


def _drawn() -> list[str]:
    """Conditions over the names of the shop, always the same."""
    found: list[Condition] = []

    @seed(6)
    @settings(
        max_examples=SAMPLE * 3,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategies.conditions(NAMED))
    def draw(condition: Condition) -> None:
        found.append(condition)

    draw()
    return list(dict.fromkeys(to_text(one) for one in found))[:SAMPLE]


def _definitions(conditions: list[str]) -> str:
    """The shop with a segment for each condition, with comments and odd spaces around it."""
    lines = []
    for place, when in enumerate(conditions):
        lines.append(f"  # the {place}. one")
        single = "'" + f"  {when}".replace("'", "''") + "'"
        lines.append(f"  s{place}:\n    when:   {single}   # as it is\n    title: S {place}\n")
    return DEFINITIONS.replace("segments:\n", "segments:\n" + "\n".join(lines))


@pytest.fixture(scope="module")
def drawn() -> list[str]:
    """Fifty conditions of every kind."""
    return _drawn()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, drawn: list[str]) -> Iterator[Studio]:
    """A shop of its own, whose project file may be changed, and an editor; what people did is
    counted."""
    folder = tmp_path_factory.mktemp("composing") / "shop"
    with running(folder, definitions=_definitions(drawn)) as server:
        _live(server)
        store, now = server.serving.store, environment.now()
        editor = store.add_user("eva", Role.EDITOR, now=now)
        cookies = {"segue_session": store.begin_session(editor.id, now=now)}
        with httpx.Client(base_url=server.address, cookies=cookies, timeout=60) as client:
            studio = Studio(server, client)
            assert proposed(studio, text="did looked where pa")  # blocks name what is known
            yield studio


def _signed(chromium: Browser, shop: Studio, **options: Any) -> Any:
    context = chromium.new_context(base_url=shop.address, **options)
    url = f"{shop.address}/studio"
    context.add_cookies([{"name": "segue_session", "value": shop.cookie, "url": url}])
    return context


@pytest.fixture
def page(chromium: Browser, shop: Studio) -> Iterator[Page]:
    """A page of the editor; nothing may be said on its console."""
    said: list[str] = []
    with _signed(chromium, shop) as context:
        page = context.new_page()
        page.on("console", lambda one: said.append(one.text))
        page.on("pageerror", lambda one: said.append(str(one)))
        yield page
    assert not said


def _text(page: Page) -> Any:
    return page.get_by_label("In the language")


def _tried(page: Page) -> Any:
    return page.get_by_label("What it would mean", exact=True)


def test_what_is_opened_and_saved_untouched_stays_as_it_is(
    page: Page, shop: Studio, drawn: list[str]
) -> None:
    """Fifty conditions of every kind: the blocks in the browser say the same, and the file is the
    same afterwards, letter by letter."""
    file: Path = shop.server.serving.workspace.definitions
    before = file.read_text()
    assert len(drawn) == SAMPLE
    for place, when in enumerate(drawn):
        page.goto(f"/studio/builder?segment=s{place}")
        expect(page.locator("#blocks select").first).to_be_enabled()
        said = page.evaluate(
            """async () => {
                const fields = Object.fromEntries(new FormData(document.getElementById("blocks")));
                const mark = document.querySelector('#segment [name="mark"]').value;
                const body = new URLSearchParams({mark, ...fields});
                return (await fetch("/studio/builder/blocks", {method: "POST", body})).json();
            }"""
        )
        assert said["problems"] == []
        assert said["text"] == when
        assert parse_condition(_text(page).input_value()) == parse_condition(when)
        page.get_by_role("button", name="Save it").click()
        page.wait_for_url(re.compile(f"/studio/segments/s{place}$"))
    assert file.read_text() == before


def test_clicks_write_the_text(page: Page) -> None:
    """A condition with a filter, a count and a window, another one beside it, its opposite; and
    every step can be taken back."""
    page.goto("/studio/builder?when=did+looked")
    blocks = page.locator("#blocks")
    blocks.get_by_label("How often").select_option("so many times")
    expect(_text(page)).to_have_value("did looked at least 1 time")
    blocks.get_by_label("Number").fill("3")
    expect(_text(page)).to_have_value("did looked at least 3 times")
    blocks.get_by_label("When").select_option("within")
    expect(_text(page)).to_have_value("did looked at least 3 times within 7 days")
    blocks.get_by_label("With what").select_option("where")
    blocks.get_by_label("Value").fill("/shoes")
    expect(_text(page)).to_have_value(
        'did looked where page = "/shoes" at least 3 times within 7 days'
    )
    expect(_tried(page)).to_contain_text("0 of 60 people")

    blocks.get_by_label("What else to do with this").last.click()
    blocks.get_by_role("button", name="or …", exact=True).last.click()
    expect(blocks.get_by_label("What is asked")).to_have_count(3)  # with the group
    blocks.get_by_label("What is asked").last.select_option("in")
    expect(_text(page)).to_have_value(re.compile(" or in "))
    page.get_by_role("button", name="Step back").click()
    expect(_text(page)).to_have_value(re.compile(" or did looked$"))
    expect(blocks.get_by_label("What is asked")).to_have_count(3)  # with the group
    page.get_by_role("button", name="Step forward").click()
    expect(_text(page)).to_have_value(re.compile(" or in "))
    blocks.get_by_role("button", name="Remove this").last.click()
    expect(blocks.get_by_label("What is asked")).to_have_count(1)


def test_what_is_missing_is_said(page: Page) -> None:
    """The text stays as it was until the field is filled in again."""
    page.goto("/studio/builder?when=did+looked")
    field = page.locator("#blocks").get_by_label("Event", exact=True)
    field.fill("")
    expect(page.get_by_role("alert")).to_have_text("an event is missing")
    expect(_text(page)).to_have_value("did looked")
    field.fill("buy")
    expect(_text(page)).to_have_value("did buy")
    expect(page.locator("[data-missing]")).to_be_hidden()


def test_typing_changes_the_blocks_and_offers_names(page: Page) -> None:
    """By keyboard alone: a list that follows the cursor; half a sentence is an error at its place,
    which a click mends."""
    page.goto("/studio/builder")
    field = _text(page)
    field.focus()
    page.keyboard.type("did loo")
    proposals = page.get_by_role("listbox")
    expect(proposals.get_by_role("option").first).to_have_text("looked action")
    page.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", re.compile("proposals-"))
    page.keyboard.press("Enter")
    expect(field).to_have_value("did looked ")
    page.keyboard.press("Escape")
    expect(proposals).to_be_hidden()
    expect(page.locator("#blocks").get_by_label("Event", exact=True)).to_have_value("looked")
    expect(_tried(page)).to_contain_text("60 of 60 people")

    page.keyboard.type("whithin 7 days")
    expect(page.locator(".behind mark")).to_have_text("whithin")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("The text cannot be read yet")).to_be_visible()
    page.get_by_role("button", name="Write within").click()
    expect(field).to_have_value("did looked within 7 days")
    expect(page.locator(".behind mark")).to_have_count(0)
    expect(page.locator("#blocks").get_by_label("When")).to_have_value("within")


def test_proposals_belong_to_what_is_written(page: Page) -> None:
    """However slow the server is: one that was made for fewer letters takes the place of all of
    them, and after Escape none comes any more."""
    page.goto("/studio/builder")
    field, proposals = _text(page), page.get_by_role("listbox")
    field.focus()
    page.keyboard.type("did lo")
    expect(proposals.get_by_role("option").first).to_have_text("looked action")
    held: list[Route] = []
    page.route("**/builder/complete", lambda one: held.append(one))  # noqa: PLW0108 - it is marked
    page.keyboard.type("oked")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value("did looked ")

    page.keyboard.press("Escape")
    with page.expect_request("**/builder/complete"):
        page.keyboard.type("w")
    page.keyboard.press("Escape")
    for one in held:
        with suppress(Error):  # nobody waits for it any more
            one.continue_()
    with page.expect_response("**/builder/try"):
        page.keyboard.type(" ")
    expect(field).to_have_value("did looked w ")
    expect(proposals).to_be_hidden()


def test_fields_of_blocks_offer_names_and_values(page: Page) -> None:
    """As a combobox: arrows, Enter, Escape."""
    page.goto("/studio/builder?when=" + quote('did looked where page = "x"'))
    field = page.locator("#blocks").get_by_label("Value")
    field.focus()
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".proposals li").first).to_have_text("/shoes value")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(_text(page)).to_have_value('did looked where page = "/shoes"')


def test_saved_changed_removed_and_undone(page: Page) -> None:
    """As a person does it, and back."""
    page.goto("/studio/segments")
    page.get_by_role("link", name="New segment").click()
    _text(page).fill("did buy")
    page.get_by_label("Name").fill("Shoppers")
    page.get_by_role("button", name="Save it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Shoppers")
    expect(page.get_by_role("status").filter(has_text="Made Shoppers.")).to_be_visible()

    page.get_by_role("link", name="Change it").click()
    page.get_by_text("Remove it").click()
    page.get_by_role("button", name="Remove shoppers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Segments")
    expect(page.get_by_role("link", name="Shoppers")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(re.compile("/studio/segments$"))
    page.goto("/studio/segments/shoppers")
    expect(page.get_by_role("heading", level=1)).to_have_text("Shoppers")


def test_the_backtest_comes_by_itself(page: Page) -> None:
    """It is worked out in the background; what is changed meanwhile makes it old."""
    page.goto("/studio/builder?title=Twins&when=did+buy+where+price+%3E+4")
    page.get_by_role("button", name="Show the backtest").click()
    expect(page.get_by_text("would have sent")).to_be_visible(timeout=200_000)
    assert "mark=" not in page.url
    _text(page).fill("did buy")
    expect(page.get_by_text("The condition was changed since.")).to_be_visible()


def test_it_is_read_without_scripts(chromium: Browser, shop: Studio) -> None:
    """The blocks, the text, and what it would mean by a button."""
    with _signed(chromium, shop, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/studio/builder?when=did+buy")
        expect(page.locator("#blocks").get_by_label("Event", exact=True)).to_have_value("buy")
        page.get_by_role("button", name="Try it").click()
        expect(_tried(page)).to_contain_text("20 of 60 people")


ODD = 'did any of (look, "a b") where (page = "<b>" and not x < 3) and top 10% by sum(buy.price)'


WRONG = "did looked whithin 7 days"


@pytest.mark.parametrize("when", ["", ODD, WRONG], ids=["new", "odd", "wrong"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1440])
def test_the_builder_is_for_everybody(
    chromium: Browser, shop: Studio, when: str, scheme: Literal["light", "dark"], width: int
) -> None:
    """axe-core finds nothing, with proposals open too, and nothing is wider than the window."""
    options: dict[str, Any] = {
        "color_scheme": scheme,
        "viewport": {"width": width, "height": 800},
        "bypass_csp": True,  # for axe-core only
    }
    with _signed(chromium, shop, **options) as context:
        page = context.new_page()
        page.goto(f"/studio/builder?when={quote(when)}")
        _text(page).focus()
        page.keyboard.press("Control+End")
        page.keyboard.type(" ")
        if when != WRONG:
            expect(page.locator(".proposals li").first).to_be_visible()
        page.add_script_tag(path=AXE)
        found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert [(one["id"], [n["html"] for n in one["nodes"]]) for one in found["violations"]] == []
    assert wider <= 0
