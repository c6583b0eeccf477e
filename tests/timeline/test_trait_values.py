"""Traits as they were: numbers and codes as of every instant."""

import pyarrow as pa

import segue
from segue.domain.instant import DAY, parse_instant
from segue.timeline.log import Code, Number, TraitRequest
from segue.timeline.trait_values import trait_histories

NOON = parse_instant("2026-05-04T12:00:00Z")


def _events() -> pa.Table:
    writes = [
        ("ana", "$identify", 0, '{"plan": "free", "seats": 3}'),
        ("ana", "$set", 1, '{"plan": "pro", "seats": "4.5"}'),
        ("ana", "$set_once", 2, '{"plan": "team"}'),
        ("ana", "$unset", 3, '{"plan": true}'),
        ("ben", "$identify", 0, '{"plan": "pro", "seats": "many"}'),
        ("eve", "look", 0, "{}"),
    ]
    return pa.table(
        {
            "person_id": [one[0] for one in writes],
            "event": [one[1] for one in writes],
            "occurred_at": [NOON + one[2] * DAY for one in writes],
            "properties": [one[3] for one in writes],
        }
    )


def test_values_are_those_that_took_effect() -> None:
    """Set-once yields to what is there; removing makes it unknown; codes compare among people."""
    with segue.Engine.in_memory({"segments": {}}) as engine:
        engine.record(_events())
        insight = engine.insight()
        requests = [
            TraitRequest("plan", Code(("plan",))),
            TraitRequest("seats", Number(("seats",))),
        ]
        read = insight.store.read(requests, at=insight.at)
        plan, seats = trait_histories(insight.definitions, read.log, insight.at, requests)

    assert list(read.person_ids) == ["ana", "ben", "eve"]
    assert plan.offsets.tolist() == [0, 3, 4, 4]
    assert plan.at.tolist() == [NOON, NOON + DAY, NOON + 3 * DAY, NOON]
    assert plan.known.tolist() == [True, True, False, True]
    assert plan.value[1] == plan.value[3] != plan.value[0]
    assert seats.known.tolist() == [True, True, False]
    assert seats.value[:2].tolist() == [3_000_000, 4_500_000]
