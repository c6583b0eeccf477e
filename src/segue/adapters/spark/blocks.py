"""People in blocks: what a task is given, cut so that nobody is cut in two.

Spark hands a task its rows in Arrow batches, sorted by person, whose borders fall anywhere. The
last person of a batch is carried over into the next, and whole people are gathered into blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segue.adapters.connecting import connected
from segue.adapters.extract import People, Relation, extract, is_plain
from segue.adapters.spark.arrow import in_workers
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


@dataclass(frozen=True, slots=True)
class PeopleBlock:
    """Whole people and their events: columns `person_id` (sorted by its bytes), `event`,
    `occurred_at`, and those of `Reads` that are read."""

    events: pa.Table

    @property
    def person_ids(self) -> pa.Array:
        """The people, sorted: the order of the persons of what `read` gives."""
        return self._persons.dictionary

    @property
    def _persons(self) -> pa.DictionaryArray:
        return _encoded(self.events["person_id"])

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


@dataclass(frozen=True, slots=True)
class Reads:
    """Which columns of the log are needed: those that order events of one instant, and what
    happened with what properties."""

    order: bool
    properties: bool

    @classmethod
    def of(cls, requests: Requests) -> Reads:
        """The columns that these requests look at."""
        traits = any(isinstance(one, TraitRequest) for one in requests)
        events = [one for one in requests if isinstance(one, Request)]
        return cls(
            order=traits or any(one.ordered for one in events),
            properties=traits or not all(_is_bare(one) for one in events),
        )

    def columns(self) -> list[str]:
        """Their names."""
        order = ["sequence", "event_id"] if self.order else []
        properties = ["properties"] if self.properties else []
        return ["person_id", "event", "occurred_at", *order, *properties]


def over_people(
    log: DataFrame, find: Find, schema: str, *, reads: Reads, partitions: int
) -> DataFrame:
    """What `find` gives for each block of people, as tables of the schema (Spark's DDL).

    `log` has the columns `tables.LOG`. People are distributed by a hash into so many partitions;
    `find` runs in the workers and has to be picklable.
    """
    placed = log.select(*reads.columns()).repartition(partitions, "person_id")
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
    return pc.dictionary_encode(texts.combine_chunks())


def _is_bare(request: Request) -> bool:
    return is_plain(Request(request.pattern, request.reading))
