"""Counting days in a sliding window by its closed form: as the general way counts them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segue.language.tree import Between, Ever, Within
from segue.timeline.holding import at_least_days, rises
from segue.timeline.intervals import key_of, where_true
from segue.timeline.measures import distinct
from segue.timeline.points import Points, offsets_of
from segue.timeline.windows import window

LENGTH = 10
"""How long a day is here."""

_people = st.lists(st.lists(st.integers(1, 80), max_size=9).map(sorted), min_size=1, max_size=3)
_windows = st.one_of(
    st.just((None, 0)),
    st.tuples(st.integers(1, 60), st.just(0)),
    st.tuples(st.integers(1, 30), st.integers(1, 30)).map(lambda two: (sum(two), two[1])),
)


def points_of(people: list[list[int]]) -> Points:
    """The points of people at these instants."""
    person = np.repeat(np.arange(len(people)), [len(one) for one in people])
    keys = key_of(person, np.array([at for one in people for at in one], np.int64))
    return Points(offsets_of(keys, len(people)), keys)


def when_of(older: int | None, newer: int) -> Ever | Within | Between:
    if older is None:
        return Ever()
    return Between(older, newer) if newer else Within(older)


@given(_people, _windows, st.integers(2, 5))
def test_as_counted_at_every_breakpoint(
    people: list[list[int]], sliding: tuple[int | None, int], number: int
) -> None:
    older, newer = sliding
    points = points_of(people)
    seen = key_of(np.arange(len(people)), np.zeros(len(people), np.int64))
    days = np.array([at // LENGTH for one in people for at in one], np.int64)
    ranges = window(points, when_of(older, newer), seen, lambda _: points, lambda _: 0)
    expected = where_true(ranges.at, distinct(days, ranges) >= number)

    assert rises(points, days)
    found = at_least_days(points, days, number, older, newer)
    assert found.start.tolist() == expected.start.tolist()
    assert found.end.tolist() == expected.end.tolist()


def test_days_may_fall_from_person_to_person_only() -> None:
    """Where clocks go back from after midnight to before it, the closed form does not hold."""
    points = points_of([[1, 12], [3]])

    assert rises(points, np.array([4, 5, 0]))
    assert not rises(points, np.array([5, 4, 6]))
