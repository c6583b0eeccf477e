"""The interval algebra agrees with sets of instants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.instant import FOREVER
from segue.timeline.holding import in_periods
from segue.timeline.intervals import (
    KEY_BITS,
    Intervals,
    covered,
    delayed,
    earlier,
    from_key,
    intersection,
    key_of,
    later,
    merged,
    never,
    union,
    where_true,
    without,
)

HORIZON = 24
PEOPLE = 3

instants_of_one = st.sets(st.integers(0, HORIZON - 1))
membership = st.lists(instants_of_one, min_size=PEOPLE, max_size=PEOPLE)


def intervals(people: list[set[int]]) -> Intervals:
    """The intervals whose instants are exactly these, per person."""
    start, end = [], []
    for person, instants in enumerate(people):
        start += [key(person, i) for i in sorted(instants) if i - 1 not in instants]
        end += [key(person, i + 1) for i in sorted(instants) if i + 1 not in instants]
    return Intervals(np.array(start, np.int64), np.array(end, np.int64))


def key(person: int, instant: int) -> int:
    return (person << KEY_BITS) + instant


def instants(found: Intervals) -> list[set[int]]:
    """The instants inside, per person; fails where the intervals are not canonical."""
    assert (found.start < found.end).all(), "an empty interval"
    assert (found.start[1:] > found.end[:-1]).all(), "intervals touch or are out of order"
    people: list[set[int]] = [set() for _ in range(PEOPLE)]
    for start, end in zip(found.start.tolist(), found.end.tolist(), strict=True):
        person, mask = start >> KEY_BITS, (1 << KEY_BITS) - 1
        assert person == end >> KEY_BITS, "an interval leaves its person"
        people[person] |= set(range(start & mask, min(end & mask, 3 * HORIZON)))
    return people


@given(st.lists(membership, min_size=1, max_size=5), st.integers(1, 5))
def test_covered_is_at_least_k_of_n(parts: list[list[set[int]]], k: int) -> None:
    """`covered` holds where at least k of the parts hold."""
    found = covered([intervals(part) for part in parts], at_least=k)
    expected = [
        {i for i in range(HORIZON) if sum(i in part[person] for part in parts) >= k}
        for person in range(PEOPLE)
    ]
    assert instants(found) == expected


@given(membership, membership)
def test_and_or_and_not(left: list[set[int]], right: list[set[int]]) -> None:
    """Intersection, union and difference are those of the sets."""
    a, b = intervals(left), intervals(right)
    assert instants(intersection([a, b])) == [x & y for x, y in zip(left, right, strict=True)]
    assert instants(union([a, b])) == [x | y for x, y in zip(left, right, strict=True)]
    assert instants(without(a, b)) == [x - y for x, y in zip(left, right, strict=True)]


@given(membership, st.integers(1, HORIZON))
def test_delayed_keeps_what_has_held_so_long(part: list[set[int]], duration: int) -> None:
    """`for at least D` keeps the instants whose D predecessors all hold."""
    expected = [{i for i in one if all(i - d in one for d in range(duration + 1))} for one in part]
    assert instants(delayed(intervals(part), duration)) == expected


@given(membership, st.integers(1, 4), st.integers(1, 5), st.integers(1, 6))
def test_in_periods_looks_back_in_steps(
    part: list[set[int]], number: int, of: int, period: int
) -> None:
    """Of the instants t, t - period, … so many must hold, a few people at a time or all at once."""
    reach = range(HORIZON + of * period)
    expected = [
        {i for i in reach if sum(i - n * period in one for n in range(of)) >= number}
        for one in part
    ]
    assert instants(in_periods(intervals(part), number, of, period)) == expected


@given(membership, st.integers(0, HORIZON))
def test_from_key_forgets_what_was_before(part: list[set[int]], floor: int) -> None:
    """Only what lies at or after the floor is kept."""
    expected = [{i for i in one if i >= floor} for one in part]
    assert instants(from_key(intervals(part), floor)) == expected


@given(membership)
def test_where_true_reads_a_step_function(part: list[set[int]]) -> None:
    """Truth at a breakpoint holds until the person's next breakpoint, the last one forever."""
    at = np.array([key(p, i) for p in range(PEOPLE) for i in range(HORIZON)], np.int64)
    truth = np.array([i in part[p] for p in range(PEOPLE) for i in range(HORIZON)])
    found = where_true(at, truth)
    for person, one in enumerate(part):
        ends_open = key(person, FOREVER) in found.end.tolist()
        assert ends_open == (HORIZON - 1 in one)
    expected = [
        one | (set(range(HORIZON, 3 * HORIZON)) if HORIZON - 1 in one else set()) for one in part
    ]
    assert instants(found) == expected


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ([1, 3], [3, 5], [(1, 5)]),  # touching ones merge
        ([1, 2], [4, 5], [(1, 5)]),  # overlapping ones merge
        ([1, 4], [3, 5], [(1, 3), (4, 5)]),
        ([2, 3], [2, 5], [(3, 5)]),  # empty ones vanish
        ([], [], []),
    ],
)
def test_merged(start: list[int], end: list[int], expected: list[tuple[int, int]]) -> None:
    """Ascending starts and ends become maximal intervals."""
    found = merged(np.array(start, np.int64), np.array(end, np.int64))
    assert list(zip(found.start.tolist(), found.end.tolist(), strict=True)) == expected


def test_nothing_leaves_its_person() -> None:
    """Moving a key past FOREVER, or before the first instant, stays with the person."""
    keys = key_of(np.array([0, 1]), 5)
    far = 1 << 46
    assert (later(keys, far) == never(keys)).all()
    assert (earlier(keys, far) == key_of(np.array([0, 1]), 0) - 1).all()
