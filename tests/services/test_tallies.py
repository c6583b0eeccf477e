"""Summaries are made of tallies, and tallies of parts of the people add up to that of all."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.instant import DAY, FOREVER, WEEK
from segue.services.summarise import HORIZONS, NOTHING, WEEKS, added_up, tally

AT = 100 * WEEK
NEAR = st.integers(AT - 14 * WEEK, AT + 400 * DAY)
SPANS = st.lists(
    st.tuples(NEAR, st.one_of(st.just(FOREVER), NEAR)).filter(lambda one: one[0] < one[1])
)


def counted(spans):
    """The tally of spans given as pairs."""
    start, end = np.array(spans, np.int64).reshape(-1, 2).T
    return tally(start, end, AT)


def as_lists(one):
    """A tally to compare."""
    return [*(part.tolist() for part in (one.began, one.ended, one.leaving)), one.first_at]


@given(SPANS, SPANS)
def test_parts_add_up(some, others):
    """In whichever parts people are counted."""
    parts = added_up([("s", counted(some)), ("t", NOTHING), ("s", counted(others))])

    assert as_lists(parts["s"]) == as_lists(counted([*some, *others]))
    assert as_lists(parts["t"]) == as_lists(NOTHING)


@given(SPANS)
def test_a_tally_counts(spans):
    """Sizes at the weekly instants, and who of the members leaves within each horizon."""
    found = counted(spans)
    weeks = [AT - WEEK * back for back in range(WEEKS - 1, -1, -1)]
    leaves = [end for start, end in spans if start <= AT < end < FOREVER]

    assert (found.began - found.ended).tolist() == [
        sum(start <= week < end for start, end in spans) for week in weeks
    ]
    assert found.leaving.tolist() == [
        *(sum(end <= AT + horizon for end in leaves) for horizon in HORIZONS), len(leaves)
    ]  # fmt: skip
    assert found.first_at == min(leaves, default=FOREVER)
