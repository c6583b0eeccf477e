"""What sources give: events ready for a store, and rows that are none, with the reason."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    `strptime` format of times (None: RFC 3339, dates, and seconds or milliseconds since 1970).
    `event_name`: every row is an event of this name, and no column says which."""

    columns: Mapping[str, str] = field(default_factory=dict)
    timezone: str = "UTC"
    time_format: str | None = None
    event_name: str | None = None

    @property
    def is_as_found(self) -> bool:
        """Whether nothing is said of the columns, so that known exports may be recognised."""
        return not self.columns and self.event_name is None


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

    def pieces(self, rows_at_once: int) -> Iterator[Raw]:
        """The same in order, in pieces of at most so many rows of the table, each with the rows
        that were rejected up to its end."""
        if len(self.rows) <= rows_at_once:
            yield self
            return
        told = 0
        for first in range(0, len(self.rows), rows_at_once):
            upto = first + rows_at_once
            is_last = upto >= len(self.rows)
            end = len(self.rejected) if is_last else self._rejected_before(self.rows[upto])
            yield replace(
                self,
                table=self.table.slice(first, rows_at_once),
                rows=self.rows[first:upto],
                texts=self.texts[first:upto],
                rejected=self.rejected[told:end],
            )
            told = end

    def _rejected_before(self, row: int) -> int:
        """How many of the rejected rows, which are in order, stand before a row."""
        return bisect_left(self.rejected, row, key=lambda one: one.row)

    def text(self, place: int) -> str:
        """A row as it was written, or as JSON."""
        if self.texts:
            return self.texts[place]
        cells = self.table.slice(place, 1).to_pylist()[0]
        return json.dumps(cells, default=_shown, ensure_ascii=False)


def _shown(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
