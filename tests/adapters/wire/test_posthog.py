"""PostHog's capture API as its SDKs speak it."""

import json

import pytest

from segue.adapters.sources import read_files
from segue.adapters.wire import (
    LinkedPairs,
    Policy,
    Proof,
    Reason,
    decode_posthog,
    posthog_key,
    sign,
)
from segue.adapters.wire.posthog import LARGEST_EVENT
from segue.domain.errors import InputError, MixedKeysError, TooLargeError
from segue.domain.instant import HOUR, SECOND, format_instant, parse_instant
from tests.adapters.wire.payloads import as_json

NOW = parse_instant("2026-11-22T02:13:33Z")
AT = "2026-11-22T02:13:32.006Z"
KEY = "phc_x"
SECRET = b"signing secret"


def policy(**told):
    ids = iter(range(10**6))
    return Policy(lambda: f"new-{next(ids)}", LinkedPairs(), **told)


def decode(body, query=None, told=None):
    raw = body if isinstance(body, bytes) else as_json(body)
    return decode_posthog(raw, query=query or {}, received_at=NOW, policy=told or policy())


def events(found):
    properties = map(json.loads, found.properties)
    return list(zip(found.distinct_id, found.event, properties, found.event_id, strict=True))


def event(**keys):
    own = {"event": "ran", "distinct_id": "d1", "uuid": "e1", "timestamp": AT}
    return {name: value for name, value in {**own, **keys}.items() if value is not ...}


def batch(*sent, **around):
    return {"api_key": KEY, "batch": list(sent), **around}


def reasons(found):
    return [one.reason for one in found.rejected]


@pytest.mark.parametrize(
    "body",
    [
        event(api_key=KEY),
        event(token=KEY),
        event(**{"$token": KEY}),
        event(properties={"token": KEY}),
        [event(properties={"token": KEY})],
        [event(api_key=f" {KEY} ")],
        batch(event()),
        {"token": KEY, "batch": [event()]},
        batch(event(properties={"token": KEY})),
        {"batch": [event(api_key=KEY)]},
    ],
)
def test_all_forms_of_the_body(body):
    found = decode(body)

    assert events(found) == [("d1", "ran", {}, "e1")]
    assert found.occurred_at == [parse_instant(AT)]
    assert (found.write_key, posthog_key(as_json(body), {})) == (KEY, KEY)


def test_the_token_may_be_in_the_query():
    assert decode(event(), {"token": KEY}).write_key == KEY
    assert decode(event()).write_key is None


def test_events_of_several_projects_are_refused():
    mixed = as_json([event(api_key="a"), event(api_key="b")])

    for read in (posthog_key, decode):
        with pytest.raises(MixedKeysError):
            read(mixed, {})


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (event(properties={"a": 1, "$lib": "web"}), [("d1", "ran", {"a": 1, "$lib": "web"}, "e1")]),
        (event(properties={"$ip": "1.2.3.4", "ip": "1.2.3.4", "$segue_proof": "x", "token": KEY}),
         [("d1", "ran", {}, "e1")]),
        (event(distinct_id=..., **{"$distinct_id": "x"}), [("x", "ran", {}, "e1")]),
        (event(distinct_id=..., properties={"distinct_id": 7}),
         [("7", "ran", {"distinct_id": 7}, "e1")]),
        (event(distinct_id="d" * 300), [("d" * 200, "ran", {}, "e1")]),
        (event(distinct_id="d\0"), [("d\ufffd", "ran", {}, "e1")]),
        (event(distinct_id=True), [("true", "ran", {}, "e1")]),
        (event(uuid=""), [("d1", "ran", {}, "new-0")]),
        (event(uuid=...), [("d1", "ran", {}, "new-0")]),
        (event(event="$identify", properties={"$anon_distinct_id": "a1", "$lib": "web"},
               **{"$set": {"plan": "pro", "ip": "1.2.3.4"}, "$set_once": {"first": 1}}),
         [("d1", "$identify", {"plan": "pro", "$anon_distinct_id": "a1"}, "e1"),
          ("d1", "$set_once", {"first": 1}, "e1#set_once")]),
        (event(properties={"$set": {"plan": "pro"}, "$unset": ["old"], "a": 1}),
         [("d1", "ran", {"a": 1}, "e1"), ("d1", "$set", {"plan": "pro"}, "e1#set"),
          ("d1", "$unset", {"$unset": ["old"]}, "e1#unset")]),
        (event(event="$set", properties={"$set": {"plan": "pro"}, "$lib": "py"}),
         [("d1", "$set", {"plan": "pro"}, "e1")]),
        (event(event=..., **{"$set": {"plan": "pro"}}), [("d1", "$identify", {"plan": "pro"}, "e1")]),
        (event(event="$groupidentify", properties={"$group_type": "c", "$group_key": "g", "$group_set": {"a": 1}}),
         [("d1", "$groupidentify", {"$group_type": "c", "$group_key": "g", "$group_set": {"a": 1}}, "e1")]),
        (event(event="$create_alias", distinct_id="old", properties={"distinct_id": "old", "alias": "new"}),
         [("old", "$create_alias", {"distinct_id": "old", "alias": "new"}, "e1")]),
        (event(event="$create_alias", distinct_id="new", properties={"distinct_id": "old", "alias": "new"}),
         [("old", "$create_alias", {"distinct_id": "old", "alias": "new"}, "e1")]),
        (event(event="$merge_dangerously", properties={"alias": "b"}),
         [("d1", "$merge_dangerously", {"alias": "b"}, "e1")]),
        (event(properties={"$pathname": "/p", "$current_url": "https://x/p", "$referrer": "$direct", "title": "T"}),
         [("d1", "ran", {"path": "/p", "url": "https://x/p", "$pathname": "/p", "$current_url": "https://x/p",
                         "$referrer": "$direct", "title": "T"}, "e1")]),
        (event(event="$identify", properties={"$pathname": "/p"}), [("d1", "$identify", {"$pathname": "/p"}, "e1")]),
        (event(session_id="s", window_id="w"),
         [("d1", "ran", {"$session_id": "s", "$window_id": "w"}, "e1")]),
        (event(properties=None, **{"$set": None}), [("d1", "ran", {}, "e1")]),
    ],
)  # fmt: skip
def test_what_an_event_means(sent, expected):
    assert events(decode(batch(sent))) == expected


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (event(distinct_id=None), Reason.NO_ID),
        (event(distinct_id=" "), Reason.NO_ID),
        (event(distinct_id=[1]), Reason.WRONG_ID),
        (event(uuid="x" * 201), Reason.WRONG_ID),
        (event(event=None), Reason.NO_EVENT),
        (event(event=""), Reason.NO_EVENT),
        (event(event="$session_ended"), Reason.DERIVED_EVENT),
        (event(properties=[]), Reason.WRONG_PROPERTIES),
        (event(timestamp="1969-01-01T00:00:00Z"), Reason.WRONG_TIME),
        (event(properties={"x": "y" * LARGEST_EVENT}), Reason.TOO_LARGE),
        ("text", Reason.NO_OBJECT),
    ],
)
def test_a_wrong_event_is_rejected_alone(sent, reason):
    found = decode(batch(event(), sent, event(uuid="e2")))

    assert (found.event_id, reasons(found)) == (["e1", "e2"], [reason])


@pytest.mark.parametrize(
    ("sent", "around", "occurred"),
    [
        (event(), {}, parse_instant(AT)),
        (event(timestamp=...), {}, NOW),
        (event(timestamp="soon"), {}, NOW),
        (event(offset=1500), {"sent_at": AT}, NOW - 1500),
        (event(timestamp=NOW + HOUR - 500), {"sent_at": format_instant(NOW + HOUR)}, NOW - 500),
        (event(timestamp=NOW - HOUR - 500), {"sent_at": format_instant(NOW - HOUR)}, NOW - 500),
        (event(timestamp=NOW - HOUR, properties={"$ignore_sent_at": True}),
         {"sent_at": format_instant(NOW - HOUR)}, NOW - HOUR),
        (event(timestamp=NOW - HOUR, options={"disable_skew_correction": True}),
         {"created_at": format_instant(NOW - HOUR)}, NOW - HOUR),
        (event(timestamp=NOW - HOUR), {"created_at": format_instant(NOW - HOUR)}, NOW),
        (event(timestamp=NOW + 22 * HOUR), {}, NOW + 22 * HOUR),
        (event(timestamp=NOW + 24 * HOUR), {}, NOW),
    ],
)  # fmt: skip
def test_when_it_occurred(sent, around, occurred):
    assert decode(batch(sent, **around)).occurred_at == [occurred]


def test_the_query_says_when_a_list_was_sent():
    sent = [event(timestamp=NOW + HOUR - 500)]

    assert decode(sent, {"_": str(NOW + HOUR)}).occurred_at == [NOW - 500]


def test_a_historical_migration_is_imported_as_it_is():
    found = decode(batch(event(), historical_migration=True, sent_at="2020-01-01T00:00:00Z"))

    assert (found.imported, found.occurred_at) == (True, [parse_instant(AT)])


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"{", InputError),
        (b"3", InputError),
        (b'{"batch": 3}', InputError),
        (b"[" * 100_000, InputError),
        (b"[" + b"{}," * 10_000 + b"{}]", TooLargeError),
    ],
)
def test_a_request_that_is_none(body, error):
    with pytest.raises(error):
        decode(body)


# ------------------------------------------------------------------------------------------- proof


def proven(**keys):
    return policy(signing_secret=SECRET, **keys)


def signed(who="d1", expires_at=NOW + HOUR):
    return {"$segue_proof": sign(SECRET, who, expires_at)}


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        (event(properties={"$device_id": "d1"}), True),
        (event(properties={"$is_identified": False}), True),
        (event(properties={"$is_identified": False, "$device_id": "other"}), True),
        (event(), False),
        (event(properties={"$device_id": "other"}), False),
        (event(properties={"$is_identified": True, "$device_id": "d1"}), False),
        (event(properties={"$is_identified": True, **signed()}), True),
        (event(properties=signed()), True),
        (event(properties=signed("d2")), False),
        (event(properties=signed(expires_at=NOW)), False),
        (event(properties={"$segue_proof": 3}), False),
        (
            event(event="$identify", properties={"$anon_distinct_id": "a", "$device_id": "d1"}),
            False,
        ),
        (event(event="$identify", properties={"$anon_distinct_id": "a", **signed()}), True),
        (event(event="$create_alias", properties={"alias": "a", **signed()}), True),
        (event(event="$create_alias", properties={"alias": "a"}), False),
        (event(event="$merge_dangerously", properties={"alias": "a", **signed()}), False),
    ],
)
def test_who_claims_to_be_known_proves_it(sent, taken):
    enforced = decode(batch(sent), told=proven(proof=Proof.ENFORCE))
    warned = decode(batch(sent), told=proven(proof=Proof.WARN))

    assert (len(enforced), reasons(enforced)) == ((1, []) if taken else (0, [Reason.NOT_PROVEN]))
    assert (len(warned), warned.unproven) == (1, 0 if taken else 1)
    assert all("proof" not in text for text in (*enforced.properties, *warned.properties))


def test_secret_keys_prove_nothing():
    assert len(decode(batch(event()), told=policy(proof=Proof.ENFORCE))) == 1
    assert len(decode(batch(event()), told=proven())) == 1


def test_a_file_of_the_same_events_gives_the_same_events(tmp_path):
    sent = [
        event(uuid="e1", properties={"a": 1.5}),
        event(
            uuid="e2",
            event="$identify",
            properties={"$anon_distinct_id": "a"},
            **{"$set": {"p": 1}},
        ),
        event(
            uuid="e0",
            properties={
                "$pathname": "/p",
                "$current_url": "https://x/p",
                "url": "own",
                "$referrer": "$direct",
            },
        ),
        event(uuid="e3", properties={"$set_once": {"first": "x"}, "$unset": ["y"]}),
    ]
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(map(as_json, sent)))

    live = decode(batch(*sent, sent_at=format_instant(NOW // SECOND * SECOND)))
    (imported,) = read_files([file])
    rows = imported.events.to_pylist()

    assert sorted(map(repr, events(live))) == sorted(
        repr((row["distinct_id"], row["event"], json.loads(row["properties"]), row["event_id"]))
        for row in rows
    )
