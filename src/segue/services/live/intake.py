"""What waits to be stored: batches of events in the order in which they came, within bounds.

Whoever offers a batch gets a future that resolves once its events are durable, or the reason why
they are not. Where too much waits, a batch is refused at once, with the time after which to try
again: memory stays bounded, and senders slow down.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch that was made durable: how many of its events are stored now, and how
    many had been stored before under the same id."""

    stored: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Events as columns of equal length, in the order in which they were sent.

    `occurred_at` in ms; `properties` texts of JSON objects. `imported`: events of the past that
    nobody should act upon. `received_at` in ms.
    """

    distinct_id: list[str]
    event: list[str]
    occurred_at: list[int]
    event_id: list[str]
    sequence: list[int | None]
    properties: list[str]
    received_at: int
    imported: bool = False
    stored: Future[Receipt] = field(default_factory=Future, repr=False)

    def __len__(self) -> int:
        return len(self.event)


class Intake:
    """Batches that wait. Threads may share it."""

    def offer(self, batch: Batch) -> Future[Receipt]:
        """Queue a batch. Raises `BusyError` where too much waits already."""
        raise NotImplementedError

    @property
    def waiting(self) -> int:
        """How many events wait."""
        raise NotImplementedError
