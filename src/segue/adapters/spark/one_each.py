"""One id is one event: ids for events without one, and which of several contents counts.

Events are brought together by id, or by a hash of what they say where they have none, so that equal
ones are in one task. There they are numbered, or the smallest content of an id is chosen, and
traits that came inside other events become events of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segue.adapters.connecting import connected
from segue.adapters.extract import CONTENT
from segue.adapters.sources import EVENTS, split_traits
from segue.adapters.sources.rowids import HASHED, numbered
from segue.adapters.spark.arrow import in_workers
from segue.adapters.spark.tables import READ

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

KEYED: Final = f"{READ}, lacks BOOLEAN"
"""Rows as they were read, with ids or, where an event `lacks` one, the hash of what it says in its
place."""
_READ_SCHEMA: Final = pa.schema([*EVENTS, ("reason", pa.string()), ("row", pa.string())])
KEYED_SCHEMA: Final = pa.schema([*_READ_SCHEMA, ("lacks", pa.bool_())])
_ORDER: Final = f"""
    SELECT place
    FROM (SELECT * REPLACE (properties::JSON::VARIANT AS properties) FROM segue_same)
    ORDER BY event_id, {CONTENT}, place
"""


def one_each(rows: DataFrame, *, partitions: int) -> DataFrame:
    """Rows with the columns `KEYED`, of the events every id once: columns `tables.READ`."""
    from pyspark.sql import functions as f

    together = rows.repartition(partitions, f.coalesce("event_id", "row"))
    return in_workers(together.sortWithinPartitions("event_id"), chosen, READ)


def keyed(db: duckdb.DuckDBPyConnection, events: pa.Table) -> pa.Table:
    """The events, those without an id under the hash of what they say, and whether each `lacks`
    one."""
    lacks = pc.is_null(events["event_id"]).combine_chunks()
    if pc.any(lacks).as_py():
        ids = _hashed(db, events.filter(lacks))
        filled = pc.replace_with_mask(events["event_id"].combine_chunks(), lacks, ids)
        events = _with_ids(events, filled)
    return events.append_column("lacks", lacks)


def chosen(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Of keyed rows, sorted by id, the events that count, and all rows that are no events."""
    db = connected()
    db.execute("SET threads = 1")
    try:
        for refused, table in _whole_ids(batches):
            yield from refused.select(_READ_SCHEMA.names).to_batches()
            events = split_traits(_numbered(_smallest(db, table)))
            for name in ("reason", "row"):
                events = events.append_column(name, pa.nulls(len(events), pa.string()))
            yield from events.combine_chunks().to_batches()
    finally:
        db.close()


def _hashed(db: duckdb.DuckDBPyConnection, rows: pa.Table) -> pa.Array:
    db.register("segue_rows", rows)
    try:
        return (
            db.sql(f"SELECT {HASHED} AS id FROM segue_rows").to_arrow_table()["id"].combine_chunks()
        )
    finally:
        db.unregister("segue_rows")


def _whole_ids(batches: Iterator[pa.RecordBatch]) -> Iterator[tuple[pa.Table, pa.Table]]:
    """The rows that are no events, and the events, with those of one id never cut in two."""
    rest = nothing = KEYED_SCHEMA.empty_table()
    for batch in batches:
        table = pa.Table.from_batches([batch]).cast(KEYED_SCHEMA)
        refused = pc.is_valid(table["reason"])
        events = pa.concat_tables([rest, table.filter(pc.invert(refused))])
        first = _first_of_last(events["event_id"]) if len(events) else 0
        yield table.filter(refused), events.slice(0, first)
        rest = events.slice(first)
    yield nothing, rest


def _first_of_last(ids: pa.ChunkedArray) -> int:
    """Where the rows of the last id begin."""
    return int(_places(ids)[-1])


def _places(ids: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Where the rows of each id begin."""
    if not len(ids):
        return np.empty(0, np.int64)
    new = pc.not_equal(ids.slice(1), ids.slice(0, len(ids) - 1)).to_numpy()
    return np.flatnonzero(np.concatenate(([True], new))).astype(np.int64)


def _smallest(db: duckdb.DuckDBPyConnection, table: pa.Table) -> pa.Table:
    """The table without the rows whose id came with a smaller content too."""
    starts = _places(table["event_id"])
    sizes = np.diff(starts, append=len(table))
    given = ~np.asarray(table["lacks"].to_numpy())
    contested = np.repeat(sizes > 1, sizes) & given
    if not contested.any():
        return table
    places = np.flatnonzero(contested)
    same = table.take(pa.array(places)).append_column("place", pa.array(places))
    db.register("segue_same", same)
    try:
        order = db.sql(_ORDER).to_arrow_table()
    finally:
        db.unregister("segue_same")
    ranked = order["place"].to_numpy()
    ids = table["event_id"].take(pa.array(ranked))
    kept = ~contested
    kept[ranked[_places(ids)]] = True
    return table.filter(pa.array(kept))


def _numbered(table: pa.Table) -> pa.Table:
    """The events of the table, equal ones without an id of their own told apart."""
    starts = _places(table["event_id"])
    sizes = np.diff(starts, append=len(table))
    before = np.arange(len(table)) - np.repeat(starts, sizes)
    again = (before > 0) & np.asarray(table["lacks"].to_numpy())
    events = table.select(EVENTS.names)
    if not again.any():
        return events
    ids = [
        numbered(row_id, count)
        for row_id, count in zip(
            table["event_id"].filter(pa.array(again)).to_pylist(),
            before[again].tolist(),
            strict=True,
        )
    ]
    filled = pc.replace_with_mask(
        events["event_id"].combine_chunks(), pa.array(again), pa.array(ids)
    )
    return _with_ids(events, filled)


def _with_ids(events: pa.Table, ids: pa.Array) -> pa.Table:
    return events.set_column(events.schema.get_field_index("event_id"), "event_id", ids)
