"""What all pages share: the menu, the palette and the keys, downloads, budgets; and a walk through
the whole studio in a real browser."""

from __future__ import annotations

import csv
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from segue.bootstrap import environment
from segue.domain.users import Role
from tests.sdks.javascript import PACKAGES
from tests.ui.addresses import PAGES
from tests.ui.artefacts import FOLDER, SCHEMES, WIDTHS
from tests.ui.conftest import Studio
from tests.ui.looking import opened

AXE: Final = (Path(PACKAGES) / "axe-core" / "axe.min.js").read_text()
RULES: Final = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
COLOURS: Final = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""The rules that another colour scheme could break."""
STATIC: Final = Path(__file__).parents[2] / "src/segue/ui/static"


@pytest.fixture
def page(chromium: Browser, studio: Studio) -> Iterator[Page]:
    with opened(chromium, studio, viewport={"width": 1440, "height": 900}) as page:
        yield page


# -------------------------------------------------------------------------------------- the walk


@pytest.fixture(scope="module")
def window(chromium: Browser, studio: Studio) -> Iterator[BrowserContext]:
    """One window for the whole walk."""
    with chromium.new_context(base_url=studio.address) as context:
        url = f"{studio.address}/studio"
        context.add_cookies([{"name": "segue_session", "value": studio.cookie, "url": url}])
        yield context


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_for_everybody(window: BrowserContext, studio: Studio, path: str) -> None:
    """Nothing is said on the console, axe-core finds nothing, no page is wider than the window: on
    small screens and large ones, light and dark. How it looks is kept."""
    if path == "/sign-in":
        window.clear_cookies()
    page = window.new_page()
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text))
    page.on("pageerror", lambda one: said.append(str(one)))
    try:
        page.goto(f"/studio{path}")
        expect(page.locator("[data-working]")).to_have_count(0)
        page.evaluate(AXE)
        wrong = {
            f"{width} {scheme}": found
            for width, height in WIDTHS.items()
            for scheme in SCHEMES
            if (found := _wrongs(page, width, height, scheme, path))
        }
    finally:
        page.close()
        url = f"{studio.address}/studio"
        window.add_cookies([{"name": "segue_session", "value": studio.cookie, "url": url}])

    assert wrong == {}
    assert [one for one in said if "status of 404" not in one] == []


def _wrongs(page: Page, width: int, height: int, scheme: Any, path: str) -> list[str]:
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    rules = RULES if scheme == "light" else COLOURS
    found = page.evaluate("rules => axe.run({runOnly: rules})", rules)
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    FOLDER.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")
    page.screenshot(path=FOLDER / f"page-{name}-{width}-{scheme}.png", full_page=True)
    wrongs = [f"{one['id']}: {n['html']}" for one in found["violations"] for n in one["nodes"]]
    return [*wrongs, *([f"{wider} px wider than the window"] if wider > 0 else [])]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_can_be_read_without_scripts(studio: Studio, path: str) -> None:
    """As the server makes it: a heading and what the page is about; and nothing from elsewhere.
    Plotly's script is named only where something is drawn with it."""
    with httpx.Client(base_url=studio.address, timeout=60) as client:
        if path != "/sign-in":
            client.cookies.set("segue_session", studio.cookie)
        text = client.get(f"/studio{path}").text
    main = text.partition("<main")[2]
    words = re.sub(r"<script.*?</script>|<[^>]*>", " ", main.partition(">")[2], flags=re.DOTALL)
    loaded = re.findall(r'(?:src|<link[^>]* href)="([^"]+)"', text)

    assert "<h1" in main
    assert len(" ".join(words.split())) > 60
    assert loaded
    assert not [one for one in loaded if not one.startswith("/studio/")]
    assert "plotly" not in text or 'class="plotly"' in main or "data-working" in main


# ---------------------------------------------------------------------------------------- budgets


def test_scripts_and_style_are_small() -> None:
    """All of our own, as they are sent before they are packed."""
    sizes = {one.name: one.stat().st_size for one in STATIC.iterdir()}

    assert sum(size for name, size in sizes.items() if name.endswith(".js")) < 60_000, sizes
    assert sum(size for name, size in sizes.items() if name.endswith(".css")) < 40_000, sizes


def test_dark_is_dark_however_it_is_chosen() -> None:
    """By the system or by the reader: the same colours, so that neither is forgotten."""
    style = (STATIC / "studio.css").read_text()
    by_system, by_reader = (
        style.partition(start)[2].partition("}")[0].split()
        for start in (":root:not([data-theme=light]) {", ":root[data-theme=dark] {")
    )

    assert by_system == by_reader
    assert "--accent:" in by_system


# ------------------------------------------------------------------------------ menu and colours


def test_the_menu_says_where_one_is(studio: Studio) -> None:
    """Of a page of a section, that it is within it; parts are led back to by their crumbs."""
    segments, segment = studio.page("/segments"), studio.page("/segments/buyers")

    assert re.search(r'href="/studio/segments"[^>]*aria-current="page"', segments)
    assert re.search(r'href="/studio/segments"[^>]*aria-current="true"', segment)


def test_the_menu_opens_without_scripts(chromium: Browser, studio: Studio) -> None:
    """On a small screen, by a click, above whatever the page has."""
    size = {"width": 375, "height": 700}
    with opened(chromium, studio, java_script_enabled=False, viewport=size) as page:
        page.goto("/studio/segments")
        page.get_by_text("Pages", exact=True).click()
        page.get_by_role("link", name="Campaigns", exact=True).first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Campaigns")


def test_the_keyboard_comes_by_everything_in_order(page: Page) -> None:
    """First the way past the menu, then the field, then the pages."""
    page.goto("/studio/people")
    names = []
    for _ in range(5):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate(
                "document.activeElement.ariaLabel || document.activeElement.innerText.trim()"
            )
        )

    assert names[0] == "Skip to the page"
    assert names[2] == "Find a person"
    assert names[3].startswith("Go to")
    assert names[4] == "Today"


def test_colours_are_kept_as_chosen(page: Page) -> None:
    """Before anything is painted, whatever the system says; and back to the system."""
    page.emulate_media(color_scheme="light")
    page.goto("/studio/people")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.locator(".who > summary").click()
    page.get_by_label("Dark", exact=True).check()
    dark = page.evaluate(ground)
    page.reload()

    assert light != dark == page.evaluate(ground)
    page.locator(".who > summary").click()
    page.get_by_label("System", exact=True).check()
    assert page.evaluate(ground) == light


# ------------------------------------------------------------------------------ palette and keys


def test_the_palette_goes_anywhere(page: Page) -> None:
    """To a person by the beginning of their id, by keyboard alone."""
    page.goto("/studio/people")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Go to")
    expect(field).to_be_focused()
    expect(page.get_by_role("option", name="Today")).to_be_visible()
    page.keyboard.type("p07")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("p07")


def test_the_palette_is_walked_by_arrows(page: Page) -> None:
    """The chosen one is told to who listens; a page of the menu goes before a segment."""
    page.goto("/studio/people")
    page.keyboard.press("Control+k")
    options = page.locator(".palette [role=option]")
    page.keyboard.type("buyers")
    expect(options).to_have_count(1)
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ControlOrMeta+a")
    with page.expect_response(re.compile(r"/find\?q=se$")):  # not only the one for "s"
        page.keyboard.type("se")
    expect(page.get_by_role("option", name="Settings")).to_be_visible()
    page.keyboard.press("ArrowDown")
    chosen = page.get_by_role("combobox", name="Go to").get_attribute("aria-activedescendant")
    assert chosen == options.nth(1).get_attribute("id")
    page.keyboard.press("Escape")
    expect(options.first).to_be_hidden()


def test_keys_lead_to_pages_and_through_lists(page: Page) -> None:
    page.goto("/studio/people")
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page.get_by_role("heading", level=1)).to_have_text("Segments")
    page.wait_for_load_state()  # its scripts listen then
    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.getAttribute('href')")
    page.keyboard.press("j")
    assert first.startswith("/studio/")
    assert page.evaluate("document.activeElement.getAttribute('href')") != first
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.getAttribute('href')") == first
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


def test_what_is_found_is_what_one_may_do(studio: Studio) -> None:
    """A few of each kind, by name, id or address; nobody is offered what their role may not."""
    store, now = studio.server.serving.store, environment.now()
    viewer = store.add_user("palette", Role.VIEWER, now=now)
    cookies = {"segue_session": store.begin_session(viewer.id, now=now)}

    def found(query: str, **extra: Any) -> list[tuple[str, str]]:
        address = f"{studio.address}/studio/find"
        response = httpx.get(address, params={"q": query}, timeout=60, **extra)
        return [(one["kind"], one["name"]) for one in response.json()["found"]]

    mine = {"cookies": {"segue_session": studio.cookie}}
    assert ("Segment", "Buyers") in found("BUY", **mine)
    assert ("Campaign", "An offer") in found("offer", **mine)
    assert ("Survey", "Why not?") in found("why", **mine)
    assert found("ada@shop.example", **mine) == [("Person", "p00")]
    assert len(found("p", **mine)) < 30
    assert ("Do", "Stop everything") in found("stop", **mine)
    assert found("stop", cookies=cookies) == []
    assert httpx.get(f"{studio.address}/studio/find", timeout=60).status_code == 303


# -------------------------------------------------------------------------------------- downloads


def _saved(page: Page, label: str) -> tuple[str, bytes]:
    with page.expect_download() as download:
        page.get_by_role("button", name=label).first.click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_tables_come_as_csv(page: Page, studio: Studio) -> None:
    """Named by project and day; numbers as programs read them; only the rows that one sees."""
    page.goto("/studio/people?q=p0")
    name, content = _saved(page, "CSV: download people")
    rows = list(csv.reader(content.decode("utf-8-sig").splitlines()))

    assert re.fullmatch(r"shop-people-\d{4}-\d\d-\d\d\.csv", name)
    assert rows[0][0] == "Person"
    assert "p07" in [row[0] for row in rows]
    assert len({len(row) for row in rows}) == 1


def test_a_formula_in_a_table_is_text(page: Page) -> None:
    """Whatever people wrote: a spreadsheet would work it out. Numbers stay numbers."""
    page.goto("/studio/people")
    page.evaluate(
        """() => {
          const table = document.createElement("table");
          table.dataset.name = "odd";
          for (const cell of ["=1+2", "@cmd", "+1 a", "-2 b", "−1,234", "+3.5 %", "40%", 'a "b", c', "–"]) {
            const row = table.createTBody().insertRow();
            row.insertCell().textContent = cell;
          }
          document.querySelector("main").append(table);
          table.dispatchEvent(new CustomEvent("studio:shown", { bubbles: true }));
        }"""
    )
    _, content = _saved(page, "CSV: download odd")

    assert content.decode("utf-8-sig").split("\r\n") == [
        *("'=1+2", "'@cmd", "'+1 a", "'-2 b", "-1234", "+3.5%", "40%", '"a ""b"", c"', "", "")
    ]


def test_charts_come_as_pictures_and_as_tables(page: Page) -> None:
    """A picture twice as fine as on the screen, in which something is drawn."""
    page.goto("/studio/segments/buyers")
    expect(page.locator("[data-working]")).to_have_count(0)
    figure = page.locator("figure.plot").first
    with page.expect_download() as download:
        figure.get_by_role("button", name="PNG").click()
    content = Path(download.value.path()).read_bytes()
    width, height = struct.unpack(">II", content[16:24])

    assert content.startswith(b"\x89PNG")
    assert width > 2 * (figure.bounding_box() or {"width": 0})["width"]
    assert height > 300
    assert len(content) > 4_000
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "downloaded-chart.png").write_bytes(content)
    with page.expect_download() as download:
        figure.get_by_role("button", name="CSV").click()
    assert len(Path(download.value.path()).read_text("utf-8-sig").splitlines()) > 20
