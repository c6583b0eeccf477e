"""The net promoter score against a library, and against the formula of its variance."""

import numpy as np
import pytest
from statsmodels.stats.weightstats import DescrStatsW

from segue.insight.scores import Scale, score


@pytest.mark.parametrize("seed", range(8))
def test_the_score_and_its_range_are_those_of_a_library(seed: int) -> None:
    """The mean of 100, 0 and -100 with Student's interval, to 1e-9."""
    answers = np.random.default_rng(seed).integers(0, 11, 37 + 200 * seed)
    points = np.select([answers >= 9, answers <= 6], [100.0, -100.0], 0.0)
    low, high = DescrStatsW(points).tconfint_mean()

    found = score(Scale.NPS, answers.astype(float), 5_000)

    assert found.value == pytest.approx(points.mean(), abs=1e-9)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), abs=1e-9)


def test_three_who_say_the_same_prove_nothing() -> None:
    """A score of 100 without a range, not one of 100 to 100."""
    found = score(Scale.NPS, [10.0, 9.0, 10.0], 3)

    assert (found.value, found.interval) == (100, None)


def test_its_variance_is_that_of_the_formula() -> None:
    """p + d - (p - d)^2 for shares p of promoters and d of detractors, in points squared; of a
    sample of n, n / (n - 1) times that."""
    answers = [10.0] * 50 + [8.0] * 30 + [2.0] * 20
    p, d, n = 0.5, 0.2, 100
    variance = 1e4 * (p + d - (p - d) ** 2) * n / (n - 1)

    found = score(Scale.NPS, answers, 100)

    assert found.value == pytest.approx(30)
    assert found.interval is not None
    half = (found.interval.high - found.interval.low) / 2
    assert half == pytest.approx(1.9842169515086827 * (variance / n) ** 0.5, abs=1e-9)
