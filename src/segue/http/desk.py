"""Long analyses beside the live loop: one at a time, in a thread of its own, others wait or come
again.

An analysis reads the whole log and may keep a core busy for seconds. Two at once would take the
cores that the live loop and the answers to pages need, so the next one waits for its turn, for a
while, and is then sent away with a time to come again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

from anyio import CapacityLimiter, move_on_after
from anyio.to_thread import run_sync

from segue.domain.errors import BusyError

PATIENCE: Final = 30.0
"""Seconds that an analysis waits for its turn."""
AGAIN: Final = 15
"""Seconds after which to ask again, until it is known how long analyses take."""

T = TypeVar("T")


class Analyse(Protocol):
    """Does a computation when it is its turn."""

    def __call__(self, work: Callable[[], T]) -> Awaitable[T]: ...


class Desk:
    """Where one analysis at a time is worked on. `patience` is in seconds; `alone` is held by
    whoever analyses, here or elsewhere in the process."""

    def __init__(self, patience: float = PATIENCE, alone: threading.Lock | None = None) -> None:
        self._turn, self._patience = CapacityLimiter(1), patience
        self._alone = alone or threading.Lock()
        self._took = float(AGAIN)

    async def __call__(self, work: Callable[[], T]) -> T:
        """Do the work in another thread, alone, and give what it gives or raise what it raises.

        Raises `BusyError` where its turn has not come in time. Who leaves while it is worked on
        takes the turn with them only when it is done: a thread cannot be stopped.
        """
        me = object()
        with move_on_after(self._patience) as waiting:
            await self._turn.acquire_on_behalf_of(me)
        if waiting.cancelled_caught:
            raise self._busy()
        try:
            return await run_sync(self._timed, work)
        finally:
            self._turn.release_on_behalf_of(me)

    def _timed(self, work: Callable[[], T]) -> T:
        if not self._alone.acquire(timeout=self._patience):
            raise self._busy()
        begun = time.perf_counter()
        try:
            return work()
        finally:
            self._alone.release()
            self._took = max(1.0, time.perf_counter() - begun)

    def _busy(self) -> BusyError:
        return BusyError(
            "Another analysis is being worked on",
            retry_after=round(self._took),
            hint="ask again in a while; each is worked on alone",
        )
