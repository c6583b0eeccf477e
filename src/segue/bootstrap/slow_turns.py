"""Slow turns, said in the log: what they did, and on what they spent their time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from segue.services.live.answers import Turned

SLOW: Final = 0.25
"""Seconds from which on a turn is slow: who waits for what it publishes notices."""
APART: Final = 10.0
"""Seconds between two lines at least: where every turn is slow, one line says so."""

_LOG: Final = logging.getLogger("segue.turns")


class SlowTurns:
    """Says in the log which turns are slow; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: float | None = None
        self._others = 0

    def look(self, turned: Turned) -> None:
        """Say it of a turn that was slow, where it was not said of another just now."""
        if sum(turned.seconds.values()) < SLOW:
            return
        now = self._clock()
        if self._said is not None and now - self._said < APART:
            self._others += 1
            return
        _LOG.warning("a slow turn", extra=_told(turned) | {"others": self._others})
        self._said, self._others = now, 0


def _told(turned: Turned) -> dict[str, float]:
    """What is said of a turn; milliseconds."""
    parts = {f"{name}_ms": round(1000 * took) for name, took in turned.seconds.items()}
    return {
        "ms": round(1000 * sum(turned.seconds.values())),
        "processor_ms": round(1000 * turned.processor),
        "waited_ms": turned.waited,
        "events": turned.events,
        "people": turned.people,
        "transitions": len(turned.transitions),
        **parts,
    }
