"""Segment's API as its SDKs, RudderStack's and careless clients speak it."""

import json
from dataclasses import replace

import pytest

from segue.adapters.sources import read_files
from segue.adapters.wire import LinkedPairs, Policy, Reason, decode_segment, segment_key
from segue.adapters.wire.segment import LARGEST_EVENT
from segue.domain.errors import InputError, TooLargeError
from segue.domain.instant import DAY, HOUR, format_instant, parse_instant
from tests.adapters.wire.payloads import as_json

NOW = parse_instant("2026-11-22T02:13:33Z")
AT = "2026-11-22T02:13:32.006+00:00"


def policy(**told):
    ids = iter(range(10**6))
    return Policy(lambda: f"new-{next(ids)}", LinkedPairs(), **told)


def decode(body, path_type=None, received_at=NOW, told=None):
    raw = body if isinstance(body, bytes) else as_json(body)
    return decode_segment(
        raw, path_type=path_type, received_at=received_at, policy=told or policy()
    )


def events(found):
    """Who, what, with which properties, under which id."""
    properties = map(json.loads, found.properties)
    return list(zip(found.distinct_id, found.event, properties, found.event_id, strict=True))


def message(**keys):
    own = {"type": "track", "event": "Ran", "userId": "u1", "messageId": "m1", "timestamp": AT}
    return {name: value for name, value in {**own, **keys}.items() if value is not ...}


def reasons(found):
    return [one.reason for one in found.rejected]


PYTHON = {
    "batch": [
        {
            "integrations": {},
            "anonymousId": None,
            "timestamp": AT,
            "context": {"library": {"name": "analytics-python", "version": "2.4.0"}},
            "type": "identify",
            "userId": "u1",
            "traits": {"plan": "pro"},
            "messageId": "3da7cea0",
        },
        message(messageId="b", properties={"amount": 19.99}),
    ],
    "sentAt": "2026-11-22T02:13:32.900+00:00",
    "writeKey": "WKEY",
}


def test_a_batch_of_segment_python():
    found = decode(PYTHON, "batch")

    assert events(found) == [
        ("u1", "$identify", {"plan": "pro"}, "3da7cea0"),
        ("u1", "Ran", {"amount": 19.99}, "b"),
    ]
    assert found.occurred_at == [parse_instant(AT)] * 2
    assert (found.write_key, found.rejected, found.imported) == ("WKEY", [], False)
    assert segment_key(as_json(PYTHON)) == "WKEY"


def test_properties_are_stored_as_they_came():
    """Their text is not even parsed, so that no number loses a digit."""
    body = as_json(message(properties={"n": 1})).replace(
        b'{"n": 1}', b'{"n": 0.10000000000000000001}'
    )

    assert decode(body).properties == ['{"n": 0.10000000000000000001}']


@pytest.mark.parametrize(
    ("sent", "event", "properties"),
    [
        (message(), "Ran", {}),
        (message(properties=None), "Ran", {}),
        (message(properties='{"a": 1}'), "Ran", {"a": 1}),
        (message(type="page", name="Home", category="x", properties={"path": "/"}), "$pageview",
         {"name": "Home", "category": "x", "path": "/"}),
        (message(type="screen", name="Main"), "$screen", {"name": "Main"}),
        (message(type="page", name="Top", properties={"name": "Own"}), "$pageview", {"name": "Own"}),
        (message(type="identify", context={"traits": {"plan": "pro"}}), "$identify", {"plan": "pro"}),
        (message(type="identify", traits={"plan": "a"}, context={"traits": {"plan": "b", "x": 1}}),
         "$identify", {"plan": "a", "x": 1}),
        (message(context={"traits": {"plan": "pro"}}), "Ran", {}),
        (message(type="group", groupId="g1", traits={"name": "Acme"}), "$groupidentify",
         {"$group_key": "g1", "$group_set": {"name": "Acme"}}),
        (message(type="alias", previousId="old"), "$create_alias", {"alias": "old"}),
        (message(properties={"n": float("nan"), "i": float("inf")}), "Ran", {"n": None, "i": None}),
        (message(properties={"s": "\ud83d\ude00", "h": "a\ud800b"}), "Ran", {"s": "😀", "h": "a\ufffdb"}),
        (message(writeKey="W", properties={"writeKey": "W", "a": 1}), "Ran", {"a": 1}),
        (message(properties={"ip": "1.2.3.4", "$ip": "1.2.3.4", "a": 1}, context={"ip": "1.2.3.4"}), "Ran",
         {"a": 1}),
        (message(context={"page": {"path": "/p", "url": "https://x/p", "referrer": "", "title": "T", "search": "?q"}},
                 properties={"title": "Own"}), "Ran", {"path": "/p", "url": "https://x/p", "title": "Own"}),
        (message(context={"campaign": {"name": "spring", "source": "mail", "medium": "m", "x": 1}},
                 properties={"utm_medium": "own"}), "Ran",
         {"utm_source": "mail", "utm_campaign": "spring", "utm_medium": "own"}),
        (message(type="identify", traits={"a": 1}, context={"page": {"path": "/p"}}), "$identify", {"a": 1}),
        (message(context={"page": {"path": "/p", "referrer": "$direct"}}), "Ran", {"path": "/p"}),
        (message(context="odd"), "Ran", {}),
    ],
)  # fmt: skip
def test_what_a_message_means(sent, event, properties):
    assert events(decode(sent)) == [("u1", event, properties, "m1")]


def test_the_route_says_what_a_message_is():
    assert decode(message(type=...), "track").event == ["Ran"]
    assert decode(message(type=..., name="Home"), "page").event == ["$pageview"]


def test_the_context_of_a_batch_is_that_of_its_messages():
    page = {"page": {"path": "/all"}}
    own = {"page": {"path": "/own"}}
    found = decode({"batch": [message(), message(messageId="m2", context=own)], "context": page})

    assert [json.loads(text) for text in found.properties] == [{"path": "/all"}, {"path": "/own"}]


def test_addresses_are_stored_where_that_is_asked():
    sent = message(context={"ip": "1.2.3.4"}, properties={"ip": "5.6.7.8"})

    found = decode(sent, told=policy(store_ip=True))

    assert events(found) == [("u1", "Ran", {"ip": "5.6.7.8", "$ip": "1.2.3.4"}, "m1")]


@pytest.mark.parametrize(
    ("ids", "who"),
    [
        ({"userId": "", "anonymousId": "a1"}, "a1"),
        ({"userId": "  ", "anonymousId": "a1"}, "a1"),
        ({"userId": None, "anonymousId": "a1"}, "a1"),
        ({"userId": 42, "anonymousId": None}, "42"),
        ({"userId": 42.0}, "42"),
        ({"userId": "u\0x"}, "u\ufffdx"),
    ],
)
def test_whose_event_it_is(ids, who):
    assert decode(message(**ids)).distinct_id == [who]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (message(userId=None), Reason.NO_ID),
        (message(userId=" \t", anonymousId=""), Reason.NO_ID),
        (message(userId={"a": 1}), Reason.WRONG_ID),
        (message(userId="u" * 201), Reason.WRONG_ID),
        (message(messageId="m" * 201), Reason.WRONG_ID),
        (message(type="alias"), Reason.NO_ID),
        (message(event=None), Reason.NO_EVENT),
        (message(event=" "), Reason.NO_EVENT),
        (message(event=["x"]), Reason.NO_EVENT),
        (message(event="e" * 501), Reason.NO_EVENT),
        (message(event="$session_started"), Reason.DERIVED_EVENT),
        (message(event="$page_left"), Reason.DERIVED_EVENT),
        (message(type="merge"), Reason.UNKNOWN_TYPE),
        (message(type=...), Reason.UNKNOWN_TYPE),
        (message(properties=[1]), Reason.WRONG_PROPERTIES),
        (message(properties="text"), Reason.WRONG_PROPERTIES),
        (message(properties=3), Reason.WRONG_PROPERTIES),
        (message(type="identify", traits=3), Reason.WRONG_PROPERTIES),
        (message(timestamp="1969-12-31T23:59:59Z"), Reason.WRONG_TIME),
        (message(timestamp="2201-01-01T00:00:00Z"), Reason.WRONG_TIME),
        (message(properties={"x": "y" * LARGEST_EVENT}), Reason.TOO_LARGE),
        (3, Reason.NO_OBJECT),
        (None, Reason.NO_OBJECT),
    ],
)
def test_a_wrong_event_is_rejected_alone(sent, reason):
    good = message(messageId="good")

    found = decode({"batch": [good, sent, good | {"messageId": "after"}]})

    assert found.event_id == ["good", "after"]
    assert reasons(found) == [reason]


def test_an_event_nested_too_deeply_is_rejected_alone():
    deep = b'{"type":"track","properties":' + b'{"a":' * 200 + b"1" + b"}" * 201
    found = decode(b'{"batch":[' + deep + b"," + as_json(message()) + b"]}")

    assert (found.event_id, reasons(found)) == (["m1"], [Reason.TOO_DEEP])


def test_a_rejection_says_which_event_without_its_secrets():
    sent = message(
        event=None, writeKey="SECRET", context={"ip": "1.2.3.4", "segue": {"proof": "SECRET"}}
    )

    (one,) = decode(sent).rejected

    assert (one.message_id, one.message) == ("m1", "the event has no name")
    assert "u1" in one.excerpt
    assert "SECRET" not in one.excerpt
    assert "1.2.3.4" not in one.excerpt


def test_a_message_without_an_id_gets_a_new_one():
    """Two equal clicks are two clicks."""
    found = decode({"batch": [message(messageId=...), message(messageId="")]})

    assert found.event_id == ["new-0", "new-1"]


@pytest.mark.parametrize(
    ("path_type", "body", "error"),
    [
        ("batch", b'{"type": "track"}', InputError),
        (None, b'{"batch": {}}', InputError),
        (None, b'{"batch": "x"}', InputError),
        (None, b"[]", InputError),
        (None, b"3", InputError),
        (None, b"{", InputError),
        (None, b"[" * 100_000, InputError),
        (None, b'{"batch": [' + b"1," * 10_000 + b"1]}", TooLargeError),
    ],
)
def test_a_request_that_is_none(path_type, body, error):
    with pytest.raises(error) as raised:
        decode(body, path_type)
    assert type(raised.value) is error


# ------------------------------------------------------------------------------------------- links


def test_the_first_message_with_both_ids_links_them():
    """Once per batch, and once it is durable, once for all."""
    told = policy()
    both = message(anonymousId="a1")
    batch = {"batch": [both, both | {"messageId": "m2"}]}

    first = decode(batch, told=told)
    again = decode(batch, told=told)
    told.linked.add(first.linked)
    later = decode(batch, told=told)

    link = ("u1", "$identify", {"$anon_distinct_id": "a1"}, "m1#link")
    assert events(first) == [link, ("u1", "Ran", {}, "m1"), ("u1", "Ran", {}, "m2")]
    assert events(again) == events(first)
    assert first.linked == [("u1", "a1")]
    assert later.event == ["Ran", "Ran"]


def test_an_identify_links_by_itself():
    """Always, so that it says the same when it is sent again."""
    told = policy()
    sent = message(type="identify", anonymousId="a1", traits={"plan": "pro"})

    for _ in range(2):
        found = decode(sent, told=told)
        assert events(found) == [
            ("u1", "$identify", {"plan": "pro", "$anon_distinct_id": "a1"}, "m1")
        ]
        told.linked.add(found.linked)


def test_pairs_are_forgotten_when_there_are_too_many():
    pairs = LinkedPairs(most=2)
    pairs.add([("a", "1"), ("b", "2")])
    assert ("a", "1") in pairs
    pairs.add([("c", "3")])

    assert (("a", "1") in pairs, ("b", "2") in pairs, len(pairs)) == (True, False, 2)


# -------------------------------------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("times", "occurred"),
    [
        ({"timestamp": AT}, AT),
        ({"timestamp": ..., "originalTimestamp": AT}, AT),
        ({"timestamp": ...}, NOW),
        ({"timestamp": "yesterday"}, NOW),
        ({"timestamp": "9999-99-99"}, NOW),
        ({"timestamp": parse_instant(AT)}, AT),
        ({"timestamp": parse_instant(AT) // 1000}, "2026-11-22T02:13:32Z"),
        # The clock of the device is an hour ahead, or behind.
        ({"timestamp": NOW + HOUR - 700, "sentAt": NOW + HOUR}, NOW - 700),
        ({"timestamp": NOW - HOUR - 700, "sentAt": NOW - HOUR}, NOW - 700),
        ({"timestamp": NOW - 30 * DAY, "sentAt": NOW + HOUR}, NOW - 30 * DAY - HOUR),
        # Some seconds are the network and no clock.
        ({"timestamp": NOW - 3_000, "sentAt": NOW - 2_000}, NOW - 3_000),
        ({"timestamp": NOW + 2_000, "sentAt": NOW + 2_000}, NOW),
        ({"timestamp": NOW + 2_000}, NOW),
        # Dated ahead on purpose.
        ({"timestamp": NOW + DAY}, NOW + DAY),
        ({"timestamp": NOW + DAY, "sentAt": NOW}, NOW + DAY),
        ({"timestamp": NOW + DAY + HOUR, "sentAt": NOW + HOUR}, NOW + DAY),
        # Corrected before it came here.
        ({"timestamp": AT, "originalTimestamp": NOW - DAY, "sentAt": NOW - DAY}, AT),
        ({"timestamp": AT, "receivedAt": AT, "sentAt": NOW - DAY}, AT),
        ({"timestamp": AT, "sentAt": "soon"}, AT),
        ({"timestamp": AT, "sentAt": -5}, AT),
    ],
)  # fmt: skip
def test_when_it_occurred(times, occurred):
    written = {
        name: format_instant(value)
        if name == "sentAt" and isinstance(value, int) and value > 0
        else value
        for name, value in times.items()
    }
    expected = parse_instant(occurred) if isinstance(occurred, str) else occurred

    assert decode(message(**written)).occurred_at == [expected]


def test_a_batch_says_when_it_was_sent():
    sent = {"batch": [message(timestamp=NOW + HOUR - 500)], "sentAt": format_instant(NOW + HOUR)}

    assert decode(sent).occurred_at == [NOW - 500]


# ----------------------------------------------------------------------------------------- consent


@pytest.mark.parametrize(
    ("context", "kept"),
    [
        ({}, True),
        ({"consent": {}}, True),
        ({"consent": {"categoryPreferences": {"Analytics": True, "Ads": False}}}, True),
        ({"consent": {"categoryPreferences": {"Analytics": False}}}, False),
        ({"consent": {"categoryPreferences": {"Ads": True}}}, False),
        ({"consentManagement": {"allowedConsentIds": ["Analytics"], "deniedConsentIds": []}}, True),
        ({"consentManagement": {"deniedConsentIds": ["Analytics"]}}, False),
        ({"consentManagement": {"deniedConsentIds": ["Ads"]}}, True),
        ({"consentManagement": {"allowedConsentIds": ["Ads"], "deniedConsentIds": []}}, False),
        ({"consentManagement": {"allowedConsentIds": {"purposes": ["Analytics"]}}}, True),
        ({"consentManagement": 3, "consent": []}, True),
    ],
)
def test_consent(context, kept):
    found = decode(message(context=context), told=policy(require_consent=("Analytics",)))

    assert (found.event == ["Ran"]) is kept
    assert [(one.reason, one.excerpt, one.message_id) for one in found.rejected] == [
        (Reason.NO_CONSENT, "", None)
    ] * (not kept)


def test_no_consent_is_asked_unless_the_project_says_so():
    assert decode(message(context={"consent": {"categoryPreferences": {"A": False}}})).event == [
        "Ran"
    ]


def test_who_opted_out_sends_nothing():
    found = decode(PYTHON, told=replace(policy(), opted_out=True))

    assert (len(found), reasons(found)) == (0, [Reason.NO_CONSENT] * 2)


# ------------------------------------------------------------------------------------------ parity


def test_a_file_of_the_same_messages_gives_the_same_events(tmp_path):
    """Names, ids, people, times and properties: what was sent live may be imported again."""
    page = {"page": {"path": "/p", "title": ""}, "campaign": {"source": "mail"}, "ip": "9.9.9.9"}
    messages = [
        message(messageId="m1", anonymousId="a1", context=page, properties={"x": 1}),
        message(messageId="m2", anonymousId="a1", userId=" "),
        message(messageId="m3", anonymousId="a1", type="identify", traits={"plan": "pro"}),
        message(messageId="m4", anonymousId="a2", type="page", name="Home"),
        message(messageId="m5", type="identify", context={"traits": {"seats": 3}}),
        message(messageId="m6", type="group", groupId="g", traits={"a": 1}),
        message(messageId="m7", type="alias", previousId="old"),
        message(
            messageId="m8", type="screen", name="Main", properties={"$set": {"vip": True}, "a": 1}
        ),
        message(messageId="m9", userId=7, event="Ünï \ud83d\ude00"),
    ]
    file = tmp_path / "messages.jsonl"
    file.write_bytes(b"\n".join(map(as_json, messages)))

    live = decode({"batch": messages, "sentAt": format_instant(NOW)})
    (imported,) = read_files([file])
    rows = imported.events.to_pylist()

    assert sorted(zip(live.occurred_at, map(repr, events(live)), strict=True)) == sorted(
        (
            row["occurred_at"],
            repr(
                (row["distinct_id"], row["event"], json.loads(row["properties"]), row["event_id"])
            ),
        )
        for row in rows
    )
    assert not imported.rejected
    assert not live.rejected
