"""What is asked of few events is answered as it is of many, however it is asked."""

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.adapters.duckdb_store import DuckDBStore
from segue.language.tree import EventPattern, FilterAnd, FilterNot, FilterOr, PatternUnion
from segue.timeline.log import (
    Code,
    InstantOf,
    IsAmong,
    Number,
    Request,
    Satisfies,
    TraitRequest,
    TraitWrites,
)
from segue.timeline.parts import Codebook
from tests.adapters.stores import event, named, table
from tests.adapters.test_values import NOW, small
from tests.adapters.test_values import tests as value_tests

ZONE = "Europe/Berlin"
NAMES = ("x", "y", "$set", "$unset")
OCCURRENCES = ("offsets", "at", "value", "known", "source")

filters = st.recursive(
    value_tests,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(FilterAnd),
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(FilterOr),
        inner.map(FilterNot),
    ),
    max_leaves=4,
)
simple = st.builds(
    lambda names, where: named(*names, where=where),
    st.lists(st.sampled_from(("x", "y", "z")), min_size=1, max_size=2, unique=True),
    st.none() | filters,
) | st.builds(EventPattern, where=st.none() | filters)
patterns = simple | st.lists(simple, min_size=2, max_size=3).map(tuple).map(PatternUnion)
readings = st.one_of(
    st.sampled_from([Number(("v",)), Code(("v",)), InstantOf(("v",))]),
    filters.map(Satisfies),
    patterns.map(IsAmong),
)
requests = st.one_of(
    st.builds(Request, patterns, ordered=st.booleans()),
    st.builds(Request, patterns, readings, ordered=st.booleans()),
    st.builds(TraitRequest, st.just("v"), filters.map(Satisfies)),
)
rows = st.tuples(
    st.sampled_from(("ann", "ben")),
    st.sampled_from(NAMES),
    st.integers(0, 2),
    st.none() | st.integers(0, 2),
    small,
)


def arrays(answer):
    """Everything in an answer but its order keys, which depend on what was ranked with it."""
    one = answer.writes if isinstance(answer, TraitWrites) else answer
    found = {name: getattr(one, name) for name in OCCURRENCES}
    if one.known is not None:
        found |= {"value": np.where(one.known, one.value, 0)}
        found |= {"known": None if one.known.all() else one.known}
    if isinstance(answer, TraitWrites):
        found |= {"kind": answer.kind}
    return {name: None if array is None else array.tolist() for name, array in found.items()}


@settings(max_examples=25)
@given(asked=st.lists(requests, min_size=1, max_size=6), given_rows=st.lists(rows, max_size=20))
def test_few_are_answered_as_many(asked, given_rows):
    """All requests about a batch at once, against each scan of it on its own."""
    events = [
        event(who, name, NOW + at, json.dumps({"v": value}), id=str(n), sequence=sequence)
        for n, (who, name, at, sequence, value) in enumerate(given_rows)
    ]
    store, codebook = DuckDBStore.open(None, timezone=ZONE), Codebook()
    try:
        with store.turn() as turn:
            turn.append(table(*events[:5]), received_at=1)
            turn.append(table(*events[5:]), received_at=2)
            few = turn.delta(set(asked), codebook)
        many = store.everything(set(asked), codebook)
    finally:
        store.close()
    assert few.whos.tolist() == many.whos.tolist()
    assert few.log.first_seen.tolist() == many.log.first_seen.tolist()
    for one in asked:
        assert arrays(few.log.answers[one]) == arrays(many.log.answers[one])


def test_what_a_turn_replaces_is_not_among_what_it_wrote():
    """An event that came in the same turn with another content counts once."""
    store, asked = DuckDBStore.open(None), Request(named("x"), Number(("v",)))
    with store.turn() as turn:
        turn.append(
            table(event("ann", "x", 1, {"v": 1}, id="a"), event("ann", "x", 2)), received_at=2
        )
        turn.append(table(event("ann", "x", 1, {"v": 2}, id="a")), received_at=1)
        part = turn.delta([asked], Codebook())
    assert part.log.answers[asked].at.tolist() == [1, 2]
    assert part.log.answers[asked].value.tolist() == [2_000_000, 0]
    store.close()
