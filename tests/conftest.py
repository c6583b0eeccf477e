"""What every test shares: where the repository and the real data are, and how Hypothesis runs."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

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


@pytest.fixture(autouse=True)
def _loop_of_the_browser() -> Iterator[None]:
    """The browser that tests of this process share leaves its event loop running in this thread
    between its tests; the others have loops of their own."""
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)
