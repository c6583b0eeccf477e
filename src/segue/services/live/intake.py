"""What waits to be stored: batches of events in the order in which they came, within bounds.

Whoever offers a batch gets a future that resolves once its events are durable, or the reason why
they are not. Where too much waits, a batch is refused at once, with the time after which to try
again: memory stays bounded, and senders slow down.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from segue.domain.errors import BusyError
from segue.domain.ports import Appended

MOST_WAITING: Final = 200_000
"""Events that may wait; beyond, batches are refused."""
MOST_BYTES: Final = 256 << 20
"""Bytes of properties that may wait; beyond, batches are refused."""
MOST_AT_ONCE: Final = 10_000
"""Events of one turn, about: a turn must not take long."""
_COLUMNS: Final = (
    ("distinct_id", pa.string()),
    ("event", pa.string()),
    ("occurred_at", pa.int64()),
    ("event_id", pa.string()),
    ("sequence", pa.int64()),
    ("properties", pa.string()),
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """That the events of a batch are durable: how many they are; of one that is told of also what
    became of them."""

    events: int
    appended: Appended | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Events as columns of equal length, in the order in which they were sent.

    `occurred_at` in ms; `properties` texts of JSON objects. `imported`: events of the past that
    nobody should act upon. `received_at` in ms. `told_of`: whoever offers it wants to know what
    became of its events, so that it is stored by itself.
    """

    distinct_id: list[str]
    event: list[str]
    occurred_at: list[int]
    event_id: list[str]
    sequence: list[int | None]
    properties: list[str]
    received_at: int
    imported: bool = False
    told_of: bool = False
    stored: Future[Receipt] = field(default_factory=Future, repr=False)

    def __len__(self) -> int:
        return len(self.event)

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return sum(map(len, self.properties)) + 200 * len(self)


class Intake:
    """Batches that wait. Threads may share it; `woken` is called when one comes."""

    def __init__(
        self,
        *,
        most_waiting: int = MOST_WAITING,
        most_bytes: int = MOST_BYTES,
        woken: Callable[[], None] = lambda: None,
    ) -> None:
        self._most_waiting, self._most_bytes, self.woken = most_waiting, most_bytes, woken
        self._lock = threading.Lock()
        self._batches: deque[tuple[Batch, int]] = deque()
        self._events = self._bytes = 0

    def offer(self, batch: Batch) -> Future[Receipt]:
        """Queue a batch. Raises `BusyError` where too much waits already."""
        size = batch.size
        with self._lock:
            full = self._events + len(batch) > self._most_waiting
            if self._batches and (full or self._bytes + size > self._most_bytes):
                raise BusyError(
                    f"{self._events} events wait to be stored already",
                    retry_after=1 + self._events // 20_000,
                    hint="Send them again after the seconds in Retry-After.",
                )
            self._batches.append((batch, size))
            self._events += len(batch)
            self._bytes += size
        self.woken()
        return batch.stored

    def take(self, most: int = MOST_AT_ONCE) -> list[Batch]:
        """The batches that have waited longest, about `most` events: imported ones or others, never
        both; one that is told of comes alone."""
        taken: list[Batch] = []
        count = 0
        with self._lock:
            while self._batches and (not taken or count + len(self._batches[0][0]) <= most):
                batch, size = self._batches[0]
                if taken and not _go_together(taken[0], batch):
                    break
                self._batches.popleft()
                taken.append(batch)
                count += len(batch)
                self._events -= len(batch)
                self._bytes -= size
        return taken

    @property
    def waiting(self) -> int:
        """How many events wait."""
        return self._events


def _go_together(one: Batch, other: Batch) -> bool:
    """Whether two batches may be stored in one turn."""
    return one.imported == other.imported and not one.told_of and not other.told_of


def events_of(batches: Sequence[Batch]) -> pa.Table:
    """The events of the batches as a store takes them."""
    columns = {
        name: pa.array([value for batch in batches for value in getattr(batch, name)], kind)
        for name, kind in _COLUMNS
    }
    return pa.table(columns)
