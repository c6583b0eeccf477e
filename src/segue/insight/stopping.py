"""Where people stop on a journey, and what they did last, against those who went on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from segue.insight.arrays import Bools, Int64s, Occurrences, last_until, person_of
from segue.insight.comparisons import Difference, false_discovery
from segue.insight.journey import Scope, standing_at
from segue.insight.shares import Share
from segue.insight.tallies import Counts as Tallied
from segue.insight.tallies import Tally, numbers
from segue.insight.ways import Moments, last_before

FEWEST: Final = 5
"""People who did something last, on both sides together, for it to be compared."""


@dataclass(frozen=True, slots=True)
class LastStep:
    """How many did one thing last: `difference` is of those who stopped (a) against those who went
    on (b); `place` is that of the thing among those asked for. `q_value` is over everything that
    was compared at all stages."""

    place: int
    difference: Difference
    q_value: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """Of the people on a stage, the share who have done nothing for so long, and what they did last
    (most frequent first) against what those did last before who went on from it in the period."""

    share: Share
    last: tuple[LastStep, ...]


def stopped(
    scope: Scope, silence: int, activity: Occurrences, things: Sequence[Occurrences]
) -> tuple[Stopped, ...]:
    """Where people stopped, for each stage but the last, which nobody can go on from.

    Who is on a stage at the end of the period and did nothing within `silence` ms of it has
    stopped; who never did anything has not. What somebody did last is that of `things` which
    happened at the instant of their last `activity` (several at one instant all count); of those
    who went on it is before the step itself, the last one in the period.
    """
    return finished(tallied(scope, silence, activity, things), scope.ways.stages, len(things))


def tallied(
    scope: Scope, silence: int, activity: Occurrences, things: Sequence[Occurrences]
) -> dict[str, Tallied]:
    """What `finished` tells it from, counted over the people of the scope."""
    quiet = _quiet(scope, silence, activity)
    standing = standing_at(scope, scope.period.end)
    stages = range(max(scope.ways.stages - 1, 0))
    gone = [_gone(scope, quiet & (standing == stage)) for stage in stages]
    moves = scope.ways.moves(scope.period)
    onward = [scope.only(moves.forward_from(stage)).last() for stage in stages]
    counts = _counts([_lasts(group, activity) for group in (*gone, *onward)], things)
    shares = [(len(gone[stage]), np.count_nonzero(standing == stage)) for stage in stages]
    return {
        "stopped": Tallied.table(np.array(shares, np.int64)),
        "last": Tallied.table(np.array([[one.people, *one.done] for one in counts], np.int64)),
    }


def finished(tally: Tally, stages: int, things: int) -> tuple[Stopped, ...]:
    """Where people stopped, of everybody whom the tally counts: for so many stages and things."""
    some = max(stages - 1, 0)
    shares = numbers(tally, "stopped", [some, 2]).tolist()
    rows = numbers(tally, "last", [2 * some, 1 + things])
    counts = [Counts(int(row[0]), row[1:]) for row in rows]
    found = [_compared(counts[stage], counts[some + stage]) for stage in range(some)]
    q_values = iter(false_discovery([one.p_value for steps in found for _, one in steps]).tolist())
    return tuple(
        Stopped(
            Share.measured(*share),
            tuple(LastStep(place, one, next(q_values)) for place, one in steps),
        )
        for share, steps in zip(shares, found, strict=True)
    )


def _quiet(scope: Scope, silence: int, activity: Occurrences) -> Bools:
    """Who did something by the end, but nothing in `(end - silence, end]`, bool[P]."""
    everybody = np.arange(len(activity.offsets) - 1)
    end = np.full(len(everybody), scope.period.end)
    last = last_until(activity, everybody, end)
    quiet: Bools = (last >= 0) & (last <= end - silence)
    return quiet


def _gone(scope: Scope, stopped: Bools) -> Moments:
    """Who stopped, just after the end."""
    people = np.flatnonzero(stopped)
    return Moments(people, np.full(len(people), scope.period.end + 1))


def _lasts(group: Moments, activity: Occurrences) -> Int64s:
    """The instant of the last activity before each person's moment, int64[P]; -1: not in the
    group, or never."""
    found = np.full(len(activity.offsets) - 1, -1, np.int64)
    found[group.person] = last_before(activity, group)
    return found


def _counts(lasts: Sequence[Int64s], things: Sequence[Occurrences]) -> list[Counts]:
    """For each group how many did each thing last, and how many people it has."""
    done = [np.zeros(len(things), np.int64) for _ in lasts]
    for place, rows in enumerate(things):
        person = person_of(rows)
        for count, last in zip(done, lasts, strict=True):
            count[place] = np.count_nonzero(np.diff(person[rows.at == last[person]], prepend=-1))
    people = [int(np.count_nonzero(last >= 0)) for last in lasts]
    return [Counts(*pair) for pair in zip(people, done, strict=True)]


@dataclass(frozen=True, slots=True)
class Counts:
    """A group of so many people, and how many of them did each thing last, int64[K]."""

    people: int
    done: Int64s


def _compared(gone: Counts, onward: Counts) -> list[tuple[int, Difference]]:
    """Everything that enough people did last, most of those who stopped first."""
    places = np.flatnonzero(gone.done + onward.done >= FEWEST)
    order = places[np.argsort(-gone.done[places], kind="stable")]
    return [
        (
            place,
            Difference.measured(
                Share.measured(int(gone.done[place]), gone.people),
                Share.measured(int(onward.done[place]), onward.people),
            ),
        )
        for place in order.tolist()
    ]
