"""A summary counts spans: sizes, shares, comings and goings of the week, what ends next."""

import pytest

from segue.domain.instant import DAY, FOREVER, HOUR, WEEK
from segue.language.tree import Definitions, Everyone, Segment
from segue.services.stays import stays
from segue.services.summarise import COUNTED, WEEKS, Ending, summarise, with_counted
from tests.services.test_memberships import spans

T = 100 * WEEK
ONE = Definitions((Segment("s", "S", Everyone(), kind="intent", stage="intent"),))
FOUR = spans(*([(0, FOREVER)] for _ in range(4)))


def summary_of(*people: list[tuple[int, int]]):
    return summarise(ONE, {"s": spans(*people), COUNTED: FOUR}, T).segments[0]


@pytest.mark.parametrize(
    ("people", "size", "entered", "left"),
    [
        ([[], [], [], []], 0, 0, 0),
        ([[(0, FOREVER)], [], [], []], 1, 0, 0),
        ([[(T, FOREVER)], [], [], []], 1, 1, 0),
        ([[(T + 1, FOREVER)], [], [], []], 0, 0, 0),
        ([[(0, T)], [], [], []], 0, 0, 1),
        ([[(0, T + 1)], [], [], []], 1, 0, 0),
        ([[(T - WEEK, FOREVER)], [], [], []], 1, 0, 0),
        ([[(T - WEEK + 1, FOREVER)], [], [], []], 1, 1, 0),
        ([[(0, T - WEEK)], [], [], []], 0, 0, 0),
        ([[(T - 9, T - 8), (T - 5, T - 2)], [], [], []], 0, 2, 2),
    ],
)
def test_size_and_transitions_of_the_last_seven_days(people, size, entered, left) -> None:
    """The week is `(t - 7 days, t]`, and a transition counts as often as it happened."""
    found = summary_of(*people)

    assert (found.size, found.entered, found.left) == (size, entered, left)
    assert found.size == found.sizes[-1]
    assert found.sizes[-1] - found.sizes[-2] == found.entered - found.left


def test_share_is_of_the_people_who_count() -> None:
    """Excluded people are in no denominator."""
    assert summary_of([(0, FOREVER)], [], [], []).share == 0.25
    assert summarise(ONE, {"s": spans([]), COUNTED: spans([])}, T).segments[0].share == 0


def test_weekly_sizes_end_now() -> None:
    """Twelve sizes, a week apart, the last at t."""
    found = summary_of([(T - 3 * WEEK, T - WEEK)], [], [], [])

    assert len(found.sizes) == WEEKS
    assert found.sizes[-5:] == (0, 1, 1, 0, 0)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ([FOREVER], None),
        ([T + 1], Ending(T + 1, 1, HOUR)),
        ([T + HOUR, T + HOUR + 1], Ending(T + HOUR, 1, HOUR)),
        ([T + 2 * HOUR, T + 3 * HOUR, T + DAY], Ending(T + 2 * HOUR, 2, 3 * HOUR)),
        ([T + 400 * DAY, T + 401 * DAY, FOREVER], Ending(T + 400 * DAY, 2, None)),
    ],
)
def test_what_ends_next(ends: list[int], expected: Ending | None) -> None:
    """The shortest horizon in which somebody leaves, and how many leave in it."""
    assert summary_of(*([(0, end)] for end in ends)).next_ending == expected


def test_everybody_counted_is_one_segment_more() -> None:
    """The people who count are a segment of their own, after the project's, exclusion and all."""
    excluding = Definitions(ONE.segments, exclude=Everyone())

    assert [one.id for one in with_counted(excluding).segments] == ["s", COUNTED]
    assert with_counted(excluding).exclude == Everyone()


def test_stays() -> None:
    """How many memberships, of how many people, how long: of those that ended, the median."""
    found = stays(ONE, {"s": spans([(0, 10), (20, 50)], [(30, FOREVER)], [(T + 1, FOREVER)])}, T)[0]

    assert (found.memberships, found.people, found.still_in) == (3, 2, 1)
    assert found.median_stay == 20
    assert stays(ONE, {"s": spans([(0, FOREVER)])}, T)[0].median_stay is None
