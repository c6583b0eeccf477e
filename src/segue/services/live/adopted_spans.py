"""Spans that somebody else evaluated, by person: what holds, and what comes if nothing more
happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from segue.domain.instant import FOREVER
from segue.services.live.current import CurrentMemberships
from segue.services.live.due import Due
from segue.services.live.span_table import SpanTable
from segue.timeline.log import Int32s, Int64s
from segue.timeline.readings import ranges


@dataclass(frozen=True, slots=True)
class AdoptedSpans:
    """N spans sorted by person: segment int32[N] (version codes), person int32[N], start and end
    int64[N] (ms; FOREVER: without end)."""

    segment: Int32s
    person: Int32s
    start: Int64s
    end: Int64s

    @classmethod
    def of(cls, table: pa.Table) -> Self:
        """From the columns of `LiveStore.adopted_spans`."""
        return cls(*(table[name].to_numpy() for name in ("segment", "person", "start", "end")))

    def table(self, people: Int32s) -> SpanTable:
        """The spans of these people (codes, ascending)."""
        first = np.searchsorted(self.person, people)
        count = np.searchsorted(self.person, people, "right") - first
        rows = ranges(first, count)
        whose = np.repeat(np.arange(len(people)), count)
        return SpanTable(self.segment[rows], whose, self.start[rows], self.end[rows])

    def people(self, others: Int32s) -> Int32s:
        """Everybody who has a span, and these others, ascending."""
        everybody: Int32s = np.union1d(self.person, others).astype(np.int32)
        return everybody

    def current(self, everybody: Int32s, at: int) -> CurrentMemberships:
        """Who is in what at an instant (ms)."""
        return CurrentMemberships.of_everybody(everybody, self.table(everybody), at)

    def due(self, at: int) -> Due:
        """When who enters or leaves next, after an instant (ms)."""
        people = np.unique(self.person)
        return Due(people, self.next_change(people, at))

    def next_change(self, people: Int32s, at: int) -> Int64s:
        """When each of these people enters or leaves next, after an instant (ms); FOREVER where
        they never do."""
        spans = self.table(people)
        coming = np.full(len(people), FOREVER, np.int64)
        for instants in (spans.start, spans.end):
            later = instants > at
            np.minimum.at(coming, spans.person[later], instants[later])
        return coming
