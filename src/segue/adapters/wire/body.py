"""The body of a request as JSON text, whatever it is wrapped in and whatever its headers say.

SDKs send gzip without saying so, JSON as `text/plain`, gzip as a form, and forms with `data=` in
base64. So the bytes are looked at, and headers are only hints.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from segue.domain.errors import InputError, TooLargeError

_GZIP: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"
_JSON: Final = (b"{", b"[")
_ALPHABET: Final = bytes.maketrans(b"-_", b"+/")
_MOST_WRAPPINGS: Final = 4
"""A form that holds base64 that holds gzip is three."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most bytes of a body as it was sent, and of what it unpacks to."""

    packed: int = 5_000_000
    unpacked: int = 10_000_000


def read_body(
    raw: bytes, *, content_encoding: str | None = None, limits: Limits = Limits()
) -> bytes:
    """The JSON text of a body, as UTF-8 without a byte order mark.

    Unpacks gzip wherever its magic bytes stand, deflate where `content_encoding` says so, forms
    with a `data` field, and base64. Bytes that are no UTF-8 become U+FFFD. Raises `TooLargeError`
    beyond the limits, and `InputError` where the body is empty or cannot be unpacked.
    """
    if len(raw) > limits.packed:
        raise _too_large("the body", limits.packed)
    found = raw
    if (content_encoding or "").strip().lower() == "deflate" and not _is_json(found):
        found = _inflated(found, limits.unpacked)
    for _ in range(_MOST_WRAPPINGS):
        inner = _unwrapped(found, limits.unpacked)
        if inner is None:
            break
        found = inner
    return _utf8(found)


def _unwrapped(body: bytes, limit: int) -> bytes | None:
    """What one wrapping holds; None where there is none."""
    if body.startswith(_GZIP):
        return _gunzipped(body, limit)
    if _is_json(body):
        return None
    data = _form_field(body)
    return _base64(body) if data is None else data


def _is_json(body: bytes) -> bool:
    return body[:64].removeprefix(_BOM).lstrip().startswith(_JSON)


def _gunzipped(body: bytes, limit: int) -> bytes:
    try:
        return _drained(zlib.decompressobj(wbits=16 + zlib.MAX_WBITS), body, limit)
    except zlib.error as error:
        raise InputError(f"the body is no gzip: {error}") from None


def _inflated(body: bytes, limit: int) -> bytes:
    """Deflate, with zlib's header or without."""
    for wbits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        try:
            return _drained(zlib.decompressobj(wbits=wbits), body, limit)
        except zlib.error:
            continue
    raise InputError("the body is no deflate", hint="Send gzip or plain JSON.")


def _drained(stream: zlib._Decompress, body: bytes, limit: int) -> bytes:
    found = stream.decompress(body, limit + 1)
    if len(found) > limit:
        raise _too_large("the unpacked body", limit)
    if not stream.eof:
        raise InputError("the body ends before its compressed data does")
    return found


def _form_field(body: bytes) -> bytes | None:
    """The `data` field of a form: JSON, or base64, in which a plus sign is no space."""
    for field in body.split(b"&", 16):
        name, equals, value = field.partition(b"=")
        if equals and name.strip() == b"data":
            found = unquote_to_bytes(value)
            if _is_json(found):
                return unquote_to_bytes(value.replace(b"+", b" "))
            return found.replace(b" ", b"+")
    return None


def _base64(body: bytes) -> bytes | None:
    """What base64, of either alphabet and padded or not, says; None where it is none."""
    digits = body.strip().translate(_ALPHABET, b"\r\n=")
    try:
        return base64.b64decode(digits + b"=" * (-len(digits) % 4), validate=True) or None
    except binascii.Error:
        return None


def _utf8(body: bytes) -> bytes:
    text = body.removeprefix(_BOM).strip()
    if not text:
        raise InputError("the body is empty", hint="Send a JSON object with the events.")
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode(errors="replace").encode()
    return text


def _too_large(what: str, limit: int) -> TooLargeError:
    return TooLargeError(
        f"{what} is larger than {limit:,} bytes", limit=limit, hint="Send fewer events at once."
    )
