"""The largest deviation by chance alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import hypergeom, ks_2samp

from segue.insight.landmarks import Done
from segue.insight.permuting import LEAST_ROUNDS, Dealing, largest_by_chance, rounds_for
from segue.insight.tables import Stratified, Tables

PEOPLE = 400


def _dealing(rng: np.random.Generator, *, strata: int, share: float, actions: int = 1) -> Dealing:
    """People of some strata, the higher the more often successful; actions done by a third."""
    stratum = np.sort(rng.integers(0, strata, PEOPLE))
    reached = rng.random(PEOPLE) < share * (1 + stratum) / strata
    done = [
        Done(p := np.flatnonzero(rng.random(PEOPLE) < 0.3).astype(np.int32), _once(p))
        for _ in range(actions)
    ]
    tables = [_table(stratum, reached, one) for one in done]
    expected, spread = zip(*(one.by_chance() for one in tables), strict=True)
    return Dealing(
        stratum,
        reached,
        done,
        np.array(expected)[:, None],
        np.array(spread)[:, None],
        np.ones((actions, 1), np.bool_),
    )


def _once(people: np.ndarray) -> np.ndarray:
    return np.ones(len(people), np.int32)


def _table(stratum: np.ndarray, reached: np.ndarray, done: Done) -> Stratified:
    did = np.zeros(PEOPLE, np.bool_)
    did[done.people] = True
    size = int(stratum.max()) + 1
    counts = (
        np.bincount(stratum[kept], minlength=size)
        for kept in (did, did & reached, np.ones_like(did), reached)
    )
    return Stratified(Tables.counted(*counts))


@pytest.mark.parametrize("share", [0.2, 0.8])
def test_one_test_in_one_stratum_deviates_as_fishers_distribution(share: float) -> None:
    """Whether successes or failures are the fewer."""
    one = _dealing(np.random.default_rng(2), strata=1, share=share)

    found = largest_by_chance([one], 4_000, np.random.default_rng(3))

    successes = hypergeom.rvs(
        *(PEOPLE, int(one.reached.sum()), len(one.done[0].people)), size=4_000, random_state=4
    )
    exact = np.abs(successes - one.expected[0, 0]) / one.spread[0, 0]
    assert ks_2samp(found, exact).pvalue > 0.001


def test_a_test_in_strata_is_about_normal() -> None:
    """The deviation is in its own standard deviations, so that 5 % pass 1.96."""
    one = _dealing(np.random.default_rng(5), strata=8, share=0.5)

    found = largest_by_chance([one], 4_000, np.random.default_rng(6))

    assert (found > 1.96).mean() == pytest.approx(0.05, abs=0.012)


def test_large_strata_are_dealt_like_small_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """However people are drawn."""
    one = _dealing(np.random.default_rng(7), strata=2, share=0.3)
    drawn = largest_by_chance([one], 3_000, np.random.default_rng(8))
    monkeypatch.setattr("segue.insight.permuting._MANY", 10)
    chosen = largest_by_chance([one], 3_000, np.random.default_rng(9))

    assert ks_2samp(drawn, chosen).pvalue > 0.001


def test_more_tests_have_a_larger_largest() -> None:
    """Of forty actions about as the largest of forty normal deviates; the same seed the same."""
    rng = np.random.default_rng(10)
    many = _dealing(rng, strata=5, share=0.5, actions=40)

    found = largest_by_chance([many], 2_000, np.random.default_rng(11))

    assert np.quantile(found, 0.95) == pytest.approx(3.2, abs=0.25)
    assert (found == largest_by_chance([many], 2_000, np.random.default_rng(11))).all()


def test_counts_add_up_to_at_least() -> None:
    """Who did it three times did it at least twice: tests of times are dealt from those."""
    one = _dealing(np.random.default_rng(12), strata=1, share=0.5)
    people = one.done[0].people
    thrice = Dealing(
        one.stratum,
        one.reached,
        [Done(people, np.full(len(people), 3, np.int32))],
        np.repeat(one.expected, 2, axis=1),
        np.repeat(one.spread, 2, axis=1),
        np.ones((1, 2), np.bool_),
    )

    assert (
        largest_by_chance([thrice], 50, np.random.default_rng(13))
        == largest_by_chance([one], 50, np.random.default_rng(13))
    ).all()


def test_nothing_to_test_deviates_by_nothing() -> None:
    """And rounds get fewer where there is more to deal."""
    one = _dealing(np.random.default_rng(14), strata=1, share=0.5)
    none = Dealing(one.stratum, one.reached, one.done, one.expected, one.spread, one.spread < 0)

    assert largest_by_chance([none], 5, np.random.default_rng(1)).tolist() == [0.0] * 5
    assert largest_by_chance([], 5, np.random.default_rng(1)).tolist() == [0.0] * 5
    assert rounds_for([one]) > rounds_for([one] * 5_000) == LEAST_ROUNDS
