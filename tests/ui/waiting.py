"""Waiting for what pages work on in the background."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 120.0


def eventually(look: Callable[[], T | None]) -> T:
    """What a look finds at last; fails where that takes too long."""
    until = time.monotonic() + PATIENCE
    while (found := look()) is None:
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)
    return found
