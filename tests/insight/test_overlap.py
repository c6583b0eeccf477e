"""How much segments are the same people."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segue.insight.overlap import Overlaps

MEMBERS = st.lists(st.lists(st.booleans(), min_size=9, max_size=9), min_size=1, max_size=5)


@given(MEMBERS)
def test_every_pair_is_counted(rows: list[list[bool]]) -> None:
    """As by sets of people."""
    people = [{i for i, inside in enumerate(row) if inside} for row in rows]

    found = Overlaps.measured(np.array(rows))

    assert found.size.tolist() == [len(one) for one in people]
    assert found.both.tolist() == [[len(a & b) for b in people] for a in people]
    assert found.jaccard.tolist() == [
        [len(a & b) / len(a | b) if a | b else 0 for b in people] for a in people
    ]
    assert found.containment.tolist() == [
        [len(a & b) / len(a) if a else 0 for b in people] for a in people
    ]


def test_many_people_are_counted_exactly() -> None:
    """More than are counted at once."""
    members = np.ones((2, 2_500_001), np.bool_)
    members[1, ::2] = False

    found = Overlaps.measured(members)

    assert found.both.tolist() == [[2_500_001, 1_250_000], [1_250_000, 1_250_000]]
