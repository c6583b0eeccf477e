"""Conditions that the latest (or first) occurrence decides, and counts in a sliding window.

Each function takes points and gives intervals, by a closed form: no search, a few passes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from segue.language.tree import Comparison, Which
from segue.timeline.intervals import Intervals, instant_of, later, merged, never, nothing, union
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
