"""Two shares compared: differences with intervals, what it takes to tell, many at once."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    proportion_effectsize,
    samplesize_proportions_2indep_onetail,
)
from statsmodels.stats.proportion import test_proportions_2indep as agresti_caffo

from segue.insight.comparisons import Difference, false_discovery, needed_per_arm
from segue.insight.lift import MOST_NEEDED
from segue.insight.shares import Share

PAIRS = [
    ((30, 100), (500, 1_000)),
    ((0, 40), (7, 300)),
    ((40, 40), (290, 300)),
    ((3_894, 21_307), (2_262, 21_306)),
    ((1, 1), (0, 1)),
]


def _difference(a: tuple[int, int], b: tuple[int, int], **options: float) -> Difference:
    return Difference.measured(Share.measured(*a), Share.measured(*b), **options)


@pytest.mark.parametrize(("a", "b"), PAIRS)
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_a_difference_is_that_of_the_reference_library(a, b, level) -> None:
    found = _difference(a, b, level=level)
    interval = confint_proportions_2indep(*a, *b, method="newcomb", alpha=1 - level)

    assert found.value == pytest.approx(a[0] / a[1] - b[0] / b[1], abs=1e-12)
    assert (found.interval.low, found.interval.high) == pytest.approx(interval, abs=1e-9)
    with np.errstate(divide="ignore"):
        p_value = agresti_caffo(*a, *b, method="agresti-caffo").pvalue
    assert found.p_value == pytest.approx(p_value, abs=1e-9)


def test_newcombes_own_example() -> None:
    """56 of 70 against 48 of 80: 0.2 (0.0524 to 0.3339), table II of the paper of 1998."""
    found = _difference((56, 70), (48, 80))

    assert (found.interval.low, found.interval.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert found.is_told
    assert found.needs is None


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_a_ratio_has_an_interval_where_both_sides_have_successes(a, b) -> None:
    found = _difference(a, b)

    if not a[0] or not b[0]:
        assert found.ratio_interval is None
        return
    expected = confint_proportions_2indep(*a, *b, compare="ratio", method="log")
    assert (found.ratio_interval.low, found.ratio_interval.high) == pytest.approx(expected)
    assert found.ratio in found.ratio_interval


@pytest.mark.parametrize(("a", "b"), [((0, 0), (3, 10)), ((3, 10), (0, 0)), ((0, 0), (0, 0))])
def test_nobody_cannot_be_compared(a, b) -> None:
    found = _difference(a, b)

    assert (found.value, found.interval, found.p_value, found.needs) == (None, None, 1.0, None)
    assert not found.is_told


@pytest.mark.parametrize(
    ("a", "b", "needs"),
    [
        # As it looks now: 12 % against 10 %, 3,841 per arm by the usual formula.
        ((120, 1_000), (100, 1_000), 3_841 - 1_000),
        # The same share: a tenth of 10 % is looked for.
        ((100, 1_000), (100, 1_000), 14_751 - 1_000),
        # Nobody converted anywhere: no number of people can be named.
        ((0, 1_000), (0, 1_000), None),
        # Told already.
        ((300, 1_000), (100, 1_000), None),
    ],
)
def test_how_many_more_it_takes(a, b, needs) -> None:
    assert _difference(a, b).needs == needs


def test_a_difference_worth_knowing_may_be_declared() -> None:
    wide = _difference((100, 1_000), (100, 1_000), worth=0.05)
    narrow = _difference((100, 1_000), (100, 1_000), worth=0.02)

    assert narrow.needs == needed_per_arm(0.1, 0.02) - 1_000
    assert wide.needs is None, "1,000 people would have shown 5 points; the truth may be none"


def test_the_smaller_side_is_waited_for() -> None:
    """Beside many others, a segment needs fewer people than in arms of equal size."""
    few = _difference((12, 100), (1_000, 10_000)).needs
    equal = _difference((12, 100), (10, 100)).needs

    assert 0 < few < equal


@pytest.mark.parametrize(("base", "difference"), [(0.05, 0.005), (0.3, 0.03), (0.5, -0.1)])
def test_people_needed_agree_with_power_analysis(base, difference) -> None:
    """Cohen's transformation gives nearly the same number."""
    effect = proportion_effectsize(base + difference, base)
    usual = NormalIndPower().solve_power(effect, power=0.8, alpha=0.05)

    assert needed_per_arm(base, difference) == pytest.approx(usual, rel=0.02)


@given(st.floats(0.01, 0.99), st.floats(-0.3, 0.3), st.floats(0.1, 50))
def test_people_needed_are_the_librarys(base, difference, ratio) -> None:
    """Of arms of unequal size too."""
    assume(abs(difference) > 1e-3 and 0.001 < base + difference < 0.999)
    needed = samplesize_proportions_2indep_onetail(
        difference, base, 0.8, ratio=ratio, alpha=0.05, alternative="two-sided"
    )
    assume(needed < MOST_NEEDED)

    found = needed_per_arm(base, difference, ratio=ratio)

    assert found in (math.ceil(needed - 1e-9), math.ceil(needed + 1e-9))


def test_the_research_notes_example_of_a_tenth_on_five_percent() -> None:
    """31,234 per arm."""
    assert needed_per_arm(0.05, 0.005) == 31_234


@pytest.mark.parametrize(("base", "difference"), [(0.9, 0.2), (0.1, -0.2), (1.2, 0)])
def test_no_share_is_beyond_all_people(base, difference) -> None:
    with pytest.raises(ValueError, match="not both shares"):
        needed_per_arm(base, difference)


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted), min_size=2, max_size=2)
)
def test_a_difference_is_always_sound(pairs) -> None:
    """The value lies in its interval, the other way round is the mirror image."""
    a, b = (Share.measured(*pair) for pair in pairs)
    there, back = Difference.measured(a, b), Difference.measured(b, a)

    if there.interval is None:
        assert there.value is None
        return
    assert there.interval.low - 1e-12 <= there.value <= there.interval.high + 1e-12
    assert there.value == -back.value
    assert there.interval.low == pytest.approx(-back.interval.high, abs=1e-12)
    assert there.p_value == pytest.approx(back.p_value, abs=1e-12)
    assert there.needs == back.needs


@given(st.lists(st.floats(0, 1), max_size=30))
def test_false_discovery_is_benjamini_and_hochbergs(p_values) -> None:
    expected = false_discovery_control(p_values) if p_values else []

    assert false_discovery(p_values) == pytest.approx(np.asarray(expected), abs=1e-9)


@given(st.lists(st.tuples(*[st.integers(0, 40)] * 4), max_size=6))
def test_many_at_once_are_as_one_by_one(rows) -> None:
    """Shares, differences, ratios, chances and what it takes to tell."""
    pairs = [(Share.measured(min(a, m), m), Share.measured(min(b, n), n)) for a, m, b, n in rows]
    flat = [one for pair in pairs for one in pair]

    shares = Share.each([one.count for one in flat], [one.of for one in flat])
    found = Difference.each(pairs)

    assert [(one.count, one.of) for one in shares] == [(one.count, one.of) for one in flat]
    for mine, alone in zip(shares, flat, strict=True):
        assert _ends(mine.interval) == pytest.approx(_ends(alone.interval), abs=1e-12)
    for mine, pair in zip(found, pairs, strict=True):
        alone = Difference.measured(*pair)
        assert (mine.a, mine.b, mine.needs) == (alone.a, alone.b, alone.needs)
        assert mine.p_value == pytest.approx(alone.p_value, abs=1e-12)
        assert _ends(mine.interval) == pytest.approx(_ends(alone.interval), abs=1e-12)
        assert _ends(mine.ratio_interval) == pytest.approx(_ends(alone.ratio_interval))


def _ends(interval) -> tuple[float, ...]:
    return () if interval is None else (interval.low, interval.high)


def test_no_share_of_many_is_beyond_its_people() -> None:
    with pytest.raises(ValueError, match="no share"):
        Share.each([1, 3], [2, 2])
