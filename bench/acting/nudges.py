"""How soon after an event a message is on somebody's screen, in a real browser.

Every visit is of somebody new, in a fresh profile of Chromium, on a page of another origin whose
content security policy allows nothing but what the SDK must have. The clock runs in the page: from
the call that tracks the event to the frame in which the message is drawn.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from bench.live.record import Found
from bench.live.server import WRITE_KEY, Server, served
from bench.report import Target
from segue.bootstrap.workspace import Workspace
from tests.sdks.in_app.pages import StrictSite
from tests.sdks.tab import QUIET
from tools.browser import browser

WANTED: Final = 1.0
"""Seconds within which 95 of 100 see it."""
_PATIENCE: Final = 30_000.0
"""Milliseconds that anything may take."""
_PROJECT: Final = """\
project: bench
segments:
  stuck: {when: did stuck}
messaging: {holdout: 0%}
campaigns:
  help:
    segment: stuck
    when: entering
    already_in: skip
    channel: in_app
    heading: May we help?
    body: Most people who get here need one more step.
    button: Show me
    url: /docs
    show: {look: card}
"""
_SEEN: Final = """event => new Promise((seen) => {
  const began = performance.now()
  const look = () => {
    const host = document.querySelector('segue-messages')
    if (host && host.shadowRoot.querySelector('.box')) seen((performance.now() - began) / 1000)
    else requestAnimationFrame(look)
  }
  segue('track', event)
  look()
})"""


def run(visits: int) -> list[float]:
    """The seconds that each of so many visits took, ascending."""
    with _world() as (server, site, chromium):
        assert server.is_ready
        return sorted(_visit(chromium, site) for _ in range(visits))


@contextmanager
def _world() -> Iterator[tuple[Server, StrictSite, Browser]]:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        workspace = Workspace(Path(folder) / "bench")
        workspace.create(_PROJECT)
        chromium = playwright.chromium.launch(executable_path=browser(), args=QUIET)
        with served(workspace) as server:
            address = f"http://{server.host}:{server.port}"
            with StrictSite(address, WRITE_KEY).running() as site:
                yield server, site, chromium
        chromium.close()


def _visit(chromium: Browser, site: StrictSite) -> float:
    """Somebody opens a page, and does something once the page listens; the seconds until they see
    the message."""
    context = chromium.new_context()
    context.set_default_timeout(_PATIENCE)
    page = context.new_page()
    with page.expect_response("**/v1/decide/stream*"):
        page.goto(f"{site.origin}/pricing")
    took = float(page.evaluate(_SEEN, "stuck"))
    context.close()
    return took


def section(seconds: list[float]) -> Found:
    """What was measured, as a section of a record."""
    shares = (("half of them", 0.5), ("95 %", 0.95), ("99 %", 0.99), ("all", 1.0))
    rows = [f"| {name} | {np.quantile(seconds, share) * 1_000:,.0f} ms |" for name, share in shares]
    p95 = float(np.quantile(seconds, 0.95))
    target = Target(
        "event to message on a screen, p95",
        f"< {WANTED * 1_000:,.0f} ms",
        f"{p95 * 1_000:,.0f} ms",
        p95 < WANTED,
    )
    said = (
        f"{len(seconds)} visits, one after another, each of somebody new in a profile of its own."
    )
    head = ["| from the event to the message on the screen | |", "|---|---|"]
    text = "\n".join([said, "", *head, *rows])
    return Found("nudges", "How soon a message is on the screen", text, [target])
