"""The studio in a real browser: each page's main job, light and dark, narrow and wide."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.sdks.javascript import PACKAGES
from tests.ui.conftest import PASSWORD, Studio

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = Path(PACKAGES) / "axe-core" / "axe.min.js"
PATHS = (
    "/sign-in", "/account", "/segments", "/segments/fresh", "/segments/idle", "/people?q=p0",
    "/people/p00", "/people/p00/why/fresh", "/nothing", "/campaigns", "/campaigns/offer",
    "/campaigns/why", "/data", "/builder", "/builder?segment=fresh",
)  # fmt: skip


def _context(chromium: Browser, studio: Studio, **options: Any) -> BrowserContext:
    context = chromium.new_context(base_url=studio.address, **options)
    context.add_cookies(
        [{"name": "segue_session", "value": studio.cookie, "url": f"{studio.address}/studio"}]
    )
    return context


@pytest.fixture
def page(chromium: Browser, studio: Studio) -> Iterator[Page]:
    """A page of somebody who is signed in; nothing may be said on its console."""
    said: list[str] = []
    with _context(chromium, studio) as context:
        page = context.new_page()
        page.on("console", lambda one: said.append(one.text))
        page.on("pageerror", lambda one: said.append(str(one)))
        yield page
    assert not said


def test_from_the_sign_in_to_why_somebody_is_a_member(chromium: Browser, studio: Studio) -> None:
    """By keyboard, and without scripts."""
    page = chromium.new_page(base_url=studio.address, java_script_enabled=False)
    page.goto("/studio/segments/buyers")
    page.get_by_label("Name").focus()
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Buyers")

    page.get_by_role("row", name="p00").get_by_role("link", name="why").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("p00 is in Buyers")
    page.close()


def test_the_list_is_filtered_as_one_types(page: Page) -> None:
    """Groups in which nothing is left go too."""
    page.goto("/studio/segments")
    page.get_by_label("Filter segments").fill("lately")

    rows = page.locator("tr[data-name]")  # what is to be mended names segments too
    expect(rows.get_by_role("link", name="Looked lately")).to_be_visible()
    expect(rows.get_by_role("link", name="Buyers")).to_be_hidden()
    expect(page.get_by_role("heading", name="Paying")).to_be_hidden()


def test_somebody_is_found_from_everywhere(page: Page) -> None:
    """The slash key leads to the field; while one types it is a slash."""
    page.goto("/studio/segments")
    page.keyboard.press("/")
    page.keyboard.type("p1/")
    expect(page.get_by_role("searchbox", name="Find a person")).to_have_value("p1/")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")

    expect(page.get_by_role("link", name="p10")).to_be_visible()


def test_a_past_day_is_one_choice_away(page: Page) -> None:
    page.goto("/studio/segments/buyers")
    page.get_by_label("On", exact=True).fill("2020-04-01")

    expect(page.get_by_text("Nobody was in it then.")).to_be_visible()
    page.get_by_role("link", name="Back to now").click()
    expect(page.get_by_role("row", name="p00")).to_be_visible()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1440])
def test_every_page_is_for_everybody(
    chromium: Browser, studio: Studio, path: str, scheme: Literal["light", "dark"], width: int
) -> None:
    """axe-core finds nothing, and no page is wider than the window."""
    signed = not path.startswith("/sign-in")
    options: dict[str, Any] = {
        "color_scheme": scheme,
        "viewport": {"width": width, "height": 800},
        "bypass_csp": True,  # for axe-core only
    }
    with (
        _context(chromium, studio, **options)
        if signed
        else chromium.new_context(base_url=studio.address, **options)
    ) as context:
        page = context.new_page()
        page.goto(f"/studio{path}")
        expect(page.locator("[data-working]")).to_have_count(0)
        page.add_script_tag(path=AXE)
        found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert [(one["id"], [n["html"] for n in one["nodes"]]) for one in found["violations"]] == []
    assert wider <= 0
