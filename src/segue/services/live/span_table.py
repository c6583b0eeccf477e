"""The spans of many segments as one table: what is asked of all of them is asked once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from segue.timeline.log import Bools, Int32s, Int64s
from segue.timeline.spans import ManySpans


@dataclass(frozen=True, slots=True)
class SpanTable:
    """N spans by segment, then person, then time: segment int32[N] (version codes), person int64[N]
    (indexes of the people asked about), start and end int64[N] (ms; FOREVER: without end)."""

    segment: Int32s
    person: Int64s
    start: Int64s
    end: Int64s

    @classmethod
    def of(cls, codes: Int32s, spans: ManySpans) -> Self:
        """The table of the spans of segments with these codes."""
        return cls(np.repeat(codes, spans.count), spans.person, spans.start, spans.end)

    def __len__(self) -> int:
        return len(self.start)

    def only(self, kept: Bools | slice) -> SpanTable:
        """Some of the rows."""
        return SpanTable(self.segment[kept], self.person[kept], self.start[kept], self.end[kept])

    def of_segment(self, code: int) -> SpanTable:
        """The rows of one segment."""
        places = np.flatnonzero(self.segment == code)
        return self.only(slice(places[0], places[-1] + 1) if len(places) else slice(0))

    def split(self, people: int) -> tuple[SpanTable, SpanTable]:
        """The rows of the first `people` people, and those of the others, counted from 0."""
        first = self.person < people
        rest = self.only(~first)
        return self.only(first), SpanTable(rest.segment, rest.person - people, rest.start, rest.end)

    def members(self, at: int) -> SpanTable:
        """The spans that hold at an instant."""
        return self.only((self.start <= at) & (at < self.end))


def unlike(
    left: SpanTable, right: SpanTable, people: int, since: int, upto: int
) -> tuple[SpanTable, SpanTable]:
    """The rows of two tables of the same `people` people, in the same order of segments, without
    those of a person in a segment that are equal in both and have no boundary after `since`, up to
    `upto` (ms). Most are, and what follows sorts."""
    codes = np.flatnonzero(np.bincount(np.concatenate([left.segment, right.segment])))
    cells = [_cells(one, codes, people) for one in (left, right)]
    counts = [np.bincount(one, minlength=len(codes) * people) for one in cells]
    differ = counts[0] != counts[1]
    even = [~differ[one] for one in cells]
    if not np.array_equal(cells[0][even[0]], cells[1][even[1]]):
        return left, right
    same_start = left.start[even[0]] == right.start[even[1]]
    same_end = left.end[even[0]] == right.end[even[1]]
    recent = (right.start > since) & (right.start <= upto)
    recent |= (right.end > since) & (right.end <= upto)
    differ[cells[0][even[0]][~(same_start & same_end)]] = True
    differ[cells[1][recent]] = True
    return left.only(differ[cells[0]]), right.only(differ[cells[1]])


def _cells(table: SpanTable, codes: Int64s, people: int) -> Int64s:
    """A number of each row's segment and person, int64[N]; `codes` are the segments, ascending."""
    rank = np.zeros(int(codes.max(initial=-1)) + 1, np.int64)
    rank[codes] = np.arange(len(codes))
    cells: Int64s = rank[table.segment] * people + table.person
    return cells
