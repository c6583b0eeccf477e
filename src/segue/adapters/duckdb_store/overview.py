"""What a store holds, counted: its extent, its event names, its trait names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from segue.adapters.duckdb_store.tables import registered
from segue.adapters.extract import ANONYMOUS_ID, NameCodes, People
from segue.domain.ports import EventSummary, Extent

_WRITING: Final = ("$identify", "$set", "$set_once")
_SHAPES: Final = """
    SELECT name, count(*), json_keys(any_value(properties)::JSON)
    FROM events GROUP BY name, variant_typeof(properties)
"""


def read_extent(db: duckdb.DuckDBPyConnection, people: People) -> Extent:
    """How many events and people, and from when to when."""
    query = "SELECT count(*), min(occurred_at), max(occurred_at) FROM events"
    ((events, first, last),) = db.sql(query).fetchall()
    return Extent(events, len(people), first, last)


def count_before(db: duckdb.DuckDBPyConnection, ref: int) -> int:
    """How many events have a smaller reference."""
    ((count,),) = db.execute("SELECT count(*) FROM events WHERE ref < ?", [ref]).fetchall()
    return int(count)


def read_summaries(
    db: duckdb.DuckDBPyConnection, names: Sequence[str], people: People
) -> list[EventSummary]:
    """One summary per event name, most frequent first; equally frequent ones by name."""
    owners = pa.table({"who": np.arange(len(people.index), dtype=np.int32), "person": people.index})
    with registered(db, "segue_owners", owners):
        rows = db.sql(
            "SELECT name, count(*), count(DISTINCT person), min(occurred_at), max(occurred_at)"
            " FROM events JOIN segue_owners USING (who) GROUP BY name"
        ).fetchall()
    keys = _property_names(db)
    found = [
        EventSummary(names[code], count, persons, first, last, tuple(keys[code]))
        for code, count, persons, first, last in rows
    ]
    return sorted(found, key=lambda summary: (-summary.count, summary.event))


def read_trait_names(db: duckdb.DuckDBPyConnection, names: Sequence[str]) -> list[str]:
    """Every top-level key that a profile event wrote, sorted."""
    keys = _property_names(db)
    written = {key for code in NameCodes(names).of(_WRITING) for key in keys[code]}
    return sorted(written - {ANONYMOUS_ID})


def _property_names(db: duckdb.DuckDBPyConnection) -> dict[int, list[str]]:
    """Property names by event name, most frequent first; equally frequent ones by name."""
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for code, count, keys in db.sql(_SHAPES).fetchall():
        for key in keys:
            counts[code][key] += count
    ranked: dict[int, list[str]] = defaultdict(list)
    for code, counter in counts.items():
        ranked[code] = sorted(counter, key=lambda key: (-counter[key], key))
    return ranked
