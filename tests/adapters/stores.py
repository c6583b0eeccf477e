"""Small stores and small requests for the tests of adapters."""

import json

import pyarrow as pa

from segue.adapters.duckdb_store import DuckDBStore
from segue.adapters.sources import EVENTS
from segue.language.tree import EventPattern, Name


def named(*names, where=None):
    """The pattern of these event names."""
    return EventPattern(tuple(Name(name, quoted=True) for name in names), where)


def event(person, name, at, properties=None, *, id=None, sequence=None):  # noqa: A002
    """One row for `append`."""
    return {
        "distinct_id": person,
        "event": name,
        "occurred_at": at,
        "event_id": id if id is not None else f"{person}/{name}/{at}",
        "sequence": sequence,
        "properties": properties if isinstance(properties, str) else json.dumps(properties or {}),
    }


def table(*events):
    """The rows as the table that a store takes."""
    return pa.Table.from_pylist(list(events), schema=EVENTS)


def store_of(*events, zone="UTC", received_at=0):
    """A store in memory that holds the rows."""
    store = DuckDBStore.open(None, timezone=zone)
    store.append(table(*events), received_at=received_at)
    return store


def answer(request, *events, zone="UTC", **how):
    """What a store of the rows answers to one request."""
    store = store_of(*events, zone=zone)
    try:
        return store.read([request], **how).log.answers[request]
    finally:
        store.close()


def rows_of(store, request, **how):
    """The answer as a list of rows per person id: (at, value or None where unknown)."""
    read = store.read([request], **how)
    found = read.log.answers[request]
    rows = {}
    for index, person in enumerate(read.person_ids):
        places = range(found.offsets[index], found.offsets[index + 1])
        rows[person] = [
            (
                int(found.at[place]),
                None
                if found.value is None or (found.known is not None and not found.known[place])
                else int(found.value[place]),
            )
            for place in places
        ]
    return rows
