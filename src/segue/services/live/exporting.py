"""Whole tables to take away: members, memberships, transitions and events, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from segue.domain.instant import FOREVER
from segue.domain.live import Published, Transition
from segue.services.events import EVENTS
from segue.services.live.following import BEGINNING, Wanted, stored
from segue.services.live.live import Live
from segue.services.live.reading import ReadingStore
from segue.services.memberships import (
    INSTANT,
    MEMBERS,
    MEMBERSHIPS,
    members_at,
    memberships_until,
)
from segue.services.view import known_segment

TRANSITIONS: Final = pa.schema(
    [
        ("id", pa.int64()),
        ("kind", pa.string()),
        ("boundary", pa.string()),
        ("segment_id", pa.string()),
        ("version", pa.int64()),
        ("person_id", pa.string()),
        ("at", INSTANT),
        ("known_at", INSTANT),
        ("cause", pa.string()),
        ("corrected", pa.bool_()),
        ("live", pa.bool_()),
        ("event_id", pa.string()),
    ]
)
"""The columns of exported transitions."""
_ROWS: Final = 50_000
DOCUMENTS: Final = ("properties",)
"""Columns that hold JSON text."""


@dataclass(frozen=True, slots=True)
class Export:
    """A table as its schema and its batches, which are made as they are taken."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


def export_stays(
    store: ReadingStore, live: Live, segment_ids: Sequence[str], at: int, *, ended: bool
) -> Export:
    """Who is in these segments (none named: in all) at the instant, or, with `ended`, every
    membership that began by then: the columns `MEMBERS` and `MEMBERSHIPS`, as `segue evaluate` and
    `segue history` write them, of one moment.

    Raises `NotFoundError` where a segment does not exist.
    """
    definitions = live.definitions
    for segment_id in segment_ids:
        known_segment(definitions, segment_id)
    chosen = list(dict.fromkeys(segment_ids)) or [one.id for one in definitions.segments]
    people, spans = live.spans(definitions, chosen, at)
    person_ids = pa.array(store.person_ids(people), pa.string())
    make = memberships_until if ended else members_at

    def batches() -> Iterator[pa.RecordBatch]:
        for segment_id in chosen:
            yield from make({segment_id: spans[segment_id]}, person_ids, at).to_batches(_ROWS)

    return Export(MEMBERSHIPS if ended else MEMBERS, batches())


def export_transitions(store: Published, upto: int = FOREVER, *, after: int = BEGINNING) -> Export:
    """Every transition with an id beyond `after` and below `upto`, ascending: what is published is
    never edited, so its pages are of one moment too."""

    def batches() -> Iterator[pa.RecordBatch]:
        cursor = after
        while cursor < upto - 1:
            found = [one for one in stored(store, Wanted(), cursor, _ROWS) if one.id < upto]
            if not found:
                return
            yield _transitions(found)
            cursor = found[-1].id

    return Export(TRANSITIONS, batches())


def export_events(store: ReadingStore) -> Export:
    """Every event, in the order in which they were stored: the columns `services.events.EVENTS`, as
    an import reads them; the store keeps its moment until the last batch is taken."""

    def batches() -> Iterator[pa.RecordBatch]:
        with store.browsing() as browser:
            for batch in browser.every_event(_ROWS):
                yield batch.cast(EVENTS)

    return Export(EVENTS, batches())


def _transitions(found: Sequence[Transition]) -> pa.RecordBatch:
    columns = [[getattr(one, name) for one in found] for name in TRANSITIONS.names]
    arrays = [
        pa.array(column, pa.int64()).cast(INSTANT)
        if field.type == INSTANT
        else pa.array(column, field.type)
        for column, field in zip(columns, TRANSITIONS, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=TRANSITIONS)
