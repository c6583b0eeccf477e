"""Every event of a store, as tables that an import reads back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa

from segue.domain.ports import StoredEvent
from segue.language.tree import EventPattern, Name
from segue.services.memberships import INSTANT
from segue.services.view import Store
from segue.timeline.log import Int64s, Request

EVENTS: Final = pa.schema(
    [
        ("person_id", pa.string()),
        ("event", pa.string()),
        ("occurred_at", INSTANT),
        ("event_id", pa.string()),
        ("sequence", pa.int64()),
        ("properties", pa.string()),
    ]
)
"""The columns of exported events: those of an import; `person_id` is the distinct id."""

_AT_ONCE: Final = 250_000


def every_event(store: Store) -> Iterator[pa.RecordBatch]:
    """All events in the order in which they were stored, in batches with the schema `EVENTS`."""
    references = _references(store)
    for first in range(0, len(references), _AT_ONCE):
        yield _batch(store.events(references[first : first + _AT_ONCE].tolist()))


def _references(store: Store) -> Int64s:
    """References of all events, ascending: those of a pattern that names every event there is."""
    names = tuple(Name(one.event, quoted=True) for one in store.summaries())
    if not names:
        return np.empty(0, np.int64)
    request = Request(EventPattern(names))
    found = store.read([request], sources=True).log.occurrences(request).source
    assert found is not None  # it was asked for
    return np.unique(found)


def _batch(events: list[StoredEvent]) -> pa.RecordBatch:
    columns = [
        pa.array([one.distinct_id for one in events], pa.string()),
        pa.array([one.event for one in events], pa.string()),
        pa.array([one.occurred_at for one in events], pa.int64()).cast(INSTANT),
        pa.array([one.event_id for one in events], pa.string()),
        pa.array([one.sequence for one in events], pa.int64()),
        pa.array([one.properties for one in events], pa.string()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=EVENTS)
