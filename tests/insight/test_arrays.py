"""Questions about people's spans and occurrences, against going through all of them."""

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from segue.domain.instant import FOREVER
from segue.insight import arrays

INSTANTS = st.integers(0, 12)
PAIRS = st.lists(st.tuples(st.integers(0, 3), INSTANTS, INSTANTS), max_size=12)
PEOPLE = st.lists(st.lists(INSTANTS, max_size=6).map(sorted), min_size=4, max_size=4)


@dataclass
class Rows:
    """Occurrences of people, or the starts and ends of their spans."""

    offsets: NDArray[np.int64]
    at: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]


def _rows(people: list[list[int]]) -> Rows:
    """Occurrences as given; spans between each two different instants, the last one open."""
    offsets = np.cumsum([0, *map(len, people)])
    flat = np.array([at for one in people for at in one], np.int64)
    return Rows(offsets, flat, flat, flat)


def _spans(people: list[list[int]]) -> Rows:
    spans = [list(zip(p[::2], [*p[1::2], FOREVER], strict=False)) for p in map(_distinct, people)]
    offsets = np.cumsum([0, *map(len, spans)])
    flat = np.array([one for theirs in spans for one in theirs], np.int64).reshape(-1, 2)
    return Rows(offsets, flat[:, 0], flat[:, 0], flat[:, 1])


def _distinct(instants: list[int]) -> list[int]:
    return sorted(set(instants))


@given(PEOPLE, PAIRS)
def test_every_question_is_answered_as_by_going_through_all_rows(
    people: list[list[int]], pairs: list[tuple[int, int, int]]
) -> None:
    """Also for nobody, for people without rows, and where several rows share an instant."""
    rows = _rows(people)
    person, low, high = np.array(pairs, np.int64).reshape(-1, 3).T

    counts = arrays.count_within(rows, person, low, high).tolist()
    after = arrays.first_after(rows, person, low).tolist()
    since = arrays.first_from(rows, person, low).tolist()
    last = arrays.last_until(rows, person, low).tolist()

    assert counts == [sum(a < at <= b for at in people[p]) for p, a, b in pairs]
    assert after == [min((at for at in people[p] if at > a), default=FOREVER) for p, a, _ in pairs]
    assert since == [min((at for at in people[p] if at >= a), default=FOREVER) for p, a, _ in pairs]
    assert last == [max((at for at in people[p] if at <= a), default=-1) for p, a, _ in pairs]


@given(PEOPLE, PAIRS)
def test_who_is_inside_is_who_has_a_span_around_the_instant(
    people: list[list[int]], pairs: list[tuple[int, int, int]]
) -> None:
    """Starts are in, ends are out."""
    spans = _spans(people)
    person, instant, _ = np.array(pairs, np.int64).reshape(-1, 3).T
    of = [slice(a, b) for a, b in zip(spans.offsets, spans.offsets[1:], strict=False)]

    inside = arrays.holds(spans, person, instant).tolist()

    assert inside == [
        any(s <= at < e for s, e in zip(spans.start[of[p]], spans.end[of[p]], strict=True))
        for p, at, _ in pairs
    ]


def test_each_row_knows_its_person() -> None:
    """People without rows have none."""
    rows = _rows([[], [1, 2], [], [5]])

    assert arrays.people_in(rows) == 4
    assert arrays.person_of(rows).tolist() == [1, 1, 3]
