"""What sources give: events ready for a store, and rows that are none, with the reason."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

EVENTS: Final = pa.schema(
    [
        ("distinct_id", pa.string()),
        ("event", pa.string()),
        ("occurred_at", pa.int64()),
        ("event_id", pa.string()),
        ("sequence", pa.int64()),
        ("properties", pa.string()),
    ]
)
"""The columns that a store takes: instants in ms, `properties` the text of a JSON object."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is no event: where it stands (rows count from 1, a header aside), why it was
    refused, and its text."""

    source: str
    row: int
    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of an import: `events` with the columns `EVENTS`, the rows that were rejected, and how
    many rows of the source this was."""

    source: str
    events: pa.Table
    rejected: Sequence[Rejected]
    rows: int


@dataclass(frozen=True, slots=True)
class Layout:
    """How a source is read: which column has which role, the zone of times that name none, and the
    `strptime` format of times (None: RFC 3339, dates, and seconds or milliseconds since 1970)."""

    columns: Mapping[str, str] = field(default_factory=dict)
    timezone: str = "UTC"
    time_format: str | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """Rows as a source has them: any columns, and the number of each row in it.

    `roles` maps roles to columns, where that is settled. `texts` are the rows as they were written,
    where the source is text. `rejected` are the rows before the end of these that are no events.
    """

    table: pa.Table
    rows: Sequence[int]
    roles: Mapping[str, str] = field(default_factory=dict)
    texts: Sequence[str] = ()
    rejected: Sequence[Rejected] = ()

    def text(self, place: int) -> str:
        """A row as it was written, or as JSON."""
        if self.texts:
            return self.texts[place]
        cells = self.table.slice(place, 1).to_pylist()[0]
        return json.dumps(cells, default=_shown, ensure_ascii=False)


def _shown(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
