"""Who asks: the key of a request, and what it may do.

A write key is public, it stands in web pages: it may send events, nothing else. A secret key stays
on servers: it may do everything.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import parse_qs

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.types import Scope

from segue.domain.access import LONGEST_KEY, Key, KeyKind
from segue.http.context import Context, context_of
from segue.http.errors import Refusal

UNKNOWN_KEY: Final = "invalid_write_key"
MISSING_KEY: Final = "missing_key"
FORBIDDEN: Final = "forbidden"


def key_of(headers: Mapping[bytes, bytes], query: bytes) -> str | None:
    """The key in front of the body, by precedence: the user name of Basic, `?writeKey=`,
    `X-Write-Key`, the Bearer token; None where there is none."""
    scheme, _, value = headers.get(b"authorization", b"").partition(b" ")
    scheme = scheme.lower()
    found = _basic(value) if scheme == b"basic" else None
    found = found or (_queried(query) if query else None)
    found = found or headers.get(b"x-write-key", b"").decode("latin-1").strip()
    if not found and scheme == b"bearer":
        found = value.decode("latin-1").strip()
    return found or None


def _basic(value: bytes) -> str | None:
    """The user name; some clients forget the colon after it."""
    try:
        text = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return text.partition(":")[0].strip()


def _queried(query: bytes) -> str | None:
    try:
        values = parse_qs(query.decode("latin-1"), max_num_fields=64)
    except ValueError:
        return None
    return next((values[name][0] for name in ("writeKey", "write_key") if name in values), None)


def known(context: Context, key: str | None) -> Key:
    """The key as the workspace knows it. Raises `Refusal` 401 where it is missing or unknown."""
    if not key:
        raise Refusal(
            401, MISSING_KEY, "no key was given", hint="Send it as Authorization: Bearer KEY."
        )
    found = context.keys.find(key) if len(key) <= LONGEST_KEY else None
    if found is None:
        raise Refusal(
            401, UNKNOWN_KEY, "this key is not known", hint="segue serve prints the keys it takes."
        )
    return found


BEARER: Final = HTTPBearer(
    scheme_name="secretKey", description="A secret key: it may do everything.", auto_error=False
)
"""Says in the OpenAPI document how to send the key; the other ways are read too."""


async def _with_secret_key(
    request: Request, _bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
) -> Key:
    """The secret key of a request. Raises `Refusal` 401 or 403."""
    return with_secret_key(context_of(request), request.scope)


def with_secret_key(context: Context, scope: Scope) -> Key:
    """The secret key of a request that the framework has not seen. Raises `Refusal` 401 or 403."""
    found = known(context, key_of(dict(scope["headers"]), scope["query_string"]))
    if found.kind is not KeyKind.SECRET:
        raise Refusal(
            403,
            FORBIDDEN,
            "a write key may only send events",
            hint="Use the secret key, from a server, never from a web page.",
        )
    return found


SecretKey = Annotated[Key, Depends(_with_secret_key)]
"""A parameter of a route that takes secret keys only."""

NEEDS_SECRET_KEY: Final = Depends(_with_secret_key)
"""For the `dependencies` of a whole router that takes secret keys only."""
