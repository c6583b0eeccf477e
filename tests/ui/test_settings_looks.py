"""The pages of people, health and settings for everybody: light and dark, narrow and wide, for
admins and for others, with whatever stands in them opened."""

from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from playwright.sync_api import Browser

from segue.domain.users import Role
from tests.sdks.javascript import PACKAGES
from tests.ui.conftest import Studio
from tests.ui.hostile import hostile, secret_of

__all__ = ["hostile"]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = Path(PACKAGES) / "axe-core" / "axe.min.js"
PATHS = (
    "/people", "/people?segment=buyers&stage=paying", "/people/p1", "/people?q=nobody", "/health",
    "/settings", "/settings/keys", "/settings/members", "/settings/log?version=1", "/account",
)  # fmt: skip


def _person(hostile: Studio) -> str:
    text = hostile.client.get("/studio/people?q=p1").text
    return text.partition('href="/studio/people/p1')[2].partition('"')[0]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1440])
def test_every_page_is_for_everybody(
    chromium: Browser,
    hostile: Studio,
    path: str,
    scheme: Literal["light", "dark"],
    width: int,
) -> None:
    """axe-core finds nothing, and no page is wider than the window."""
    options: dict[str, Any] = {
        "color_scheme": scheme,
        "viewport": {"width": width, "height": 800},
        "bypass_csp": True,  # for axe-core only
    }
    with chromium.new_context(base_url=hostile.address, **options) as context:
        cookie = {"name": "segue_session", "value": hostile.cookie}
        context.add_cookies([{**cookie, "url": f"{hostile.address}/studio"}])
        page = context.new_page()
        page.goto(f"/studio{path}{_person(hostile) if path == '/people/p1' else ''}")
        page.evaluate("document.querySelectorAll('main details').forEach(one => one.open = true)")
        page.add_script_tag(path=AXE)
        found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert [(one["id"], [n["html"] for n in one["nodes"]]) for one in found["violations"]] == []
    assert wider <= 0


@pytest.mark.parametrize("path", ["/people", "/people?segment=buyers", "/health", "/account"])
def test_viewers_read_them_without_scripts(hostile: Studio, path: str) -> None:
    """What is shown does not need a script: it is in the page."""
    cookies = {"segue_session": secret_of(hostile.server, Role.VIEWER)}
    response = httpx.get(f"{hostile.address}/studio{path}", cookies=cookies, timeout=60)

    assert response.status_code == 200
    assert "<h1" in response.text
