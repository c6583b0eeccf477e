"""Which segments moved, against what is usual for them."""

from collections.abc import Sequence

import pytest

from segue.domain.instant import DAY
from segue.services.live.moving import FEWEST, WEEK, WEEKS_BEFORE, Movements, movements

DAYS = WEEK * (WEEKS_BEFORE + 1)
NOW = 1_000 * DAY


class Published:
    """A store in which these came and went on the last days, the last one last."""

    def __init__(self, **days: Sequence[tuple[int, int]]) -> None:
        self._days = days

    def changes(self, limits: Sequence[int]) -> dict[str, list[tuple[int, int]]]:
        assert list(limits) == [NOW - day * DAY for day in range(DAYS, -1, -1)]
        return {name: [*[(0, 0)] * (DAYS - len(days)), *days] for name, days in self._days.items()}


def moved(days_known: int, **days: Sequence[tuple[int, int]]) -> Movements:
    sizes = dict.fromkeys(days, 100) | {"still": 5}
    return movements(Published(**days), sizes, NOW, NOW - days_known * DAY)  # type: ignore[arg-type]


STEADY = [(3, 1), (1, 2)] * (DAYS // 2) + [(2, 2)] * (DAYS % 2)


@pytest.mark.parametrize(
    ("last", "net", "is_unusual"),
    [((3, 1), 2, False), ((1, 2), -1, False), ((9, 1), 8, True), ((0, 5), -5, True)],
)
def test_unusual_is_what_it_did_on_no_day_before(
    last: tuple[int, int], net: int, is_unusual: bool
) -> None:
    (one,) = moved(500, buyers=[*STEADY[:-1], last]).moved
    assert (one.day.net, one.day.low, one.day.high) == (net, -1, 2)
    assert one.day.is_unusual is is_unusual


def test_a_week_is_set_against_the_weeks_before() -> None:
    days = [(1, 0)] * (DAYS - WEEK) + [(3, 0)] * WEEK
    (one,) = moved(500, buyers=days).moved
    assert (one.week.net, one.week.low, one.week.high, one.week.before) == (21, 7, 7, WEEKS_BEFORE)
    assert one.week.is_unusual


def test_of_a_young_log_nothing_is_usual_yet() -> None:
    found = moved(FEWEST, buyers=[(1, 0)] * FEWEST)
    (one,) = found.moved
    assert one.day.before == FEWEST - 1
    assert not one.day.is_known
    assert not one.day.is_unusual
    assert (one.week.net, one.week.before) == (FEWEST, 0)
    assert (found.known_days, found.chance_days) == (0, 0)


def test_of_an_empty_log_nothing_is_told() -> None:
    found = movements(Published(), {"buyers": 0}, NOW, None)  # type: ignore[arg-type]
    assert found == Movements((), 0, 0, 0, 0)


def test_it_is_said_how_many_stand_out_by_chance() -> None:
    """Two in 29 days, two in 13 weeks, of each of the two segments."""
    found = moved(500, buyers=STEADY)
    assert (found.chance_days, found.chance_weeks) == pytest.approx((2 * 2 / 29, 2 * 2 / 13))
    young = moved(FEWEST + 1, buyers=STEADY)
    assert young.chance_days == pytest.approx(2 * 2 / (FEWEST + 1))


def test_what_is_unusual_comes_first_then_what_moved_most() -> None:
    found = moved(
        500,
        odd=[*[(1, 0)] * (DAYS - 1), (4, 0)],
        busy=[(10, 0)] * DAYS,
        calm=[(1, 0)] * DAYS,
        quiet=[(5, 5)] * (DAYS - WEEK),
    )
    assert [one.segment_id for one in found.moved] == ["odd", "busy", "calm", "quiet"]
