"""Many small worlds in one log of Spark: a job costs a second, however little it does."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc

from segue.adapters.spark.blocks import PeopleBlock

COLUMNS = ("person_id", "distinct_id", "event", "occurred_at", "event_id", "sequence", "properties")
SCHEMA = pa.schema(
    [(one, pa.int64() if one in {"occurred_at", "sequence"} else pa.string()) for one in COLUMNS]
)


def log_rows(store):
    """The events of a store with the person of each, columns `tables.LOG`, sorted by person."""
    refs = store._db.sql("SELECT ref FROM events").fetchnumpy()["ref"]
    rows = [
        {
            "person_id": store.person_of(one.distinct_id),
            **{name: getattr(one, name) for name in COLUMNS[1:3]},
            "occurred_at": one.occurred_at,
            "event_id": one.event_id,
            "sequence": one.sequence,
            "properties": one.properties if isinstance(one.properties, str) else json.dumps(one.properties),
        }
        for one in store.events(refs.tolist())
    ]  # fmt: skip
    rows.sort(key=lambda row: row["person_id"].encode())
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def block_of(rows, reads):
    """The block of all people of rows of a log, of which only what `reads` says is there."""
    needed = {"sequence": reads.order, "event_id": reads.order, "properties": reads.properties}
    for name, names in needed.items():
        if names is not None:
            kept = pc.is_in(rows["event"], pa.array(sorted(names), pa.string()))
            column = pc.if_else(kept, rows[name], None)
            rows = rows.set_column(rows.column_names.index(name), name, column)
    return PeopleBlock(rows.drop_columns(["distinct_id"]))
