"""JSON text that is opened only as far as something in it is needed.

Values stay the text that was sent (`msgspec.Raw`) and are written to the store as they came. Text
that is no JSON but that SDKs send all the same (NaN, halves of surrogate pairs, control characters,
numbers beyond all measure) is washed first.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Raw, UnsetType

from segue.adapters import messages
from segue.adapters.wire.decoded import Reason, RefusedError
from segue.domain.errors import InputError, TooLargeError

T = TypeVar("T")
Values: TypeAlias = dict[str, Any]
"""The members of an object: raw values, and scalars of our own."""
MaybeRaw: TypeAlias = Raw | UnsetType

MOST_EVENTS: Final = 10_000
"""The most events of one request."""
DEEPEST: Final = 100
"""The deepest nesting of one event."""

_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_LIST: Final = msgspec.json.Decoder(list[Raw])
_ANY: Final = msgspec.json.Decoder()
_HALVES: Final = re.compile("[\ud800-\udfff]")
_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS: Final = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_NOTHING: Final = frozenset(json.dumps(value).encode() for value in messages.NOTHING)
_LONGEST_INTEGER: Final = 300
_LONGEST_NUMBER: Final = 2_000
_NUMBER: Final = re.compile(rb"[0-9]{2000}")
"""More digits than Python reads at once."""


def envelope(body: bytes, decode: Callable[[bytes], T]) -> T:
    """What a request says around its events. Raises `InputError` where it is no such JSON."""
    try:
        return decode(body)
    except RecursionError:
        raise InputError("the body is nested too deeply") from None
    except msgspec.MsgspecError:
        pass
    try:
        return decode(washed(body))
    except msgspec.MsgspecError as error:
        raise InputError(f"the body cannot be read: {error}") from None


def washed(text: bytes) -> bytes:
    """The same as strict JSON, what cannot be said in it as null. Raises `InputError` where it is
    no JSON at all."""
    try:
        value = json.loads(
            text, strict=False, parse_constant=_nothing, parse_int=_integer, parse_float=_finite
        )
        written = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    except RecursionError:
        raise InputError("the body is nested too deeply") from None
    except ValueError as error:
        raise InputError(f"the body is no JSON: {error}") from None
    return _HALVES.sub("\ufffd", written).encode()


def _nothing(_: str) -> None:
    return None


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else None


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def listed(text: bytes) -> list[Raw]:
    """The events of a batch. Raises `InputError` where it is no list, `TooLargeError` where it is
    too long."""
    found = envelope(text, _LIST.decode)
    if len(found) > MOST_EVENTS:
        raise TooLargeError(
            f"the batch has more than {MOST_EVENTS:,} events",
            limit=MOST_EVENTS,
            hint="Send fewer events at once.",
        )
    return found


def message(text: bytes, decode: Callable[[bytes], T], *, largest: int) -> T:
    """One event's own keys. Raises `RefusedError` where it is too large or deep, or no object."""
    if len(text) > largest:
        raise RefusedError(Reason.TOO_LARGE, f"the event is larger than {largest:,} bytes")
    if text.count(b"[") + text.count(b"{") > DEEPEST and depth(text) > DEEPEST:
        raise RefusedError(Reason.TOO_DEEP, f"the event is nested deeper than {DEEPEST} levels")
    if not text.startswith(b"{"):
        raise RefusedError(Reason.NO_OBJECT, "the event is no JSON object")
    try:
        if len(text) <= _LONGEST_NUMBER or not _NUMBER.search(text):
            return decode(text)
    except msgspec.MsgspecError:
        pass
    try:
        return decode(washed(text))
    except (msgspec.MsgspecError, InputError) as error:
        raise RefusedError(Reason.UNREADABLE, f"the event cannot be read: {error}") from None


def depth(text: bytes) -> int:
    """How many levels of brackets JSON text has, up to one more than `DEEPEST`."""
    left = _STRINGS.sub(b"", text).translate(_BRACKETS, _NO_BRACKETS)
    levels = 0
    while left and levels <= DEEPEST:
        left = left.replace(b"[]", b"")
        levels += 1
    return levels


def opened(value: object) -> dict[str, Any] | list[Any] | None:
    """The members of a raw object or the items of a raw list; None for any other value."""
    if not isinstance(value, Raw):
        return None
    text = bytes(value)
    if text.startswith(b"{"):
        return _OBJECT.decode(text)
    return _LIST.decode(text) if text.startswith(b"[") else None


def object_of(raw: MaybeRaw) -> Values | None:
    """The members of an object, also of one that came as JSON text; none for null and where there
    is no value; None for any other value."""
    if raw is UNSET:
        return {}
    text = bytes(raw)
    if text.startswith(b"{"):
        return _OBJECT.decode(text)
    if text == b"null":
        return {}
    return _object_in_text(text) if text.startswith(b'"') else None


def _object_in_text(text: bytes) -> Values | None:
    inner = _ANY.decode(text).strip().encode()
    if not inner:
        return {}
    if not inner.startswith(b"{") or depth(inner) > DEEPEST:
        return None
    try:
        return _OBJECT.decode(washed(inner))
    except (msgspec.MsgspecError, InputError):
        return None


def filled(raw: MaybeRaw) -> Values:
    """The members of an object that say something; none of any other value."""
    members = object_of(raw) or {}
    return {key: value for key, value in members.items() if not is_nothing(value)}


def is_nothing(value: Any) -> bool:
    """Whether a raw value says nothing about a page."""
    return bytes(value) in _NOTHING


def plain(value: object) -> Any:
    """A raw value as a Python object; any other as it is."""
    if not isinstance(value, Raw):
        return value
    try:
        return _ANY.decode(value)
    except msgspec.MsgspecError:
        return None  # a number beyond all measure


def written(values: Values) -> str:
    """The text of an object."""
    return msgspec.json.encode(values).decode()
