"""Spans as tables: who is in which segment at an instant, and who ever was.

Both tables are made column by column from the arrays of the timeline, chunk by chunk, so
that twenty million memberships cost seconds. Rows stand in the order of the segments, then of the
people as the store sorts them (by the UTF-8 bytes of their ids), then of time: the same log gives
the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import pyarrow as pa

from segue.domain.instant import FOREVER
from segue.timeline.spans import Spans

INSTANT: Final = pa.timestamp("ms", tz="UTC")
"""The Arrow type of every instant in a result."""

MEMBERS: Final = pa.schema(
    [
        ("segment_id", pa.string()),
        ("person_id", pa.string()),
        ("entered_at", INSTANT),
        ("leaves_at", INSTANT),
    ]
)
"""One row per member; `leaves_at` null: never, if nothing more happens."""

MEMBERSHIPS: Final = pa.schema(
    [
        ("segment_id", pa.string()),
        ("person_id", pa.string()),
        ("entered_at", INSTANT),
        ("left_at", INSTANT),
    ]
)
"""One row per membership; `left_at` null: still in."""


ROWS: Final = 4 << 20
"""Rows of a chunk at most: an Arrow string array holds no more than 2 GB."""


def members_at(spans: Mapping[str, Spans], person_ids: pa.Array, at: int) -> pa.Table:
    """The members of each segment at the instant, with when they entered and will leave.

    The table has the schema `MEMBERS`.
    """
    batches = [
        batch
        for segment_id, one in spans.items()
        for batch in _rows(MEMBERS, segment_id, person_ids, one.at(at), FOREVER - 1)
    ]
    return pa.Table.from_batches(batches, schema=MEMBERS)


def memberships_until(spans: Mapping[str, Spans], person_ids: pa.Array, at: int) -> pa.Table:
    """Every membership that began at or before the instant; what ends later is still open.

    The table has the schema `MEMBERSHIPS`.
    """
    batches = [
        batch
        for segment_id, one in spans.items()
        for batch in _rows(MEMBERSHIPS, segment_id, person_ids, one.until(at), at)
    ]
    return pa.Table.from_batches(batches, schema=MEMBERSHIPS)


def _rows(
    schema: pa.Schema, segment_id: str, person_ids: pa.Array, spans: Spans, known_to: int
) -> Iterator[pa.RecordBatch]:
    """The spans of one segment as rows; ends after `known_to` are null."""
    people, start, end = spans.person, spans.start, spans.end
    for first in range(0, len(people), ROWS):
        rows = slice(first, first + ROWS)
        columns = [
            pa.repeat(pa.scalar(segment_id, pa.string()), len(people[rows])),
            person_ids.take(pa.array(people[rows])),
            pa.array(start[rows]).cast(INSTANT),
            pa.array(end[rows], mask=end[rows] > known_to).cast(INSTANT),
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)
