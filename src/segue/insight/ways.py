"""The ways people took through the stages of a journey: who was where, from when to when.

The stages are exclusive: a person is on one of them at a time, or on none. A stage is its place in
the journey, from 0; `NOWHERE` is none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from segue.domain.instant import FOREVER
from segue.insight.arrays import (
    Bools,
    Int64s,
    Occurrences,
    Spans,
    first_after,
    holds,
    people_in,
    person_of,
    rank,
)

NOWHERE: Final = -1
"""On no stage."""


@dataclass(frozen=True, slots=True)
class Period:
    """The stretch of time `(start, end]` that is looked at, in ms."""

    start: int
    end: int

    def holds(self, instant: Int64s) -> Bools:
        """Which instants (ms) lie in it."""
        inside: Bools = (self.start < instant) & (instant <= self.end)
        return inside


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments of people: `person` int64[Q] and `instant` int64[Q] in ms, side by side."""

    person: Int64s
    instant: Int64s

    def __len__(self) -> int:
        return len(self.person)

    def only(self, kept: Bools) -> Moments:
        """Those where `kept` bool[Q] is true."""
        return Moments(self.person[kept], self.instant[kept])

    def first(self) -> Moments:
        """The first moment of each person, of moments that stand by person and time."""
        return self.only(np.diff(self.person, prepend=-1) != 0)

    def last(self) -> Moments:
        """The last moment of each person, of moments that stand by person and time."""
        return self.only(np.diff(self.person, append=-1) != 0)


@dataclass(frozen=True, slots=True)
class Ways:
    """The visits of P people to `stages` stages as known at `at` (ms), N in all.

    Person i owns the visits `offsets[i]:offsets[i + 1]` of `stage`, `start` and `end` (int64[N];
    instants in ms), ascending in time; a visit is `[start, end)`. One that has not ended by `at`
    ends later, or never (FOREVER). `counted` are the spans of people who count.
    """

    stages: int
    at: int
    offsets: Int64s = field(repr=False)
    stage: Int64s = field(repr=False)
    start: Int64s = field(repr=False)
    end: Int64s = field(repr=False)
    counted: Spans = field(repr=False)

    @classmethod
    def joined(cls, stages: Sequence[Spans], counted: Spans, at: int) -> Ways:
        """The ways through stages whose spans are disjoint, first stage first; what begins after
        `at` is left out."""
        people = people_in(counted)
        stage = np.repeat(np.arange(len(stages)), [len(one.start) for one in stages])
        person, start, end = (
            np.concatenate(parts) if parts else np.empty(0, np.int64)
            for parts in (
                [person_of(one) for one in stages],
                [one.start for one in stages],
                [one.end for one in stages],
            )
        )
        begun = np.flatnonzero(start <= at)
        rows = begun[np.lexsort((start[begun], person[begun]))]
        offsets = np.searchsorted(person[rows], np.arange(people + 1))
        return cls(len(stages), at, offsets, stage[rows], start[rows], end[rows], counted)

    @property
    def person(self) -> Int64s:
        """Whose each visit is, int64[N]."""
        return person_of(self)

    def only(self, kept: Bools) -> Ways:
        """The visits where `kept` bool[N] is true."""
        counts = np.concatenate(([0], np.cumsum(kept)))
        return Ways(
            self.stages,
            self.at,
            counts[self.offsets],
            self.stage[kept],
            self.start[kept],
            self.end[kept],
            self.counted,
        )

    def entries(self, stage: int, period: Period) -> Moments:
        """When people entered a stage in the period, by person and time."""
        kept = np.flatnonzero((self.stage == stage) & period.holds(self.start))
        return Moments(self._owners(kept), self.start[kept])

    def beginnings(self, period: Period) -> Moments:
        """When people were first on any stage, of those for whom that was in the period."""
        some = np.flatnonzero(np.diff(self.offsets))
        began = Moments(some, self.start[self.offsets[some]])
        return began.only(period.holds(began.instant))

    def standing(self, instant: int) -> Int64s:
        """The stage that everybody is on at the instant, int64[P]."""
        found = np.full(people_in(self), NOWHERE, np.int64)
        inside = np.flatnonzero((self.start <= instant) & (instant < self.end))
        found[self._owners(inside)] = self.stage[inside]
        return found

    def stage_at(self, moments: Moments) -> Int64s:
        """The stage that people are on at moments of theirs, int64[Q]."""
        found = np.full(len(moments), NOWHERE, np.int64)
        begun = rank(_Instants(self.offsets, self.start), *_both(moments), "right") - 1
        inside = begun >= self.offsets[moments.person]
        if len(self.end):
            inside &= moments.instant < self.end[np.where(inside, begun, 0)]
        found[inside] = self.stage[begun[inside]]
        return found

    def ending(self, moments: Moments) -> Int64s:
        """When the visits end that hold at the moments, int64[Q] in ms; FOREVER: it is not known
        when, or there is none."""
        return _end_of(self, moments)

    def reached(self, stage: int, moments: Moments) -> Int64s:
        """When people entered this stage or a later one first after moments of theirs, int64[Q] in
        ms; FOREVER: not by `at`."""
        farther = self.only(self.stage >= stage)
        return first_after(_Instants(farther.offsets, farther.start), *_both(moments))

    def followed(self, moments: Moments) -> Int64s:
        """Until when is known what people did after moments of theirs, int64[Q] in ms: `at`, or the
        end of the time that they count."""
        return np.minimum(_end_of(self.counted, moments), self.at)

    def moves(self, period: Period) -> Moves:
        """All steps from one stage to another, or to and from nowhere, in the period; a first visit
        is none."""
        inner = np.flatnonzero(np.diff(self.person, prepend=-1) == 0)
        straight = self.start[inner] == self.end[inner - 1]
        arrived = np.where(straight, self.stage[inner - 1], NOWHERE)
        onward = np.zeros(len(self.end), np.bool_)
        onward[inner[straight] - 1] = True
        out = np.flatnonzero(~onward & (self.end <= self.at) & self._still_counts())
        moves = Moves(
            Moments(
                np.concatenate([self._owners(inner), self._owners(out)]),
                np.concatenate([self.start[inner], self.end[out]]),
            ),
            np.concatenate([arrived, self.stage[out]]),
            np.concatenate([self.stage[inner], np.full(len(out), NOWHERE)]),
        )
        return moves.only(period.holds(moves.moments.instant))

    def _still_counts(self) -> Bools:
        """Of which visits the person still counts when they end, bool[N]."""
        return holds(self.counted, self.person, self.end)

    def _owners(self, rows: Int64s) -> Int64s:
        return np.searchsorted(self.offsets, rows, side="right") - 1


@dataclass(frozen=True, slots=True)
class Moves:
    """Steps of people: when, from which stage, to which (`NOWHERE`: none), int64[M]."""

    moments: Moments
    source: Int64s
    target: Int64s

    def only(self, kept: Bools) -> Moves:
        """Those where `kept` bool[M] is true."""
        return Moves(self.moments.only(kept), self.source[kept], self.target[kept])

    def forward_from(self, stage: int) -> Moments:
        """When people went from a stage to a later one, by person and time."""
        found = self.moments.only((self.source == stage) & (self.target > stage))
        order = np.lexsort((found.instant, found.person))
        return Moments(found.person[order], found.instant[order])


class _Instants:
    """Instants of people as occurrences."""

    def __init__(self, offsets: Int64s, at: Int64s) -> None:
        self.offsets, self.at = offsets, at


def entries_into(spans: Spans, period: Period) -> Moments:
    """When people entered any spans in the period, by person and time."""
    kept = period.holds(spans.start)
    return Moments(person_of(spans)[kept], spans.start[kept])


def within(spans: Spans, moments: Moments) -> Bools:
    """Whether people are inside the spans at moments of theirs, bool[Q]."""
    return holds(spans, moments.person, moments.instant)


def last_before(rows: Occurrences, moments: Moments) -> Int64s:
    """When something last happened to people before moments of theirs, int64[Q] in ms; -1: never
    before."""
    place = rank(rows, *_both(moments), "left") - 1
    found = place >= rows.offsets[moments.person]
    return np.where(found, rows.at[np.where(found, place, 0)] if len(rows.at) else -1, -1)


def _end_of(spans: Spans, moments: Moments) -> Int64s:
    """The end of the span that holds at each moment, int64[Q]; FOREVER where there is none."""
    begun = rank(_Instants(spans.offsets, spans.start), *_both(moments), "right") - 1
    inside = begun >= spans.offsets[moments.person]
    if not len(spans.end):
        return np.full(len(moments), FOREVER)
    return np.where(inside, spans.end[np.where(inside, begun, 0)], FOREVER)


def _both(moments: Moments) -> tuple[Int64s, Int64s]:
    return moments.person, moments.instant
