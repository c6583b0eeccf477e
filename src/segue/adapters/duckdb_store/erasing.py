"""Leaving nothing of a person behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import duckdb

from segue.adapters.extract import ANONYMOUS_ID, LINK_EVENTS

_THEIRS: Final = f"""
    who IN (SELECT code FROM distinct_ids WHERE distinct_id IN (SELECT unnest($ids::VARCHAR[])))
    OR (
        name IN (SELECT code FROM names WHERE name IN {LINK_EVENTS!r})
        AND (
            variant_extract(properties, '{ANONYMOUS_ID}')::VARCHAR IN
                (SELECT unnest($ids::VARCHAR[]))
            OR variant_extract(properties, 'alias')::VARCHAR IN (SELECT unnest($ids::VARCHAR[]))
        )
    )
"""
"""Their events, and events of others that tried to link one of their ids."""
_UNUSED: Final = "code NOT IN (SELECT name FROM events)"


def delete(db: duckdb.DuckDBPyConnection, distinct_ids: Sequence[str]) -> int:
    """Delete a person by all their distinct ids, in one commit; how many events that were.

    Event names that nobody else did go too, and every threshold, because they counted the person.
    """
    ids = {"ids": list(distinct_ids)}
    db.begin()
    ((before,),) = db.execute("SELECT count(*) FROM events").fetchall()
    db.execute(f"DELETE FROM events WHERE {_THEIRS}", ids)
    db.execute(
        "DELETE FROM distinct_ids WHERE distinct_id IN (SELECT unnest($ids::VARCHAR[]))", ids
    )
    db.execute(f"DELETE FROM names WHERE {_UNUSED}")
    db.execute("DELETE FROM thresholds")
    ((after,),) = db.execute("SELECT count(*) FROM events").fetchall()
    db.commit()
    return int(before - after)


def count(db: duckdb.DuckDBPyConnection, distinct_ids: Sequence[str]) -> int:
    """How often any of the distinct ids is still found."""
    ids = {"ids": list(distinct_ids)}
    events = db.execute(f"SELECT count(*) FROM events WHERE {_THEIRS}", ids).fetchall()
    known = db.execute(
        "SELECT count(*) FROM distinct_ids WHERE distinct_id IN (SELECT unnest($ids::VARCHAR[]))",
        ids,
    ).fetchall()
    return int(events[0][0] + known[0][0])
