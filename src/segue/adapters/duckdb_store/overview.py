"""What a store holds, counted: its extent, its event names, its trait names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from segue.adapters.duckdb_store.tables import registered
from segue.adapters.extract import ANONYMOUS_ID, NameCodes, People
from segue.adapters.extract.sql import Binder, inlined
from segue.adapters.extract.values import property_at, text_of
from segue.domain.instant import LATEST
from segue.domain.ports import CommonValue, EventSummary, Extent

_WRITING: Final = ("$identify", "$set", "$set_once")
_LONGEST: Final = 80
"""A longer text is no value that people have in common."""
_MOST_KEYS: Final = 12
_SHAPES: Final = """
    SELECT name, count(*), json_keys(any_value(properties)::JSON)
    FROM events WHERE occurred_at <= $at GROUP BY name, variant_typeof(properties)
"""


def read_extent(db: duckdb.DuckDBPyConnection, people: int) -> Extent:
    """How many events, of so many people, and from when to when."""
    query = "SELECT count(*), min(occurred_at), max(occurred_at) FROM events"
    ((events, first, last),) = db.sql(query).fetchall()
    return Extent(events, people, first, last)


def count_before(db: duckdb.DuckDBPyConnection, ref: int) -> int:
    """How many events have a smaller reference."""
    ((count,),) = db.execute("SELECT count(*) FROM events WHERE ref < ?", [ref]).fetchall()
    return int(count)


def read_summaries(
    db: duckdb.DuckDBPyConnection, names: Sequence[str], people: People
) -> list[EventSummary]:
    """One summary per event name, most frequent first; equally frequent ones by name."""
    with registered(db, "segue_owners", _owners(people)):
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


def count_events(db: duckdb.DuckDBPyConnection, names: Sequence[str], at: int) -> dict[str, int]:
    """How many events there are by name up to an instant, most frequent first; equally frequent
    ones by name."""
    query = "SELECT name, count(*) FROM events WHERE occurred_at <= ? GROUP BY name"
    found = [(names[code], count) for code, count in db.execute(query, [at]).fetchall()]
    return dict(sorted(found, key=lambda one: (-one[1], one[0])))


def read_trait_names(db: duckdb.DuckDBPyConnection, names: Sequence[str]) -> list[str]:
    """Every top-level key that a profile event wrote, sorted."""
    keys = _property_names(db)
    written = {key for code in NameCodes(names).of(_WRITING) for key in keys[code]}
    return sorted(written - {ANONYMOUS_ID})


def read_common_values(
    db: duckdb.DuckDBPyConnection,
    names: Sequence[str],
    people: People,
    events: Collection[str],
    *,
    at: int,
    least: int,
    most: int,
) -> list[CommonValue]:
    """See `EventStore.common_values`."""
    keys = _property_names(db, at)
    with registered(db, "segue_owners", _owners(people)):
        found = [
            CommonValue(names[code], *row)
            for code in sorted(NameCodes(names).of(events))
            for row in _values_of(db, code, keys[code][:_MOST_KEYS], at, least)
        ]
    found.sort(key=lambda one: (-one.people, one.event, one.property, one.value))
    return found[:most]


def _values_of(
    db: duckdb.DuckDBPyConnection, code: int, keys: Sequence[str], at: int, least: int
) -> Iterator[tuple[str, str, int]]:
    """Of one event name: key, value, people."""
    if not keys:
        return
    binder = Binder()
    texts = ", ".join(text_of(property_at((key,), binder)) for key in keys)
    query = (
        f"SELECT key, value, count(DISTINCT person) FROM (SELECT person,"
        f" unnest({binder.bind(list(keys))}::VARCHAR[]) AS key, unnest([{texts}]) AS value"
        f" FROM events JOIN segue_owners USING (who)"
        f" WHERE name = {binder.bind(code)} AND occurred_at <= {binder.bind(at)}::BIGINT)"
        f" WHERE length(value) BETWEEN 1 AND {_LONGEST} GROUP BY key, value"
        f" HAVING count(DISTINCT person) >= {binder.bind(least)}"
    )
    yield from db.sql(inlined(query), params=binder.values).fetchall()


def _owners(people: People) -> pa.Table:
    """Whose each distinct id is."""
    who = np.arange(len(people.index), dtype=np.int32)
    return pa.table({"who": who, "person": people.index})


def _property_names(db: duckdb.DuckDBPyConnection, at: int = LATEST) -> dict[int, list[str]]:
    """Property names by event name, most frequent first; equally frequent ones by name; of events
    until `at`."""
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for code, count, keys in db.sql(_SHAPES, params={"at": at}).fetchall():
        for key in keys:
            counts[code][key] += count
    ranked: dict[int, list[str]] = defaultdict(list)
    for code, counter in counts.items():
        ranked[code] = sorted(counter, key=lambda key: (-counter[key], key))
    return ranked
