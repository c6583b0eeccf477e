"""From the thread that turns to the requests whose events it has stored: one call per turn, however
many wait.

A future of its own for each, a timer for each and a call for each across the threads would take as
long as reading the events. Here one deque, one timer and one call do for all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from concurrent.futures import Future
from typing import TypeAlias

from segue.http.errors import Refusal
from segue.services.live.intake import Receipt

_Waiting: TypeAlias = asyncio.Future[None]


class Durable:
    """Requests that wait until their events are durable, at most so many seconds. All but what is
    called by the thread that turns happens on one asyncio loop."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ended: deque[tuple[_Waiting, BaseException | None]] = deque()
        self._deadlines: dict[_Waiting, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._called = False

    def wait(self, stored: Future[Receipt]) -> asyncio.Future[None]:
        """Done when a batch is stored. It raises what went wrong, and `Refusal` 503 where it takes
        too long: it may still be stored, and when its sender sends it again it is stored once.

        Unlike `asyncio.wrap_future` this never cancels the batch: what was handed in is stored,
        whether or not its sender still waits.
        """
        loop = asyncio.get_running_loop()
        waiting: _Waiting = loop.create_future()

        def tell(stored: Future[Receipt]) -> None:
            self._ended.append((waiting, stored.exception()))
            if not self._called:
                self._called = True
                with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits
                    loop.call_soon_threadsafe(self._tell)

        self._deadlines[waiting] = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_later(self._seconds, self._late)
        stored.add_done_callback(tell)
        return waiting

    def _tell(self) -> None:
        """Let everybody go whose batch has ended."""
        self._called = False  # first: who ends from now on calls anew
        while self._ended:
            waiting, error = self._ended.popleft()
            self._deadlines.pop(waiting, None)
            _end(waiting, error)

    def _late(self) -> None:
        """Let those go who have waited too long: they began in the order in which they stand."""
        loop, self._timer = asyncio.get_running_loop(), None
        while self._deadlines:
            waiting, deadline = next(iter(self._deadlines.items()))
            if deadline > loop.time():
                self._timer = loop.call_at(deadline, self._late)
                return
            del self._deadlines[waiting]
            _end(waiting, _slow())


def _end(waiting: _Waiting, error: BaseException | None) -> None:
    if waiting.done():
        return
    if error is None:
        waiting.set_result(None)
    else:
        waiting.set_exception(error)


def _slow() -> Refusal:
    hint = "Send them again."
    return Refusal(503, "slow", "the events are not durable yet", hint=hint, retry_after=5)
