"""Somebody who looks at the site with a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.sdks.in_app.offering import Offering
from tests.sdks.in_app.pages import StrictSite
from tests.sdks.served import eventually
from tests.sdks.tab import Tab

SECONDS = 60.0
"""How long anything may take on a machine that has much else to do."""
_KNOWN = "localStorage.getItem('segue.visitor') || localStorage.setItem('segue.visitor', '{\"anonymousId\":\"%s\"}')"


@dataclass
class Visitor:
    """A person, their browser with one tab, and what the server has of them."""

    id: str
    context: BrowserContext
    tab: Tab
    site: StrictSite
    server: Offering

    @classmethod
    @contextmanager
    def arriving(
        cls, chromium: Browser, site: StrictSite, server: Offering, who: str, **options: Any
    ) -> Iterator[Visitor]:
        """A browser of their own, which knows them already."""
        context = chromium.new_context(**options)
        context.set_default_timeout(SECONDS * 1000)
        context.add_init_script(_KNOWN % who)
        yield cls(who, context, Tab(context), site, server)
        context.close()

    @property
    def page(self) -> Page:
        """The first tab."""
        return self.tab.page

    @property
    def box(self) -> Locator:
        """What is drawn of a message."""
        return self.page.locator("segue-messages .box")

    @property
    def wrongs(self) -> list[str]:
        """What went wrong in the tab; that a page which is left hears no answers is no wrong."""
        return [one for one in self.tab.wrongs if "ERR_ABORTED" not in one]

    def open(self, path: str = "/pricing") -> None:
        """Go to a page of the site."""
        self.tab.open(self.site.origin + path)

    def sees(self, text: str) -> None:
        """Wait until a message with this text is there."""
        expect(self.box).to_contain_text(text, timeout=SECONDS * 1000)

    def sees_nothing(self) -> None:
        """Wait until nothing is drawn."""
        expect(self.box).to_have_count(0, timeout=SECONDS * 1000)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def call(self, *arguments: Any) -> None:
        """Call the SDK."""
        self.page.evaluate("given => segue(...given)", list(arguments))

    def focused(self) -> str:
        """The name, value, id or text of what has the focus, also in a message; "" where nothing on
        the page has."""
        return cast(
            "str",
            self.page.evaluate(
                """() => {
                  let at = document.activeElement
                  while (at && at.shadowRoot && at.shadowRoot.activeElement) at = at.shadowRoot.activeElement
                  if (!at || at === document.body) return ''
                  return at.getAttribute('aria-label') || at.value || at.id || at.textContent
                }"""
            ),
        )

    def gives(self, expression: str) -> None:
        """Wait until an expression is true in the page."""
        assert eventually(lambda: bool(self.page.evaluate(expression)), True, seconds=SECONDS)

    def facts(self, *, more: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """What the server knows about messages and answers, in order: names and properties."""
        wanted = ("$message_", "$survey_", *more)
        return [
            {"event": event, **properties}
            for event, properties in self.server.events(self.id)
            if event.startswith(wanted)
        ]

    def told(self, *expected: str, **more: Any) -> list[dict[str, Any]]:
        """The facts as soon as their names are as expected."""

        def names() -> list[str]:
            return [one["event"] for one in self.facts(**more)]

        assert eventually(names, list(expected), seconds=SECONDS) == list(expected)
        return self.facts(**more)
