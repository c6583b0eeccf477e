"""What people who look things up ask of a store: one person's events, ids by their beginning.

A `Browser` sees one moment of the store: what it answers fits together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from segue.domain.errors import UsageError
from segue.domain.ports import StoredEvent

BatchT = TypeVar("BatchT", covariant=True)


@dataclass(frozen=True, slots=True)
class EventCount:
    """How often somebody did an event, and the first and last time (ms)."""

    event: str
    count: int
    first_at: int
    last_at: int


@dataclass(frozen=True, slots=True)
class Beat:
    """How often somebody did an event within one step of a stretch of time: the number of the step,
    from 0, and the first and last time (ms)."""

    event: str
    step: int
    count: int
    first_at: int
    last_at: int


@dataclass(frozen=True, slots=True)
class DailyCount:
    """How often an event occurred within one step of a stretch of time, numbered from 0."""

    event: str
    step: int
    count: int


@dataclass(frozen=True, slots=True)
class Sampled:
    """An event of a sample: when it occurred (ms), and its properties as the text of an object."""

    occurred_at: int
    properties: str


@dataclass(frozen=True, slots=True)
class Lately:
    """When a distinct id did something last (ms), among events that were looked at."""

    distinct_id: str
    last_at: int


@dataclass(frozen=True, slots=True)
class Since:
    """How many events were received since an instant, and how many transitions published."""

    events: int
    transitions: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in somebody's events, in event order; as text it is a cursor."""

    occurred_at: int
    sequence: int | None
    event_id: str

    @classmethod
    def of(cls, event: StoredEvent) -> Mark:
        """The place of an event."""
        return cls(event.occurred_at, event.sequence, event.event_id)

    @classmethod
    def read(cls, text: str) -> Mark:
        """The place that a cursor says. Raises `UsageError` where the text is none."""
        at, _, rest = text.partition(".")
        sequence, dot, event_id = rest.partition(".")
        try:
            if dot:
                return cls(int(at), int(sequence) if sequence else None, event_id)
        except ValueError:
            pass
        raise UsageError(
            f"{text!r} is no cursor", hint="use what an earlier answer gave as its cursor"
        )

    def __str__(self) -> str:
        return (
            f"{self.occurred_at}.{'' if self.sequence is None else self.sequence}.{self.event_id}"
        )


class Browser(Protocol[BatchT]):
    """One moment of a store, to look around in."""

    def ids_starting(self, beginning: str, most: int) -> list[str]:
        """At most so many distinct ids that begin so, sorted."""

    def ids_writing(self, events: Collection[str], key: str, value: str, most: int) -> list[str]:
        """At most so many distinct ids, sorted, with one of these events whose property `key`, at
        its top level, is this text."""

    def counts(self, distinct_ids: Collection[str]) -> list[EventCount]:
        """How often these distinct ids together did each event, most frequent first."""

    def beats(self, distinct_ids: Collection[str], since: int, until: int, step: int) -> list[Beat]:
        """How often these distinct ids together did each event in each step of so many ms of
        `[since, until)`; steps without any are left out."""

    def lately(self, since: int, leaving_out: Collection[str], most: int) -> list[Lately]:
        """Who did something among the events with references from `since` on, events of these
        names aside: at most so many distinct ids, the most recent first."""

    def newest(
        self,
        distinct_ids: Collection[str],
        most: int,
        *,
        before: Mark | None = None,
        named: Collection[str] = (),
    ) -> list[StoredEvent]:
        """The latest events of these distinct ids before the place (None: of all), only of these
        names (none: of any), latest first."""

    def arrived(
        self, within: int, most: int, *, names: Collection[str] = (), ids: Collection[str] = ()
    ) -> list[StoredEvent]:
        """Of the `within` events that were stored last those of these names and distinct ids (none:
        of any), at most so many, the last stored first."""

    def last_of(
        self, distinct_ids: Collection[str], leaving_out: Collection[str]
    ) -> list[StoredEvent]:
        """The latest event, in event order, of each of these distinct ids that has one; events of
        the names in `leaving_out` aside (one that ends in `*` is a prefix)."""

    def event_names(self) -> list[str]:
        """The names of all events that ever arrived, sorted; without looking at the events."""

    def since(self, instant: int) -> Since:
        """What came at the instant (ms) or later."""

    def named(self, distinct_ids: Collection[str], events: Collection[str]) -> list[StoredEvent]:
        """The events of these names that these distinct ids did, in event order."""

    def every_event(self, rows: int) -> Iterator[BatchT]:
        """All events in the order in which they were stored, in batches of at most so many rows:
        `person_id` (the distinct id), `event`, `occurred_at` int64 (ms), `event_id`, `sequence`,
        `properties` (the text of a JSON object)."""


class Browsable(Protocol[BatchT]):
    """A store that can be looked around in."""

    def browsing(self) -> AbstractContextManager[Browser[BatchT]]:
        """One moment of the store, for as long as the block takes."""
