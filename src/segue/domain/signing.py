"""Signatures of what is sent to other systems, as Standard Webhooks has them.

`webhook-id` names the message and stays the same however often it is sent, `webhook-timestamp` is
when it was sent (s), and `webhook-signature` holds `v1,` and the base64 of HMAC-SHA256 over
`id.timestamp.body` under the bytes that follow `whsec_`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

from segue.domain.errors import InputError
from segue.domain.instant import MINUTE, SECOND

SECRET_PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
TOLERANCE: Final = 5 * MINUTE
"""How far a message's timestamp may lie from the receiver's clock (ms)."""


def new_secret(chance: bytes) -> str:
    """A secret made of random bytes (`SECRET_BYTES` of them)."""
    return SECRET_PREFIX + base64.b64encode(chance).decode()


def signed(
    secret: str, name: str, message: Mapping[str, Any], now: int
) -> tuple[dict[str, str], bytes]:
    """The headers and the body (JSON) of a message named `name` (its `webhook-id`), signed under
    the secret at `now` (ms)."""
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    stamp = str(now // SECOND)
    headers = {
        "content-type": "application/json",
        "user-agent": "Segue-Webhooks/1",
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": sign(secret, name, stamp, body),
    }
    return headers, body


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
