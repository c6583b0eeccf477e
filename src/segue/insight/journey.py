"""What becomes of people on a journey: how many go on, how fast, and who falls back.

Everything is about a period, as known at the `at` of the ways: its end, or later. Each person
counts once in a share: with their first entry into the stage, or their first beginning, in the
period. Whoever has not been followed for the whole window yet is in no share; who was not seen to
go on yet waits, in the curves, for as long as they were followed (Kaplan and Meier 1958).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

import numpy as np

from segue.domain.instant import DAY
from segue.insight.arrays import Bools, Int64s, Spans
from segue.insight.comparisons import Difference
from segue.insight.flow import Flow
from segue.insight.shares import Share
from segue.insight.survival import LogRank, Survival, compare
from segue.insight.ways import Moments, Period, Ways, entries_into, within

MOST_POINTS: Final = 61
"""Instants of the line of how many were on each stage, at most."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at: ways, in a period that they are known for, and the `window` (ms) in
    which people are to go on.

    `among` leaves only people who are inside these spans at the instant concerned: when they enter
    the stage, when they move, when they are counted; they begin when they enter them.
    """

    ways: Ways
    period: Period
    window: int
    among: Spans | None = None

    def __post_init__(self) -> None:
        if self.period.end > self.ways.at:
            raise ValueError("the ways are not known up to the end of the period")

    def only(self, moments: Moments) -> Moments:
        """Those of the moments that are looked at."""
        return moments if self.among is None else moments.only(within(self.among, moments))


@dataclass(frozen=True, slots=True)
class StageFigures:
    """One stage in a period.

    `people` are on it at the end; `entrants` entered it in the period. Of those who were followed
    for the whole window, `onward[k]` is the share who reached the (k + 1)-th stage after it, or a
    later one, within the window; the last stage has none. `stay` is how long people stay on it at a
    time, `next` how long until they reach any later stage.
    """

    people: int
    entrants: int
    onward: tuple[Share, ...]
    stay: Survival
    next: Survival


@dataclass(frozen=True, slots=True)
class Beginnings:
    """People who began in `[start, end)` (ms). Of those who were followed for the whole window,
    `reached[k]` is the share who were on the k-th stage or a later one within it."""

    start: int
    end: int
    people: int
    reached: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Occupancy:
    """How many people were on each stage: at `instants` int64[K] in ms, `people` int64[K, S + 1];
    the last column is on no stage."""

    instants: Int64s = field(repr=False)
    people: Int64s = field(repr=False)


@dataclass(frozen=True, slots=True)
class Journey:
    """A journey of S stages in a period; `window` is the time in which people are to go on (ms).

    `moves` int64[S + 1, S + 1] counts the steps from each stage (row) to each other, `flow`
    int64[S + 2, S + 2] the people by where they were at the start (row) and where at the end; in
    both the row and column S is on no stage, in `flow` S + 1 is not counted (not there yet, or any
    more).
    """

    period: Period
    window: int
    stages: tuple[StageFigures, ...]
    begun: Beginnings
    weeks: tuple[Beginnings, ...]
    moves: Int64s = field(repr=False)
    flow: Int64s = field(repr=False)
    occupancy: Occupancy = field(repr=False)


def measure(scope: Scope, weeks: Sequence[int] = ()) -> Journey:
    """Measure a journey. `weeks` are the W + 1 ascending limits of W weeks (ms) by which beginnings
    are told."""
    ways, period = scope.ways, scope.period
    begun = _Begun.found(scope)
    people = _people(scope, period.end).tolist()
    return Journey(
        period,
        scope.window,
        tuple(_stage(scope, stage, people[stage]) for stage in range(ways.stages)),
        begun.between(period.start + 1, period.end + 1),
        tuple(begun.between(*limits) for limits in pairwise(weeks)),
        _moves(scope),
        _flow(scope),
        _occupancy(scope),
    )


def standing_at(scope: Scope, instant: int) -> Int64s:
    """Where everybody is at the instant, int64[P]: a stage; S for none; S + 1 for who does not
    count or is not looked at."""
    stages = scope.ways.stages
    found = scope.ways.standing(instant)
    found[found < 0] = stages
    found[~inside_at(scope.ways.counted, instant)] = stages + 1
    if scope.among is not None:
        found[~inside_at(scope.among, instant)] = stages + 1
    return found


def inside_at(spans: Spans, instant: int) -> Bools:
    """Who is inside the spans at the instant, bool[P]."""
    rows = np.flatnonzero((spans.start <= instant) & (instant < spans.end))
    found = np.zeros(len(spans.offsets) - 1, np.bool_)
    found[np.searchsorted(spans.offsets, rows, side="right") - 1] = True
    return found


# ------------------------------------------------------------------------------------- one stage


def _stage(scope: Scope, stage: int, people: int) -> StageFigures:
    ways = scope.ways
    entered = scope.only(ways.entries(stage, scope.period)).first()
    return StageFigures(
        people,
        len(entered),
        tuple(_onward(scope, entered, later) for later in range(stage + 1, ways.stages)),
        Survival.measured(*_stays(ways, entered)),
        Survival.measured(*_waits(ways, entered, stage)),
    )


def _onward(scope: Scope, entered: Moments, later: int) -> Share:
    """Who reached a later stage within the window, of those who were followed for all of it."""
    whole = _followed_through(scope, entered)
    soon = scope.ways.reached(later, entered) - entered.instant <= scope.window
    return Share.measured(int(np.count_nonzero(whole & soon)), int(np.count_nonzero(whole)))


def _followed_through(scope: Scope, since: Moments) -> Bools:
    """Who was followed for the whole window, bool[Q]."""
    whole: Bools = scope.ways.followed(since) - since.instant >= scope.window
    return whole


def _stays(ways: Ways, entered: Moments) -> tuple[Int64s, Bools]:
    """How long people stayed, and whether they were seen to leave."""
    return _until(ways, entered, ways.ending(entered))


def _waits(ways: Ways, entered: Moments, stage: int) -> tuple[Int64s, Bools]:
    """How long until people reached a later stage, and whether they did."""
    return _until(ways, entered, ways.reached(stage + 1, entered))


def _until(ways: Ways, since: Moments, when: Int64s) -> tuple[Int64s, Bools]:
    """Durations until `when`, or for as long as people were followed where that was less. Who no
    longer counts was followed until then: that a stage ends with it says nothing of the stage."""
    followed = ways.followed(since)
    happened = (when <= followed) & within(ways.counted, Moments(since.person, when))
    return np.where(happened, when, followed) - since.instant, happened


# ------------------------------------------------------------------------------ from the beginning


@dataclass(frozen=True, slots=True)
class _Begun:
    """The beginnings of Q people in a period: whether each was followed for the `whole` window,
    bool[Q], and which stages, or later ones, they had `reached` by its end, bool[Q, S]."""

    moments: Moments
    whole: Bools
    reached: Bools

    @classmethod
    def found(cls, scope: Scope) -> _Begun:
        begun = _beginnings(scope)
        at_once = scope.ways.stage_at(begun)
        reached = np.empty((len(begun), scope.ways.stages), np.bool_)
        for stage in range(scope.ways.stages):
            soon = scope.ways.reached(stage, begun) - begun.instant <= scope.window
            reached[:, stage] = (at_once >= stage) | soon
        return cls(begun, _followed_through(scope, begun), reached)

    def between(self, start: int, end: int) -> Beginnings:
        """Those in `[start, end)`."""
        then = (start <= self.moments.instant) & (self.moments.instant < end)
        whole = then & self.whole
        of = int(np.count_nonzero(whole))
        counts = np.count_nonzero(self.reached[whole], axis=0).tolist()
        shares = tuple(Share.measured(count, of) for count in counts)
        return Beginnings(start, end, int(np.count_nonzero(then)), shares)


def _beginnings(scope: Scope) -> Moments:
    if scope.among is None:
        return scope.ways.beginnings(scope.period)
    found = entries_into(scope.among, scope.period)
    return found.only(within(scope.ways.counted, found)).first()


# ------------------------------------------------------------------------------ moves and places


def _moves(scope: Scope) -> Int64s:
    moves = scope.ways.moves(scope.period)
    if scope.among is not None:
        moves = moves.only(within(scope.among, moves.moments))
    nowhere = scope.ways.stages
    source, target = (np.where(one < 0, nowhere, one) for one in (moves.source, moves.target))
    return _table(source, target, nowhere + 1)


def _flow(scope: Scope) -> Int64s:
    """Where people were at the start of the period, and where at its end; who is looked at only
    among some is so at the end."""
    elsewhere = scope.ways.stages + 1
    first = standing_at(replace(scope, among=None), scope.period.start)
    last = standing_at(scope, scope.period.end)
    if scope.among is not None:
        first[last == elsewhere] = elsewhere
    counts = _table(first, last, elsewhere + 1)
    counts[-1, -1] = 0
    return counts


def _table(row: Int64s, column: Int64s, size: int) -> Int64s:
    counts: Int64s = np.bincount(row * size + column, minlength=size * size)
    return counts.reshape(size, size)


def _occupancy(scope: Scope) -> Occupancy:
    instants = points(scope.period)
    if scope.among is None:
        return Occupancy(instants, _sizes(scope.ways, instants))
    lines = [_people(scope, one) for one in instants.tolist()]
    return Occupancy(instants, np.array(lines, np.int64))


def _sizes(ways: Ways, instants: Int64s) -> Int64s:
    """How many people were on each stage, and on none, at each instant: int64[K, S + 1]."""
    stages = [_size(ways.only(ways.stage == one), instants) for one in range(ways.stages)]
    everybody = _size(ways.counted, instants)
    return np.column_stack([*stages, everybody - sum(stages)])


def _size(spans: Spans, instants: Int64s) -> Int64s:
    flow = Flow.measured(spans, instants)
    return np.concatenate(([flow.before], flow.size))


def _people(scope: Scope, instant: int) -> Int64s:
    """How many people were on each stage, and on none, at one instant: int64[S + 1]."""
    counts: Int64s = np.bincount(standing_at(scope, instant), minlength=scope.ways.stages + 2)
    return counts[:-1]


def points(period: Period) -> Int64s:
    """Instants of the period, whole days apart, the last at its end, `MOST_POINTS` at most."""
    length = period.end - period.start
    step = DAY * max(1, -(-length // (DAY * (MOST_POINTS - 1))))
    back = np.arange(length // step, -1, -1, dtype=np.int64)
    return period.end - back * step


# -------------------------------------------------------------------------------------- against


@dataclass(frozen=True, slots=True)
class Against:
    """Those who are looked at when they enter a stage, against all others who enter it: `next` of
    the share who go on within the window, `pace` of how fast they do."""

    next: Difference
    pace: LogRank


def against_rest(scope: Scope, stage: int) -> Against:
    """Set the people of the scope who enter a stage against the others, each with their first entry
    in the period; the stage is not the last."""
    first = scope.ways.entries(stage, scope.period).first()
    inside = np.ones(len(first), np.bool_) if scope.among is None else within(scope.among, first)
    some, others = first.only(inside), first.only(~inside)
    return Against(
        Difference.measured(*(_onward(scope, side, stage + 1) for side in (some, others))),
        compare(*_waits(scope.ways, some, stage), *_waits(scope.ways, others, stage)),
    )
