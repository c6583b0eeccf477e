"""Spans: the membership of many people, as disjoint sorted half-open intervals per person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segue.domain.instant import FOREVER
from segue.timeline.intervals import Intervals, instant_of, person_of
from segue.timeline.log import Bools, Int64s


@dataclass(frozen=True, slots=True)
class Spans:
    """Spans of P people, N in all, in compressed-sparse-row form.

    offsets: int64[P + 1]; start, end: int64[N] in ms; person i owns
    `offsets[i]:offsets[i + 1]`. An end of FOREVER is open: it never ends if nothing more happens.
    """

    offsets: Int64s
    start: Int64s
    end: Int64s

    @property
    def people(self) -> int:
        """P, the number of people."""
        return len(self.offsets) - 1

    def __len__(self) -> int:
        return len(self.start)

    @property
    def person(self) -> Int64s:
        """The person index of each span, int64[N]."""
        return np.repeat(np.arange(self.people), np.diff(self.offsets))

    def until(self, at: int) -> Spans:
        """The spans that have begun at or before `at` (the future that nobody knows left out)."""
        kept = self.start <= at
        if kept.all():
            return self
        counts = np.concatenate(([0], np.cumsum(kept)))
        return Spans(counts[self.offsets], self.start[kept], self.end[kept])

    def at(self, instant: int) -> Spans:
        """Only the spans that hold at the instant: at most one per person."""
        kept = (self.start <= instant) & (instant < self.end)
        counts = np.concatenate(([0], np.cumsum(kept)))
        return Spans(counts[self.offsets], self.start[kept], self.end[kept])

    def holds(self, instant: int) -> Bools:
        """Who is in at the instant, bool[P]."""
        return np.diff(self.at(instant).offsets) > 0


@dataclass(frozen=True, slots=True)
class ManySpans:
    """Spans of P people in S segments, N in all, by segment, then person, then time.

    count: int64[S], how many are of each segment; person: int64[N]; start, end: int64[N] in ms.
    """

    count: Int64s
    person: Int64s
    start: Int64s
    end: Int64s


def many_spans_of(people: Sequence[int], segments: Sequence[Sequence[Intervals]]) -> ManySpans:
    """Join the intervals of segments, each of which has those of consecutive blocks of people."""
    parts = [part for blocks in segments for part in blocks]
    sizes = np.array([len(part) for part in parts], np.int64).reshape(len(segments), len(people))
    first = np.cumsum([0, *people[:-1]])
    start = _joined([part.start for part in parts])
    person = person_of(start)
    if len(people) > 1:
        person += np.repeat(np.tile(first, len(segments)), sizes.ravel())
    end = _joined([part.end for part in parts])
    return ManySpans(sizes.sum(axis=1), person, instant_of(start), instant_of(end))


def spans_of(blocks: Sequence[tuple[int, Intervals]]) -> Spans:
    """Join the intervals of consecutive blocks of people, given as (people, intervals)."""
    counts = [
        np.bincount(person_of(intervals.start), minlength=people) for people, intervals in blocks
    ]
    starts = [instant_of(intervals.start) for _, intervals in blocks]
    ends = [instant_of(intervals.end) for _, intervals in blocks]
    offsets = np.concatenate(([0], np.cumsum(_joined(counts)))).astype(np.int64)
    return Spans(offsets, _joined(starts), _joined(ends))


def no_spans(people: int) -> Spans:
    """Spans of so many people who are never in."""
    empty = np.empty(0, np.int64)
    return Spans(np.zeros(people + 1, np.int64), empty, empty)


def is_open(spans: Spans) -> Bools:
    """Which spans never end if nothing more happens, bool[N]."""
    return spans.end >= FOREVER


def _joined(parts: Sequence[Int64s]) -> Int64s:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
