"""Amounts are exact: no sum wraps, no comparison rounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.language.tree import Comparison, Measure
from segue.timeline.exact import compare, prefix_sums, product
from segue.timeline.intervals import KEY_BITS
from segue.timeline.measures import amount, distinct
from segue.timeline.points import Points
from segue.timeline.windows import Ranges

int64s = st.integers(-(2**63) + 1, 2**63 - 1)


@given(st.lists(int64s, max_size=20))
def test_prefix_sums_never_wrap(values: list[int]) -> None:
    """Sums of any 64-bit numbers are those of Python's integers."""
    found = prefix_sums(np.array(values, np.int64))
    assert [int(x) for x in found] == [sum(values[:i]) for i in range(len(values) + 1)]


@given(st.lists(st.tuples(int64s, int64s), min_size=1, max_size=20), int64s)
def test_products_never_wrap(pairs: list[tuple[int, int]], factor: int) -> None:
    """Products of any 64-bit numbers are those of Python's integers."""
    left, right = (np.array(side, np.int64) for side in zip(*pairs, strict=True))
    found = product([left, right, factor])
    assert [int(x) for x in found] == [a * b * factor for a, b in pairs]


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        (Comparison.EQ, [False, True, False]),
        (Comparison.NE, [True, False, True]),
        (Comparison.LT, [True, False, False]),
        (Comparison.LE, [True, True, False]),
        (Comparison.GT, [False, False, True]),
        (Comparison.GE, [False, True, True]),
    ],
)
@pytest.mark.parametrize("dtype", [np.int64, object])
def test_compare(comparison: Comparison, expected: list[bool], dtype: type) -> None:
    """Each comparison, on 64-bit and on Python integers, at the boundary."""
    assert compare(np.array([1, 2, 3], dtype), comparison, 2).tolist() == expected


@st.composite
def windows(draw: st.DrawFn) -> tuple[Points, Ranges, list[tuple[int, int]]]:
    """Points of one person with values, and ranges whose two ends only move forward."""
    values = draw(st.lists(st.integers(-3, 3), max_size=12))
    size = len(values)
    ends = st.lists(st.integers(0, size), min_size=1, max_size=8)
    lows, highs = sorted(draw(ends)), sorted(draw(ends))
    pairs = [(min(lo, hi), hi) for lo, hi in zip(lows, highs, strict=False)]
    at = np.arange(len(pairs), dtype=np.int64)
    low, high = (np.array(side, np.int64) for side in zip(*pairs, strict=True))
    points = Points(
        np.array([0, size]), np.arange(size, dtype=np.int64), value=np.array(values, np.int64)
    )
    return points, Ranges(at, low, high, np.ones(len(pairs), np.bool_)), pairs


@given(windows())
def test_measures_are_those_of_the_points_inside(
    world: tuple[Points, Ranges, list[tuple[int, int]]],
) -> None:
    """Sum, minimum, maximum, average and distinct count equal Python's over each range."""
    points, ranges, pairs = world
    assert points.value is not None
    inside = [points.value[lo:hi].tolist() for lo, hi in pairs]
    assert distinct(points.value, ranges).tolist() == [len(set(values)) for values in inside]
    expected = {
        Measure.SUM: [sum(values) for values in inside],
        Measure.MIN: [min(values, default=None) for values in inside],
        Measure.MAX: [max(values, default=None) for values in inside],
        Measure.AVG: [sum(values) if values else None for values in inside],
    }
    for measure, numbers in expected.items():
        steps = amount(measure, points, ranges)
        found = [int(n) if has else None for n, has in zip(steps.numerator, steps.has, strict=True)]
        assert found == numbers, measure


def test_distinct_of_two_people_do_not_mix() -> None:
    """The same code of two people counts for each of them."""
    second = 1 << KEY_BITS
    ranges = Ranges(np.array([0, second]), np.array([0, 1]), np.array([1, 2]), np.ones(2, np.bool_))
    assert distinct(np.array([5, 5]), ranges).tolist() == [1, 1]
