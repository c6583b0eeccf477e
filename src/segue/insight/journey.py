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
from segue.insight.survival import LogRank, Survival
from segue.insight.tallies import Counts, Tally, counts, named, numbers, under
from segue.insight.waits import Waits, waited
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
    frame = Frame(scope.ways.stages, scope.period, scope.window, tuple(weeks))
    return finished(tallied(scope, frame.weeks), frame)


@dataclass(frozen=True, slots=True)
class Frame:
    """What a journey is measured by, whoever the people are: how many stages, the period, the
    window in which people are to go on (ms), and the limits of weeks as of `measure`."""

    stages: int
    period: Period
    window: int
    weeks: tuple[int, ...] = ()

    @property
    def begun(self) -> list[tuple[int, int]]:
        """The stretches of time by which beginnings are told: the period, then the weeks."""
        return [(self.period.start + 1, self.period.end + 1), *pairwise(self.weeks)]


def tallied(scope: Scope, weeks: Sequence[int] = ()) -> dict[str, Counts]:
    """What `finished` makes a journey of, counted over the people of the scope."""
    ways = scope.ways
    frame = Frame(ways.stages, scope.period, scope.window, tuple(weeks))
    begun = _Begun.found(scope)
    tally = {
        "people": Counts.table(_people(scope, scope.period.end)),
        "begun": Counts.table(np.array([begun.counted(*one) for one in frame.begun])),
        "moves": Counts.table(_moves(scope)),
        "flow": Counts.table(_flow(scope)),
        "occupancy": Counts.table(_occupancy(scope)),
    }
    for stage in range(ways.stages):
        tally |= named(str(stage), _stage(scope, stage))
    return tally


def finished(tally: Tally, frame: Frame) -> Journey:
    """The journey of everybody whom the tally counts."""
    size, instants = frame.stages, points(frame.period)
    people = numbers(tally, "people", [size + 1]).tolist()
    begun = numbers(tally, "begun", [len(frame.begun), size + 2])
    every = [_beginning(*one, *row) for one, row in zip(frame.begun, begun.tolist(), strict=True)]
    return Journey(
        frame.period,
        frame.window,
        tuple(_figures(under(str(k), tally), size - k - 1, people[k]) for k in range(size)),
        every[0],
        tuple(every[1:]),
        numbers(tally, "moves", [size + 1, size + 1]),
        numbers(tally, "flow", [size + 2, size + 2]),
        Occupancy(instants, numbers(tally, "occupancy", [len(instants), size + 1])),
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


def _stage(scope: Scope, stage: int) -> dict[str, Counts]:
    ways = scope.ways
    entered = scope.only(ways.entries(stage, scope.period)).first()
    onward = [_onward(scope, entered, later) for later in range(stage + 1, ways.stages)]
    return {
        "entrants": Counts.table(np.array([len(entered)])),
        "onward": Counts.table(np.array(onward, np.int64)),
        "stay": waited(*_stays(ways, entered)),
        "next": waited(*_waits(ways, entered, stage)),
    }


def _figures(tally: Tally, later: int, people: int) -> StageFigures:
    """The figures of a stage that so many come after."""
    return StageFigures(
        people,
        int(numbers(tally, "entrants", [1])[0]),
        tuple(Share.measured(*one) for one in numbers(tally, "onward", [later, 2]).tolist()),
        Waits.of(counts(tally, "stay")).survival(),
        Waits.of(counts(tally, "next")).survival(),
    )


def _onward(scope: Scope, entered: Moments, later: int) -> tuple[int, int]:
    """How many reached a later stage within the window, of how many were followed for all of it."""
    whole = _followed_through(scope, entered)
    soon = scope.ways.reached(later, entered) - entered.instant <= scope.window
    return int(np.count_nonzero(whole & soon)), int(np.count_nonzero(whole))


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

    def counted(self, start: int, end: int) -> list[int]:
        """Of those who began in `[start, end)`: how many, how many were followed for the whole
        window, and how many of these reached each stage."""
        then = (start <= self.moments.instant) & (self.moments.instant < end)
        whole = then & self.whole
        reached = np.count_nonzero(self.reached[whole], axis=0).tolist()
        return [int(np.count_nonzero(then)), int(np.count_nonzero(whole)), *reached]


def _beginning(start: int, end: int, people: int, of: int, *reached: int) -> Beginnings:
    return Beginnings(start, end, people, tuple(Share.measured(one, of) for one in reached))


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


def _occupancy(scope: Scope) -> Int64s:
    """How many people were on each stage, and on none, at the points of the period."""
    instants = points(scope.period)
    if scope.among is None:
        return _sizes(scope.ways, instants)
    return np.array([_people(scope, one) for one in instants.tolist()], np.int64)


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
    return finished_against(tallied_against(scope, stage))


def tallied_against(scope: Scope, stage: int) -> dict[str, Counts]:
    """What `finished_against` sets against each other, counted over the people of the scope."""
    first = scope.ways.entries(stage, scope.period).first()
    inside = np.ones(len(first), np.bool_) if scope.among is None else within(scope.among, first)
    sides = (first.only(inside), first.only(~inside))
    return {
        "next": Counts.table(np.array([_onward(scope, one, stage + 1) for one in sides])),
        "some": waited(*_waits(scope.ways, sides[0], stage)),
        "others": waited(*_waits(scope.ways, sides[1], stage)),
    }


def finished_against(tally: Tally) -> Against:
    """The one against the others, of everybody whom the tally counts."""
    some, others = (Share.measured(*one) for one in numbers(tally, "next", [2, 2]).tolist())
    mine, theirs = Waits.each([counts(tally, "some"), counts(tally, "others")])
    return Against(Difference.measured(some, others), mine.against(theirs))
