"""What becomes of people on a journey, against a reading of one person at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.instant import DAY, FOREVER
from segue.insight import waits
from segue.insight.arrays import holds
from segue.insight.journey import Scope, against_rest, inside_at, measure, points, standing_at
from segue.insight.stopping import stopped
from segue.insight.survival import Survival
from segue.insight.ways import Period
from tests.insight.test_ways import AT, PERIOD, STAGES, people, rows, stage_of, ways_of

WINDOW = 10


def scope_of(found, among=None) -> Scope:
    return Scope(ways_of(found), PERIOD, WINDOW, among)


def _known(visits):
    return [one for one in visits if one[1] <= AT]


def _followed(counted) -> int:
    return min(AT, counted[1])


def _entry(visits, stage) -> int | None:
    return next((s for one, s, _ in _known(visits) if one == stage and s > 12), None)


@given(people)
def test_who_entered_who_went_on_and_who_was_followed(found) -> None:
    journey = measure(scope_of(found))

    for stage in range(STAGES):
        entries = [(v, c, e) for v, c in found if (e := _entry(v, stage)) is not None]
        whole = [(v, e) for v, c, e in entries if _followed(c) - e >= WINDOW]
        figures = journey.stages[stage]
        assert figures.entrants == len(entries)
        assert figures.people == sum(stage_of(v, AT) == stage for v, _ in found)
        for place, later in enumerate(range(stage + 1, STAGES)):
            reached = [
                any(one >= later and e < s <= e + WINDOW for one, s, _ in _known(v))
                for v, e in whole
            ]
            share = figures.onward[place]
            assert (share.count, share.of) == (sum(reached), len(whole))


@given(people)
def test_how_long_people_stay_and_wait(found) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waits, "UNIT", 1)  # these worlds are shorter than the minute
        journey = measure(scope_of(found))

    for stage in range(STAGES):
        stays, waiting = [], []
        for visits, counted in found:
            entry, until = _entry(visits, stage), _followed(counted)
            if entry is None:
                continue
            end = next(e for _, s, e in visits if s == entry)
            left = end <= AT and end < counted[1]
            stays.append(((end if left else until) - entry, left))
            later = min(
                (s for one, s, _ in _known(visits) if one > stage and s > entry), default=FOREVER
            )
            waiting.append(((later if later <= AT else until) - entry, later <= AT))
        for expected, curve in (
            (stays, journey.stages[stage].stay),
            (waiting, journey.stages[stage].next),
        ):
            oracle = Survival.measured(
                np.array([one for one, _ in expected], np.int64),
                np.array([one for _, one in expected], np.bool_),
            )
            assert (curve.people, curve.happened, curve.followed) == (
                oracle.people,
                oracle.happened,
                oracle.followed,
            )
            assert curve.surviving == pytest.approx(oracle.surviving, abs=1e-12)


@given(people, st.integers(14, 38))
def test_from_the_beginning_and_by_week(found, limit: int) -> None:
    journey = measure(scope_of(found), [13, limit, AT + 1])

    def expected(start: int, end: int):
        begun = [
            (v, c, v[0][1]) for v, c in found if v and 12 < v[0][1] <= AT and start <= v[0][1] < end
        ]
        whole = [(v, e) for v, c, e in begun if _followed(c) - e >= WINDOW]
        reached = [
            sum(
                any(one >= stage and e <= s <= e + WINDOW for one, s, _ in _known(v))
                for v, e in whole
            )
            for stage in range(STAGES)
        ]
        return len(begun), [(one, len(whole)) for one in reached]

    for told in (journey.begun, *journey.weeks):
        seen = told.people, [(one.count, one.of) for one in told.reached]
        assert seen == expected(told.start, told.end)
    assert [(one.start, one.end) for one in journey.weeks] == [(13, limit), (limit, AT + 1)]


@given(people)
def test_where_people_were_and_are(found) -> None:
    """Everybody who counts is somewhere, at every instant; steps and people are conserved."""
    journey = measure(scope_of(found))

    def place(visits, counted, t: int) -> int:
        if not counted[0] <= t < counted[1]:
            return STAGES + 1
        stage = stage_of(visits, t)
        return STAGES if stage < 0 else stage

    expected = np.zeros((STAGES + 2, STAGES + 2), np.int64)
    for visits, counted in found:
        expected[place(visits, counted, 12), place(visits, counted, AT)] += 1
    expected[-1, -1] = 0
    assert journey.flow.tolist() == expected.tolist()
    assert journey.occupancy.people[-1].sum() == expected[:, :-1].sum()
    assert journey.occupancy.people[-1].tolist() == expected.sum(axis=0)[:-1].tolist()
    assert np.diag(journey.moves).sum() == 0


@given(people, people)
def test_a_segment_is_who_is_in_it_at_the_instant(found, others) -> None:
    """Members and the others together are everybody."""
    spans = rows(
        [[one[0][1:] for one in [[(0, *c)]]] for _, c in (others * len(found))[: len(found)]]
    )
    scope = scope_of(found, spans)
    everybody, members = measure(scope_of(found)), measure(scope)

    for stage in range(STAGES - 1):
        against = against_rest(scope, stage).next
        whole = everybody.stages[stage].onward[0]
        assert against.a.of + against.b.of == whole.of
        assert against.a.count + against.b.count == whole.count
        assert members.stages[stage].people <= everybody.stages[stage].people
    assert (members.moves <= everybody.moves).all()
    assert (members.occupancy.people <= everybody.occupancy.people).all()


@given(
    people,
    st.lists(
        st.lists(st.tuples(st.integers(0, 60), st.integers(0, 2)), max_size=8),
        min_size=12,
        max_size=12,
    ),
)
def test_who_stopped_and_what_they_did_last(found, events) -> None:
    events = [sorted(one) for one in events[: len(found)]]
    known = [[(t, thing) for t, thing in one if t <= AT] for one in events]
    activity = rows([[(t, t) for t, _ in one] for one in known])
    things = [
        rows([[(t, t) for t, it in one if it == thing] for one in known]) for thing in range(3)
    ]

    told = stopped(scope_of(found), 7, activity, things)

    for stage in range(STAGES - 1):
        there = [i for i, (v, _) in enumerate(found) if stage_of(v, AT) == stage]
        gone = [i for i in there if known[i] and known[i][-1][0] <= AT - 7]
        assert (told[stage].share.count, told[stage].share.of) == (len(gone), len(there))
        for step in told[stage].last:
            did = [
                i for i in gone if step.place in {it for t, it in known[i] if t == known[i][-1][0]}
            ]
            assert (step.difference.a.count, step.difference.a.of) == (len(did), len(gone))


def test_those_who_went_on_did_something_last_before_they_went() -> None:
    """Ten go on after a look, ten stop after a search: what they did at the step itself is not it."""
    moved = [([(0, 0, 30), (1, 30, FOREVER)], (0, FOREVER))] * 10
    stayed = [([(0, 0, FOREVER)], (0, FOREVER))] * 10
    look = rows([[(13, 13), (20, 20)]] * 10 + [[(13, 13)]] * 10)
    search = rows([[]] * 10 + [[(25, 25)]] * 10)
    buy = rows([[(30, 30)]] * 10 + [[]] * 10)
    activity = rows([[(13, 13), (20, 20), (30, 30)]] * 10 + [[(13, 13), (25, 25)]] * 10)

    first, _ = stopped(scope_of([*moved, *stayed]), 10, activity, [look, search, buy])

    assert (first.share.count, first.share.of) == (10, 10)
    assert [(one.place, one.difference.a.count, one.difference.b.count) for one in first.last] == [
        (1, 10, 0),
        (0, 0, 10),
    ]
    assert all(one.q_value < 0.001 for one in first.last)


def test_who_never_did_anything_has_not_stopped() -> None:
    stayed = [([(0, 0, FOREVER)], (0, FOREVER))] * 3

    first, _ = stopped(scope_of(stayed), 10, rows([[], [], []]), [])

    assert (first.share.count, first.share.of, first.last) == (0, 3, ())


@given(people)
def test_standing_is_what_the_spans_say(found) -> None:
    scope = scope_of(found)
    everybody = np.arange(len(found))

    for t in (0, 17, AT):
        expected = holds(scope.ways.counted, everybody, np.full(len(found), t))
        assert inside_at(scope.ways.counted, t).tolist() == expected.tolist()
        assert ((standing_at(scope, t) <= STAGES) == expected).all()


def test_a_period_ends_no_later_than_the_ways_are_known() -> None:
    ways = ways_of([([], (0, FOREVER))])

    with pytest.raises(ValueError, match="not known up to the end"):
        Scope(ways, Period(0, AT + 1), WINDOW)


def test_a_period_of_the_past_is_followed_until_now() -> None:
    """Who entered at 20 and went on at 29 did so within 10; where people are is told of then."""
    there = [([(0, 20, 29), (1, 29, FOREVER)], (0, FOREVER))]

    journey = measure(Scope(ways_of(there), Period(12, 25), WINDOW))

    assert (journey.stages[0].onward[0].count, journey.stages[0].people) == (1, 1)
    assert journey.moves.sum() == 0


@pytest.mark.parametrize(("days", "step"), [(1, 1), (60, 1), (61, 2), (400, 7)])
def test_points_are_whole_days_apart(days: int, step: int) -> None:
    found = points(Period(5, 5 + days * DAY))

    assert found[-1] == 5 + days * DAY
    assert len(found) <= 61
    assert set(np.diff(found)) <= {step * DAY}
    assert found[0] >= 5
