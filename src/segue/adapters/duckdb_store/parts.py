"""What a store answers about distinct ids, whoever they are: parts of a log that grows.

A few events are read through a small table of their own, in which distinct ids are numbered
closely: what a batch costs depends on the batch and not on how much is stored.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from segue.adapters.duckdb_store.tables import registered
from segue.adapters.extract import People, Relation, SmallRelation, Sources, extract, extract_few
from segue.adapters.extract.relation import FEW
from segue.timeline.log import Int32s, Request, TraitRequest
from segue.timeline.parts import Codebook, Part

_TABLE: Final = "segue_few"


def delta(
    events: Relation,
    requests: Collection[Request | TraitRequest],
    codebook: Codebook,
    *,
    rows: pa.Table,
    timezone: str,
    not_activity: Collection[str] = (),
) -> Part:
    """What the newest events answer: `events` is the table of all of them, `rows` the columns `FEW`
    of all from some reference on, ascending by reference.

    Raises `DefinitionError` for a regular expression that RE2 refuses.
    """
    source = _where(events, "ref >= $first")
    since = {"first": rows["ref"][0].as_py()} if len(rows) else {}
    few = SmallRelation(events.connection, source, events.names, rows, since)
    return extract_few(few, requests, codebook, timezone=timezone, not_activity=not_activity)


def few_rows(db: duckdb.DuckDBPyConnection, since: int) -> pa.Table:
    """The columns `FEW` of the few events with references from `since` on, ascending."""
    names = ", ".join(FEW)
    query = f"SELECT {names} FROM events WHERE ref >= $since ORDER BY ref"
    return db.sql(query, params={"since": since}).to_arrow_table()


def reread(
    events: Relation,
    whos: Int32s,
    requests: Collection[Request | TraitRequest],
    codebook: Codebook,
    *,
    timezone: str,
    not_activity: Collection[str] = (),
) -> Part:
    """What all events of these distinct ids answer; who has none has an empty place in the part.

    Raises `DefinitionError` for a regular expression that RE2 refuses.
    """
    whos = np.unique(whos)
    with _few(events, whos) as few:
        return _answered(
            few, whos, requests, codebook, timezone=timezone, not_activity=not_activity
        )


def everything(
    events: Relation,
    codes: int,
    requests: Collection[Request | TraitRequest],
    codebook: Codebook,
    *,
    timezone: str,
    since: int = 0,
    before: int | None = None,
    not_activity: Collection[str] = (),
) -> Part:
    """What the events with references from `since` up to, not including, `before` (None: all)
    answer. `codes` is how many codes distinct ids have; each of them has a place in the part.

    Raises `DefinitionError` for a regular expression that RE2 refuses.
    """
    source = _where(events, _within(since, before))
    part = Relation(events.connection, source, events.names)
    whos = np.arange(codes, dtype=np.int32)
    return _answered(part, whos, requests, codebook, timezone=timezone, not_activity=not_activity)


def some(
    events: Relation,
    whos: Int32s,
    requests: Collection[Request | TraitRequest],
    codebook: Codebook,
    *,
    timezone: str,
    before: int,
    not_activity: Collection[str] = (),
) -> Part:
    """What the events of these distinct ids (ascending) with references up to, not including,
    `before` answer: of a small part of everybody, for whoever wants to know soon about how many.

    Raises `DefinitionError` for a regular expression that RE2 refuses.
    """
    places = pa.table({"who": whos, "place": np.arange(len(whos), dtype=np.int32)})
    with registered(events.connection, "segue_some", places):
        source = (
            "(SELECT ref, place AS who, name, occurred_at, sequence, event_id, properties"
            f" FROM {_where(events, _within(0, before))} JOIN segue_some USING (who))"
        )
        part = Relation(events.connection, source, events.names)
        return _answered(
            part, whos, requests, codebook, timezone=timezone, not_activity=not_activity
        )


def _where(events: Relation, condition: str) -> str:
    """The SQL of those events for which the condition holds."""
    return f"(SELECT * FROM {events.source} WHERE {condition})"


def _within(first: int, following: int | None) -> str:
    """The condition of a range of references; rows outside are skipped without being read."""
    return f"ref >= {int(first)}" + ("" if following is None else f" AND ref < {int(following)}")


@contextlib.contextmanager
def _few(events: Relation, whos: Int32s) -> Iterator[Relation]:
    """The events of these distinct ids, as a table of their own: `who` is the place among them."""
    places = pa.table({"who": whos, "place": np.arange(len(whos), dtype=np.int32)})
    db = events.connection
    with registered(db, "segue_whos", places):
        db.execute(
            f"CREATE OR REPLACE TEMP TABLE {_TABLE} AS"
            " SELECT ref, place AS who, name, occurred_at, sequence, event_id, properties"
            f" FROM {events.source} JOIN segue_whos USING (who)"
        )
    try:
        yield Relation(db, _TABLE, events.names)
    finally:
        db.execute(f"DROP TABLE {_TABLE}")


def _answered(
    part: Relation,
    whos: Int32s,
    requests: Collection[Request | TraitRequest],
    codebook: Codebook,
    *,
    timezone: str,
    not_activity: Collection[str],
) -> Part:
    log = extract(
        part,
        People.by_code(len(whos)),
        requests,
        timezone=timezone,
        not_activity=not_activity,
        sources=Sources.ORDERED,
        codebook=codebook,
    )
    return Part(whos, log)
