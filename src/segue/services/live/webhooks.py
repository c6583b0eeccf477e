"""What a webhook says and how it is signed: the rules; `outbox` says when it is sent.

Signatures follow Standard Webhooks: `webhook-id` names the message and stays the same however
often it is sent, `webhook-timestamp` is when it was sent (s), and `webhook-signature` holds
`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body` under the bytes that follow `whsec_`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

from segue.domain.errors import InputError, UsageError
from segue.domain.instant import MINUTE, SECOND, format_instant
from segue.domain.live import Transition
from segue.domain.webhooks import Endpoint, Post, Reach, may_reach

SECRET_PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
TOLERANCE: Final = 5 * MINUTE
"""How far a message's timestamp may lie from the receiver's clock (ms)."""
LONGEST_URL: Final = 2_000
SAMPLE: Final = "webhook.test"
"""The type of the message that shows whether an endpoint works."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a message says beside its transition: the segment's title, the person's distinct ids,
    and where Segue answers (`https://segue.example`; "" gives links without a host)."""

    title: str
    distinct_ids: tuple[str, ...] = ()
    answers_at: str = ""


# ------------------------------------------------------------------------------------- endpoints


def checked_url(url: str, reach: Reach) -> str:
    """The URL, given that messages may go there.

    Raises `UsageError` where it is no http or https URL, names a user or a password (they would
    end up in logs), or names an address that may not be reached.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"this is no URL: {error}", hint="https://example.com/hook") from error
    if parts.scheme not in ("http", "https") or not host or len(url) > LONGEST_URL:
        raise UsageError(
            "a webhook's URL begins with https:// or http:// and names a host",
            hint=f"for example https://example.com/hook; at most {LONGEST_URL} characters",
        )
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "a webhook's URL may not hold a user or a password",
            hint="let the receiver check the signature instead",
        )
    if _is_address(host) and not may_reach(host, reach):
        raise UsageError(f"webhooks may not be sent to {host}", hint=REACH_HINT)
    return url


REACH_HINT: Final = "segue serve --webhook-reach loopback, or private, allows more addresses"
"""What to do where an address may not be reached."""


def shown_url(url: str) -> str:
    """The URL as logs show it: its host only, since paths and queries may hold keys."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}/…"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


# -------------------------------------------------------------------------------------- messages


def compose(endpoint: Endpoint, transition: Transition, facts: Facts, now: int) -> Post:
    """The request that tells an endpoint of a transition, signed at `now`."""
    return _signed(endpoint, message_id(endpoint, transition.id), _message(transition, facts), now)


def compose_sample(endpoint: Endpoint, now: int) -> Post:
    """A request that tells an endpoint of nothing but that it works, signed at `now`."""
    message = {"type": SAMPLE, "endpoint_id": endpoint.id, "known_at": format_instant(now)}
    return _signed(endpoint, f"{endpoint.id}-test-{now}", message, now)


def message_id(endpoint: Endpoint, transition_id: int) -> str:
    """The id of the message to an endpoint about a transition: the same at every attempt."""
    return f"{endpoint.id}-{transition_id}"


def _message(transition: Transition, facts: Facts) -> dict[str, Any]:
    retracted = {"retracts": transition.boundary.value} if transition.retracted else {}
    return {
        "type": f"segment.{transition.kind}",
        **retracted,
        "id": transition.id,
        "segment": {
            "id": transition.segment_id,
            "title": facts.title,
            "version": transition.version,
        },
        "person": {"id": transition.person_id, "distinct_ids": list(facts.distinct_ids)},
        "at": format_instant(transition.at),
        "known_at": format_instant(transition.known_at),
        "cause": transition.cause.value,
        "event_id": transition.event_id,
        "corrected": transition.corrected,
        "live": transition.live,
        "why": _why(transition, facts.answers_at),
    }


def _why(transition: Transition, answers_at: str) -> str:
    """Where Segue explains it: the person in the segment at the instant of the transition."""
    segment, person = quote(transition.segment_id, safe=""), quote(transition.person_id, safe="")
    at = quote(format_instant(transition.at), safe="")
    return f"{answers_at.rstrip('/')}/api/segments/{segment}/explain/{person}?at={at}"


def _signed(endpoint: Endpoint, name: str, message: Mapping[str, Any], now: int) -> Post:
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    stamp = str(now // SECOND)
    headers = {
        "content-type": "application/json",
        "user-agent": "Segue-Webhooks/1",
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": sign(endpoint.secret, name, stamp, body),
    }
    return Post(endpoint.url, headers, body)


# ------------------------------------------------------------------------------------ signatures


def new_secret(chance: bytes) -> str:
    """A secret made of random bytes (`SECRET_BYTES` of them)."""
    return SECRET_PREFIX + base64.b64encode(chance).decode()


def sign(secret: str, name: str, stamp: str, body: bytes) -> str:
    """The signature of a message under the secret (`whsec_…`), as `webhook-signature` says it.

    >>> secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    >>> body = b'{"test": 2432232314}'
    >>> sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body)
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    key = _key(secret)
    digest = hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: int) -> dict[str, Any]:
    """The message in a request, given that the holder of the secret signed it near `now` (ms).

    Header names in lower case; the body exactly as it came. Whoever receives webhooks answers 400
    where this raises `InputError`, and keeps each `webhook-id` for a day: a message may come twice.

    >>> secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    >>> body = b'{"type": "segment.entered", "id": 7}'
    >>> headers = {"webhook-id": "we_1-7", "webhook-timestamp": "1614265330"}
    >>> headers["webhook-signature"] = sign(secret, "we_1-7", "1614265330", body)
    >>> verify(secret, headers, body, now=1614265331_000)["type"]
    'segment.entered'
    >>> verify(secret, headers, body + b" ", now=1614265331_000)
    Traceback (most recent call last):
    segue.domain.errors.InputError: the signature is not of this message under this secret
    """
    name, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not name or not stamp.isascii() or not stamp.isdigit():
        raise InputError("a signed message has webhook-id and webhook-timestamp")
    if abs(int(stamp) * SECOND - now) > TOLERANCE:
        raise InputError("the message's timestamp is more than 5 minutes away")
    expected = sign(secret, name, stamp, body).encode()
    given = headers.get("webhook-signature", "").encode().split()
    if not any(hmac.compare_digest(expected, one) for one in given):
        raise InputError("the signature is not of this message under this secret")
    message: dict[str, Any] = json.loads(body)
    return message


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise InputError("a webhook's secret is whsec_ and base64") from error
