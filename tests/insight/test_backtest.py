"""Entrants against people like them: who is compared, how, and how often the ranges hold."""

from collections import Counter

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from segue.domain.instant import DAY, FOREVER, MINUTE
from segue.insight.backtest import Entries, Estimate, contrast, difference_range
from segue.insight.matching import BEFORE, CONTROLS, SCALES, Known, Matched, match
from segue.insight.shares import Interval
from tests.insight.entering import AT, WINDOW, World, known_of


def chance() -> np.random.Generator:
    return np.random.default_rng(1)


# ------------------------------------------------------------------------------------------- ranges


def _estimate(value: float, worth: int) -> Estimate:
    low, high = proportion_confint(value * worth, worth, method="wilson")
    return Estimate(value, worth, worth, float(worth), Interval(float(low), float(high)))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((0.3, 200), (0.1, 500)),
        ((0.0, 40), (0.05, 60)),
        ((1.0, 12), (0.4, 10)),
        ((0.5, 9), (0.5, 9)),
    ],
)
def test_without_correlation_the_range_is_newcombes(
    a: tuple[float, int], b: tuple[float, int]
) -> None:
    found = difference_range(_estimate(*a), _estimate(*b), 0.0)
    expected = confint_proportions_2indep(a[0] * a[1], a[1], b[0] * b[1], b[1], method="newcomb")
    assert found is not None
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)


def test_the_more_the_same_people_stand_on_both_sides_the_better_a_difference_is_known() -> None:
    a, b = _estimate(0.4, 300), _estimate(0.3, 300)
    ranges = [difference_range(a, b, together) for together in (-0.5, 0.0, 0.5, 0.9)]
    widths = [one.high - one.low for one in ranges if one is not None]
    assert widths == sorted(widths, reverse=True)
    assert len(set(widths)) == 4
    same = difference_range(a, a, 1.0)
    assert same is not None
    assert (same.low, same.high) == pytest.approx((0.0, 0.0), abs=0.05)
    assert difference_range(a, Estimate(None, 0, 0, 0.0, None), 0.0) is None


# ---------------------------------------------------------------------------------- who is compared


def _entrants(known: Known) -> Entries:
    return Entries.within(known.inside, 100 * DAY, AT).first()  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def world() -> tuple[Known, Entries, Matched]:
    known = World(7, people=1500, keen=True).known
    entrants = _entrants(known)
    return known, entrants, match(known, entrants.person, entrants.start, chance())


def test_who_stands_beside_an_entrant_is_outside_and_was_alike_then(
    world: tuple[Known, Entries, Matched],
) -> None:
    """Each pair, looked at by hand."""
    known, entrants, found = world
    assert len(found.beside) > 100
    for entrant, person, at in zip(
        found.beside.entrant.tolist(),
        found.beside.person.tolist(),
        found.beside.at.tolist(),
        strict=True,
    ):
        own, start = entrants.person[entrant], entrants.start[entrant]
        theirs = _stands(known, person, at)
        mine = _stands(known, own, start)
        assert person != own
        assert start - DAY < at <= start
        assert not theirs["inside"]
        assert known.first_seen[person] <= at
        assert 0.5 <= max(mine["age"], DAY) / max(theirs["age"], DAY) <= 2.0
        assert 0.25 <= max(mine["recency"], 5 * MINUTE) / max(theirs["recency"], 5 * MINUTE) <= 4.0
        assert 0.5 <= (1 + mine["activity"]) / (1 + theirs["activity"]) <= 2.0
        assert min(mine["goals"], 2) == min(theirs["goals"], 2)


def _stands(known: Known, person: int, at: int) -> dict[str, int]:
    def of(found: object, instants: np.ndarray) -> list[int]:
        offsets = found.offsets  # type: ignore[attr-defined]
        return instants[offsets[person] : offsets[person + 1]].tolist()

    done = [one for one in of(known.activity, known.activity.at) if one <= at]
    starts, ends = of(known.inside, known.inside.start), of(known.inside, known.inside.end)
    return {
        "age": at - int(known.first_seen[person]),
        "recency": at - done[-1],
        "activity": sum(one > at - BEFORE for one in done),
        "goals": sum(one <= at for one in of(known.goals, known.goals.at)),
        "inside": any(s <= at < e for s, e in zip(starts, ends, strict=True)),
    }


def test_at_most_so_many_stand_beside_one_and_nobody_twice(
    world: tuple[Known, Entries, Matched],
) -> None:
    """Those who may stand beside several entrants do."""
    _, _, found = world
    pairs = list(zip(found.beside.entrant.tolist(), found.beside.person.tolist(), strict=True))

    assert len(set(pairs)) == len(pairs)
    assert max(Counter(entrant for entrant, _ in pairs).values()) == CONTROLS
    assert max(Counter(person for _, person in pairs).values()) > 1


def test_matching_makes_alike_who_was_not(world: tuple[Known, Entries, Matched]) -> None:
    """Entrants are keener than anybody; those beside them are as keen."""
    _, _, found = world
    activity = SCALES.index("activity")

    assert abs(found.before[activity]) > 0.5
    assert np.abs(found.after).max() < 0.1


def test_the_same_seed_finds_the_same(world: tuple[Known, Entries, Matched]) -> None:
    """Another one need not."""
    known, entrants, found = world
    again = match(known, entrants.person, entrants.start, chance())

    assert again.beside.person.tolist() == found.beside.person.tolist()
    assert again.beside.at.tolist() == found.beside.at.tolist()


def test_somebody_may_stand_beside_others_before_they_enter(
    world: tuple[Known, Entries, Matched],
) -> None:
    """What they do later plays no part."""
    _, entrants, found = world
    start = dict(zip(entrants.person.tolist(), entrants.start.tolist(), strict=True))
    later = [
        person
        for person, at in zip(found.beside.person.tolist(), found.beside.at.tolist(), strict=True)
        if start.get(person, -1) > at
    ]

    assert later


def test_who_enters_by_time_is_compared_at_that_very_instant() -> None:
    """Somebody silent for a month against others as silent, not against who is active."""
    silent, busy = [0], [0, 30 * DAY - MINUTE]
    known = known_of(
        first=[0, 0, 0, 0],
        inside=[[(30 * DAY, FOREVER)], [], [], []],
        activity=[silent, silent, busy, [0, 20 * DAY]],
        goals=[[], [], [], []],
    )

    found = match(known, np.array([0]), np.array([30 * DAY]), chance())

    assert found.beside.person.tolist() == [1, 3]  # 20 days are within a factor of 4 of 30
    assert found.beside.at.tolist() == [30 * DAY, 30 * DAY]


def test_who_does_not_count_stands_beside_nobody() -> None:
    """Nor does who is not there yet, or is in."""
    known = known_of(
        first=[0, 0, FOREVER, 0],
        inside=[[(30 * DAY, FOREVER)], [], [], [(29 * DAY, 31 * DAY)]],
        activity=[[0], [0], [], [0]],
        goals=[[], [], [], []],
        counted=[[(0, FOREVER)], [(0, 10 * DAY)], [], [(0, FOREVER)]],
    )

    found = match(known, np.array([0]), np.array([30 * DAY]), chance())

    assert len(found.beside) == len(found.drawn) == len(found.found) == 0
    assert np.isnan(found.after).all()


def test_nobody_entered() -> None:
    """There is nothing to find."""
    known = known_of(first=[0], inside=[[]], activity=[[0]], goals=[[]])
    none = np.empty(0, np.int64)

    found = contrast(known, Entries(none, none, none), chance(), window=WINDOW, at=AT)

    assert found.entrants.of == found.compared.rows == found.alike.rows == 0
    assert found.difference is None
    assert found.interval is None
    assert not found.is_told


# --------------------------------------------------------------------------------------- the shares


def test_shares_weigh_every_entrant_the_same() -> None:
    """One with two people beside them as much as one with one; the windows are half open."""
    day = 30 * DAY
    known = known_of(
        first=[0, 0, 0, 0, 0],
        inside=[[(day, FOREVER)], [(2 * day, FOREVER)], [], [], []],
        activity=[[0], [0, day], [0], [0], [0, day]],
        goals=[[day + WINDOW], [2 * day + WINDOW + 1], [day + 1], [], [2 * day + 1]],
    )
    entries = Entries.within(known.inside, 0, AT)  # type: ignore[arg-type]

    found = contrast(known, entries, chance(), window=WINDOW, at=AT)

    assert (found.entrants.count, found.entrants.of) == (1, 2)  # at the end counts, after it not
    beside = list(zip(found.matched.beside.entrant, found.matched.beside.person, strict=True))
    first = [person for entrant, person in beside if entrant == 0]
    second = [person for entrant, person in beside if entrant == 1]
    reached = {2: 1.0, 3: 0.0, 1: 0.0, 4: 0.0}
    of_first = np.mean([reached[person] for person in first])
    of_second = np.mean([float(person == 4) for person in second])
    assert found.alike.value == pytest.approx((of_first + of_second) / 2)


def test_only_whole_windows_and_first_entries_are_compared() -> None:
    """Who entered too lately is counted, and left out; a second entry is none."""
    known = known_of(
        first=[0, 0],
        inside=[[(DAY, 2 * DAY), (9 * DAY, 10 * DAY)], [(AT - WINDOW + 1, FOREVER)]],
        activity=[[0], [0]],
        goals=[[12 * DAY], []],
    )
    entries = Entries.within(known.inside, 0, AT)  # type: ignore[arg-type]

    found = contrast(known, entries, chance(), window=WINDOW, at=AT)

    assert len(entries) == 3
    assert (found.entrants.count, found.entrants.of, found.too_young) == (0, 1, 1)


def test_ranges_are_wider_where_the_same_people_stand_again_and_again() -> None:
    """They are worth no more than as many different people."""
    found = World(3, people=120).contrast()

    assert found.alike.people < found.alike.rows
    assert found.alike.worth < found.alike.rows


# ------------------------------------------------------------------------------- how often they hold

RUNS = 150


def test_ranges_hold_nothing_where_there_is_nothing() -> None:
    """Entering by chance, keen people more often: the range of the difference holds 0 in about
    95 of 100 runs (bounds at three standard errors)."""
    held = sum(
        not World(100 + run, people=300, keen=True).contrast().is_told for run in range(RUNS)
    )

    assert held >= 0.95 * RUNS - 3 * (0.95 * 0.05 * RUNS) ** 0.5


def test_a_planted_effect_is_found() -> None:
    """A fifth of the entrants reach the goal because they entered."""
    found = [World(900 + run, people=600, effect=0.2).contrast() for run in range(10)]

    assert sum(one.is_told and (one.difference or 0) > 0 for one in found) >= 9
    assert np.mean([one.difference for one in found]) == pytest.approx(0.17, abs=0.04)
