"""A page in a browser, of somebody who is signed in, on whose console nothing may be said."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

from tests.ui.conftest import Studio


@contextmanager
def opened(chromium: Browser, studio: Studio, **options: Any) -> Iterator[Page]:
    """The page, in a window of its own."""
    said: list[str] = []
    with chromium.new_context(base_url=studio.address, **options) as context:
        context.add_cookies(
            [{"name": "segue_session", "value": studio.cookie, "url": f"{studio.address}/studio"}]
        )
        page = context.new_page()
        page.on("console", lambda one: said.append(one.text))
        page.on("pageerror", lambda one: said.append(str(one)))
        yield page
    assert not said
