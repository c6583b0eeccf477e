"""Small tables of transitions for the tests of adapters."""

import pyarrow as pa

from segue.adapters.duckdb_store.transitions import PUBLISHED
from segue.domain.live import CAUSES, Cause


def fact(person, at, entered=True, *, segment=0, cause=Cause.EVENT, ref=None, **flags):
    """One row for `publish`; persons and segments by code."""
    return {
        "segment": segment,
        "person": person,
        "entered": entered,
        "retracted": flags.get("retracted", False),
        "corrected": flags.get("corrected", False),
        "live": flags.get("live", False),
        "cause": CAUSES.index(cause),
        "at": at,
        "ref": ref,
    }


def facts(*rows):
    """The rows as the table that a turn publishes."""
    return pa.Table.from_pylist(list(rows), schema=PUBLISHED)


def publish(store, *rows, known_at=100):
    """Publish rows in a turn of their own; the id of the first."""
    with store.turn() as turn:
        return turn.publish(facts(*rows), known_at=known_at)


def define(store, *segment_ids, since=0):
    """Begin a version of each segment; their codes."""
    with store.turn() as turn:
        return [turn.define(one, f"fingerprint of {one}", since=since).code for one in segment_ids]
