"""Many 2x2 tables at once, each held to the library that takes one table at a time."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, fisher_exact
from sklearn.metrics import matthews_corrcoef
from statsmodels.stats.contingency_tables import StratifiedTable, Table2x2
from statsmodels.stats.proportion import confint_proportions_2indep

from segue.insight.tables import Estimates, Stratified, Tables

EXACT = 1e-9
FULL = [
    (30, 70, 20, 380),
    (5, 95, 60, 40),
    (1, 1, 1, 1),
    (900, 12_000, 1, 7),
    (3, 2, 2, 2_000_000),
]
CELL = st.integers(0, 60)
SOME = st.integers(1, 60)


def _tables(rows: list[tuple[int, int, int, int]]) -> Tables:
    return Tables(*np.array(rows, np.int64).reshape(-1, 4).T)


def _square(row: tuple[int, int, int, int]) -> NDArray[np.float64]:
    tp, fp, fn, tn = row
    return np.array([[tp, fp], [fn, tn]], np.float64)


def _rows(found: Estimates) -> NDArray[np.float64]:
    return np.stack([found.value, found.low, found.high], -1)


def test_differences_are_newcombes() -> None:
    """Of every table at once."""
    expected = [
        (
            tp / (tp + fp) - fn / (fn + tn),
            *confint_proportions_2indep(tp, tp + fp, fn, fn + tn, "newcomb", "diff"),
        )
        for tp, fp, fn, tn in FULL
    ]

    assert_allclose(_rows(_tables(FULL).risk_difference()), expected, atol=EXACT)


def test_ratios_are_those_of_their_logarithms() -> None:
    """Relative risk and odds ratio at another level."""
    tables = [Table2x2(_square(row), shift_zeros=False) for row in FULL]
    risks = [(one.riskratio, *one.riskratio_confint(0.1)) for one in tables]
    odds = [(one.oddsratio, *one.oddsratio_confint(0.1)) for one in tables]

    assert_allclose(_rows(_tables(FULL).risk_ratio(0.9)), risks, rtol=EXACT)
    assert_allclose(_rows(_tables(FULL).odds_ratio(0.9)), odds, rtol=EXACT)


def test_phi_is_matthewss_coefficient() -> None:
    """Counted out person by person for the small ones."""
    small = FULL[:3]
    expected = [
        matthews_corrcoef(np.repeat([1, 0, 1, 0], row), np.repeat([1, 1, 0, 0], row))
        for row in small
    ]

    assert_allclose(_tables(small).phi().value, expected, atol=EXACT)


def _phi(shares: NDArray[np.float64]) -> float:
    a, b, c, d = shares
    return float((a * d - b * c) / np.sqrt((a + b) * (c + d) * (a + c) * (b + d)))


@pytest.mark.parametrize("row", FULL[:2])
def test_the_interval_of_phi_is_the_delta_method(row: tuple[int, int, int, int]) -> None:
    """Against derivatives taken by small steps, with the covariance of multinomial counts."""
    people = sum(row)
    shares = np.array(row) / people
    steps = np.eye(4) * 1e-6
    slope = np.array([(_phi(shares + one) - _phi(shares - one)) / 2e-6 for one in steps])
    variance = slope @ (np.diag(shares) - np.outer(shares, shares)) @ slope / people
    margin = 1.959963984540054 * np.sqrt(variance) / (1 - _phi(shares) ** 2)

    found = _tables([row]).phi()

    middle = np.arctanh(_phi(shares))
    assert_allclose(found.low, np.tanh(middle - margin), rtol=1e-6)
    assert_allclose(found.high, np.tanh(middle + margin), rtol=1e-6)


@given(SOME, SOME, SOME, SOME)
def test_no_table_of_the_same_margins_shows_more_than_phi_max(
    tp: int, fp: int, fn: int, tn: int
) -> None:
    """Tried against every table of those margins; in its own direction some table reaches it."""
    did, reached, people = tp + fp, tp + fn, tp + fp + fn + tn
    both = np.arange(max(0, did + reached - people), min(did, reached) + 1)
    every = Tables.counted(*(np.array(one) for one in (did, both, people, reached)))
    this = _tables([(tp, fp, fn, tn)])

    phi = every.phi().value
    extreme = phi.min() if this.phi().value[0] < 0 else phi.max()

    assert_allclose(this.phi_max(), abs(extreme), atol=EXACT)
    assert_allclose(this.phi_share().value, this.phi().value / abs(extreme), atol=EXACT)


@given(st.lists(st.tuples(CELL, CELL, CELL, CELL), min_size=1, max_size=6))
def test_chances_are_pearsons_or_exact_where_people_are_scarce(
    rows: list[tuple[int, int, int, int]],
) -> None:
    """The exact one is the doubled smaller tail; where a margin is empty nothing can be uneven."""
    expected = []
    for row in rows:
        square = _square(row)
        if not (square.sum(0).all() and square.sum(1).all()):
            expected.append(1.0)
        elif chi2_contingency(square).expected_freq.min() < 5:
            tails = [fisher_exact(square, one).pvalue for one in ("less", "greater")]
            expected.append(min(1.0, 2 * min(tails)))
        else:
            expected.append(chi2_contingency(square, correction=False).pvalue)

    assert_allclose(_tables(rows).p_values(), expected, atol=EXACT)


STRATA = [
    [(30, 70, 20, 380), (10, 10, 40, 60), (1, 4, 2, 9)],
    [(5, 95, 60, 40), (12, 12_000, 7, 80_000), (2, 3, 4, 5)],
]


def _stratified(groups: list[list[tuple[int, int, int, int]]]) -> Stratified:
    return Stratified(Tables(*np.moveaxis(np.array(groups, np.int64), -1, 0)))


def test_common_ratios_are_mantel_and_haenszels() -> None:
    """With the intervals of Robins, Breslow and Greenland; and the test for nothing."""
    tables = [StratifiedTable([_square(row) for row in group]) for group in STRATA]
    odds = [(one.oddsratio_pooled, *one.oddsratio_pooled_confint()) for one in tables]
    chances = [one.test_null_odds(correction=False).pvalue for one in tables]

    assert_allclose(_rows(_stratified(STRATA).odds_ratio()), odds, rtol=EXACT)
    assert_allclose(_stratified(STRATA).p_values(), chances, atol=EXACT)
    assert_allclose(
        _stratified(STRATA).risk_ratio().value,
        [one.riskratio_pooled for one in tables],
        rtol=EXACT,
    )


def test_one_stratum_is_the_table_itself() -> None:
    """The common figures of one stratum are its own; the ratio's interval too."""
    alone = _stratified([[row] for row in FULL])

    assert_allclose(
        alone.risk_difference().value, _tables(FULL).risk_difference().value, atol=EXACT
    )
    assert_allclose(_rows(alone.risk_ratio()), _rows(_tables(FULL).risk_ratio()), rtol=EXACT)
    assert_allclose(_rows(alone.odds_ratio()), _rows(_tables(FULL).odds_ratio()), rtol=EXACT)


def _simulated(
    rng: np.random.Generator, strata: int, people: int, runs: int, difference: float
) -> Tables:
    """Strata of their own base share, doing it the more often the higher it is."""
    base = np.linspace(0.1, 0.6, strata)
    did = rng.binomial(people, base, (runs, strata))
    both = rng.binomial(did, base + difference)
    others = rng.binomial(people - did, base)
    return Tables(both, did - both, others, people - did - others)


@pytest.mark.parametrize(("strata", "people"), [(3, 400), (40, 16)])
def test_the_common_difference_is_covered(strata: int, people: int) -> None:
    """By 95 % of the intervals, in few large strata and in many small ones; 4,000 each."""
    rng = np.random.default_rng(1)

    found = Stratified(_simulated(rng, strata, people, 4_000, 0.1)).risk_difference()

    covered = ((found.low <= 0.1) & (found.high >= 0.1)).mean()
    assert covered == pytest.approx(0.95, abs=0.012)
    assert found.value.mean() == pytest.approx(0.1, abs=0.005)


FIGURES: list[Callable[[Tables], NDArray[np.float64]]] = [
    lambda t: t.risk_difference().value,
    lambda t: t.risk_ratio().value,
    lambda t: t.odds_ratio().value,
    lambda t: t.phi().value,
    lambda t: t.phi_share().value,
    lambda t: Stratified(t).risk_difference().value,
    lambda t: Stratified(t).risk_ratio().value,
    lambda t: Stratified(t).odds_ratio().value,
]


@pytest.mark.parametrize("row", [(0, 0, 3, 4), (0, 0, 0, 0), (0, 5, 0, 7), (3, 0, 0, 0)])
@pytest.mark.parametrize("figure", FIGURES)
def test_what_a_table_cannot_tell_is_not_a_number(
    figure: Callable[[Tables], NDArray[np.float64]], row: tuple[int, int, int, int]
) -> None:
    """Without a warning; and never an infinity."""
    with warnings.catch_warnings(action="error"):
        value = figure(_tables([row]))

    assert not np.isinf(value).any()
    assert _tables([row]).p_values().tolist() == [1.0]


def test_a_table_out_of_sums_has_nobody_missing() -> None:
    """Sums that no table has are refused."""
    one = np.array(1)
    tables = Tables.counted(np.array([3, 4]), np.array([1, 2]), np.array(10), np.array(5))

    assert [cell.tolist() for cell in (tables.tp, tables.fp, tables.fn, tables.tn)] == [
        [1, 2],
        [2, 2],
        [4, 3],
        [3, 3],
    ]
    assert tables.people.tolist() == [10, 10]
    with pytest.raises(ValueError, match="nobody"):
        Tables.counted(one, one * 2, one * 10, one * 5)
