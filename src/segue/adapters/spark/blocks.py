"""People in blocks: what a task is given, cut so that nobody is cut in two.

Spark hands a task its rows in Arrow batches, sorted by person, whose borders fall anywhere. The
last person of a batch is carried over into the next, and whole people are gathered into blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import pyarrow as pa

from segue.adapters.connecting import connected
from segue.adapters.extract import TRAIT_EVENTS, People, Relation, extract, is_plain
from segue.adapters.spark.arrow import in_workers
from segue.domain.instant import FOREVER
from segue.language.tree import EventPattern, Pattern
from segue.timeline.log import Int64s, Log, Request, TraitRequest

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

ROWS: Final = 500_000
"""Rows of a block at most, but for a person who has more."""
PERSONS: Final = 1 << 14
"""People of a block at most: as many as the timeline evaluates in one go, on one thread."""
_CODED: Final = """
    CREATE TABLE events AS
    SELECT ref, who, name, occurred_at, {sequence} AS sequence, {event_id} AS event_id,
        {properties} AS properties
    FROM coded
"""
Requests: TypeAlias = Collection[Request | TraitRequest]


@dataclass(frozen=True)
class PeopleBlock:
    """Whole people and their events: columns `person_id` (sorted by its bytes), `event`,
    `occurred_at`, and those of `Reads` that are read."""

    events: pa.Table

    @property
    def person_ids(self) -> pa.Array:
        """The people, sorted: the order of the persons of what `read` gives."""
        return self._persons.dictionary

    @cached_property
    def _persons(self) -> pa.DictionaryArray:
        return _encoded(self.events["person_id"])

    def first_after(self, at: int | None = None) -> Int64s:
        """The instant of each person's earliest event later than `at` (None: of all), int64[P];
        FOREVER where there is none."""
        instants, person = self.events["occurred_at"].to_numpy(), self._persons.indices.to_numpy()
        first = np.full(len(self._persons.dictionary), FOREVER, np.int64)
        later = np.ones(len(person), np.bool_) if at is None else instants > at
        np.minimum.at(first, person[later], instants[later])
        return first

    def number(self, column: str) -> Int64s:
        """A number that all rows of a person share, int64[P]; 0 where there is none."""
        found = np.zeros(len(self._persons.dictionary), np.int64)
        numbers = self.events[column].fill_null(0).to_numpy()
        found[self._persons.indices.to_numpy()] = numbers
        return found

    def read(
        self, requests: Requests, *, at: int | None, timezone: str, not_activity: Collection[str]
    ) -> Log:
        """What `EventStore.read` gives, of these people."""
        persons, names = self._persons, _encoded(self.events["event"])
        connection = connected()
        try:
            connection.execute("SET threads = 1")
            coded = pa.table(
                {
                    "ref": np.arange(len(self.events)),
                    "who": persons.indices,
                    "name": names.indices,
                    **{name: self.events[name] for name in self._rest()},
                }
            )
            connection.register("coded", coded)
            connection.execute(self._statement())
            connection.unregister("coded")
            return extract(
                Relation(connection, "events", names.dictionary.to_pylist()),
                People.by_code(len(persons.dictionary)),
                requests,
                at=at,
                timezone=timezone,
                not_activity=not_activity,
            )
        finally:
            connection.close()

    def _rest(self) -> list[str]:
        return [name for name in self.events.column_names if name not in {"person_id", "event"}]

    def _statement(self) -> str:
        has = set(self.events.column_names)
        return _CODED.format(
            sequence="sequence" if "sequence" in has else "NULL::BIGINT",
            event_id="event_id" if "event_id" in has else "NULL::VARCHAR",
            properties="properties::JSON::VARIANT" if "properties" in has else "NULL::VARIANT",
        )


Find: TypeAlias = Callable[[PeopleBlock], Iterable[pa.Table]]


Names: TypeAlias = frozenset[str] | None
"""Event names; None: any name."""


@dataclass(frozen=True, slots=True)
class Reads:
    """What is needed of the events beside who, what and when: of which names that which puts
    events of one instant in order, and of which names the properties."""

    order: Names
    properties: Names

    @classmethod
    def of(cls, requests: Requests) -> Reads:
        """What these requests look at."""
        traits = any(isinstance(one, TraitRequest) for one in requests)
        events = [one for one in requests if isinstance(one, Request)]
        written = frozenset(TRAIT_EVENTS if traits else ())
        return cls(
            order=_named([one for one in events if one.ordered], written),
            properties=_named([one for one in events if not _is_bare(one)], written),
        )

    def columns(self) -> list[str]:
        """The columns of a log that are needed, as Spark's expressions; what an event need not
        say is null."""
        order = [_only(self.order, name) for name in ("sequence", "event_id")]
        needed = [*order, _only(self.properties, "properties")]
        return ["person_id", "event", "occurred_at", *(one for one in needed if one)]


def _named(requests: Collection[Request], more: frozenset[str]) -> Names:
    """The names of all events that the requests are about, and more."""
    patterns = [pattern for one in requests for pattern in _alternatives(one.pattern)]
    if any(one.is_any or any(name.is_prefix for name in one.names) for one in patterns):
        return None
    return more.union(name.text for one in patterns for name in one.names)


def _alternatives(pattern: Pattern) -> Sequence[EventPattern]:
    return (pattern,) if isinstance(pattern, EventPattern) else pattern.alternatives


def _only(names: Names, column: str) -> str | None:
    """The expression of a column of events of these names; None where there are none."""
    if names is None:
        return column
    listed = ", ".join(_quoted(name) for name in sorted(names))
    return f"CASE WHEN event IN ({listed}) THEN {column} END AS {column}" if names else None


def _quoted(text: str) -> str:
    """A text as a literal of Spark's SQL, whatever stands in it."""
    return f"decode(X'{text.encode().hex()}', 'UTF-8')"


def over_people(
    log: DataFrame,
    find: Find,
    schema: str,
    *,
    reads: Reads,
    partitions: int,
    more: Sequence[str] = (),
) -> DataFrame:
    """What `find` gives for each block of people, as tables of the schema (Spark's DDL).

    `log` has the columns `tables.LOG`, and those `more`, of numbers that all rows of a person
    share. People are distributed by a hash into so many partitions; `find` runs in the workers and
    has to be picklable.
    """
    placed = log.selectExpr(*reads.columns(), *more).repartition(partitions, "person_id")
    by_person = placed.sortWithinPartitions("person_id")
    return in_workers(by_person, partial(found_in, find), schema)


def found_in(find: Find, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """What `find` gives for the blocks of one partition."""
    for block in whole_people(batches):
        for table in find(PeopleBlock(block)):
            yield from table.combine_chunks().to_batches()


def whole_people(
    batches: Iterable[pa.RecordBatch],
    rows: int = ROWS,
    persons: int = PERSONS,
    key: str = "person_id",
) -> Iterator[pa.Table]:
    """The batches, in which the rows of each person (or of each other `key`) stand together, as
    blocks of whole people: as many as make `rows` rows or are `persons` people, at least one."""
    waiting: list[pa.RecordBatch] = []
    count, limit = 0, rows
    for batch in batches:
        waiting.append(batch)
        count += batch.num_rows
        if count >= limit:
            *whole, rest = _cut(pa.Table.from_batches(waiting), rows, persons, key)
            yield from whole
            waiting, count = rest.to_batches(), rest.num_rows
            # Of somebody with very many events: looked at again when there are twice as many.
            limit = max(rows, 2 * count)
    if count:
        yield from _cut(pa.Table.from_batches(waiting), rows, persons, key)


def _cut(table: pa.Table, rows: int, persons: int, key: str) -> list[pa.Table]:
    """A table of somebody in blocks, in order; the last is the last person, who may go on in the
    next batch."""
    starts = _starts(table[key])
    places = [0]
    while places[-1] < len(starts) - 1:
        first = places[-1]
        full = int(np.searchsorted(starts, starts[first] + rows, "right")) - 1
        places.append(min(max(full, first + 1), first + persons, len(starts) - 1))
    borders = [*starts[places].tolist(), len(table)]
    return [table.slice(a, b - a) for a, b in pairwise(borders)]


def _starts(keys: pa.ChunkedArray) -> Int64s:
    """Where each key begins, int64[keys]."""
    codes = _encoded(keys).indices.to_numpy()
    return np.flatnonzero(np.diff(codes, prepend=-1)).astype(np.int64)


def _encoded(texts: pa.ChunkedArray) -> pa.DictionaryArray:
    """Texts as int32 codes, in the order in which they first occur."""
    encoded = texts.dictionary_encode().unify_dictionaries()
    return encoded.combine_chunks()


def _is_bare(request: Request) -> bool:
    return is_plain(Request(request.pattern, request.reading))
