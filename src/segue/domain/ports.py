"""What the services ask of the outside world.

`EventStore` is generic in what it reads (`RequestT`, `LogT`: requests and arrays of the timeline)
and in the table it takes events as (`TableT`: an Arrow table): this room imports neither.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

from segue.domain.identity import Refusal

RequestT = TypeVar("RequestT", contravariant=True)
LogT = TypeVar("LogT", covariant=True)
TableT = TypeVar("TableT", contravariant=True)

_MOST_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a batch: rows stored, rows whose event id was already there with the same
    content, and ids that came with different contents (the smallest `received_at`, content hash
    counts)."""

    stored: int = 0
    duplicates: int = 0
    conflicts: int = 0
    conflicting_ids: tuple[str, ...] = ()
    """At most the first twenty of them."""
    unreadable_numbers: int = 0
    """Numbers that do not fit 64-bit fixed point and so have no value."""

    def plus(self, other: Appended) -> Appended:
        """What became of two batches."""
        return Appended(
            self.stored + other.stored,
            self.duplicates + other.duplicates,
            self.conflicts + other.conflicts,
            (self.conflicting_ids + other.conflicting_ids)[:_MOST_NAMED],
            self.unreadable_numbers + other.unreadable_numbers,
        )


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event as stored: instants in ms; `properties` is JSON text."""

    event_id: str
    distinct_id: str
    event: str
    occurred_at: int
    received_at: int
    sequence: int | None
    properties: str


@dataclass(frozen=True, slots=True)
class EventSummary:
    """What the log knows of one event name: how often, by how many people, when, and which
    properties it carried (most frequent first)."""

    event: str
    count: int
    people: int
    first_at: int
    last_at: int
    properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CommonValue:
    """A value, as the language's `=` compares it with a text, of a property of an event, and how
    many people have such events."""

    event: str
    property: str
    value: str
    people: int


@dataclass(frozen=True, slots=True)
class Extent:
    """The size of a log. `first_at` and `last_at` are None where it is empty."""

    events: int
    people: int
    first_at: int | None
    last_at: int | None


@dataclass(frozen=True, slots=True)
class DefinitionVersion:
    """A version of the project's definitions, as text, and since when it is known (ms)."""

    version: int
    known_at: int
    text: str


@dataclass(frozen=True, slots=True)
class Erased:
    """Proof of an erasure: what was removed, and how often the person is still found (always 0)."""

    person_id: str
    distinct_ids: tuple[str, ...]
    events: int
    remaining: int


@dataclass(frozen=True, slots=True)
class ReadLog(Generic[LogT]):
    """An extracted log: `person_ids[i]` is the id of the person with index i in `log`."""

    person_ids: Sequence[str]
    log: LogT = field(repr=False)


class LogReader(Protocol[RequestT, LogT]):
    """Answers requests about everybody; every `EventStore` does."""

    def read(
        self,
        requests: Collection[RequestT],
        *,
        at: int | None = None,
        not_activity: Collection[str] = (),
    ) -> ReadLog[LogT]:
        """See `EventStore.read`."""


class EventStore(Protocol[RequestT, LogT, TableT]):
    """Keeps events, people and definitions; one implementation is one DuckDB file."""

    def append(self, events: TableT, *, received_at: int) -> Appended:
        """Store a table of events in one durable commit; ids that are known are not stored again.

        Columns: `distinct_id` string, `event` string, `occurred_at` int64 (ms), `event_id` string,
        `sequence` int64 or null, `properties` string (a JSON object).
        """

    def read(
        self,
        requests: Collection[RequestT],
        *,
        at: int | None = None,
        people: Collection[str] | None = None,
        sources: bool = False,
        not_activity: Collection[str] = (),
    ) -> ReadLog[LogT]:
        """The answers to the requests, of the log cut at `at` (None: whole), of everybody or of
        the named people only; with references to the events where `sources`.

        `not_activity` are the event names of the project that `any` leaves out; one that ends in
        `*` is a prefix. People are sorted by the UTF-8 bytes of their ids.
        """

    def events(self, sources: Sequence[int]) -> list[StoredEvent]:
        """The events behind `Occurrences.source` references, in the order given."""

    def extent(self) -> Extent:
        """How many events and people, and from when to when."""

    def summaries(self) -> list[EventSummary]:
        """One summary per event name, most frequent first."""

    def event_counts(self, *, at: int) -> dict[str, int]:
        """How many events there are by name in the log cut at `at`, most frequent first; equally
        frequent ones by name."""

    def common_values(
        self, events: Collection[str], *, at: int, least: int, most: int
    ) -> list[CommonValue]:
        """The values that events of these names carry in their top-level properties for at least
        so many people, of the log cut at `at`: at most so many, those of most people first."""

    def trait_names(self) -> list[str]:
        """Every top-level trait key that was ever written, sorted."""

    def person_of(self, distinct_id: str) -> str | None:
        """The id of the person who has this distinct id; None where it never occurred."""

    def distinct_ids(self, person_id: str) -> tuple[str, ...]:
        """All distinct ids of the person, sorted."""

    def save_definitions(self, text: str, *, known_at: int) -> DefinitionVersion:
        """Keep a version of the definitions; the same text as the latest makes no new version."""

    def refused_links(self) -> tuple[Refusal, ...]:
        """The links between distinct ids that were not made, and why, in event order."""

    def definition_versions(self) -> list[DefinitionVersion]:
        """All versions, oldest first."""

    def thresholds(self, quantile: str) -> dict[int, int | None]:
        """The kept thresholds of a quantile by grid instant, those that later events, links or
        erasures may have changed left out."""

    def keep_thresholds(self, quantile: str, values: Mapping[int, int | None]) -> None:
        """Keep thresholds of a quantile (its canonical text) by grid instant."""

    def erase(self, person_id: str) -> Erased:
        """Remove a person everywhere, rewriting the file so that the bytes are gone too.

        Raises `NotFoundError` where nobody has this person id.
        """

    def backup(self, target: Path) -> None:
        """Write a verified copy of the store while it stays open.

        Raises `UsageError` where the path is taken, and `StoreFullError` where there is no room.
        """

    def close(self) -> None:
        """Release the file."""
