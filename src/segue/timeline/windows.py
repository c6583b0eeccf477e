"""Windows: which points WHEN holds at every instant, as index ranges over breakpoints.

What a window holds changes only at finitely many instants of a person, the breakpoints; between two
of them it stays. `window(...)` gives the breakpoints and, at each, the half-open range of points
inside. Both ends of the range only ever move forward while time passes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from segue.domain.instant import FOREVER
from segue.language.tree import (
    Before,
    BeforeAnchor,
    Between,
    Ever,
    Pattern,
    Since,
    SinceAnchor,
    Which,
    Within,
    WithinAfter,
)
from segue.timeline.intervals import (
    INSTANT_MASK,
    distinct_keys,
    earlier,
    later,
    person_of,
)
from segue.timeline.log import Bools, Int64s
from segue.timeline.points import Points, before, through

Window = Ever | Within | Between | Since | Before | SinceAnchor | WithinAfter | BeforeAnchor
Anchors = Callable[[Pattern], Points]
Moments = Callable[[Since | Before], int]


@dataclass(frozen=True, slots=True)
class Ranges:
    """From key `at[i]` to the person's next key, the window holds the points `low[i]:high[i]`; it
    exists where `exists[i]`. Every person that exists has a first breakpoint: first seen."""

    at: Int64s
    low: Int64s
    high: Int64s
    exists: Bools


def window(
    points: Points, when: Window, seen: Int64s, anchors: Anchors, moments: Moments
) -> Ranges:
    """The ranges of a window over points.

    `seen` are the keys of first seen, of the people who exist; `anchors` gives the points of a
    pattern in event order; `moments` the instant of a date.
    """
    match when:
        case Ever():
            return _sliding(points, seen, None, 0)
        case Within(duration):
            return _sliding(points, seen, duration, 0)
        case Between(older, newer):
            return _sliding(points, seen, older, newer)
        case Since() | Before():
            return _dated(points, when, seen, moments(when))
        case SinceAnchor() | WithinAfter():
            return _after_anchor(points, when, seen, anchors(when.anchor))
        case BeforeAnchor():
            return _before_anchor(points, when, seen, anchors(when.anchor))


def _sliding(points: Points, seen: Int64s, older: int | None, newer: int) -> Ranges:
    enters = later(points.key, newer) if newer else points.key
    changes = [seen, enters] if older is None else [seen, enters, later(points.key, older)]
    at = distinct_keys(changes)
    high = np.searchsorted(points.key, earlier(at, newer) if newer else at, "right")
    low = _row_starts(points, at)
    if older is not None:
        low = np.maximum(low, np.searchsorted(points.key, earlier(at, older), "right"))
    return Ranges(at, low, np.maximum(low, high), np.ones(len(at), np.bool_))


def _dated(points: Points, when: Since | Before, seen: Int64s, moment: int) -> Ranges:
    moment = min(max(moment, 0), FOREVER)
    at = distinct_keys([seen, points.key, np.maximum(seen, (seen & ~INSTANT_MASK) + moment)])
    reached = np.searchsorted(points.key, at, "right")
    dated = np.searchsorted(points.key, (at & ~INSTANT_MASK) + moment, "left")
    low, high = _row_starts(points, at), np.minimum(reached, dated)
    if isinstance(when, Since):
        low, high = high, reached
    return Ranges(at, low, high, np.ones(len(at), np.bool_))


def _after_anchor(
    points: Points, when: SinceAnchor | WithinAfter, seen: Int64s, anchors: Points
) -> Ranges:
    at = distinct_keys([seen, points.key, anchors.key])
    anchor, exists = _anchor(anchors, at, when.which)
    low = _taken(through(points, anchors), anchor, exists)
    high = np.searchsorted(points.key, at, "right")
    if isinstance(when, WithinAfter):
        limit = np.searchsorted(points.key, later(anchors.key, when.duration), "right")
        high = np.minimum(high, _taken(limit, anchor, exists))
    return _existing(at, low, high, exists, points)


def _before_anchor(points: Points, when: BeforeAnchor, seen: Int64s, anchors: Points) -> Ranges:
    at = distinct_keys([seen, points.key, anchors.key])
    anchor, exists = _anchor(anchors, at, when.which)
    high = _taken(before(points, anchors), anchor, exists)
    return _existing(at, _row_starts(points, at), high, exists, points)


def _anchor(anchors: Points, at: Int64s, which: Which) -> tuple[Int64s, Bools]:
    """The index of the first (last) anchor at or before each breakpoint, and whether there is."""
    first = _row_starts(anchors, at)
    reached = np.searchsorted(anchors.key, at, "right")
    return (first if which is Which.FIRST else reached - 1), reached > first


def _existing(at: Int64s, low: Int64s, high: Int64s, exists: Bools, points: Points) -> Ranges:
    start = _row_starts(points, at)
    return Ranges(at, np.where(exists, low, start), np.where(exists, high, start), exists)


def _taken(array: Int64s, index: Int64s, valid: Bools) -> Int64s:
    """`array[index]` where valid, 0 elsewhere."""
    if not len(array):
        return np.zeros(len(index), np.int64)
    return np.where(valid, array[np.where(valid, index, 0)], 0)


def _row_starts(points: Points, at: Int64s) -> Int64s:
    return points.offsets[person_of(at)]
