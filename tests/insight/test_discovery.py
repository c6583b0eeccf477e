"""What discovery finds where there is nothing, something, or a trap; small forms of the proof in
docs/proofs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from bench.insight.discoveries import dealt, holds, stratified
from bench.insight.odds_rank import odds_ratios
from bench.insight.worlds import Planted, World, world
from segue.insight.arrays import count_within
from segue.insight.discovery import Discovery, Q, Question, Verdict, discover
from segue.insight.tables import Stratified, Tables, two_sided
from segue.timeline.log import Occurrences

CHANCE = np.random.default_rng(1)
SMALL = Question(windows=(86_400_000, 7 * 86_400_000), most=4, horizon=14 * 86_400_000, at=0)


def _found(made: World, seed: int = 0) -> Discovery:
    question = replace(SMALL, at=made.question.at)
    return discover(question, made.behaviour, made.actions, np.random.default_rng(seed))


def test_where_nothing_is_there_nothing_is_found() -> None:
    """Eight worlds in which activity drives everything: a plain comparison finds something in
    nearly each, and ranking by odds ratio shows large ones."""
    found, plain, ranked = [], [], []
    for seed in range(8):
        made = world(np.random.default_rng([1, seed]), people=3_000, actions=60)
        one = _found(made, seed)
        found.append(len(one.findings))
        plain.append(sum(each.verdict > Verdict.BY_CHANCE for each in one.best))
        ranked.append(np.nanmax(odds_ratios(made)))

    assert sum(found) == 0
    assert np.count_nonzero(plain) >= 6
    assert np.median(ranked) > 2


def test_what_is_planted_is_found_and_nothing_else() -> None:
    """With its figures."""
    planted = {7: Planted(odds=4.0, share=0.15)}
    made = world(np.random.default_rng(5), people=6_000, actions=40, base=0.35, planted=planted)

    (one,) = _found(made).findings

    assert (one.action, one.times, one.raises) == (7, 1, True)
    assert one.earlier.coverage == pytest.approx(0.13, abs=0.04)
    assert one.later.adjusted.interval is not None
    assert one.later.adjusted.interval.low > 0
    for side in (one.earlier, one.later):
        assert side.adjusted_odds.interval is not None
        assert side.adjusted_odds.interval.low > 1.2
    assert one.q_value <= Q
    assert one.family <= Q


@pytest.mark.parametrize("trap", ["immortal", "reverse"])
def test_traps_are_not_fallen_for(trap: str) -> None:
    """Neither time that people had to live through, nor what follows from the goal; both look
    large to who simply counts."""
    for seed in range(2):
        made = world(np.random.default_rng([2, seed]), people=3_000, actions=20, trap=trap)
        often = np.diff(made.actions[0].offsets)
        reached = np.diff(made.behaviour.goal.offsets) > 0
        assert often[reached].mean() > 1.15 * often[~reached].mean()
        assert 0 not in [one.action for one in _found(made, seed).findings]


def test_goals_given_to_others_lead_to_nothing() -> None:
    """A strong effect vanishes with whom it belongs to."""
    planted = {7: Planted(odds=6.0, share=0.2)}
    made = world(np.random.default_rng(3), people=4_000, actions=30, base=0.35, planted=planted)
    goals = (dealt(made, np.random.default_rng([4, one])) for one in range(3))

    assert len(_found(made).findings) == 1
    assert [
        len(_found(replace(made, behaviour=replace(made.behaviour, goal=goal))).findings)
        for goal in goals
    ] == [0] * 3


def test_every_test_is_the_table_of_its_people() -> None:
    """Counted out person by person: coverage, deviation and q-value of each cell of the grid."""
    made = world(np.random.default_rng(6), people=1_500, actions=12)
    found = _found(made)
    start, at = made.behaviour.starts.at, made.question.at
    everybody = np.arange(len(start))
    deviations = np.zeros(found.grid.deviation.shape)
    for w, window in enumerate(SMALL.windows):
        end = start + window
        before = count_within(made.behaviour.goal, everybody, start - 1, end) > 0
        kept = np.flatnonzero(~before & (end + SMALL.horizon <= at) & (start < found.split))
        reached = count_within(made.behaviour.goal, kept, end[kept], end[kept] + SMALL.horizon) > 0
        assert found.populations[w].earlier == len(kept)
        for k, action in enumerate(made.actions):
            times = count_within(action, kept, start[kept] - 1, end[kept])
            for least in range(1, SMALL.most + 1):
                share = (times >= least).mean()
                assert found.grid.coverage[w, k, least - 1] == pytest.approx(share)
                deviations[w, k, least - 1] = _deviation(
                    made, found, kept, times >= least, reached, window
                )
    assert np.allclose(found.grid.deviation, deviations, atol=1e-9)
    tried = found.grid.verdict > Verdict.TOO_FEW
    q_values = np.ones(tried.shape)
    q_values[tried] = false_discovery_control(two_sided(deviations[tried]))
    for one in found.best:
        place = (SMALL.windows.index(one.window), one.action, one.times - 1)
        assert one.q_value == pytest.approx(q_values[place])
        assert (
            abs(one.deviation)
            == pytest.approx(np.abs(deviations[:, one.action])[tried[:, one.action]].max())
            or one.later.did.of < one.earlier.did.of
        )


def _deviation(
    made: World,
    found: Discovery,
    kept: np.ndarray,
    did: np.ndarray,
    reached: np.ndarray,
    window: int,
) -> float:
    """Within strata of all activity in the window, that are cut by everybody who is compared."""
    start, at = made.behaviour.starts.at, made.question.at
    everybody = np.arange(len(start))
    end = start + window
    before = count_within(made.behaviour.goal, everybody, start - 1, end) > 0
    compared = np.flatnonzero(~before & (end + SMALL.horizon <= at))
    active = count_within(made.behaviour.activity, everybody, start - 1, end)
    strata = min(max(len(compared) // 40, 1), 100)
    limits = np.unique(
        np.quantile(active[compared], np.arange(1, strata) / strata, method="higher")
    )
    layer = np.searchsorted(limits, active[kept], "right")
    size = len(limits) + 1
    counts = (
        np.bincount(layer[chosen], minlength=size)
        for chosen in (did, did & reached, np.ones_like(did), reached)
    )
    return float(Stratified(Tables.counted(*counts)).deviation())


def test_the_same_question_has_the_same_answer() -> None:
    """To the last digit, whatever runs beside it."""
    made = world(np.random.default_rng(8), people=1_000, actions=20)

    one, other = _found(made, 9), _found(made, 9)

    assert one.best == other.best
    assert one.threshold == other.threshold


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """The adjusted difference, in twenty strata; the others in test_tables and the proof."""
    tables = stratified(np.random.default_rng(10), 2_000, 0.2, 0.1, 4_000)

    assert holds(tables.risk_difference(), 0.1) == pytest.approx(0.95, abs=0.015)


NOBODY = Occurrences(np.zeros(1, np.int64), np.empty(0, np.int64))


def test_nobody_and_nothing_make_an_empty_answer() -> None:
    """Without a warning: no people, no actions, nobody who reached the goal."""
    made = world(np.random.default_rng(11), people=300, actions=3)
    empty = Occurrences(np.zeros(301, np.int64), np.empty(0, np.int64))
    never = replace(made.behaviour, goal=empty)

    for found in (
        discover(made.question, made.behaviour, [], CHANCE),
        discover(made.question, never, made.actions, CHANCE),
        discover(replace(made.question, at=0), made.behaviour, made.actions, CHANCE),
    ):
        assert (found.tries, found.best, found.smallest) == (0, (), None)


def test_windows_ascend() -> None:
    """Else it would not be clear what a window adds."""
    made = world(np.random.default_rng(12), people=50, actions=2)

    with pytest.raises(ValueError, match="ascend"):
        discover(replace(made.question, windows=(5, 3)), made.behaviour, made.actions, CHANCE)
