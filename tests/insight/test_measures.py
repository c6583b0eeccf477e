"""What measures are made of: days, entries, landmarks, cohorts, retention, growth, waits."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from segue.domain.instant import DAY, FOREVER, MINUTE
from segue.insight import activity, adoption
from segue.insight.adoption import Adoption, Users, Uses
from segue.insight.cohorts import Cohort, Everybody, Stretch
from segue.insight.days import ActiveDays, Days, days_from
from segue.insight.entries import Entries, Stays, joined, landmarks, order_of, reached, union
from segue.insight.growth import growth_of_active, growth_of_members
from segue.insight.promise import measured, supposed
from segue.insight.retention import CELLS, Cell, Return, came_back, retention
from segue.insight.shares import Interval, Share
from segue.insight.standing import Standing, standings_of, together
from segue.insight.survival import Survival, compare
from segue.insight.tallies import NONE, Counts
from segue.insight.waits import Waits, waited

START = 1_000 * DAY - 1


def _days(count: int) -> Days:
    """Whole days of UTC: day i begins at START + 1 + i days."""
    return Days(START + DAY * np.arange(count + 1))


@dataclass(frozen=True)
class Rows:
    """Occurrences or spans of people, as lists of lists."""

    offsets: np.ndarray
    at: np.ndarray

    @classmethod
    def of(cls, people: list[list[int]]) -> Rows:
        counts = [len(one) for one in people]
        flat = [instant for one in people for instant in sorted(one)]
        return cls(np.cumsum([0, *counts]), np.array(flat, np.int64))


def _stays(people: list[list[tuple[int, int]]]) -> Stays:
    rows = [(who, *span) for who, spans in enumerate(people) for span in spans]
    person, start, end = (np.array([row[i] for row in rows], np.int64) for i in range(3))
    return Stays(person, start, end)


# -------------------------------------------------------------------------------------------- days

days_of_people = st.lists(
    st.lists(st.integers(0, 149), max_size=12, unique=True), min_size=1, max_size=6
)


def _active(people: list[list[int]], count: int = 150, hour: int = 5) -> ActiveDays:
    rows = [[START + 1 + day * DAY + hour * DAY // 24 for day in one] for one in people]
    return ActiveDays.measured(Rows.of(rows), _days(count))


@given(days_of_people, st.integers(0, 150), st.integers(0, 150))
def test_days_are_counted_as_one_would_by_hand(people, first, until) -> None:
    active, everybody = _active(people), np.arange(len(people))

    expected = [sum(first <= day < until for day in one) for one in people]

    assert active.count(everybody, first, until).tolist() == expected
    assert active.any(everybody, first, until).tolist() == [count > 0 for count in expected]
    assert active.last.tolist() == [max(one, default=-1) for one in people]


@given(days_of_people, st.lists(st.integers(0, 149), min_size=6, max_size=6))
def test_the_days_since_ones_own_day(people, own) -> None:
    """Bit k of them is the k-th day after it; 64 days are looked at, none beyond the last."""
    active = _active(people)
    day = np.array(own[: len(people)])

    bits = active.since(np.arange(len(people)), day)

    for word, one, since in zip(bits.tolist(), people, day.tolist(), strict=True):
        assert [k for k in range(64) if word >> k & 1] == sorted(
            k - since for k in one if 0 <= k - since < 64
        )


def test_a_day_ends_with_its_last_millisecond() -> None:
    days = _days(2)
    instants = np.array([START, START + 1, START + DAY, START + DAY + 1, START + 2 * DAY + 1])

    assert days.of(instants).tolist() == [-1, 0, 0, 1, 2]


def test_activity_outside_the_days_is_known_only_as_the_first_one() -> None:
    rows = Rows.of([[START - 5 * DAY, START + DAY, START + 9 * DAY], []])
    active = ActiveDays.measured(rows, _days(3))

    assert active.first.tolist() == [START - 5 * DAY, FOREVER]
    assert active.last.tolist() == [0, -1]
    assert active.count(np.arange(2), 0, 3).tolist() == [1, 0]


# ------------------------------------------------------------------------- entries and landmarks

SPANS = [[(10, 20), (30, 40)], [(5, 50)], [], [(12, FOREVER)]]


def test_of_several_entries_the_first_in_the_stretch_counts() -> None:
    """After the beginning of the stretch, up to and including its end."""
    stays = _stays(SPANS)

    for after, until, expected in [
        (0, 100, {0: 10, 1: 5, 3: 12}),
        (10, 30, {0: 30, 3: 12}),
        (12, 29, {}),
    ]:
        found = stays.entered(after, until)
        assert dict(zip(found.person.tolist(), found.at.tolist(), strict=True)) == expected


def test_who_is_in_at_an_instant_and_at_ones_own() -> None:
    stays = _stays(SPANS)

    assert stays.at(20).tolist() == [1, 3]
    assert stays.at(10).tolist() == [0, 1]
    assert stays.at_own(np.array([35, 50, 1, FOREVER])).tolist() == [0]


def test_the_first_entry_into_any_of_several() -> None:
    one = Entries(np.array([0, 2]), np.array([7, 9]))
    other = Entries(np.array([2, 3]), np.array([4, 8]))

    found = joined([one, other], 5)

    assert (found.person.tolist(), found.at.tolist()) == ([0, 2, 3], [7, 4, 8])
    assert union([np.array([0, 2]), np.array([], np.int64), np.array([2, 4])]).tolist() == [0, 2, 4]


@given(
    st.lists(st.one_of(st.integers(0, 200), st.just(FOREVER)), min_size=1, max_size=40),
    st.integers(0, 150),
    st.integers(1, 100),
)
def test_landmarks_lie_in_the_stretch_after_people_are_seen(first_seen, after, length) -> None:
    first = np.array(first_seen, np.int64)
    known = np.flatnonzero(first < FOREVER)
    counted = Stays(known, first[known], np.full(len(known), FOREVER))

    found = landmarks(order_of(first), first, counted, after, after + length)

    for seen, instant in zip(first_seen, found.tolist(), strict=True):
        if seen > after + length:
            assert instant == FOREVER
        else:
            assert max(after, seen - 1) < instant <= after + length
            assert instant >= seen


def test_landmarks_are_spread_evenly() -> None:
    people = 10_000
    first, counted = np.zeros(people, np.int64), np.arange(people)
    stays = Stays(counted, first, np.full(people, FOREVER))

    found = landmarks(order_of(first), first, stays, 1_000, 2_000)

    assert np.histogram(found, bins=10, range=(1_000, 2_000))[0] == pytest.approx(1_000, abs=15)


def test_who_comes_later_moves_no_landmark() -> None:
    """Cutting the log hides the second and the last person; the others keep their instants."""
    seen_later = np.array([10, 900, 30, 40, 950])
    cut = np.where(seen_later <= 500, seen_later, FOREVER)

    def landmark(first: np.ndarray) -> list[int]:
        known = np.flatnonzero(first < FOREVER)
        stays = Stays(known, first[known], np.full(len(known), FOREVER))
        return landmarks(order_of(first), first, stays, 100, 500).tolist()

    present = [0, 2, 3]
    assert [landmark(cut[present])[i] for i in range(3)] == [landmark(cut)[i] for i in present]


def test_who_does_not_count_then_has_no_landmark() -> None:
    first = np.zeros(2, np.int64)
    counted = Stays(np.array([0, 1]), np.array([0, 0]), np.array([FOREVER, 50]))

    found = landmarks(order_of(first), first, counted, 100, 200)
    assert (found < FOREVER).tolist() == [True, False]


# ----------------------------------------------------------------------------------------- cohorts

worlds = st.integers(0, 2**32 - 1)


def _world(seed: int) -> tuple[list[list[tuple[int, int]]], list[list[int]], np.ndarray]:
    """Stays, goals and first sights of twelve people within 100 instants."""
    dice = np.random.default_rng(seed)
    spans, goals = [], []
    for _ in range(12):
        edges = np.sort(dice.choice(100, 2 * dice.integers(0, 3), replace=False)).tolist()
        spans.append([(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)])
        goals.append(dice.choice(120, dice.integers(0, 4), replace=False).tolist())
    first = np.array([min([s[0][0] if s else 99, *dice.integers(0, 99, 1)]) for s in spans])
    return spans, goals, first


@given(worlds)
def test_conversion_is_counted_as_one_would_by_hand(seed) -> None:
    spans, goals, first = _world(seed)
    stays, rows, window = _stays(spans), Rows.of(goals), 15
    counted = Stays(np.arange(12), first, np.full(12, FOREVER))
    cohort = Cohort.gathered([(stays,)], Everybody.whole(first, counted), Stretch(10, 50, 90))
    landmark = landmarks(order_of(first), first, counted, 50, 90).tolist()

    (found,) = standings_of(
        cohort.counts(lambda person, since: reached(rows, person, since, window))
    )

    def converted(who: int, since: int) -> bool:
        return any(since < goal <= since + window for goal in goals[who])

    def entrants(after: int, until: int) -> list[tuple[int, int]]:
        return [
            (who, starts[0])
            for who, one in enumerate(spans)
            if (starts := [start for start, _ in one if after < start <= until])
        ]

    outside = [
        (who, at)
        for who, at in enumerate(landmark)
        if at < FOREVER and not any(start <= at < end for start, end in spans[who])
    ]
    for share, people in [
        (found.now, entrants(50, 90)),
        (found.rest.b if found.rest else None, outside),
        (found.before.b if found.before else None, entrants(10, 50)),
    ]:
        if share is not None:
            assert (share.count, share.of) == (sum(converted(*one) for one in people), len(people))


@given(worlds)
def test_the_waits_of_everybody_else_are_theirs(seed) -> None:
    """Counted as a difference of counts, they are those of the people outside one by one."""
    spans, goals, first = _world(seed)
    rows = Rows.of([[goal * MINUTE for goal in one] for one in goals])
    stays = _stays([[(a * MINUTE, b * MINUTE) for a, b in one] for one in spans])
    first = first * MINUTE
    counted = Stays(np.arange(12), first, np.full(12, FOREVER))
    stretch = Stretch(10 * MINUTE, 50 * MINUTE, 90 * MINUTE)
    cohort = Cohort.gathered([(stays,)], Everybody.whole(first, counted), stretch)
    at = 119 * MINUTE

    def next_after(person: np.ndarray, since: np.ndarray) -> np.ndarray:
        return np.array(
            [
                min([g * MINUTE for g in goals[p] if g * MINUTE > s], default=FOREVER)
                for p, s in zip(person.tolist(), since.tolist(), strict=True)
            ],
            np.int64,
        )

    ((_, rest),) = cohort.waits(next_after, at).pairs()

    outside = np.setdiff1d(np.flatnonzero(cohort.landmark < FOREVER), cohort.inside[0])
    since = cohort.landmark[outside]
    then = next_after(outside, since)
    expected = Waits.of(waited(np.minimum(then, at) - since, then <= at))
    size = len(expected.happened)
    assert rest.happened[:size].tolist() == expected.happened.tolist()
    assert rest.ended[:size].tolist() == expected.ended.tolist()
    assert not rest.happened[size:].any()
    assert not rest.ended[size:].any()
    assert rows.at.size == sum(len(one) for one in goals)


# --------------------------------------------------------------------------------------- retention


@given(days_of_people, st.integers(0, 2**32 - 1))
def test_retention_is_pooled_over_complete_cells(people, seed) -> None:
    """Of 150 days: two weeks of entries, those of each cell as late as it allows."""
    dice = np.random.default_rng(seed)
    days = 150
    active = _active(people, days)
    entered = dice.integers(60, days, len(people)).tolist()
    stays = _stays([[(START + 1 + day * DAY + 7, FOREVER)] for day in entered])
    first = np.full(len(people), START)
    counted = Stays(np.arange(len(people)), first, np.full(len(people), FOREVER))

    found = retention([(stays,)], Everybody.whole(first, counted), active, period=14)

    assert tuple(found) == CELLS
    for cell, counts in found.items():
        (standing,) = standings_of(counts)
        cohort = [
            (one, day)
            for one, day in zip(people, entered, strict=True)
            if days - cell.last - 14 <= day < days - cell.last
        ]
        upper = days if cell.kind is Return.FROM else cell.last
        back = [any(cell.first <= other - day <= upper for other in one) for one, day in cohort]
        assert (standing.now.count, standing.now.of) == (sum(back), len(cohort)), cell
        assert standing.before is None or cell.kind is not Return.FROM


@pytest.mark.parametrize(
    ("cell", "returned"),
    [
        (Cell(Return.ON, 1, 1), [True, False, False]),
        (Cell(Return.ON, 7, 7), [False, True, False]),
        (Cell(Return.FROM, 7, 7), [False, True, True]),
        (Cell(Return.WITHIN, 1, 7), [True, True, False]),
        (Cell(Return.WITHIN, 8, 14), [False, False, True]),
    ],
)
def test_what_counts_as_coming_back(cell, returned) -> None:
    """The day of entry is day 0 and never counts, however often somebody was active on it."""
    active = _active([[0, 1], [0, 7], [0, 9]], 30, hour=20)
    since = np.full(3, START + 1 + DAY // 2)

    (found,) = came_back(active, [cell])(np.arange(3), since)
    assert found.tolist() == returned


def test_bits_of_days() -> None:
    assert [bin(days_from(*one)) for one in [(0, 1), (1, 4), (3, 3), (60, 64)]] == [
        "0b1",
        "0b1110",
        "0b0",
        "0b1111" + "0" * 60,
    ]


# ---------------------------------------------------------------------------------------- activity


def test_a_week_of_members() -> None:
    """Two weeks of 30 days before: who engaged, went quiet, came back."""
    people = [
        [23, 16],  # engaged in both weeks
        [17],  # in the week before only: gone quiet
        [25],  # in the last week only, never before
        [24, 1],  # quiet for two weeks, then back
        [2],  # quiet, and stays so
        [],  # never active
    ]
    active = _active(people, 30)
    last, members = 30 - activity.WEEK, np.arange(6)

    assert activity.engaged(active, members, last) == (3, 6)
    assert activity.churned(active, members, last) == (1, 2)
    assert activity.reactivated(14)(active, members, last) == (1, 2)


def test_stickiness_is_the_mean_share_of_days() -> None:
    """Of who is active at all; the mean of daily actives over actives of the whole time."""
    active = _active([[20, 21, 22], [29], []], 30)

    found = activity.stickiness(activity.days_active(active, np.arange(3), 28), 28)

    assert found.value == pytest.approx((3 + 1) / 2 / 28)
    assert found.of == 2


@given(worlds)
def test_others_are_everybody_less_the_members(seed) -> None:
    dice = np.random.default_rng(seed)
    people = [np.flatnonzero(dice.random(60) < 0.1).tolist() for _ in range(20)]
    active, inside = _active(people, 60), dice.random(20) < 0.4
    stays = _stays([[(START, FOREVER)] if one else [] for one in inside])
    first = np.full(20, START)
    everybody = Everybody.whole(first, Stays(np.arange(20), first, np.full(20, FOREVER)))

    for figure in (activity.engaged, activity.churned, activity.reactivated(28)):
        (found,) = standings_of(activity.counts([(stays,)], everybody, active, figure))
        alone = Share.measured(*figure(active, np.flatnonzero(~inside), 53))
        assert found.now == Share.measured(*figure(active, np.flatnonzero(inside), 53))
        assert found.rest is None or found.rest.b == alone


def test_who_left_within_the_week() -> None:
    week, now = START + 23 * DAY, START + 30 * DAY
    stays = _stays([[(START, FOREVER)], [(START, now)], [(START, week)], [(now - 5, FOREVER)]])

    (found,) = standings_of(activity.changed([(stays,)], _active([[]] * 4, 30)))

    assert found.now == Share.measured(1, 2)
    assert found.before.b == Share.measured(1, 3)
    assert found.rest is None


# ------------------------------------------------------------------------------------------ growth


@given(worlds)
def test_the_growth_identity_is_exact(seed) -> None:
    """Of members and of active people, at whatever instants: parts are disjoint and whole."""
    spans, _, _ = _world(seed)
    instants = [5, 20, 44, 70, 99]

    found = growth_of_members(_stays(spans), instants)

    sets = [{p for p, one in enumerate(spans) if any(a <= t < b for a, b in one)} for t in instants]
    for growth, before, now, then in zip(found, sets, sets[1:], instants, strict=False):
        assert growth.now == growth.before + growth.new + growth.returned - growth.gone
        fresh = {p for p in now - before if min(a for a, _ in spans[p]) > then}
        assert (growth.before, growth.now) == (len(before), len(now))
        assert (growth.new, growth.gone) == (len(fresh), len(before - now))


@given(days_of_people)
def test_the_growth_of_active_people_is_exact(people) -> None:
    active, ends = _active(people), list(range(10, 150, 7))

    found = growth_of_active(active, np.arange(len(people)), ends)

    weeks = [
        {p for p, one in enumerate(people) if any(a <= day < b for day in one)}
        for a, b in pairwise(ends)
    ]
    assert [one.now for one in found] == [len(week) for week in weeks[1:]]
    for one, before, now, start in zip(found, weeks, weeks[1:], ends[1:], strict=False):
        assert one.now == one.before + one.new + one.returned - one.gone
        assert one.new == sum(min(people[p]) >= start for p in now - before)


def test_the_quick_ratio() -> None:
    (growth,) = growth_of_members(
        _stays([[(0, 9)], [(0, 99)], [(12, 99)], [(1, 3), (12, 20)]]), [5, 15]
    )

    assert (growth.before, growth.new, growth.returned, growth.gone) == (2, 1, 1, 1)
    assert growth.quick_ratio == 2.0
    assert growth_of_members(_stays([[(0, 9)]]), [5, 6])[0].quick_ratio is None


# ------------------------------------------------------------------------------------------- waits

times = st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=60)


def _waits(people: list[tuple[int, bool]]) -> tuple[Counts, np.ndarray, np.ndarray]:
    duration = np.array([time * MINUTE for time, _ in people], np.int64)
    happened = np.array([one for _, one in people])
    return waited(duration + 7, happened), duration, happened


@given(times)
def test_a_curve_of_counts_is_that_of_the_reference_library(people) -> None:
    waits, duration, happened = _waits(people)

    found, expected = Waits.of(waits).survival(), Survival.measured(duration, happened)

    assert (found.people, found.happened, found.median) == (
        expected.people,
        expected.happened,
        expected.median,
    )
    for name in ("steps", "surviving", "error", "low", "high", "at_risk"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=1e-9), name
    if happened.any():
        library = SurvfuncRight(duration, happened.astype(int))
        assert found.surviving == pytest.approx(library.surv_prob, abs=1e-9)
        inner = found.surviving > 0
        greenwood = np.asarray(library.surv_prob_se)[inner]
        assert found.error[inner] == pytest.approx(greenwood, abs=1e-9)


@given(times, times)
def test_curves_of_counts_are_compared_as_by_the_reference_library(mine, theirs) -> None:
    (some, *one), (others, *other) = _waits(mine), _waits(theirs)
    a, b = Waits.each([some, others])

    found = a.against(b)

    expected = compare(*one, *other)
    assert found.p_value == pytest.approx(expected.p_value, abs=1e-9)
    assert (found.hazard_ratio is None) == (expected.hazard_ratio is None)
    if found.hazard_ratio is not None:
        assert found.hazard_ratio == pytest.approx(expected.hazard_ratio, rel=1e-9)


def test_the_log_rank_test_is_the_librarys() -> None:
    dice = np.random.default_rng(3)
    duration = dice.integers(0, 500, 400) * MINUTE
    happened, group = dice.random(400) < 0.6, dice.random(400) < 0.4
    a, b = Waits.each([waited(duration[one], happened[one]) for one in (group, ~group)])

    _, p_value = survdiff(duration, happened.astype(int), group.astype(int))

    assert a.against(b).p_value == pytest.approx(p_value, abs=1e-9)


def test_waits_of_nobody_say_nothing() -> None:
    nobody, some = Waits.each([NONE, _waits([(3, True), (5, False)])[0]])

    assert nobody.survival().median is None
    assert nobody.against(some).p_value == 1.0
    assert some.against(nobody).hazard_ratio is None


# ---------------------------------------------------------------------------------------- adoption


def _adoption(uses: Uses, everybody: np.ndarray, users: Users, at: int) -> Adoption:
    tally = adoption.tallied(uses, everybody, [users], at)
    (found,) = adoption.finished(tally, 1, uses.times.shape[1])
    return found


def test_adoption_of_actions() -> None:
    """Two actions of four people, of whom the first three are active and the first two members."""
    shared = Rows.of([[5, 6, 50], [], [7], [8]])
    invited = Rows.of([[1], [30], [], []])
    uses = Uses.measured([shared, invited], 4, 4, 40)
    entries = Entries(np.array([0, 1]), np.array([4, 4]))

    found = _adoption(uses, np.array([0, 1, 2]), Users(np.array([0, 1]), entries), at=100)

    sharing, inviting = found.features
    assert sharing.share.now == Share.measured(1, 2)
    assert sharing.share.rest.b == Share.measured(1, 1)
    assert (sharing.depth.value, sharing.depth.of) == (2.0, 1)
    assert inviting.share.now == Share.measured(1, 2), "before the stretch does not count"
    assert found.breadth.value == 1.0


def test_the_time_to_adopt_is_that_of_who_had_not_adopted() -> None:
    used = Rows.of([[3 * MINUTE], [9 * MINUTE], [], [50 * MINUTE]])
    entries = Entries(np.arange(4), np.full(4, 5 * MINUTE))
    uses = Uses.measured([used], 4, 0, 100 * MINUTE)

    found = _adoption(uses, np.arange(4), Users(np.arange(4), entries), at=60 * MINUTE)

    assert found.features[0].median == 45 * MINUTE, "of three: after 4, after 45, not within 55"


def test_a_project_without_actions_has_no_features_to_adopt() -> None:
    uses = Uses.measured([], 3, 0, 100)
    members = Users(np.array([1, 2]), Entries(np.array([1, 2]), np.array([5, 6])))

    found = _adoption(uses, np.arange(3), members, at=100)

    assert found.features == ()
    assert (found.breadth.value, found.breadth.of) == (None, 0)


# -------------------------------------------------------------------------- standings and promises


def test_q_values_are_of_the_comparisons_that_were_made() -> None:
    strong = Standing.measured(Share.measured(90, 100), Share.measured(10, 100), None)
    alone = Standing.measured(Share.measured(5, 10), None, None)
    weak = Standing.measured(Share.measured(12, 100), Share.measured(10, 100), None)

    first, second, third = together([strong, alone, weak])

    assert first.differs
    assert first.rest_q == pytest.approx(2 * strong.rest.p_value)
    assert not second.differs
    assert (second.rest_q, second.before_q) == (1.0, 1.0)
    assert third.rest_q == pytest.approx(weak.rest.p_value)


def test_among_many_a_difference_must_be_surer() -> None:
    """One that is told alone is not believed among forty that are nothing."""
    lucky = Standing.measured(Share.measured(22, 100), Share.measured(10, 100), None)
    nothing = Standing.measured(Share.measured(10, 100), Share.measured(10, 100), None)

    alone, *_ = together([lucky])
    among, *_ = together([lucky, *[nothing] * 40])

    assert alone.differs
    assert among.rest.is_told
    assert not among.differs


def test_nobody_stands_beside_anybody() -> None:
    found = Standing.measured(Share.measured(0, 0), Share.measured(1, 2), Share.measured(1, 2))

    assert (found.rest, found.before, found.differs, found.changed) == (None, None, False, False)


def test_a_promise_is_reach_times_lift_times_value() -> None:
    tried = measured(1_000, 0.02, Interval(0.01, 0.03), 49.0)
    untried = supposed(1_000, Share.measured(200, 1_000), 49.0)

    assert tried.expected == pytest.approx(980)
    assert (tried.range.low, tried.range.high) == pytest.approx((490, 1_470))
    assert untried.expected == pytest.approx(1_000 * 0.02 * 49)
    assert untried.range.low < untried.expected < untried.range.high
    assert (tried.is_measured, untried.is_measured) == (True, False)
    assert supposed(1_000, Share.measured(0, 0), 49.0) is None
