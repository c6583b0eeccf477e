"""Events that were not taken, on their way to the store: at most so many wait."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from typing import Final

from segue.domain.rejected import RejectedEvent

MOST_WAITING: Final = 1000
"""Rejected events that wait for the store; beyond, the oldest are forgotten."""


class Rejections:
    """A bounded ring of rejected events. Threads may share it."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._waiting: deque[RejectedEvent] = deque(maxlen=most)
        self._lock = threading.Lock()

    def add(self, events: Iterable[RejectedEvent]) -> None:
        """Let events wait for the store."""
        with self._lock:
            self._waiting.extend(events)

    def taken(self) -> list[RejectedEvent]:
        """Those that wait, which they do no longer."""
        with self._lock:
            taken = list(self._waiting)
            self._waiting.clear()
        return taken
