"""What two tables of spans do not have in common."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segue.services.live.publishing import Arrivals, Boundaries, Circumstances, differences
from segue.services.live.span_table import SpanTable, unlike
from segue.timeline.spans import Spans
from tests.services.live.tables import table_of

PEOPLE = 3
CODES = (4, 2)
SINCE, UPTO = 6, 9

_spans = st.lists(st.integers(0, 14), max_size=5, unique=True).map(sorted)
_tables = st.fixed_dictionaries(
    {code: st.lists(_spans, min_size=PEOPLE, max_size=PEOPLE) for code in CODES}
)


def _table(edges: dict[int, list[list[int]]]) -> SpanTable:
    """A table of spans from their edges, the last span without an end where the edges are odd."""
    return table_of({code: _of_people(people) for code, people in edges.items()})


def _of_people(people: list[list[int]]) -> Spans:
    whole = [edges + [20] * (len(edges) % 2) for edges in people]
    counts = [len(edges) // 2 for edges in whole]
    flat = np.array([at for edges in whole for at in edges], np.int64).reshape(-1, 2)
    return Spans(np.concatenate([[0], np.cumsum(counts)]), flat[:, 0].copy(), flat[:, 1].copy())


def _published(left: SpanTable, right: SpanTable) -> list[dict[str, object]]:
    people = np.arange(PEOPLE, dtype=np.int32)
    how = Circumstances(UPTO, SINCE, 100, Arrivals.none(), people[:0])
    before = Boundaries.of(people, left, SINCE)
    after = Boundaries.of(people, right, UPTO)
    return differences(before, after, Boundaries.none(), how).to_pylist()


@given(_tables, _tables, st.lists(st.booleans(), min_size=PEOPLE, max_size=PEOPLE))
def test_what_is_left_out_changes_nothing_that_is_published(left, right, alike):
    """Tables that share what some people have, as they do from one turn to the next."""
    shared = {
        code: [
            old if same else new
            for old, new, same in zip(left[code], right[code], alike, strict=True)
        ]
        for code in CODES
    }
    was, now = _table(left), _table(shared)
    assert _published(*unlike(was, now, PEOPLE, SINCE, UPTO)) == _published(was, now)


def test_a_person_without_a_difference_or_a_recent_boundary_is_left_out():
    same = _table({4: [[1, 3], [2], [7]], 2: [[], [1, 14], [2, 8]]})
    old, new = unlike(same, same, PEOPLE, SINCE, UPTO)
    assert (len(old), len(new)) == (2, 2)
    assert set(zip(new.segment.tolist(), new.person.tolist(), strict=True)) == {(4, 2), (2, 2)}


def test_of_nothing_nothing_is_left():
    none = _table({4: [[], [], []], 2: [[], [], []]})
    assert list(map(len, unlike(none, none, PEOPLE, SINCE, UPTO))) == [0, 0]
