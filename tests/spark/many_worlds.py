"""Many small worlds in one log of Spark: a job costs a second, however little it does."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyspark import cloudpickle

from segue.adapters.spark.blocks import PeopleBlock
from segue.adapters.spark.evaluating import Evaluating
from segue.domain.instant import FOREVER
from segue.timeline.evaluate import histories, requests_of, thresholds_of
from tests.fuzz.stores import by_batch, store_of

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers have no tests

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


@dataclass(frozen=True)
class EachWorld:
    """Evaluates the people of a block, each by the segments of their own world."""

    evaluating: tuple[Evaluating, ...]

    def __call__(self, block):
        worlds = [int(one[:4]) for one in block.person_ids.to_pylist()]
        of = pc.cast(pc.utf8_slice_codeunits(block.events["person_id"], 0, 4), pa.int64())
        for world in sorted(set(worlds)):
            rows = block.events.filter(pc.equal(of, world))
            ids = pc.utf8_slice_codeunits(rows["person_id"], 4)
            named = rows.set_column(rows.column_names.index("person_id"), "person_id", ids)
            for found in self.evaluating[world](PeopleBlock(named)):
                ids = pc.binary_join_element_wise(f"{world:04}", found["person_id"], "")
                place = found.column_names.index("person_id")
                yield found.set_column(place, found.schema.field(place), ids)


def evaluated_here(world, at):
    """What a store and the engine of one machine say of a world: an `Evaluating` that asks the
    same, the rows of its log, and the rows that it should give: spans, and people."""
    asked = world.definitions
    store = store_of(by_batch(world.events), asked.timezone)
    try:
        read = store.read(requests_of(asked), not_activity=asked.not_activity)
        rows = log_rows(store)
    finally:
        store.close()
    ids = tuple(one.id for one in asked.segments)
    limits = thresholds_of(asked, read.log, at)
    found = histories(asked, read.log, at, ids)
    segments = [one for one, count in zip(ids, found.count, strict=True) for _ in range(count)]
    people = [read.person_ids[one] for one in found.person]
    ends = [None if end >= FOREVER else end for end in found.end.tolist()]
    spans = list(zip(segments, people, found.start.tolist(), ends, strict=True))
    return Evaluating(asked, ids, at, limits), rows, [*spans, *_people(rows, spans, at)]


def _people(rows, spans, at):
    """Who there is, since when, and when something next happens: as a person would look it up."""
    seen = {}
    for row in rows.to_pylist():
        seen.setdefault(row["person_id"], []).append(row["occurred_at"])
    for person, instants in seen.items():
        mine = [one for _, who, *ends in spans if who == person for one in ends]
        later = [one for one in (*instants, *mine) if one is not None and one > at]
        yield None, person, min(instants), min(later, default=None)
