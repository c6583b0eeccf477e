"""The way to one channel: what waits for it, so many at a time, apart from every other channel.

What goes to several hosts goes to each of them by itself, so that one that hangs holds up no other.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlsplit

from segue.domain.acting import Carrier, Outcome
from segue.services.acting.dispatching import Going

LONGEST: Final = 2_048
"""Messages that wait for a channel in memory, or are under way, at most."""
SIDE_BY_SIDE: Final = 32
"""Messages to one host, or to a channel that has none, under way at the same time."""
MOST_FLIGHTS: Final = 256
"""Messages of a channel under way at the same time, to all hosts together."""
GRACE: Final = 2.0
"""Seconds that what is under way gets when a lane closes."""

_LOG: Final = logging.getLogger("segue.acting")


class Lane:
    """Hands messages to one carrier, those to one host in the order in which they come.

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
        self._waiting: dict[str, deque[Going]] = {}
        self._flights: set[asyncio.Task[None]] = set()
        self._under_way: Counter[str] = Counter()
        self._unsettled = 0

    @property
    def held(self) -> int:
        """How many messages wait, are under way, or are not noted yet."""
        waiting = sum(map(len, self._waiting.values()))
        return waiting + len(self._flights) + self._unsettled

    @property
    def room(self) -> int:
        """How many more it takes."""
        return max(0, LONGEST - self.held)

    def put(self, going: Sequence[Going]) -> None:
        """Take messages."""
        hosts = dict.fromkeys(map(_host_of, going))
        for one in going:
            self._waiting.setdefault(_host_of(one), deque()).append(one)
        for host in hosts:
            self._go(host)

    def _go(self, host: str) -> None:
        """Let go to a host what may."""
        waiting = self._waiting.get(host)
        while waiting and self._under_way[host] < SIDE_BY_SIDE and self._is_free:
            self._under_way[host] += 1
            flight = asyncio.create_task(self._carry(waiting.popleft()), name=host)
            self._flights.add(flight)
            flight.add_done_callback(self._ended)
        if waiting is not None and not waiting:
            del self._waiting[host]

    @property
    def _is_free(self) -> bool:
        return len(self._flights) < MOST_FLIGHTS

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
        back = [one for waiting in self._waiting.values() for one in waiting if wanted(one)]
        left = [one for waiting in self._waiting.values() for one in waiting if not wanted(one)]
        self._waiting = {}
        for one in left:
            self._waiting.setdefault(_host_of(one), deque()).append(one)
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
        host = flight.get_name()
        self._flights.discard(flight)
        self._under_way[host] -= 1
        if not self._under_way[host]:
            del self._under_way[host]
        was_full = len(self._flights) == MOST_FLIGHTS - 1
        for waiting in list(self._waiting) if was_full else [host]:
            self._go(waiting)


def _host_of(going: Going) -> str:
    """The host that a message goes to; "" where it has none, such as an e-mail, which all go to one
    server."""
    address = going.message.address
    if "://" not in address:
        return ""
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:
        return ""
