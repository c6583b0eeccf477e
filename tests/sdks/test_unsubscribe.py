"""The page to unsubscribe in a real browser: without scripts, by keyboard, in light and dark."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from segue.domain.campaigns import Channel
from segue.services.acting.links import LinkKind, Ticket, seal
from tests.http.running import Running, running
from tests.sdks.javascript import PACKAGES

TICKET = Ticket("d1", "hello", "ana", address="ana@example.com", purpose="product_news")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("unsubscribe") / "shop") as server:
        yield server


def _url(served: Running, ticket: Ticket) -> str:
    token = seal(served.serving.store.link_secret(), LinkKind.UNSUBSCRIBE, ticket)
    return f"{served.address}/u/{token}"


def test_somebody_leaves_by_keyboard_without_scripts(chromium: Browser, served: Running) -> None:
    """The policy of the page lets no script run; this browser has none to begin with."""
    page = chromium.new_page(java_script_enabled=False)
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.goto(_url(served, TICKET))
    expect(page.get_by_role("heading", name="Unsubscribe")).to_be_visible()
    expect(page.get_by_text("product news")).to_be_visible()

    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Everything")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    (entry,) = served.serving.store.suppressed(["ana@example.com"], Channel.EMAIL)
    assert entry.purpose == ""
    assert not problems
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_stands_in_anybodys_way(
    chromium: Browser, served: Running, scheme: str, width: int
) -> None:
    """axe-core finds nothing; nothing is cut off on a small screen; what can be pressed is large
    enough."""
    context = chromium.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 700}, bypass_csp=True
    )
    page = context.new_page()
    page.goto(_url(served, TICKET))
    page.evaluate((Path(PACKAGES) / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate(f"axe.run(document, {json.dumps({'runOnly': RULES})})")

    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sizes = [one.bounding_box() for one in page.locator("button, label").all()]
    assert all(box is not None and box["height"] >= 44 for box in sizes)
    context.close()
