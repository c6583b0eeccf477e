"""The events that are taken in, for whoever watches: kept as they came, and only while somebody
does; what of them is shown is chosen when somebody asks.

The thread of the loop only notes how many there were and keeps the table that it has made anyway.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from segue.domain.instant import SECOND

RECENT: Final = 20_000
"""Events kept in memory at least while somebody watches, once so many came."""
RATED: Final = 10
"""Seconds over which a rate is told."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are asked for: of these names and of these distinct ids (None: any)."""

    names: Collection[str] | None = None
    ids: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as it was taken in: `occurred_at` in ms, `properties` the text of a JSON object."""

    distinct_id: str
    event: str
    occurred_at: int
    properties: str


@dataclass(frozen=True, slots=True)
class Came:
    """What came since: `upto` is where to ask on from, `count` how many of those that are wanted
    came (at least), `events` the last of them, latest first."""

    upto: int
    count: int
    events: tuple[Seen, ...]


class Tap:
    """See the module. `took` is called by the thread that turns, the rest by any."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._parts: deque[tuple[int, pa.Table]] = deque()
        self._kept = self._watchers = self._total = 0
        self._second, self._counts = 0, deque([0] * (RATED + 1), RATED + 1)

    def took(self, events: pa.Table, now: int) -> None:
        """Note what a turn took in (`COLUMNS` of an event store) at an instant (ms)."""
        with self._guard:
            self._move_to(now // SECOND)
            self._counts[-1] += len(events)
            self._total += len(events)
            if self._watchers:
                self._keep(events)

    def _keep(self, events: pa.Table) -> None:
        self._parts.append((self._total, events))
        self._kept += len(events)
        while self._kept - len(self._parts[0][1]) >= RECENT:
            self._kept -= len(self._parts.popleft()[1])

    def _move_to(self, second: int) -> None:
        for _ in range(min(second - self._second, RATED + 1)):
            self._counts.append(0)
        self._second = max(second, self._second)

    def forget(self) -> None:
        """Keep nothing of what came: somebody was erased whom it may name."""
        with self._guard:
            self._parts.clear()
            self._kept = 0

    @property
    def total(self) -> int:
        """How many events were taken in since it began."""
        return self._total

    def rate(self, now: int) -> float:
        """Events per second, over the last whole seconds before the instant (ms)."""
        with self._guard:
            self._move_to(now // SECOND)
            return sum(list(self._counts)[:-1]) / RATED

    @contextlib.contextmanager
    def watched(self) -> Iterator[int]:
        """A block in which events are kept; gives where to ask on from."""
        with self._guard:
            self._watchers += 1
            upto = self._total
        try:
            yield upto
        finally:
            with self._guard:
                self._watchers -= 1
            if not self._watchers:
                self.forget()

    def since(self, upto: int, wanted: Wanted, most: int) -> Came:
        """What came since the place that an earlier answer, or `watched`, gave: at most so many
        events. Of what came longer ago than is kept nothing is told."""
        with self._guard:
            total = self._total
            parts = [(end, table) for end, table in self._parts if end > upto]
        if wanted == Wanted():
            return Came(total, total - upto, _seen([table for _, table in parts], most))
        found = [_only(table, wanted) for _, table in parts]
        return Came(total, sum(map(len, found)), _seen(found, most))


def _only(events: pa.Table, wanted: Wanted) -> pa.Table:
    for column, values in (("event", wanted.names), ("distinct_id", wanted.ids)):
        if values is not None:
            events = events.filter(pc.is_in(events[column], pa.array(values, pa.string())))
    return events


def _seen(parts: list[pa.Table], most: int) -> tuple[Seen, ...]:
    """The last rows, latest first."""
    found: list[Seen] = []
    for part in reversed(parts if most else ()):
        last = part.slice(max(0, len(part) - most + len(found)))
        columns = [last[name].to_pylist() for name in Seen.__slots__]
        found += [Seen(*row) for row in zip(*columns, strict=True)][::-1]
        if len(found) >= most:
            break
    return tuple(found)
