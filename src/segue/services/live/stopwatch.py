"""How long the parts of a turn take, and how much of that the processor worked."""

from __future__ import annotations

import time


class Stopwatch:
    """Notes the seconds since it was made or last asked, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()
        self._worked = time.thread_time()

    @property
    def processor(self) -> float:
        """The seconds that the processor has worked for this thread since it was made: what is
        missing of the whole, the thread has waited."""
        return time.thread_time() - self._worked

    def lap(self, name: str) -> None:
        """Add the time since the last lap to the name."""
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._since
        self._since = now
