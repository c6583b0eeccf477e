"""A grammar of what SDKs, careless clients and hostile ones send.

`payload(random)` draws one request from any source of chance: a seeded `Random` for many thousands
of them, or Hypothesis' own, which shrinks what fails.
"""

import base64
import gzip
import json
import urllib.parse
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

SEGMENT, POSTHOG = "segment", "posthog"
KINDS = ("track", "identify", "page", "screen", "group", "alias")

STRANGE = (
    *(
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1.5",
        "1e400",
        "-1e400",
        "9" * 400,
        "9" * 5_000,
        "1e-999",
    ),
    *(
        "NaN",
        "Infinity",
        "-Infinity",
        '""',
        '"  "',
        '"\\u0000"',
        '"\\ud800"',
        '"\\udc00x"',
        '"a\tb"',
    ),
    *('"\\ud83d\\ude00"', '"é"', f'"{"x" * 201}"', f'"{"x" * 40_000}"', '"undefined"', '"null"'),
    *(
        "[]",
        "{}",
        '{"a":1,"a":2}',
        '{"\\ud800":1}',
        '{"":{"":[]}}',
        "[1,[2,[3]]]",
        '"{}"',
        '"{\\"a\\":1}"',
    ),
    *("[" * 300 + "]" * 300, '{"a":' * 150 + "1" + "}" * 150, '"{\\"a\\":"', '"[1"'),
    *(
        '"2026-11-22T02:13:32.006Z"',
        '"1969-12-31T23:59:59Z"',
        '"2201-01-01"',
        '"9999-12-31T23:59:59-14:00"',
    ),
    *(
        '"0001-01-01T00:00:00+14:00"',
        '"2026-13-45"',
        '"yesterday"',
        '"1763777612006"',
        "1763777612",
        "-62135596800000",
    ),
    *('"$session_started"', '"$identify"', '"$set"', '"$merge_dangerously"', '"track"'),
)
"""JSON values, nearly all of which stand wrongly wherever they stand."""

SEGMENT_KEYS = (
    *("type", "event", "userId", "anonymousId", "messageId", "name", "category", "groupId"),
    *("previousId", "timestamp", "originalTimestamp", "sentAt", "receivedAt", "properties"),
    *("traits", "context", "integrations", "writeKey", "_metadata", "channel"),
)
CONTEXT_KEYS = (
    *("page", "campaign", "traits", "consent", "consentManagement", "segue", "ip", "library"),
)
POSTHOG_KEYS = (
    *("event", "distinct_id", "$distinct_id", "uuid", "timestamp", "offset", "properties"),
    *("$set", "$set_once", "$unset", "token", "api_key", "options", "session_id", "sent_at"),
)
PROPERTY_KEYS = (
    *("$set", "$set_once", "$unset", "$anon_distinct_id", "alias", "distinct_id", "$device_id"),
    *("$is_identified", "$ignore_sent_at", "$segue_proof", "ip", "$ip", "path", "utm_source"),
    *("$groups", "\\u0069p", "x", ""),
)


@dataclass
class Payload:
    """One request: `good` are the ids of events that must be taken, unless it is not `whole`."""

    family: str
    body: bytes
    path_type: str | None = None
    query: dict[str, str] = field(default_factory=dict)
    content_encoding: str | None = None
    whole: bool = True
    good: list[str] = field(default_factory=list)


def payload(random: Random) -> Payload:
    """One request of any kind."""
    return random.choice((segment_payload, posthog_payload))(random)


def segment_payload(random: Random) -> Payload:
    """A request to one of Segment's routes."""
    if random.random() < 0.3:
        kind = random.choice(KINDS)
        found = Payload(SEGMENT, b"", random.choice((kind, None)))
        text = _event(random, found, good_segment, SEGMENT_KEYS, kind)
        return _sent(random, found, text)
    found = Payload(SEGMENT, b"", random.choice(("batch", None)))
    events = [
        _event(random, found, good_segment, SEGMENT_KEYS, random.choice(KINDS))
        for _ in range(random.randint(0, 6))
    ]
    around = {
        "batch": f"[{','.join(events)}]",
        "sentAt": '"2026-11-22T02:13:40.000Z"',
        "writeKey": '"W"',
    }
    if random.random() < 0.3:
        around[random.choice(("sentAt", "context", "writeKey", "integrations"))] = _strange(random)
    return _sent(random, found, _object(around))


def posthog_payload(random: Random) -> Payload:
    """A request to one of PostHog's routes."""
    found = Payload(
        POSTHOG,
        b"",
        query={"_": "1763777612006", "ver": "1.449.2"} if random.random() < 0.5 else {},
    )
    number = 1 if random.random() < 0.2 else random.randint(0, 6)
    events = [_event(random, found, good_posthog, POSTHOG_KEYS, "track") for _ in range(number)]
    if number == 1:
        return _sent(random, found, events[0])
    if random.random() < 0.3:
        return _sent(random, found, f"[{','.join(events)}]")
    around = {
        "api_key": '"phc_x"',
        "batch": f"[{','.join(events)}]",
        "sent_at": '"2026-11-22T02:13:40Z"',
    }
    if random.random() < 0.3:
        around[random.choice(("sent_at", "historical_migration", "api_key"))] = _strange(random)
    return _sent(random, found, _object(around))


def good_segment(number: int, kind: str = "track") -> dict[str, str]:
    """A message that is right, its values as JSON text."""
    return {
        "type": f'"{kind}"',
        "event": '"Order Placed"',
        "userId": f'"u{number}"',
        "anonymousId": "null",
        "previousId": '"before"',
        "groupId": '"g1"',
        "messageId": f'"good-{number}"',
        "timestamp": '"2026-11-22T02:13:32.006+00:00"',
        "properties": '{"amount": 19.99, "path": "/x"}',
        "traits": '{"plan": "pro"}',
        "context": '{"library": {"name": "analytics-python", "version": "2.4.0"}}',
    }


def good_posthog(number: int, kind: str = "track") -> dict[str, str]:
    """An event that is right, its values as JSON text."""
    return {
        "event": '"order placed"',
        "distinct_id": f'"d{number}"',
        "uuid": f'"good-{number}"',
        "timestamp": '"2026-11-22T02:13:32.006Z"',
        "properties": f'{{"amount": 19.99, "$device_id": "d{number}", "$lib": "web"}}',
    }


def _event(
    random: Random,
    found: Payload,
    good: Callable[[int, str], dict[str, str]],
    keys: tuple[str, ...],
    kind: str,
) -> str:
    """An event: right, slightly broken, or nothing of the kind."""
    number = random.randint(0, 10**9)
    event = good(number, kind)
    chance = random.random()
    if chance < 0.1:
        return _strange(random)
    if chance < 0.5:
        found.good.append(f"good-{number}")
        return _object(event)
    event["messageId"] = event["uuid"] = f'"bad-{number}"'
    for _ in range(random.randint(1, 3)):
        name = random.choice(keys)
        if random.random() < 0.3:
            event.pop(name, None)
        else:
            event[name] = _strange(random) if random.random() < 0.6 else _members(random, name)
    return _object(event)


def _members(random: Random, name: str) -> str:
    keys = CONTEXT_KEYS if name == "context" else PROPERTY_KEYS
    inner = ("name", "source", "path", "proof", "categoryPreferences", "allowedConsentIds", "a")
    return _object(
        {
            random.choice(keys): _strange(random)
            if random.random() < 0.7
            else _object({random.choice(inner): _strange(random)})
            for _ in range(random.randint(0, 4))
        }
    )


def _strange(random: Random) -> str:
    return random.choice(STRANGE)


def _object(members: dict[str, str]) -> str:
    return "{" + ",".join(f'"{name}":{value}' for name, value in members.items()) + "}"


def _sent(random: Random, found: Payload, text: str) -> Payload:
    """The text as it goes over the wire: wrapped in one way or the other, sometimes damaged."""
    body = text.encode()
    if random.random() < 0.1:
        found.whole = False
        body = _damaged(random, body)
    form = random.randint(0, 8)
    if form == 0:
        body = gzip.compress(body, 1)
    elif form == 1:
        body, found.content_encoding = zlib.compress(body), "deflate"
    elif form == 2:
        body = base64.b64encode(body)
    elif form == 3:
        packed = base64.b64encode(gzip.compress(body, 1))
        body = b"data=" + urllib.parse.quote_plus(packed).encode() + b"&compression=gzip-js"
    elif form == 4:
        body = b"\xef\xbb\xbf" + body
    elif form == 5:
        body = b"data=" + urllib.parse.quote_plus(body).encode()
    if random.random() < 0.05:
        found.whole = False
        body = _damaged(random, body)
    found.body = body
    return found


def _damaged(random: Random, body: bytes) -> bytes:
    place = random.randint(0, len(body))
    return random.choice(
        (
            body[:place],
            body[:place] + bytes([random.randint(0, 255)]) + body[place + 1 :],
            body[place:] + body[:place],
            b"[" * 5_000 + body,
            body + b"\xff\xfe",
            b"",
        )
    )


def as_json(value: object) -> bytes:
    """A request as the SDKs write it."""
    return json.dumps(value).encode()
