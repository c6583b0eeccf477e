"""Put a world's events into a DuckDB store in memory, in the order in which they stand."""

from __future__ import annotations

import json
from itertools import groupby

import pyarrow as pa

from segue.adapters.duckdb_store import DuckDBStore
from segue.timeline.evaluate import requests_of

SCHEMA = pa.schema(
    [
        ("distinct_id", pa.string()),
        ("event", pa.string()),
        ("occurred_at", pa.int64()),
        ("event_id", pa.string()),
        ("sequence", pa.int64()),
        ("properties", pa.string()),
    ]
)


def store_of(events, zone):
    """A store that received the events in batches: neighbours received together are one batch."""
    store = DuckDBStore.open(None, timezone=zone)
    for received_at, batch in groupby(events, key=lambda event: event["received_at"]):
        store.append(table(batch), received_at=received_at)
    return store


def table(events):
    """Plain events as the Arrow table that a store takes."""
    rows = [
        {key: event[key] for key in SCHEMA.names}
        | {"properties": json.dumps(event["properties"], ensure_ascii=False)}
        for event in events
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def by_batch(events):
    """The same events, those received together side by side: fewer commits."""
    return sorted(events, key=lambda event: event["received_at"])


def stored_log(case, at=None):
    """The person ids and the log of a world, read from a store."""
    store = store_of(by_batch(case.events), case.definitions.timezone)
    try:
        read = store.read(
            requests_of(case.definitions), at=at, not_activity=case.definitions.not_activity
        )
    finally:
        store.close()
    return read.person_ids, read.log
