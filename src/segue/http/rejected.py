"""The latest events that were not taken, so that somebody can see why."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from segue.adapters.wire import RejectedEvent

KEPT: Final = 1000
"""How many are kept in memory, and how many wait for the store at most."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """An event that was not taken: when it came (ms), with which key (its name), why (a code, and
    for people), its message id where it had one, the SDK, and how its text begins."""

    received_at: int
    key_name: str
    reason: str
    message: str
    message_id: str | None
    sdk: str
    excerpt: str


class Rejections:
    """A bounded ring of rejections. Threads may share it."""

    def __init__(self, kept: int = KEPT) -> None:
        self._latest: deque[Rejection] = deque(maxlen=kept)
        self._unwritten: deque[Rejection] = deque(maxlen=kept)
        self._lock = threading.Lock()

    def add(
        self, events: Iterable[RejectedEvent], *, received_at: int, key_name: str, sdk: str
    ) -> None:
        """Keep rejected events; the oldest give way."""
        rejections = [
            Rejection(
                received_at, key_name, one.reason, one.message, one.message_id, sdk, one.excerpt
            )
            for one in events
        ]
        with self._lock:
            self._latest.extend(rejections)
            self._unwritten.extend(rejections)

    def latest(self, limit: int) -> list[Rejection]:
        """The latest, newest first, at most so many."""
        with self._lock:
            newest_first = reversed(self._latest)
            return [one for one, _ in zip(newest_first, range(limit), strict=False)]

    def unwritten(self) -> list[Rejection]:
        """Those that were not taken to the store yet; it is expected that they are now."""
        with self._lock:
            taken = list(self._unwritten)
            self._unwritten.clear()
        return taken
