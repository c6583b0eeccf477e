"""Landmarks: what people did up to an instant, and what became of them strictly after it.

Comparing people who did something with those who did not goes wrong in two ways: whoever stays
longer has more time to do it (immortal time), and whoever reached the goal does it because of that
(reverse causation). A landmark keeps both out (Anderson, Cain and Gelber 1983): what people did is
counted up to it, only people who have not reached the goal by then are compared, and only what
happens after it counts as success.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.domain.instant import FOREVER
from segue.insight.arrays import (
    Bools,
    Int64s,
    Occurrences,
    Spans,
    first_after,
    first_from,
    holds,
    person_of,
)


@dataclass(frozen=True, slots=True)
class Starts:
    """When the time of each of P people begins: `at` int64[P] in ms, FOREVER for who is not looked
    at; `since` int64[P] is the first instant whose occurrences count."""

    at: Int64s
    since: Int64s


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many people are not compared at a landmark: those who do not count (then), those who had
    reached the goal by then, and those whose time for the goal is not over."""

    not_counted: int
    reached_before: int
    too_recent: int


@dataclass(frozen=True, slots=True)
class Landmark:
    """The people who are compared `window` ms after their start.

    people: int64[N] their indices, ascending; reached: bool[N] who reached the goal within the
    horizon after the landmark.
    """

    window: int
    people: Int64s
    reached: Bools
    left_out: LeftOut


def landmark(
    starts: Starts, goal: Occurrences, counted: Spans, *, window: int, horizon: int, at: int
) -> Landmark:
    """Who is compared at the landmark `window` after the start, of what is known at `at`; the goal
    counts in `(landmark, landmark + horizon]`. All in ms."""
    people = np.flatnonzero(starts.at < FOREVER)
    instant = starts.at[people] + window
    known = instant + horizon <= at
    counts = holds(counted, people, instant)
    before = first_from(goal, people, starts.since[people]) <= instant
    kept = known & counts & ~before
    chosen = people[kept]
    reached = first_after(goal, chosen, instant[kept]) <= instant[kept] + horizon
    left_out = LeftOut(
        not_counted=int(np.count_nonzero(known & ~counts)),
        reached_before=int(np.count_nonzero(known & counts & before)),
        too_recent=int(np.count_nonzero(~known)),
    )
    return Landmark(window, chosen, reached, left_out)


@dataclass(frozen=True, slots=True)
class Done:
    """Who did something at all, and how often, each once: people int32[M] ascending indices, times
    int32[M], at least 1."""

    people: NDArray[np.int32]
    times: NDArray[np.int32]


def done_within(rows: Occurrences, starts: Starts, windows: Sequence[int]) -> list[Done]:
    """How often it happened to each person from `since` up to each of the windows (ms, ascending)
    after their start, the last instant included: one pass over the rows."""
    person = person_of(rows)
    passed = rows.at - starts.at[person]
    inside = np.flatnonzero((rows.at >= starts.since[person]) & (passed <= windows[-1]))
    person, passed = person[inside], passed[inside]
    is_first = np.diff(person, prepend=-1) > 0
    whose = person[is_first].astype(np.int32)
    run = np.cumsum(is_first) - 1
    return [_of(whose, run[passed <= window]) for window in windows]


def _of(whose: NDArray[np.int32], run: Int64s) -> Done:
    times = np.bincount(run, minlength=len(whose)).astype(np.int32)
    did = np.flatnonzero(times)
    return Done(whose[did], times[did])
