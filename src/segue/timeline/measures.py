"""Measures: what an amount makes of the points in a window, as exact step functions.

A `Steps` is an exact rational per breakpoint. Counts and distinct counts are whole numbers; sums,
minima and maxima are millionths; an average is a sum over a count and is never divided.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segue.language.tree import Comparison, Measure
from segue.timeline.exact import Integers, compare, prefix_sums, product
from segue.timeline.log import Bools, Int64s
from segue.timeline.points import Points
from segue.timeline.windows import Ranges

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Steps:
    """From key `at[i]` to the person's next key the amount is `numerator[i] / denominator[i]`, in
    millionths, where `has[i]`; `some[i]` says whether any occurrence is behind it."""

    at: Int64s
    numerator: Integers
    denominator: Int64s
    has: Bools
    some: Bools

    def rows(self, kept: slice) -> Steps:
        """Only these steps."""
        return Steps(
            self.at[kept],
            self.numerator[kept],
            self.denominator[kept],
            self.has[kept],
            self.some[kept],
        )

    def sampled(self, keys: Int64s) -> Steps:
        """The steps' values at other keys, none before the person's first breakpoint."""
        index = np.searchsorted(self.at, keys, "right") - 1
        return Steps(
            keys, self.numerator[index], self.denominator[index], self.has[index], self.some[index]
        )


def count(ranges: Ranges) -> Int64s:
    """How many points the window holds at each breakpoint."""
    return ranges.high - ranges.low


def distinct(codes: Int64s, ranges: Ranges, known: Bools | None = None) -> Int64s:
    """How many different (known) codes the points in the window have, at each breakpoint.

    Each point is inside from the first breakpoint whose range reaches it to the first whose range
    has passed it. Per person and code those stretches overlap in order, so their union, counted
    up and down along the breakpoints, is the number of codes inside.
    """
    steps = len(ranges.at)
    index = np.arange(len(codes))
    enter = np.searchsorted(ranges.high, index, "right")
    leave = np.searchsorted(_never_back(ranges.low, ranges.high), index, "right")
    by_code = np.lexsort((enter, codes))
    enter, leave, codes = enter[by_code], leave[by_code], codes[by_code]
    kept = enter < leave
    if known is not None:
        kept &= known[by_code]
    enter, leave, codes = enter[kept], leave[kept], codes[kept]
    # Stretches of one code touch or overlap: keep the first enter and the last leave of each run.
    apart = (codes[1:] != codes[:-1]) | (enter[1:] > leave[:-1]) if len(codes) else codes[:0] > 0
    rise = np.bincount(enter[np.concatenate(([True], apart))[: len(enter)]], minlength=steps + 1)
    fall = np.bincount(leave[np.concatenate((apart, [True]))[: len(leave)]], minlength=steps + 1)
    return np.cumsum(rise - fall)[:steps]


def amount(measure: Measure, points: Points, ranges: Ranges) -> Steps:
    """The amount over the window. The points of a numeric measure all have values."""
    number = count(ranges)
    some = ranges.exists & (number > 0)
    ones = np.ones(len(ranges.at), np.int64)
    match measure:
        case Measure.COUNT:
            return Steps(ranges.at, number * MILLION, ones, ranges.exists, some)
        case Measure.DISTINCT:
            codes = distinct(_values(points), ranges, points.known)
            return Steps(ranges.at, codes * MILLION, ones, ranges.exists, some)
        case Measure.SUM:
            return Steps(ranges.at, _sums(points, ranges), ones, ranges.exists, some)
        case Measure.AVG:
            return Steps(ranges.at, _sums(points, ranges), np.maximum(number, 1), some, some)
        case Measure.MIN | Measure.MAX:
            return Steps(ranges.at, _extremes(measure, points, ranges), ones, some, some)


def compared(steps: Steps, comparison: Comparison, value: int) -> Bools:
    """Where the amount has a value and compares so with a number of millionths."""
    return steps.has & compare(steps.numerator, comparison, product([steps.denominator, value]))


def _values(points: Points) -> Int64s:
    assert points.value is not None, "these points were read without their values"
    return points.value


def _sums(points: Points, ranges: Ranges) -> Integers:
    sums = prefix_sums(_values(points))
    return sums[ranges.high] - sums[ranges.low]


def _extremes(measure: Measure, points: Points, ranges: Ranges) -> Int64s:
    """Range minima (maxima) by a sparse table: two overlapping power-of-two ranges cover any."""
    best = np.minimum if measure is Measure.MIN else np.maximum
    found = np.zeros(len(ranges.at), np.int64)
    length = count(ranges)
    table, width = _values(points), 1
    while len(length) and width <= length.max():
        here = np.flatnonzero((length >= width) & (length < 2 * width))
        low, high = ranges.low[here], ranges.high[here]
        found[here] = best(table[low], table[high - width])
        table = best(table[:-width], table[width:])
        width *= 2
    return found


def _never_back(low: Int64s, high: Int64s) -> Int64s:
    """`low` as a sequence that never falls across people and never exceeds `high`."""
    return np.maximum.accumulate(np.minimum(low, high)) if len(low) else low
