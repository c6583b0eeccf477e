"""The k-th of amounts in many parts is the one that sorting all of them gives."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.timeline.order_statistics import Bracket, bracket, chosen, in_order, inside, sampled

BEYOND = 1 << 63
"""What 64 bits do not hold."""
AMOUNTS = st.tuples(
    st.one_of(st.integers(-4, 4), st.integers(-(BEYOND << 40), BEYOND << 40)),
    st.one_of(st.just(1), st.integers(1, 6), st.integers(1, (1 << 26) - 1)),
)
PARTS = st.lists(st.lists(AMOUNTS, max_size=40), max_size=6)


def part(amounts):
    """Amounts as a block keeps them."""
    numerators = np.array([n for n, _ in amounts], object)
    if all(abs(n) < BEYOND for n, _ in amounts):
        numerators = numerators.astype(np.int64)
    return in_order(numerators, np.array([d for _, d in amounts], np.int64))


def found(parts, place, most):
    """The amount at a place of the ascending order, by samples and brackets."""
    limits = bracket([sampled(one, most) for one in parts], place)
    return limits, chosen(limits, [inside(one, limits) for one in parts])


@given(PARTS, st.integers(2, 50))
def test_every_place_of_amounts_in_many_parts(parts, most):
    """Ties, fractions, numbers beyond 64 bits, empty parts, samples of any size."""
    ascending = sorted(Fraction(n, d) for one in parts for n, d in one)
    made = [part(one) for one in parts]
    assert [found(made, k, most)[1] for k in range(len(ascending))] == ascending


@given(st.lists(AMOUNTS, max_size=40))
def test_a_part_counts_equal_amounts_together(amounts):
    ascending = sorted(Fraction(n, d) for n, d in amounts)
    kept = part(amounts)
    assert kept.values() == sorted(set(ascending))
    assert np.repeat(kept.values(), np.diff(kept.upto, prepend=0)).tolist() == ascending
    assert kept.size == len(amounts)


@pytest.mark.parametrize("share", [0.001, 0.5, 0.99])
def test_little_lies_inside_a_bracket(share):
    """Of 160,000 amounts in ten parts, at most what the samples leave open: of each part what lies
    between two neighbours of its sample, twice."""
    rng = np.random.default_rng(1)
    whole = rng.integers(0, 1 << 40, (10, 16_000))
    parts = [in_order(one, np.ones(len(one), np.int64)) for one in whole]
    place = int(share * whole.size)
    limits, amount = found(parts, place, 128)
    assert amount == int(np.sort(whole, axis=None)[place])
    assert sum(inside(one, limits).amounts.size for one in parts) <= 10 * 2 * 16_000 // 127 + 20


def test_parts_that_are_not_those_of_the_samples_are_noticed():
    with pytest.raises(ValueError, match="not in its bracket"):
        chosen(
            Bracket(None, Fraction(1), 3), [inside(part([(1, 1)]), Bracket(None, Fraction(1), 3))]
        )
