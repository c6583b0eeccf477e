"""Rejected events in the store: a ring of the latest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Final

import duckdb
import pyarrow as pa

from segue.adapters.duckdb_store.tables import registered
from segue.domain.instant import HOUR
from segue.domain.rejected import (
    LONGEST_EXCERPT,
    MOST_REJECTED,
    RejectedCount,
    RejectedEvent,
)

_COLUMNS: Final = ", ".join(field.name for field in fields(RejectedEvent))


def note(db: duckdb.DuckDBPyConnection, events: Sequence[RejectedEvent]) -> None:
    """Keep the latest of these, inside the transaction of whoever calls."""
    latest = events[-MOST_REJECTED:]
    if not latest:
        return
    query = "SELECT coalesce(max(id), -1) + 1 FROM rejected_events"
    ((first,),) = db.execute(query).fetchall()
    upto = first + len(latest)
    with registered(db, "segue_rejected", _table(latest, range(first, upto))):
        db.execute("INSERT INTO rejected_events BY NAME SELECT * FROM segue_rejected")
    db.execute("DELETE FROM rejected_events WHERE id < ?", [upto - MOST_REJECTED])


def read(db: duckdb.DuckDBPyConnection, limit: int) -> list[RejectedEvent]:
    """The latest, latest first."""
    query = f"SELECT {_COLUMNS} FROM rejected_events ORDER BY id DESC LIMIT ?"
    return [RejectedEvent(*row) for row in db.execute(query, [limit]).fetchall()]


def counts(db: duckdb.DuckDBPyConnection, since: int) -> list[RejectedCount]:
    """See `RejectedEvents.rejected_counts`."""
    rows = db.execute(
        "SELECT received_at // $hour * $hour, reason, count(*) FROM rejected_events"
        " WHERE received_at >= $since GROUP BY ALL ORDER BY ALL",
        {"hour": HOUR, "since": since},
    ).fetchall()
    return [RejectedCount(*row) for row in rows]


def _table(events: Sequence[RejectedEvent], ids: range) -> pa.Table:
    columns = {
        field.name: [_kept(getattr(event, field.name)) for event in events]
        for field in fields(RejectedEvent)
    }
    return pa.table({"id": ids, **columns})


def _kept(value: str | int) -> str | int:
    """A value as it can be kept: texts cut, and without what is no text."""
    if isinstance(value, int):
        return value
    return value[:LONGEST_EXCERPT].encode("utf-8", "replace").decode()
