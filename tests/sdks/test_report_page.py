"""The page of a report in a real browser: offline, light and dark, small and large, on paper."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from segue.bootstrap.demo import run_demo
from segue.bootstrap.reports import page_of
from tests.sdks.javascript import PACKAGES

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = Path(PACKAGES) / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the demo, as a file."""
    folder = tmp_path_factory.mktemp("report")
    with run_demo(folder / "demo").engine as engine:
        page = page_of(engine.insight().report())
    (folder / "report.html").write_text(page, encoding="utf-8")
    return folder / "report.html"


@pytest.fixture
def opened(chromium: Browser, report: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page in a browser of a scheme and width; nothing may be asked for, nothing complains."""
    scheme, width = request.param
    context: Any = chromium.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True
    )
    page = context.new_page()
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text))
    page.on("request", lambda asked: troubles.append(asked.url))
    page.goto(report.as_uri())
    yield page
    context.close()
    assert [one for one in troubles if one != report.as_uri() and not one.startswith("data:")] == []


LOOKS = [("light", 375), ("dark", 375), ("light", 768), ("dark", 1440)]


@pytest.mark.parametrize("opened", LOOKS, indirect=True, ids=lambda one: f"{one[0]}-{one[1]}")
def test_nothing_stands_in_anybodys_way(opened: Page) -> None:
    """axe-core finds nothing, with everything unfolded; nothing but tables scrolls sideways."""
    opened.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    opened.evaluate(AXE.read_text(encoding="utf-8"))
    found = opened.evaluate(f"axe.run(document, {json.dumps({'runOnly': RULES})})")

    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    assert opened.evaluate("document.documentElement.scrollWidth") == opened.viewport_size["width"]


def test_its_own_policy_lets_its_style_in(chromium: Browser, report: Path) -> None:
    """With the policy in force, without scripts, from a file."""
    page = chromium.new_page(java_script_enabled=False, offline=True)
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text))
    page.goto(report.as_uri())

    width = page.locator("svg.cell").first.bounding_box()
    assert troubles == []
    assert width is not None
    assert width["width"] < 150
    page.close()


def test_paper_shows_what_is_folded_away_in_black_on_white(chromium: Browser, report: Path) -> None:
    page = chromium.new_page(color_scheme="dark", viewport={"width": 720, "height": 1000})
    page.goto(report.as_uri())
    folded = page.get_by_role("cell", name="Not counted").first
    assert not folded.is_visible()

    page.emulate_media(media="print")

    assert page.locator("details dd").first.is_visible()
    style = "getComputedStyle(document.body)"
    assert page.evaluate(f"[{style}.color, {style}.backgroundColor]") == [
        "rgb(0, 0, 0)",
        "rgb(255, 255, 255)",
    ]
    assert not page.get_by_role("navigation").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 720
    assert len(page.pdf(format="A4")) > 10_000
    page.close()
