"""Fresh decisions for pages that listen: tickets to open a stream with, and who is woken when."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from segue.bootstrap.in_app import InApp
from segue.domain.instant import MINUTE
from segue.http.errors import Refusal
from segue.services.live.feed import Feed

TICKET_LIVES: Final = MINUTE
"""How long a ticket can be used to open a stream (ms); it is used once."""
MOST_TICKETS: Final = 100_000
"""Tickets that wait to be used; beyond, the oldest goes."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """May open a stream, up to an instant (ms): for whoever has these distinct ids, and was told a
    decision."""

    ids: tuple[str, ...]
    etag: str
    until: int


class Tickets:
    """Tickets for streams: opaque, each good once and for a minute. They live in memory: a page
    whose ticket is not known asks for another."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._tickets: OrderedDict[str, Ticket] = OrderedDict()

    def mint(self, ids: tuple[str, ...], etag: str) -> str:
        """A ticket for whoever has these distinct ids, who was told a decision."""
        now = self._clock()
        while self._tickets and next(iter(self._tickets.values())).until <= now:
            self._tickets.popitem(last=False)
        if len(self._tickets) >= MOST_TICKETS:
            self._tickets.popitem(last=False)
        text = secrets.token_urlsafe(18)
        self._tickets[text] = Ticket(ids, etag, now + TICKET_LIVES)
        return text

    def redeemed(self, query: bytes) -> Ticket:
        """The ticket in a query, used up. Raises `Refusal` 403 where it is none, or too old."""
        text = query.removeprefix(b"ticket=").decode("latin-1")
        ticket = self._tickets.pop(text, None)
        if ticket is None or ticket.until <= self._clock():
            raise Refusal(403, "no_ticket", "this ticket is not good", hint="POST /v1/decide")
        return ticket


class Bells:
    """Wakes the streams of the people for whom something changed. All but `_pull` and `_look`
    happens on one asyncio loop.

    Who listens is looked up at every change: while they do they may turn out to be somebody else.
    """

    def __init__(self, in_app: InApp, feed: Feed) -> None:
        self._loop, self._in_app, self._feed = asyncio.get_running_loop(), in_app, feed
        self._waiting: dict[asyncio.Event, tuple[str, ...]] = {}
        in_app.listen(self._pull)
        feed.listen(self._look)

    @contextlib.contextmanager
    def waiting(self, ids: tuple[str, ...]) -> Iterator[asyncio.Event]:
        """A block in which an event is set when something changes for whoever has these ids."""
        event = asyncio.Event()
        self._waiting[event] = ids
        try:
            yield event
        finally:
            del self._waiting[event]

    def _pull(self, people: Collection[int] | None) -> None:
        """Called on whatever thread made the change."""
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits
            self._loop.call_soon_threadsafe(self._ring, people)

    def _look(self) -> None:
        """Called by the live loop: wake everybody when it ends."""
        if self._feed.closed:
            self._pull(None)

    def _ring(self, people: Collection[int] | None) -> None:
        for event, ids in self._waiting.items():
            if people is None or self._in_app.person(ids) in people:
                event.set()
