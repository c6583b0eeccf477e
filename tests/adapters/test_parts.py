"""Parts of a log by distinct id: of a batch, of some ids, of everything; and the ranks of ties."""

import numpy as np
import pytest

from segue.adapters.duckdb_store import DuckDBStore, parts
from segue.adapters.extract import Relation, SmallRelation, ranks
from segue.domain.instant import FOREVER
from segue.language.tree import Op, Test
from segue.timeline.log import (
    ACTIVITY,
    Code,
    Number,
    Request,
    Satisfies,
    TraitRequest,
    TraitWrites,
)
from segue.timeline.parts import Codebook
from tests.adapters.stores import event, named, table

VIEWS = Request(named("view"))
BOUGHT = Request(named("buy"), Code(("what",)), ordered=True)
AMOUNTS = Request(named("buy", where=Test(("n",), Op.IS_SET)), Number(("n",)))
ANY = Request(ACTIVITY, ordered=True)
PLAN = TraitRequest("plan", Satisfies(Test(("plan",), Op.EQ, "pro")))
REQUESTS = (VIEWS, BOUGHT, AMOUNTS, ANY, PLAN)

FIRST = (
    event("ann", "view", 10),
    event("ben", "buy", 20, {"what": "tea", "n": 1}),
    event("ann", "$set", 5, {"plan": "pro"}),
)
SECOND = (
    event("cem", "buy", 40, {"what": "jam"}, id="b"),
    event("ann", "buy", 30, {"what": "tea", "n": 2.5}, id="z", sequence=1),
    event("ann", "view", 30, id="y"),
    event("ann", "$set", 30, {"plan": "free"}, id="x"),
)


@pytest.fixture
def store():
    """A store that received two batches: references 0 to 2, and 3 to 6."""
    store = DuckDBStore.open(None)
    store.append(table(*FIRST), received_at=1)
    store.append(table(*SECOND), received_at=2)
    yield store
    store.close()


def events_of(store):
    return Relation(store._db, "events", tuple(store._names.texts))


def delta(store, requests=REQUESTS, codebook=None, *, first=3, **how):
    events = events_of(store)
    return parts.delta(
        events,
        requests,
        Codebook() if codebook is None else codebook,
        rows=parts.few_rows(store._db, first),
        timezone="UTC",
        **how,
    )


def told(store, part, request):
    """The rows of an answer by distinct id, as (instant, value)."""
    answer = part.log.answers[request]
    one = answer.writes if isinstance(answer, TraitWrites) else answer
    ids = [store._ids.texts[who] for who in part.whos]
    values = [None] * len(one) if one.value is None else one.value.tolist()
    rows = list(zip(one.at.tolist(), values, strict=True))
    return {
        ids[i]: rows[one.offsets[i] : one.offsets[i + 1]]
        for i in range(len(ids))
        if one.offsets[i] < one.offsets[i + 1]
    }


def test_a_batch_is_answered_by_distinct_id(store):
    """Only its own events, only its own ids."""
    codebook = Codebook(["stea"])
    part = delta(store, codebook=codebook)
    assert [store._ids.texts[who] for who in part.whos] == ["ann", "cem"]
    assert part.log.first_seen.tolist() == [30, 40]
    assert told(store, part, VIEWS) == {"ann": [(30, None)]}
    assert told(store, part, BOUGHT) == {"ann": [(30, 0)], "cem": [(40, 1)]}
    assert told(store, part, AMOUNTS) == {"ann": [(30, 2_500_000)]}
    assert told(store, part, ANY) == {"ann": [(30, None)] * 2, "cem": [(40, None)]}
    assert told(store, part, PLAN) == {"ann": [(30, 0)]}
    assert codebook.texts == ["stea", "sjam"]


def test_what_is_ordered_carries_references_and_keys_that_compare(store):
    """Also the writes of traits carry references; what is not ordered needs none."""
    answers = delta(store).log.answers
    assert answers[ANY].source.tolist() == [5, 4, 3]  # "y" has no sequence number, "z" has one
    keys = dict(zip(answers[ANY].source.tolist(), answers[ANY].order.tolist(), strict=True))
    assert keys[5] < keys[4]
    assert answers[BOUGHT].source.tolist() == [4, 3]
    assert answers[BOUGHT].order.tolist() == [keys[4], keys[3]]
    assert answers[PLAN].writes.source.tolist() == [6]
    assert answers[VIEWS].source is None
    assert answers[AMOUNTS].source is None


def test_what_did_not_occur_is_not_asked_of_the_database(store, monkeypatch):
    """Nothing is asked of properties where no name that occurs is asked about them."""
    asked = []
    monkeypatch.setattr(
        "segue.adapters.extract.relation.SmallRelation.columns",
        lambda self, expressions, parameters: (asked.extend(expressions), {})[1],
    )
    other = Request(named("other", where=Test(("n",), Op.IS_SET)), Number(("n",)), ordered=True)
    part = delta(store, [VIEWS, ANY, other])
    assert asked == []
    assert told(store, part, VIEWS) == {"ann": [(30, None)]}
    assert told(store, part, other) == {}
    assert part.log.answers[other].value.tolist() == []


def test_names_that_are_no_activity(store):
    """The project's own list."""
    assert told(store, delta(store, not_activity=("buy",)), ANY) == {"ann": [(30, None)]}


def test_no_batch(store):
    """Nothing was stored."""
    part = delta(store, first=7)
    assert part.whos.tolist() == []
    assert all(told(store, part, request) == {} for request in REQUESTS)
    assert part.log.answers[ANY].offsets.tolist() == [0]


def test_some_ids_again(store):
    """All that they did; who did nothing has a place."""
    whos = np.array([store._ids.code("ben"), store._ids.code("ann"), 17], np.int32)
    part = parts.reread(events_of(store), whos, REQUESTS, Codebook(), timezone="UTC")
    assert part.whos.tolist() == sorted(whos.tolist())
    assert part.log.first_seen.tolist() == [5, 20, FOREVER]
    store._ids.texts += [""] * 20
    assert told(store, part, ANY) == {
        "ann": [(10, None), (30, None), (30, None)],
        "ben": [(20, None)],
    }
    del store._ids.texts[-20:]


@pytest.mark.parametrize(
    ("since", "before", "expected"),
    [
        (0, None, {"ann": [10, 30, 30], "ben": [20], "cem": [40]}),
        (3, None, {"ann": [30, 30], "cem": [40]}),
        (0, 3, {"ann": [10], "ben": [20]}),
        (1, 4, {"ben": [20], "cem": [40]}),
    ],
)
def test_everything_in_a_range(store, since, before, expected):
    """By reference: the order of storing."""
    part = parts.everything(
        events_of(store), 3, REQUESTS, Codebook(), timezone="UTC", since=since, before=before
    )
    found = {who: [at for at, _ in rows] for who, rows in told(store, part, ANY).items()}
    assert found == expected


def test_a_batch_equals_a_range(store):
    """The quick way and the thorough way say the same."""
    quick, thorough = (
        delta(store),
        parts.everything(events_of(store), 3, REQUESTS, Codebook(), timezone="UTC", since=3),
    )
    for request in REQUESTS:
        assert told(store, quick, request) == told(store, thorough, request)


def test_ranks(store):
    """By sequence number, none first, then the bytes of the id, then storing."""
    asked = np.array([3, 4, 5, 6, 4])
    assert ranks(events_of(store), asked).tolist() == [0, 3, 2, 1, 3]
    few = SmallRelation(store._db, "events", (), parts.few_rows(store._db, 0))
    assert ranks(few, asked).tolist() == [0, 3, 2, 1, 3]
