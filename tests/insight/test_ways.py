"""The ways of people through stages, against a reading of one person at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.instant import FOREVER
from segue.insight.ways import NOWHERE, Moments, Period, Ways, last_before

AT = 40
STAGES = 3
PERIOD = Period(12, AT)


@dataclass
class Rows:
    """Spans or occurrences, from a list for each person."""

    offsets: np.ndarray
    start: np.ndarray
    end: np.ndarray

    @property
    def at(self) -> np.ndarray:
        return self.start


def rows(people: list[list[tuple[int, int]]]) -> Rows:
    flat = [one for person in people for one in person]
    starts, ends = ([one[side] for one in flat] for side in (0, 1))
    return Rows(
        np.cumsum([0] + [len(one) for one in people]),
        np.array(starts, np.int64),
        np.array(ends, np.int64),
    )


Visit = tuple[int, int, int]
"""Stage, start and end."""


@st.composite
def person(draw: st.DrawFn) -> tuple[list[Visit], tuple[int, int]]:
    """Visits one after another, some with a gap between, and when the person counts."""
    limits = sorted(draw(st.sets(st.integers(0, 60), min_size=2, max_size=8)))
    ends = [*limits[1:-1], draw(st.sampled_from([limits[-1], FOREVER]))]
    stages = [draw(st.sampled_from([NOWHERE, *range(STAGES)])) for _ in ends]
    visits = [(stage, start, end) for stage, start, end in zip(stages, limits, ends, strict=False)]
    merged: list[Visit] = []
    for stage, start, end in visits:
        if merged and merged[-1][0] == stage:
            merged[-1] = (stage, merged[-1][1], end)
        else:
            merged.append((stage, start, end))
    return [one for one in merged if one[0] != NOWHERE], (limits[0], ends[-1])


people = st.lists(person(), min_size=1, max_size=12)


def ways_of(found: list[tuple[list[Visit], tuple[int, int]]]) -> Ways:
    stages = [
        rows([[(s, e) for stage, s, e in visits if stage == wanted] for visits, _ in found])
        for wanted in range(STAGES)
    ]
    return Ways.joined(stages, rows([[counted] for _, counted in found]), AT)


def stage_of(visits: list[Visit], instant: int) -> int:
    return next((stage for stage, s, e in visits if s <= instant < e), NOWHERE)


@given(people)
def test_everybody_is_where_their_spans_say(found) -> None:
    ways = ways_of(found)

    for instant in range(0, AT + 1, 5):
        expected = [stage_of(visits, instant) for visits, _ in found]
        everybody = Moments(np.arange(len(found)), np.full(len(found), instant))
        assert ways.standing(instant).tolist() == expected
        assert ways.stage_at(everybody).tolist() == expected


@given(people)
def test_entries_and_beginnings(found) -> None:
    ways = ways_of(found)
    begun = ways.beginnings(PERIOD)
    entered = ways.entries(1, PERIOD)

    assert list(zip(entered.person, entered.instant, strict=True)) == [
        (i, s)
        for i, (visits, _) in enumerate(found)
        for stage, s, _ in visits
        if stage == 1 and 12 < s <= AT
    ]
    assert list(zip(begun.person, begun.instant, strict=True)) == [
        (i, visits[0][1])
        for i, (visits, _) in enumerate(found)
        if visits and 12 < visits[0][1] <= AT
    ]


@given(people, st.integers(0, STAGES - 1))
def test_reached_followed_and_ending(found, stage: int) -> None:
    ways = ways_of(found)
    moments = Moments(np.arange(len(found)), np.array([counted[0] for _, counted in found]))
    kept = moments.only(moments.instant <= AT)

    for place, (who, instant) in enumerate(zip(kept.person, kept.instant, strict=True)):
        visits, counted = found[who]
        known = [one for one in visits if one[1] <= AT]
        later = [s for one, s, _ in known if one >= stage and s > instant]
        ends = [e for _, s, e in known if s <= instant < e]
        assert ways.reached(stage, kept)[place] == min(later, default=FOREVER)
        assert ways.followed(kept)[place] == min(AT, counted[1])
        assert ways.ending(kept)[place] == (ends[0] if ends else FOREVER)


@given(people)
def test_moves_are_all_changes_that_were_seen(found) -> None:
    ways = ways_of(found)
    moves = ways.moves(PERIOD)
    expected = set()
    for i, (visits, counted) in enumerate(found):
        first = min((s for _, s, _ in visits), default=FOREVER)
        for t in range(13, AT + 1):
            before, now = stage_of(visits, t - 1), stage_of(visits, t)
            if before != now and t != first and counted[0] <= t < counted[1]:
                expected.add((i, t, before, now))

    seen = list(
        zip(moves.moments.person, moves.moments.instant, moves.source, moves.target, strict=True)
    )
    assert set(seen) == expected
    assert len(seen) == len(expected)
    for stage in range(STAGES):
        forward = moves.forward_from(stage)
        assert list(zip(forward.person, forward.instant, strict=True)) == sorted(
            (i, t) for i, t, before, now in expected if before == stage and now > stage
        )


@given(st.lists(st.lists(st.integers(0, 20), max_size=6), min_size=1, max_size=6))
def test_what_happened_last_before(instants: list[list[int]]) -> None:
    found = rows([[(t, t) for t in sorted(one)] for one in instants])
    everybody = Moments(np.arange(len(instants)), np.full(len(instants), 10))

    assert last_before(found, everybody).tolist() == [
        max((t for t in one if t < 10), default=-1) for one in instants
    ]


def test_nobody_at_all() -> None:
    ways = Ways.joined([rows([]), rows([])], rows([]), AT)

    assert len(ways.moves(PERIOD).source) == 0
    assert ways.standing(3).tolist() == []
    assert len(ways.beginnings(PERIOD)) == 0
