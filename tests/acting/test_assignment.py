"""Who is held out, asked and shown which variant: stable, exact, uniform, independent of all else."""

import hashlib
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare, kstest

from segue.domain.campaigns import Content, Variant
from segue.services.acting.assignment import (
    is_held_out,
    is_held_out_of,
    is_sampled,
    variant_of,
)
from tests.acting.making import campaign, messaging

MANY = 40_000
PEOPLE = {
    "numbers": [str(n) for n in range(MANY)],
    "addresses": [f"person{n}@example.com" for n in range(MANY)],
    "random": [hashlib.md5(str(n).encode()).hexdigest() for n in range(MANY)],
}
"""Ids as products make them."""
DOUBTFUL = 0.001
"""Ids are fixed, so a test says the same every time; chance alone would fail one in a thousand."""

FIVE = Fraction(5, 100)
THREE = tuple(Variant(name, Content({}), weight) for name, weight in (("a", 1), ("b", 2), ("c", 5)))


def by_the_recipe(what, salt, campaign_id, person_id):
    """The draw as the documentation describes it, as a number in [0, 1)."""
    text = f"{what}\n{salt}\n{campaign_id}\n{person_id}"
    return Fraction(int(hashlib.sha256(text.encode()).hexdigest(), 16), 2**256)


@pytest.fixture(params=sorted(PEOPLE))
def people(request):
    return PEOPLE[request.param]


class TestWhatIsDrawn:
    @given(st.text(max_size=8), st.fractions(0, 1), st.text("abc/-_", max_size=5))
    def test_a_share_is_exactly_that_part_of_all_draws(self, person_id, share, salt):
        rules = messaging(holdout=share, salt=salt)
        one = campaign("offer", holdout=share, sampled=share)

        assert is_held_out(person_id, rules) == (
            by_the_recipe("holdout", salt, "", person_id) < share
        )
        assert is_held_out_of(one, person_id, rules) == (
            by_the_recipe("holdout", salt, "offer", person_id) < share
        )
        assert is_sampled(one, person_id, rules) == (
            by_the_recipe("sample", salt, "offer", person_id) < share
        )

    @given(st.text(max_size=8))
    def test_a_share_that_is_the_very_draw_leaves_it_out(self, person_id):
        drawn = by_the_recipe("holdout", "segue", "", person_id)

        assert not is_held_out(person_id, messaging(holdout=drawn))
        assert is_held_out(person_id, messaging(holdout=drawn + Fraction(1, 2**256)))

    @given(st.text(max_size=8), st.lists(st.integers(1, 9), min_size=1, max_size=5))
    def test_variants_divide_the_draws_by_their_weights(self, person_id, weights):
        variants = tuple(Variant(str(i), Content({}), w) for i, w in enumerate(weights))
        drawn = by_the_recipe("variant", "segue", "offer", person_id)

        chosen = int(variant_of(campaign("offer", variants=variants), person_id, messaging()).id)

        below = Fraction(sum(weights[:chosen]), sum(weights))
        assert below <= drawn < below + Fraction(weights[chosen], sum(weights))

    def test_nobody_and_everybody_are_shares_too(self, people):
        assert not any(is_held_out(one, messaging(holdout=Fraction(0))) for one in people[:500])
        assert all(is_held_out(one, messaging(holdout=Fraction(1))) for one in people[:500])

    def test_a_larger_share_holds_out_the_same_people_and_more(self, people):
        small = {one for one in people if is_held_out(one, messaging(holdout=FIVE))}

        assert all(is_held_out(one, messaging(holdout=2 * FIVE)) for one in small)

    def test_it_is_the_same_for_ever(self):
        rules = messaging(holdout=FIVE)
        assert [n for n in range(100) if is_held_out(str(n), rules)] == HELD_OUT_OF_THE_HUNDRED


HELD_OUT_OF_THE_HUNDRED = [0, 8, 19, 88]


class TestChance:
    """χ² and Kolmogorov–Smirnov tests over tens of thousands of people."""

    def test_the_holdout_is_as_large_as_it_is_said_to_be(self, people):
        held = sum(is_held_out(one, messaging(holdout=FIVE)) for one in people)

        assert chisquare([held, MANY - held], [MANY * 0.05, MANY * 0.95]).pvalue > DOUBTFUL

    def test_draws_are_uniform(self, people):
        """Every percentile is as likely: an estimate of the draw, from the shares it is below."""
        draws = [float(by_the_recipe("holdout", "segue", "", one)) for one in people]
        held = [is_held_out(one, messaging(holdout=Fraction(1, 2))) for one in people]

        assert held == [draw < 0.5 for draw in draws]
        assert kstest(draws, "uniform").pvalue > DOUBTFUL

    def test_variants_have_their_shares(self, people):
        one = campaign(variants=THREE)
        chosen = [variant_of(one, person, messaging()).id for person in people]

        counts = [chosen.count(name) for name in "abc"]

        assert chisquare(counts, [MANY * w / 8 for w in (1, 2, 5)]).pvalue > DOUBTFUL

    @pytest.mark.parametrize("members", ["odd", "early", "short hash", "like the id"])
    def test_it_is_independent_of_segments(self, people, members):
        """Whatever makes up a segment, its members are held out as often as others."""
        inside = {
            "odd": [n % 2 == 1 for n in range(MANY)],
            "early": [n < MANY / 10 for n in range(MANY)],
            "short hash": [hashlib.sha256(one.encode()).digest()[0] < 60 for one in people],
            "like the id": ["7" in one for one in people],
        }[members]
        held = [is_held_out(one, messaging(holdout=FIVE)) for one in people]

        assert independent(held, inside)

    def test_campaigns_are_independent_of_each_other_and_of_the_project(self, people):
        rules = messaging(holdout=FIVE)
        first, second = (campaign(name, holdout=2 * FIVE) for name in ("first", "second"))
        arms = [
            [is_held_out(one, rules) for one in people],
            [is_held_out_of(first, one, rules) for one in people],
            [is_held_out_of(second, one, rules) for one in people],
        ]

        assert independent(arms[0], arms[1])
        assert independent(arms[0], arms[2])
        assert independent(arms[1], arms[2])

    def test_variants_and_samples_are_independent_of_holdouts(self, people):
        rules = messaging(holdout=FIVE)
        one = campaign(holdout=2 * FIVE, variants=THREE, sampled=Fraction(1, 3))
        other = campaign("other", variants=THREE)
        held = [is_held_out(person, rules) for person in people]
        held_of = [is_held_out_of(one, person, rules) for person in people]
        variant = [variant_of(one, person, rules).id for person in people]
        sampled = [is_sampled(one, person, rules) for person in people]

        assert independent(held, variant)
        assert independent(held_of, variant)
        assert independent(held_of, sampled)
        assert independent(sampled, variant)
        assert independent(variant, [variant_of(other, person, rules).id for person in people])

    def test_another_salt_holds_out_others(self, people):
        one, other = (
            [is_held_out(p, messaging(holdout=FIVE, salt=s)) for p in people] for s in "xy"
        )

        assert one != other
        assert independent(one, other)


def independent(one, other):
    """Whether χ² sees no connection between two properties of the same people."""
    rows, columns = (np.unique(side, return_inverse=True)[1] for side in (one, other))
    table = np.zeros((rows.max() + 1, columns.max() + 1), np.int64)
    np.add.at(table, (rows, columns), 1)
    return chi2_contingency(table).pvalue > DOUBTFUL
