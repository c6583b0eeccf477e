"""Landmarks: who is compared, what they did up to then, and what became of them afterwards."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.instant import FOREVER
from segue.insight.landmarks import Starts, done_within, landmark
from segue.timeline.log import Int64s, Occurrences
from segue.timeline.spans import Spans

INSTANTS = st.integers(0, 30)
PEOPLE = 4
ROWS = st.lists(st.lists(INSTANTS, max_size=8).map(sorted), min_size=PEOPLE, max_size=PEOPLE)
BEGINS = st.lists(st.one_of(INSTANTS, st.just(FOREVER)), min_size=PEOPLE, max_size=PEOPLE)


def _rows(people: list[list[int]]) -> Occurrences:
    offsets = np.cumsum([0, *map(len, people)])
    return Occurrences(offsets, np.array([at for one in people for at in one], np.int64))


def _starts(begins: list[int], skipped: int) -> Starts:
    at: Int64s = np.array(begins, np.int64)
    return Starts(at, at + skipped)


EVERYBODY = Spans(np.arange(PEOPLE + 1), np.zeros(PEOPLE, np.int64), np.full(PEOPLE, FOREVER))


@given(ROWS, BEGINS, st.integers(0, 1), st.lists(st.integers(1, 12), min_size=1, unique=True))
def test_what_was_done_is_counted_from_since_through_the_landmark(
    people: list[list[int]], begins: list[int], skipped: int, windows: list[int]
) -> None:
    """Against going through all rows; nobody is there who did not do it."""
    found = done_within(_rows(people), _starts(begins, skipped), sorted(windows))

    for window, done in zip(sorted(windows), found, strict=True):
        expected = {
            person: times
            for person, begin in enumerate(begins)
            if (times := sum(begin + skipped <= at <= begin + window for at in people[person]))
        }
        assert dict(zip(done.people.tolist(), done.times.tolist(), strict=True)) == expected


@given(ROWS, BEGINS, st.integers(0, 1), st.integers(1, 8), st.integers(1, 8), INSTANTS)
def test_only_who_can_be_followed_and_has_not_arrived_is_compared(
    goals: list[list[int]], begins: list[int], skipped: int, window: int, horizon: int, at: int
) -> None:
    """The goal counts strictly after the landmark, the last instant of its time included."""
    mark = landmark(
        _starts(begins, skipped), _rows(goals), EVERYBODY, window=window, horizon=horizon, at=at
    )

    started = [(person, begin) for person, begin in enumerate(begins) if begin < FOREVER]
    followed = [(p, b) for p, b in started if b + window + horizon <= at]
    arrived = {p for p, b in followed if any(b + skipped <= g <= b + window for g in goals[p])}
    compared = [(p, b) for p, b in followed if p not in arrived]
    assert mark.people.tolist() == [p for p, _ in compared]
    assert mark.reached.tolist() == [
        any(b + window < g <= b + window + horizon for g in goals[p]) for p, b in compared
    ]
    assert mark.left_out.too_recent == len(started) - len(followed)
    assert mark.left_out.reached_before == len(arrived)
    assert mark.left_out.not_counted == 0


def test_who_does_not_count_at_the_landmark_is_left_out() -> None:
    """Though they counted at the start."""
    spans = Spans(np.array([0, 1, 1]), np.array([0]), np.array([5]))
    starts = _starts([0, 0], 0)

    early, late = (
        landmark(starts, _rows([[], []]), spans, window=window, horizon=1, at=99)
        for window in (4, 5)
    )

    assert (early.people.tolist(), early.left_out.not_counted) == ([0], 1)
    assert (late.people.tolist(), late.left_out.not_counted) == ([], 2)
