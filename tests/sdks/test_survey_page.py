"""The page of a survey in a real browser: without scripts, by keyboard, in light and dark."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.http.running import Running, running
from tests.http.test_survey_page import DEFINITIONS, Mailed
from tests.sdks.javascript import PACKAGES
from tests.sdks.served import eventually

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = Path(PACKAGES) / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("surveys") / "shop", definitions=DEFINITIONS) as server:
        yield server


@pytest.fixture
def mailed(served: Running) -> Mailed:
    return Mailed(served)


def _url(mailed: Mailed) -> str:
    return mailed.served.address + mailed.path


def _asked(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def test_somebody_answers_by_keyboard_without_scripts(chromium: Browser, mailed: Mailed) -> None:
    """The policy lets no script run; this browser has none to begin with. Enter sends, and does not
    go back."""
    page = chromium.new_page(java_script_enabled=False)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.goto(_url(mailed))
    _asked(page, "How likely, you?")
    assert eventually(lambda: [one for one, _ in mailed.facts], ["$survey_shown"])

    for key in ("Tab", "Space", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    _asked(page, "What was wrong?")
    page.keyboard.press("Tab")
    page.keyboard.type("It was slow")
    for key in ("Tab", "Tab", "Tab", "Enter"):  # past Send and Skip, to Back
        page.keyboard.press(key)
    _asked(page, "How likely, you?")
    expect(page.get_by_role("radio", name="1", exact=True)).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="What was wrong?")).to_have_value("It was slow")
    page.get_by_role("button", name="Send").click()

    _asked(page, "That helps us.")
    assert mailed.said == [
        ("score", 1, False),
        ("why", "It was slow", False),
        ("why", "It was slow", True),
    ]
    assert not problems
    page.close()


def test_what_must_be_answered_is_said_by_page_and_browser(
    chromium: Browser, mailed: Mailed
) -> None:
    """The browser knows that it is required; the server says it in words."""
    mailed.answer("score", "9")
    mailed.answer("liked", go="skip")
    page = chromium.new_page()
    page.goto(_url(mailed) + "?at=who")
    page.get_by_role("button", name="Send").click()
    assert page.evaluate("document.querySelector('input:invalid').name") == "answer"

    page.evaluate("document.querySelector('form').noValidate = true")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_have_text("Please answer this question.")
    page.close()


STATES = {
    "scale": "?answer=7",
    "text": "?at=why",
    "choices": "?at=liked",
    "lacking": "?at=who",
    "done": "",
    "over": "",
}


def _opened(page: Page, served: Running, state: str) -> None:
    """The page in one of its states."""
    mailed = Mailed(served, "past" if state == "over" else "why")
    if state != "scale":
        mailed.answer("score", "2" if state in ("text", "done") else "9")
    if state == "done":
        mailed.answer("why", "It was slow")
    if state == "lacking":
        mailed.answer("liked", "Price")
    page.goto(_url(mailed) + STATES[state])
    if state == "lacking":
        page.evaluate("document.querySelector('form').noValidate = true")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("alert")).to_have_text("Please answer this question.")


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=[320, 375, 1280])
def context(
    request: pytest.FixtureRequest, chromium: Browser, scheme: Any
) -> Iterator[BrowserContext]:
    made = chromium.new_context(
        color_scheme=scheme, viewport={"width": request.param, "height": 700}, bypass_csp=True
    )
    yield made
    made.close()


@pytest.mark.parametrize("state", STATES)
def test_nothing_stands_in_anybodys_way(
    context: BrowserContext, served: Running, state: str
) -> None:
    """axe-core finds nothing; nothing is cut off on a small screen; what can be pressed is large
    enough (WCAG 2.2, 2.5.8)."""
    page = context.new_page()
    _opened(page, served, state)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(f"axe.run(document, {json.dumps({'runOnly': RULES})})")

    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    size = page.viewport_size
    assert size is not None
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    boxes = [one.bounding_box() for one in page.locator("button, label").all()]
    assert all(box is not None and box["height"] >= 44 and box["width"] >= 24 for box in boxes)
