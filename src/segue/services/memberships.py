"""Spans as tables: who is in which segment at an instant, and who ever was.

Both tables are made column by column from the arrays of the timeline, chunk by chunk, so
that twenty million memberships cost seconds. Rows stand in the order of the segments, then of the
person ids (by their UTF-8 bytes), then of time: the same log gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segue.domain.instant import FOREVER
from segue.timeline.log import Int64s
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


@dataclass(frozen=True, slots=True)
class Roster:
    """The people of a log: `ids` as an Arrow string array and `rank` int64[P], the place of each
    among the sorted ids (None where they are sorted already)."""

    ids: pa.Array
    rank: Int64s | None

    @classmethod
    def of(cls, person_ids: Sequence[str]) -> Roster:
        """The roster of the ids, `person_ids[i]` belonging to person i of the log."""
        ids = pa.array(person_ids, type=pa.string())
        order = pc.sort_indices(ids).to_numpy().astype(np.int64)
        if np.array_equal(order, np.arange(len(order))):
            return cls(ids, None)
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return cls(ids, rank)


def members_at(spans: Mapping[str, Spans], roster: Roster, at: int) -> pa.Table:
    """The members of each segment at the instant, with when they entered and will leave.

    The table has the schema `MEMBERS`.
    """
    batches = [
        batch
        for segment_id, one in spans.items()
        for batch in _rows(MEMBERS, segment_id, roster, one.at(at), FOREVER - 1)
    ]
    return pa.Table.from_batches(batches, schema=MEMBERS)


def memberships_until(spans: Mapping[str, Spans], roster: Roster, at: int) -> pa.Table:
    """Every membership that began at or before the instant; what ends later is still open.

    The table has the schema `MEMBERSHIPS`.
    """
    batches = [
        batch
        for segment_id, one in spans.items()
        for batch in _rows(MEMBERSHIPS, segment_id, roster, one.until(at), at)
    ]
    return pa.Table.from_batches(batches, schema=MEMBERSHIPS)


def _rows(
    schema: pa.Schema, segment_id: str, roster: Roster, spans: Spans, known_to: int
) -> Iterator[pa.RecordBatch]:
    """The spans of one segment as rows; ends after `known_to` are null."""
    people, start, end = spans.person, spans.start, spans.end
    if roster.rank is not None:
        order = np.argsort(roster.rank[people], kind="stable")
        people, start, end = people[order], start[order], end[order]
    for first in range(0, len(people), ROWS):
        rows = slice(first, first + ROWS)
        columns = [
            pa.repeat(pa.scalar(segment_id, pa.string()), len(people[rows])),
            roster.ids.take(pa.array(people[rows])),
            pa.array(start[rows]).cast(INSTANT),
            pa.array(end[rows], mask=end[rows] > known_to).cast(INSTANT),
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)
