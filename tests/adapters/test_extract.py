"""Requests are answered in event order, for the right people, from the right events."""

import numpy as np
import pytest

from segue.domain.instant import FOREVER, LATEST
from segue.language.tree import EventPattern, Name, Op, PatternUnion, Test
from segue.timeline.log import (
    ACTIVITY,
    AFTER_EVENTS,
    REMOVE,
    SET,
    SET_ONCE,
    Code,
    InstantOf,
    IsAmong,
    Number,
    Request,
    Satisfies,
    TraitRequest,
)
from tests.adapters.stores import answer, event, named, rows_of, store_of

WORLD = (
    event("bea", "view", 30, {"n": 3}),
    event("ann", "view", 20, {"n": 2}),
    event("ann", "buy", 20, {"n": 7, "coupon": True}),
    event("ann", "view", 10, {"n": 1}),
    event("cem", "Viewed Page", 40),
    event("ann", "$set", 5, {"plan": "pro"}),
)


def instants(request, *events, **how):
    """The instants of the answer, per person id."""
    store = store_of(*events)
    try:
        found = rows_of(store, request, **how)
        return {person: [at for at, _ in rows] for person, rows in found.items()}
    finally:
        store.close()


@pytest.mark.parametrize(
    ("pattern", "ann", "bea", "cem"),
    [
        (named("view"), [10, 20], [30], []),
        (named("view", "buy"), [10, 20, 20], [30], []),
        (named("View*"), [], [], [40]),
        (named("v*"), [10, 20], [30], []),
        (named("*"), [5, 10, 20, 20], [30], [40]),
        (named("nothing"), [], [], []),
        (named("view'; DROP TABLE events; --"), [], [], []),
        (ACTIVITY, [10, 20, 20], [30], [40]),
        (EventPattern((), Test(("n",), Op.IS_SET)), [10, 20, 20], [30], []),
        (named("view", where=Test(("n",), Op.EQ, "2")), [20], [], []),
        (PatternUnion((named("buy"), named("view", where=Test(("n",), Op.EQ, "1")))), [10, 20], [], []),
        (PatternUnion((named("view"), named("view", where=Test(("n",), Op.EQ, "1")))), [10, 20], [30], []),
        (named("$set"), [5], [], []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ordered", [False, True])
def test_patterns(pattern, ordered, ann, bea, cem):
    """Names, prefixes, unions, filters and `any`, whether ordered or not."""
    found = instants(Request(pattern, ordered=ordered), *WORLD)
    assert found == {"ann": ann, "bea": bea, "cem": cem}


def test_any_leaves_out_what_is_no_activity():
    """Profile and identity events, what was done to the person, and the project's own list."""
    names = ["$identify", "$set", "$set_once", "$unset", "$groupidentify", "$create_alias",
             "$merge_dangerously", "$message_delivered", "$message_shown", "$survey_shown",
             "$message_clicked", "$message_dismissed", "$survey_answered", "$survey_dismissed",
             "renewed", "Email Delivered", "Email Opened", "view"]  # fmt: skip
    events = [event("ann", name, at) for at, name in enumerate(names)]
    assert instants(Request(ACTIVITY), *events) == {"ann": list(range(10, 18))}
    left_out = instants(Request(ACTIVITY), *events, not_activity=("renewed", "Email *"))
    assert left_out == {"ann": [10, 11, 12, 13, 17]}


def test_people_are_sorted_by_the_bytes_of_their_ids():
    """The order of arrival shows nowhere."""
    ids = ["b", "a", "é", "Z", "😀", "～", "aa"]
    store = store_of(*(event(person, "x", 1) for person in ids))
    assert list(store.read([Request(ACTIVITY)]).person_ids) == sorted(ids, key=str.encode)
    store.close()


def test_a_log_cut_at_an_instant():
    """Later events do not count, and who has none yet does not exist yet."""
    store = store_of(*WORLD)
    read = store.read([Request(ACTIVITY)], at=20)
    assert list(read.person_ids) == ["ann", "bea", "cem"]
    assert read.log.first_seen.tolist() == [5, FOREVER, FOREVER]
    assert read.log.until == 20
    assert store.read([]).log.until == LATEST
    assert read.log.answers[Request(ACTIVITY)].at.tolist() == [10, 20, 20]
    store.close()


def test_some_people_only():
    """Of people who are asked about by id; nobody is no error."""
    store = store_of(*WORLD)
    requests = [
        Request(ACTIVITY),
        Request(named("view"), Number(("n",)), ordered=True),
        TraitRequest("plan", Satisfies(Test(("plan",), Op.IS_SET))),
    ]
    everybody = store.read(requests)
    some = store.read(requests, people=["cem", "ann", "nobody"])
    assert list(some.person_ids) == ["ann", "cem"]
    assert some.log.first_seen.tolist() == [5, 40]
    assert some.log.answers[requests[0]].at.tolist() == [10, 20, 20, 40]
    ann = everybody.log.answers[requests[1]]
    assert some.log.answers[requests[1]].value.tolist() == ann.value[: ann.offsets[1]].tolist()
    assert some.log.answers[requests[2]].kind.tolist() == [SET]
    store.close()


TIES = (
    event("ann", "x", 7, {"n": 1}, id="b"),
    event("ann", "x", 7, {"n": 2}, id="a"),
    event("ann", "x", 7, {"n": 3}, id="c", sequence=-5),
    event("ann", "y", 7, {"n": 4}, id="d", sequence=-6),
    event("ann", "x", 7, {"n": 5}, id="é", sequence=-5),
    event("ann", "x", 7, {"n": 6}, id="z", sequence=-5),
    event("ann", "x", 8, {"n": 7}, id="0"),
    event("bea", "y", 7, {"n": 8}, id="1"),
)


def test_event_order_breaks_ties():
    """Instant, then sequence (none stands first), then the bytes of the event id."""
    found = answer(Request(named("x"), Number(("n",))), *TIES)
    assert (found.value // 10**6).tolist() == [2, 1, 3, 6, 5, 7]


def test_order_keys_agree_between_answers():
    """Keys of ties are ranks in event order, four apart, over all ordered answers of one read."""
    store = store_of(*TIES)
    x, y = Request(named("x"), ordered=True), Request(named("y"), ordered=True)
    log = store.read([x, y]).log
    assert log.answers[x].order.tolist() == [2, 6, 14, 18, 22, 2]
    assert log.answers[y].order.tolist() == [10, 2]
    assert log.answers[x].order.dtype == np.int32
    assert log.answers[y].order.max() < AFTER_EVENTS
    store.close()


def test_an_answer_alone_has_ties_of_its_own_only():
    """A single event at its instant has the key that leaves room before it."""
    assert answer(Request(named("y"), ordered=True), *TIES).order.tolist() == [2, 2]


def test_readings_of_one_pattern():
    """Numbers, codes, instants and truths stand beside the instants they were read with."""
    events = (
        event("ann", "x", 1, {"n": "1.5", "when": "1970-01-02", "kind": "a"}),
        event("ann", "y", 2, {"n": True, "when": 5, "kind": "b"}),
        event("ann", "x", 3, {"n": -2, "kind": "a"}),
    )
    x_or_y = named("x", "y")
    requests = {
        "number": Request(x_or_y, Number(("n",))),
        "instant": Request(x_or_y, InstantOf(("when",))),
        "code": Request(x_or_y, Code(("kind",))),
        "truth": Request(x_or_y, Satisfies(Test(("kind",), Op.EQ, "a"))),
        "among": Request(x_or_y, IsAmong(named("y", "z"))),
        "among all": Request(x_or_y, IsAmong(named("x", "y"))),
        "among any": Request(x_or_y, IsAmong(ACTIVITY)),
    }
    store = store_of(*events)
    log = store.read(list(requests.values())).log
    found = {name: log.answers[request] for name, request in requests.items()}
    store.close()
    assert found["number"].value[[0, 2]].tolist() == [1_500_000, -2_000_000]
    assert found["number"].known.tolist() == [True, False, True]
    assert found["instant"].value[:2].tolist() == [86_400_000, 5_000]
    assert found["instant"].known.tolist() == [True, True, False]
    first, second, third = found["code"].value.tolist()
    assert first == third != second
    assert found["truth"].value.tolist() == [1, 0, 1]
    assert found["among"].value.tolist() == [0, 1, 0]
    assert found["among all"].value.tolist() == found["among any"].value.tolist() == [1, 1, 1]
    assert all(one.value.dtype == np.int64 for one in found.values())


def test_codes_agree_between_answers():
    """The same text has the same code whatever event carries it."""
    events = (
        event("ann", "x", 1, {"k": "p"}),
        event("ann", "y", 2, {"k": "q"}),
        event("ann", "y", 3, {"k": "p"}),
    )
    store = store_of(*events)
    x, y = Request(named("x"), Code(("k",))), Request(named("y"), Code(("k",)))
    log = store.read([x, y]).log
    assert log.answers[x].value[0] == log.answers[y].value[1] != log.answers[y].value[0]
    store.close()


def test_sources_find_the_events_again():
    """References lead back to what was stored, in the order asked."""
    store = store_of(*WORLD)
    request = Request(named("view", "buy"))
    found = store.read([request], people=["ann"], sources=True).log.answers[request]
    events = store.events(found.source.tolist())
    assert [one.occurred_at for one in events] == found.at.tolist() == [10, 20, 20]
    assert [one.event for one in events] == ["view", "buy", "view"]
    assert events[0].properties == '{"n":1}'
    assert store.events(found.source[::-1].tolist()) == events[::-1]
    store.close()


def test_an_empty_store_answers_with_nothing():
    """No people, and every array empty."""
    store = store_of()
    requests = [
        Request(ACTIVITY),
        Request(named("x"), Number(("n",)), ordered=True),
        Request(named("x"), Code(("n",))),
        TraitRequest("plan", InstantOf(("plan",))),
    ]
    read = store.read(requests, sources=True)
    assert list(read.person_ids) == []
    assert all(read.log.answers[request].people == 0 for request in requests[:3])
    assert read.log.answers[requests[3]].writes.people == 0
    store.close()


# --------------------------------------------------------------------------------------- traits


def writes(key, *events, path=None):
    """The writes of a trait as (at, kind, is it set)."""
    request = TraitRequest(key, Satisfies(Test(path or (key,), Op.IS_SET)))
    found = answer(request, *events)
    return list(
        zip(found.writes.at.tolist(), found.kind.tolist(), found.writes.value.tolist(), strict=True)
    )


@pytest.mark.parametrize(
    ("name", "properties", "expected"),
    [
        ("$identify", {"plan": "pro"}, [(1, SET, 1)]),
        ("$set", {"plan": "pro"}, [(1, SET, 1)]),
        ("$set", {"plan": False}, [(1, SET, 1)]),
        ("$set", {"plan": None}, [(1, REMOVE, 0)]),
        ("$identify", {"plan": None}, [(1, REMOVE, 0)]),
        ("$set", {"other": 1}, []),
        ("$set_once", {"plan": "pro"}, [(1, SET_ONCE, 1)]),
        ("$set_once", {"plan": None}, []),
        ("$unset", {"plan": "whatever"}, [(1, REMOVE, 1)]),
        ("$unset", {"plan": None}, [(1, REMOVE, 0)]),
        ("$unset", {"other": 1}, []),
        ("$unset", {"$unset": ["plan", "x"]}, [(1, REMOVE, 0)]),
        ("$unset", {"$unset": ["x"]}, []),
        ("view", {"plan": "pro"}, []),
        ("$groupidentify", {"plan": "pro"}, []),
    ],
)
def test_what_writes_a_trait(name, properties, expected):
    """Key by key; null removes, and `$set_once` of null is no write."""
    assert writes("plan", event("ann", name, 1, properties)) == expected


def test_trait_names_are_literal():
    """A key with dots, quotes or SQL in it is a key."""
    for key in ("a.b", '"a"', "x'); DROP TABLE events; --", "$.a", "ключ"):
        assert writes(key, event("ann", "$set", 1, {key: 1, "a": {"b": 1}})) == [(1, SET, 1)]


def test_an_identity_key_is_no_trait():
    """`$anon_distinct_id` of `$identify` says who, not what."""
    assert (
        writes("$anon_distinct_id", event("ann", "$identify", 1, {"$anon_distinct_id": "a1"})) == []
    )


def test_a_nested_trait_reads_from_the_writes_of_its_key():
    """`trait address.city` follows every write of `address`."""
    events = (
        event("ann", "$set", 1, {"address": {"city": "Rome"}}),
        event("ann", "$set", 2, {"address": {"zip": "1"}}),
        event("ann", "$set", 3, {"address": None}),
    )
    assert writes("address", *events, path=("address", "city")) == [
        (1, SET, 1),
        (2, SET, 0),
        (3, REMOVE, 0),
    ]


def test_trait_writes_stand_in_event_order():
    """Ties are broken by sequence and event id."""
    events = (
        event("ann", "$unset", 1, {"plan": 1}, id="c"),
        event("ann", "$set", 1, {"plan": 1}, id="a"),
        event("ann", "$set_once", 1, {"plan": 1}, id="b"),
        event("ann", "$set", 1, {"plan": None}, id="0", sequence=1),
    )
    assert [kind for _, kind, _ in writes("plan", *events)] == [SET, SET_ONCE, REMOVE, REMOVE]


def test_requests_read_together_are_what_they_are_alone():
    """Sharing a scan changes no answer."""
    requests = [
        Request(named("view")),
        Request(named("view"), ordered=True),
        Request(named("view", where=Test(("n",), Op.EQ, "1"))),
        Request(named("view", where=Test(("n",), Op.EQ, "1", negated=True)), Number(("n",))),
        Request(EventPattern((Name("buy", quoted=True), Name("view", quoted=True))), Code(("coupon",))),
        Request(ACTIVITY, IsAmong(named("view"))),
    ]  # fmt: skip
    store = store_of(*WORLD)
    together = {request: rows_of_log(store.read(requests), request) for request in requests}
    alone = {request: rows_of_log(store.read([request]), request) for request in requests}
    store.close()
    assert together == alone


def rows_of_log(read, request):
    found = read.log.answers[request]
    return [
        None if array is None else array.tolist()
        for array in (found.offsets, found.at, found.value, found.known)
    ]
