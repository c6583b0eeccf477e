"""The way to one channel: what waits for it, so many at a time, apart from every other channel."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from segue.domain.acting import Carrier, Outcome
from segue.services.acting.dispatching import Going

LONGEST: Final = 2_048
"""Messages that wait for a channel in memory, or are under way, at most."""
SIDE_BY_SIDE: Final = 32
"""Messages that a channel is handed at the same time."""
GRACE: Final = 2.0
"""Seconds that what is under way gets when a lane closes."""

_LOG: Final = logging.getLogger("segue.acting")


class Lane:
    """Hands messages to one carrier, in the order in which they come.

    `began` is told when one goes on the wire, `landed` what became of it. All of it happens on the
    thread of one event loop.
    """

    def __init__(
        self,
        carrier: Carrier,
        *,
        began: Callable[[Going], None],
        landed: Callable[[Going, Outcome], None],
    ) -> None:
        self._carrier, self._began, self._landed = carrier, began, landed
        self._waiting: deque[Going] = deque()
        self._flights: set[asyncio.Task[None]] = set()
        self._unsettled = 0

    @property
    def held(self) -> int:
        """How many messages wait, are under way, or are not noted yet."""
        return len(self._waiting) + len(self._flights) + self._unsettled

    @property
    def room(self) -> int:
        """How many more it takes."""
        return max(0, LONGEST - self.held)

    def put(self, going: Sequence[Going]) -> None:
        """Take messages."""
        self._waiting.extend(going)
        while self._waiting and len(self._flights) < SIDE_BY_SIDE:
            flight = asyncio.create_task(self._carry(self._waiting.popleft()))
            self._flights.add(flight)
            flight.add_done_callback(self._ended)

    def succeed(self, other: Lane) -> None:
        """Take over from another lane: what waits there, and its place until that is noted what is
        under way there."""
        waiting = other.call_back()
        self._unsettled += other.held
        self.put(waiting)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._flights

    def settled(self, number: int) -> None:
        """What became of so many messages is noted."""
        self._unsettled -= number

    def call_back(self, wanted: Callable[[Going], bool] = lambda _: True) -> list[Going]:
        """Give back the messages that wait, as far as they are wanted."""
        back = [one for one in self._waiting if wanted(one)]
        self._waiting = deque(one for one in self._waiting if not wanted(one))
        return back

    async def close(self) -> None:
        """Wait a moment for what is under way, then end it; what became of that is not known."""
        self._waiting.clear()
        if self._flights:
            await asyncio.wait(self._flights, timeout=GRACE)
        for flight in list(self._flights):
            flight.cancel()
        await asyncio.gather(*self._flights, return_exceptions=True)
        await self._carrier.close()

    async def _carry(self, going: Going) -> None:
        self._began(going)
        try:
            outcome = await self._carrier.carry(going.message)
        except Exception as error:  # noqa: BLE001 - a carrier should raise nothing
            _LOG.exception("a message could not be handed over")
            outcome = Outcome(type(error).__name__)
        self._unsettled += 1
        self._landed(going, outcome)

    def _ended(self, flight: asyncio.Task[None]) -> None:
        self._flights.discard(flight)
        self.put(())
