"""Who sends: visitors in a real Chromium with posthog-js, and a back end with Segment's library.

Both know the same accounts, so visitors become people that the back end speaks of, sometimes on
several devices. Some events are told late, some twice, some before they happen.
"""

from __future__ import annotations

import random
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Error, sync_playwright
from segment.analytics.client import Client

from tests.sdks.site import Site
from tests.sdks.tab import QUIET, Tab
from tests.sdks.web import WEB_SDKS
from tools.browser import browser

POSTHOG = next(sdk for sdk in WEB_SDKS if sdk.name == "posthog-js")
PAGES = ("pricing", "product", "docs")
EVENTS = ("look", "look", "look", "add_to_cart", "buy", "ping", "search")
TABS = 4


class Crowd:
    """The accounts that are at work: some at a time, others as time passes."""

    def __init__(self, chance: random.Random, began: float) -> None:
        self._chance, self._began = chance, began

    def account(self) -> str:
        """An account that is about just now; those of the last minutes more likely."""
        newest = 40 + int((time.time() - self._began) / 4)
        if self._chance.random() < 0.03:
            return f"account-{self._chance.randrange(newest)}"
        return f"account-{newest - 1 - int(self._chance.expovariate(1 / 25)) % newest}"


def awake() -> None:
    """A process that answers has loaded everything that it takes."""


def back_end(url: str, key: str, seed: int, began: float, until: float, rate: float) -> list[str]:
    """Segment's Python library; what it complained of."""
    chance = random.Random(seed)
    crowd = Crowd(chance, began)
    wrongs: list[str] = []
    client = Client(
        key,
        host=url,
        gzip=bool(seed % 2),
        on_error=lambda error, _: wrongs.append(repr(error)),
    )
    while time.time() < until:
        _deed(client, chance, crowd)
        time.sleep(chance.expovariate(rate))
    client.flush()
    client.join()
    return wrongs


def _deed(client: Client, chance: random.Random, crowd: Crowd) -> None:
    """One thing that somebody does, told once or twice."""
    who = crowd.account()
    when = _told(chance)
    kind = chance.random()
    if kind < 0.06:
        visitor = f"{who}-phone-{chance.randrange(3)}"
        traits = {"plan": chance.choice(("free", "pro", "team"))}
        client.identify(who, traits, anonymous_id=visitor, timestamp=when)
    elif kind < 0.12:
        visitor = f"{who}-phone-{chance.randrange(3)}"
        client.page(anonymous_id=visitor, name="App", properties={"path": "/app"}, timestamp=when)
    elif kind < 0.13:
        client.alias(f"former-{who}", who, timestamp=when)
    else:
        properties = {"amount": chance.randrange(1, 200), "color": chance.choice(("red", "blue"))}
        name = str(uuid.UUID(int=chance.getrandbits(128)))
        for _ in range(1 + (chance.random() < 0.03)):
            event = chance.choice(EVENTS)
            client.track(who, event, properties, timestamp=when, message_id=name)


def _told(chance: random.Random) -> datetime:
    """When something happened that is told now: mostly now."""
    kind = chance.random()
    if kind < 0.06:
        return datetime.now(UTC) - timedelta(seconds=chance.expovariate(1 / 40))
    if kind < 0.08:
        return datetime.now(UTC) - timedelta(seconds=chance.expovariate(1 / 1200))
    if kind < 0.09:
        return datetime.now(UTC) + timedelta(seconds=chance.expovariate(1 / 20))
    return datetime.now(UTC)


def visitors(url: str, key: str, seed: int, began: float, until: float) -> int:
    """posthog-js in Chromium, until it is time; how many visits there were."""
    chance = random.Random(seed)
    crowd = Crowd(chance, began)
    visits = 0
    with (
        TemporaryDirectory() as folder,
        Site(Path(folder)).running() as site,
        sync_playwright() as playwright,
    ):
        module = POSTHOG.filled(POSTHOG.module, url=url, key=key, person="")
        pages = [site.page(name, module) for name in PAGES]
        chromium = playwright.chromium.launch(executable_path=browser(), args=QUIET)
        plain = f"Mozilla/5.0 (X11; Linux x86_64) Chrome/{chromium.version} Safari/537.36"
        tabs: list[tuple[Tab, float]] = []
        while time.time() < until:
            if len(tabs) < TABS:
                tab = Tab(chromium.new_context(user_agent=plain))
                tab.open(chance.choice(pages))
                tabs.append((tab, time.time() + chance.expovariate(1 / 40)))
                visits += 1
            place = chance.randrange(len(tabs))
            tab, leaves_at = tabs[place]
            if time.time() > leaves_at:
                tab.context.close()
                del tabs[place]
                continue
            try:
                _visit(tab, chance, crowd, pages)
            except Error:  # the page was just going elsewhere
                continue
            finally:
                time.sleep(chance.expovariate(8))
        time.sleep(min(8.0, 4 + until - began))  # what waits in the pages is sent
        for tab, _ in tabs:
            tab.context.close()
        chromium.close()
    return visits


def _visit(tab: Tab, chance: random.Random, crowd: Crowd, pages: list[str]) -> None:
    """One thing that a visitor does."""
    kind = chance.random()
    if kind < 0.06:
        tab.open(chance.choice(pages))
    elif kind < 0.14:
        plan = chance.choice(("free", "pro", "team"))
        tab.run(f"posthog.identify('{crowd.account()}', {{ plan: '{plan}' }})")
    elif kind < 0.16:
        tab.run("posthog.reset()")
    elif kind < 0.2:
        late = int(1000 * chance.expovariate(1 / 60))
        tab.run(
            f"posthog.capture('look', {{ amount: 5 }},"
            f" {{ timestamp: new Date(Date.now() - {late}) }})"
        )
    else:
        event, amount = chance.choice(EVENTS), chance.randrange(1, 200)
        tab.run(f"posthog.capture('{event}', {{ amount: {amount} }})")
