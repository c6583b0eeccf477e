"""What every test shares: where the repository and the real data are, and how Hypothesis runs."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, expect, sync_playwright

from tests.sdks.served import PATIENCE
from tests.sdks.tab import QUIET
from tools.browser import browser

ROOT = Path(__file__).resolve().parent.parent
SOON = 120_000
"""How long (ms) anything that is expected of a page may take on a machine that has much else to
do."""

# `make test` must say the same twice, so its examples are fixed; `make fuzz` looks for new ones.
settings.register_profile(
    "test", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fuzz", parent=settings.get_profile("test"), derandomize=False)
settings.load_profile(os.environ.get("SEGUE_HYPOTHESIS", "test"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data: `SEGUE_DATA`, or `../shared/data` beside the checkout."""
    folder = Path(os.environ.get("SEGUE_DATA") or ROOT.parent / "shared" / "data")
    assert folder.is_dir(), f"The real data is missing: no folder {folder}; set SEGUE_DATA."
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, one for all tests of this process: Playwright runs only once in a
    thread, and any worker may be given tests of any folder."""
    expect.set_options(timeout=SOON)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser(), args=QUIET, timeout=PATIENCE * 1000
        )
        yield chromium
        chromium.close()


@pytest.fixture(autouse=True)
def _loop_of_the_browser(request: pytest.FixtureRequest) -> Iterator[None]:
    """The browser that tests of this process share leaves its event loop running in this thread
    between its tests; those without the browser have loops of their own."""
    if "chromium" in request.fixturenames:
        yield
        return
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)
