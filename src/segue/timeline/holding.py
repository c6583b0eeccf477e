"""Conditions that the latest (or first) occurrence decides, and counts in a sliding window.

Each function takes points and gives intervals, by a closed form: no search, a few passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np

from segue.language.tree import Comparison, Which
from segue.timeline.intervals import (
    Intervals,
    covered,
    instant_of,
    later,
    merged,
    never,
    nothing,
    person_of,
    union,
    where_true,
)
from segue.timeline.log import Bools, Int64s
from segue.timeline.points import Points


def at_least(points: Points, number: int, older: int | None, newer: int) -> Intervals:
    """Where at least `number` (>= 1) points lie in `(t - older, t - newer]`; older None: ever.

    The i-th run of `number` consecutive points is inside from its last point + newer until its
    first point + older. Both ends ascend, so their union needs one pass.
    """
    if older is None:
        nth = points.offsets[:-1] + number - 1
        nth = nth[nth < points.offsets[1:]]
        start = later(points.key[nth], newer) if newer else points.key[nth]
        return merged(start, never(start))
    if len(points) < number:
        return nothing()
    last, first = points.key[number - 1 :], points.key[: len(points) - number + 1]
    # A run over two people would end before it starts, and vanishes.
    return merged(later(last, newer) if newer else last, later(first, older))


def at_least_days(
    points: Points, days: Int64s, number: int, older: int | None, newer: int
) -> Intervals:
    """Where points of at least `number` (>= 2) different days (int64[N], that rise) lie in
    `(t - older, t - newer]`; older None: ever.

    As `at_least`, of days: the i-th run of `number` consecutive days is inside from the first point
    of its last day + newer until the last point of its first day + older.
    """
    person = person_of(points.key)
    begins = (days[1:] != days[:-1]) | (person[1:] != person[:-1])
    first = np.flatnonzero(np.concatenate(([True], begins))[: len(points)])
    if len(first) < number:
        return nothing()
    reached = first[number - 1 :]
    start = later(points.key[reached], newer) if newer else points.key[reached]
    if older is not None:
        until = points.key[first[1 : len(start) + 1] - 1]
        return merged(start, later(until, older))
    mine = person[reached] == person[first[: len(reached)]]
    start = start[mine]
    kept = np.concatenate(([True], person_of(start[1:]) != person_of(start[:-1])))[: len(start)]
    return merged(start[kept], never(start[kept]))


def rises(points: Points, days: Int64s) -> bool:
    """Whether the days of no person fall from one point to the next. Where clocks go back from
    after midnight to before it, a day comes once more after the one that follows it."""
    falls = days[1:] < days[:-1]
    return not np.any(falls & (person_of(points.key[1:]) == person_of(points.key[:-1])))


def in_periods(one: Intervals, number: int, of: int, period: int) -> Intervals:
    """Where `one` holds at `number` (>= 1) or more of the instants t, t - period, … (`of` in all).

    Each interval stands for up to `of` copies of it, so only those are copied that have enough
    others near them, a few people at a time.
    """
    one = _near_enough(one, number, of, period)
    offsets = period * np.arange(of, dtype=np.int64)
    parts = []
    for rows in _by_person(person_of(one.start), max(_COPIES // of, 1)):
        start, end = one.start[rows, None], one.end[rows, None]
        copies = Intervals(
            np.minimum(start + offsets, never(start)).ravel(),
            np.minimum(end + offsets, never(start)).ravel(),
        )
        parts.append(covered([copies], at_least=number))
    return Intervals(
        np.concatenate([nothing().start, *(part.start for part in parts)]),
        np.concatenate([nothing().end, *(part.end for part in parts)]),
    )


_COPIES: Final = 1 << 20
"""How many copies of intervals are in memory at once, about."""


def _near_enough(one: Intervals, number: int, of: int, period: int) -> Intervals:
    """The intervals that, with all that some instant's periods reach, could count to `number`.

    An interval is reached from its start until `of - 1` periods after its end, and counts at most
    once per period of its length.
    """
    until = later(one.end, (of - 1) * period)
    most = np.minimum(-((one.start - one.end) // period), of)
    keys = np.concatenate((one.start, until))
    rank = np.argsort(keys, kind="stable")
    level = np.cumsum(np.concatenate((most, -most))[rank])
    enough = where_true(keys[rank], level >= number)
    begun = np.searchsorted(enough.start, until, "left")
    kept = begun > np.searchsorted(enough.end, one.start, "right")
    return Intervals(one.start[kept], one.end[kept])


def _by_person(person: Int64s, rows: int) -> Iterator[slice]:
    """Consecutive slices of about so many rows that never part a person's."""
    first = 0
    while first < len(person):
        last = int(np.searchsorted(person, person[min(first + rows, len(person)) - 1], "right"))
        yield slice(first, last)
        first = last


def tenures(points: Points, which: Which) -> tuple[Int64s, Int64s, Int64s]:
    """During which keys `[start, end)` each point (by index) is the latest (the first) one."""
    if which is Which.FIRST:
        index = points.offsets[:-1][points.offsets[:-1] < points.offsets[1:]]
        return index, points.key[index], never(points.key[index])
    end = never(points.key)
    if len(points) > 1:
        end[:-1] = np.minimum(end[:-1], points.key[1:])
    index = np.flatnonzero(points.key < end)
    return index, points.key[index], end[index]


def while_flagged(points: Points, which: Which, flag: Bools) -> Intervals:
    """Where the latest (first) point is one with the flag, bool[N]."""
    index, start, end = tenures(points, which)
    return merged(start[flag[index]], end[flag[index]])


def aged(points: Points, which: Which, comparison: Comparison, duration: int) -> Intervals:
    """Where the latest (first) point exists and its age compares so with the duration."""
    _, start, end = tenures(points, which)
    parts = []
    for low, high in _AGES[comparison](duration):
        begin = later(start, low)
        parts.append(merged(begin, end if high is None else np.minimum(end, later(start, high))))
    return union(parts)


_AGES: Final[Mapping[Comparison, Callable[[int], list[tuple[int, int | None]]]]] = {
    Comparison.LT: lambda d: [(0, d)],
    Comparison.LE: lambda d: [(0, d + 1)],
    Comparison.GT: lambda d: [(d + 1, None)],
    Comparison.GE: lambda d: [(d, None)],
    Comparison.EQ: lambda d: [(d, d + 1)],
    Comparison.NE: lambda d: [(0, d), (d + 1, None)],
}
"""The ages, in ms, at which each comparison holds: half-open, from and to."""


def while_recent(start: Int64s, end: Int64s, instant: Int64s, duration: int) -> Intervals:
    """Inside `[start, end)`, where t - duration < instant <= t (`within last`)."""
    return _clipped(start, end, instant, instant + duration)


def while_coming(start: Int64s, end: Int64s, instant: Int64s, duration: int) -> Intervals:
    """Inside `[start, end)`, where t < instant <= t + duration (`within next`)."""
    return _clipped(start, end, instant - duration, instant)


def _clipped(start: Int64s, end: Int64s, low: Int64s, high: Int64s) -> Intervals:
    base = start - instant_of(start)
    top = never(start)
    return merged(
        np.maximum(start, np.minimum(base + np.maximum(low, 0), top)),
        np.minimum(end, np.minimum(base + np.maximum(high, 0), top)),
    )
