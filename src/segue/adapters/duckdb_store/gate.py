"""Many may pass at once, or one alone: readers of a store, and whoever replaces its file."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator


class Gate:
    """Counts those who are inside; `alone` waits until they have left and lets nobody in."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        """Pass together with others."""
        with self._changed:
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Pass when nobody is inside, and keep everybody out meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: self._inside == 0)
            yield
