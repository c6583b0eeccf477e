"""How long things take: held to statsmodels and to a reading by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import SurvfuncRight

from segue.insight.shares import Interval, Share
from segue.insight.survival import Survival, compare

# Freireich et al. (1963), remission in weeks under 6-MP; the standard example of the estimator.
WEEKS = np.array([6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35])
RELAPSED = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0], np.bool_)
PLACEBO = np.array([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23])
ALL = np.ones(len(PLACEBO), np.bool_)

followed = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40)


def _arrays(people: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([one for one, _ in people]), np.array([one for _, one in people], np.bool_)


def test_the_textbook_curve() -> None:
    found = Survival.measured(WEEKS, RELAPSED)

    assert found.steps.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert found.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert found.surviving == pytest.approx(
        [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=5e-4
    )
    assert found.error == pytest.approx(
        [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346], abs=5e-5
    )
    assert (found.people, found.happened, found.followed) == (21, 9, 35)
    assert found.median == 23


def test_its_intervals_are_those_of_the_log_of_the_log() -> None:
    """As R's survfit(conf.type = "log-log") prints them for these weeks."""
    found = Survival.measured(WEEKS, RELAPSED)

    assert found.low[:3] == pytest.approx([0.620, 0.563, 0.503], abs=5e-4)
    assert found.high[:3] == pytest.approx([0.952, 0.923, 0.889], abs=5e-4)


@given(followed)
def test_the_curve_is_the_product_of_those_who_stay(people: list[tuple[int, bool]]) -> None:
    duration, happened = _arrays(people)
    found = Survival.measured(duration, happened)

    surviving, variance = 1.0, 0.0
    steps = sorted({one for one, it in people if it})
    assert found.steps.tolist() == steps
    for place, step in enumerate(steps):
        waiting = sum(one >= step for one, _ in people)
        deaths = sum(one == step and it for one, it in people)
        surviving *= 1 - deaths / waiting
        variance += deaths / (waiting * (waiting - deaths)) if waiting > deaths else 0.0
        assert found.at_risk[place] == waiting
        assert found.surviving[place] == pytest.approx(surviving, abs=1e-9)
        assert found.error[place] == pytest.approx(surviving * variance**0.5, abs=1e-9)
        assert 0 <= found.low[place] <= surviving + 1e-9
        assert surviving - 1e-9 <= found.high[place] <= 1


@given(followed)
def test_it_happened_by_then_is_what_the_curve_lost(people: list[tuple[int, bool]]) -> None:
    duration, happened = _arrays(people)
    curve, library = Survival.measured(duration, happened), SurvfuncRight(duration, happened * 1)

    for after in range(14):
        told = curve.by(after)
        if told is None:
            assert after > duration.max()
            continue
        reached = np.flatnonzero(library.surv_times <= after)
        expected = 1 - library.surv_prob[reached[-1]] if len(reached) else 0.0
        value, interval = told
        assert value == pytest.approx(expected, abs=1e-9)
        assert interval.low - 1e-9 <= value <= interval.high + 1e-9


@pytest.mark.parametrize(("weeks", "happened"), [(WEEKS, RELAPSED), (PLACEBO, ALL)])
@pytest.mark.parametrize("share", [0.25, 0.5])
def test_when_a_share_is_reached_has_the_interval_of_the_library(
    weeks: np.ndarray, happened: np.ndarray, share: float
) -> None:
    """Brookmeyer and Crowley, on the log of the log."""
    found = Survival.measured(weeks, happened).reached_between(share)
    curve = SurvfuncRight(weeks, happened.astype(int))
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = curve.quantile_ci(share, method="cloglog")
    assert found == (low, None if np.isinf(high) else high)


def test_an_interval_that_nobody_was_watched_long_enough_for() -> None:
    found = Survival.measured(np.array([1, 2, 9, 9]), np.array([True, False, False, False]))
    assert found.reached_between(0.5) == (1, None)


def test_the_median_of_exactly_half_is_reached() -> None:
    """However the product is rounded."""
    for people in range(2, 400, 2):
        duration = np.arange(1, people + 1)
        assert Survival.measured(duration, np.ones(people, np.bool_)).median == people // 2


@pytest.mark.parametrize(
    ("duration", "happened", "median", "by_five"),
    [
        pytest.param([], [], None, None, id="nobody"),
        pytest.param(
            [3, 9], [False, False], None, (0.0, Share.measured(0, 1).interval), id="to none"
        ),
        pytest.param(
            [5, 9],
            [False, False],
            None,
            (0.0, Share.measured(0, 2).interval),
            id="to none at the end",
        ),
        pytest.param(
            [3, 6, 9, 9],
            [False, True, True, True],
            9,
            (0.0, Share.measured(0, 3).interval),
            id="to none yet",
        ),
        pytest.param([3, 4], [False, False], None, None, id="none followed so long"),
        pytest.param([4], [True], 4, (1.0, Interval(0.0, 1.0)), id="to the only one"),
    ],
)
def test_where_little_is_known(duration, happened, median, by_five) -> None:
    found = Survival.measured(np.array(duration, np.int64), np.array(happened, np.bool_))

    assert found.median == median
    assert found.by(5) == by_five


@pytest.mark.parametrize(
    ("duration", "happened"), [([-1], [True]), ([1, 2], [True])], ids=["negative", "one outcome"]
)
def test_what_is_no_duration_is_refused(duration, happened) -> None:
    with pytest.raises(ValueError, match="duration"):
        Survival.measured(np.array(duration), np.array(happened))


# ------------------------------------------------------------------------------------ two groups


def test_the_textbook_comparison() -> None:
    """Placebo relapses faster: chi-square 16.79; Cox's ratio 4.52 with Breslow's ties."""
    found = compare(PLACEBO, ALL, WEEKS, RELAPSED)

    assert found.p_value == pytest.approx(4.17e-5, rel=2e-3)
    assert found.hazard_ratio == pytest.approx(4.52, abs=0.01)
    assert found.interval is not None
    assert 1 < found.interval.low < 4.52 < found.interval.high


@given(followed, followed)
def test_the_test_counts_what_was_expected_of_the_first_group(
    a: list[tuple[int, bool]], b: list[tuple[int, bool]]
) -> None:
    """Observed less expected over its hypergeometric variance; nothing varies, nothing is told."""
    excess = variance = 0.0
    for step in {one for one, it in a + b if it}:
        of_a, of_b = (sum(one >= step for one, _ in group) for group in (a, b))
        deaths, waiting = sum(one == step and it for one, it in a + b), of_a + of_b
        excess += sum(one == step and it for one, it in a) - deaths * of_a / waiting
        if waiting > 1:
            hypergeometric = deaths * (waiting - deaths) / (waiting - 1)
            variance += hypergeometric * of_a * of_b / waiting**2
    expected = chi2.sf(excess**2 / variance, 1) if variance > 1e-12 else 1.0

    assert compare(*_arrays(a), *_arrays(b)).p_value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("seed", range(8))
def test_the_ratio_is_that_of_proportional_hazards(seed: int) -> None:
    chance = np.random.default_rng(seed)
    a, b = chance.exponential(10, 60), chance.exponential(16, 80)
    duration = np.ceil(np.concatenate([a, b])).astype(np.int64)
    end = chance.integers(4, 30, 140)
    happened, duration = duration <= end, np.minimum(duration, end)
    found = compare(duration[:60], happened[:60], duration[60:], happened[60:])

    group = np.repeat([1.0, 0.0], [60, 80])[:, None]
    fitted = PHReg(duration.astype(float), group, status=happened * 1, ties="breslow").fit()
    low, high = np.exp(fitted.conf_int()[0])
    assert found.hazard_ratio == pytest.approx(np.exp(fitted.params[0]), rel=1e-7)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), rel=1e-6)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param([(3, True)], [(5, False)], id="to one group only"),
        pytest.param(
            [(1, True), (2, True)], [(5, True), (6, True)], id="one group before the other"
        ),
        pytest.param([(3, True)], [], id="nobody in the other"),
    ],
)
def test_a_ratio_that_no_data_bound_is_not_told(a, b) -> None:
    assert compare(*_arrays(a), *_arrays(b)).hazard_ratio is None
