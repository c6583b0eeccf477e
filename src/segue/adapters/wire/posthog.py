"""PostHog's capture API, in all forms of its body: one event, a list, a batch, and `/engage`.

The properties are stored as they came, without the token. What several of PostHog's SDKs send about
traits is said in `segue.adapters.messages`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw

from segue.adapters import messages
from segue.adapters.extract import IDENTIFY, LINK_EVENTS
from segue.adapters.wire import gathering as checks
from segue.adapters.wire import raw as json_text
from segue.adapters.wire.decoded import Decoded, Policy, Reason, RefusedError
from segue.adapters.wire.gathering import Gathering
from segue.adapters.wire.identity_proof import PROPERTY
from segue.adapters.wire.raw import MaybeRaw
from segue.adapters.wire.skew import AHEAD, instant_of, occurred_at
from segue.domain.errors import MixedKeysError

LARGEST_EVENT: Final = 900 * 1024
"""The largest event, in bytes of its text."""
_MERGE: Final = "$merge_dangerously"
_ALIAS: Final = "alias"
_KEYS: Final = ("token", "api_key", "$token")
_IDS: Final = ("distinct_id", "$distinct_id")


class _Request(msgspec.Struct):
    """The keys of a request that are about all of its events."""

    batch: MaybeRaw = UNSET
    token: Any = None
    api_key: Any = None
    own_token: Any = msgspec.field(default=None, name="$token")
    sent_at: Any = None
    created_at: Any = None
    historical_migration: Any = None


class _Event(msgspec.Struct):
    event: Any = None
    distinct_id: Any = None
    own_distinct_id: Any = msgspec.field(default=None, name="$distinct_id")
    uuid: Any = None
    timestamp: Any = None
    offset: Any = None
    token: Any = None
    api_key: Any = None
    own_token: Any = msgspec.field(default=None, name="$token")
    session_id: MaybeRaw = UNSET
    window_id: MaybeRaw = UNSET
    options: MaybeRaw = UNSET
    properties: MaybeRaw = UNSET
    set: MaybeRaw = msgspec.field(default=UNSET, name="$set")
    set_once: MaybeRaw = msgspec.field(default=UNSET, name="$set_once")
    unset: MaybeRaw = msgspec.field(default=UNSET, name="$unset")


_read_request: Final = msgspec.json.Decoder(_Request).decode
_read_event: Final = msgspec.json.Decoder(_Event).decode


def posthog_key(body: bytes, query: Mapping[str, str]) -> str | None:
    """The project token of a request: around the events, in them, or in the query.

    Raises `InputError` where the body is no JSON, and `MixedKeysError` where events differ.
    """
    request, events = _opened(body)
    return _key(request) or _one_key(events) or _query_key(query)


def decode_posthog(
    body: bytes, *, query: Mapping[str, str], received_at: int, policy: Policy
) -> Decoded:
    """The events of a request, whose body `read_body` gave, received at an instant (ms).

    Of the query, `_` is when a request was sent that does not say so itself. Raises `InputError`
    where the body is no JSON, `TooLargeError` where it has too many events, and `MixedKeysError`
    where they name several tokens.
    """
    request, events = _opened(body)
    key = _key(request) or _one_key(events) or _query_key(query)
    gathering = Gathering(received_at, policy)
    reader = _Reader(gathering, _sent_at(request, query))
    gathering.each(events, reader.take)
    return gathering.done(key, imported=request.historical_migration is True)


def _opened(body: bytes) -> tuple[_Request, list[Raw]]:
    """What a request says around its events, and these."""
    if body.startswith(b"["):
        return _Request(), json_text.listed(body)
    request = json_text.envelope(body, _read_request)
    if request.batch is UNSET:
        return request, [Raw(body)]
    return request, json_text.listed(bytes(request.batch))


def _sent_at(request: _Request, query: Mapping[str, str]) -> int | None:
    if request.historical_migration is True:
        return None
    for value in (request.sent_at, request.created_at, query.get("_")):
        if (found := instant_of(value)) is not None:
            return found
    return None


def _key(holder: _Request | _Event) -> str | None:
    for value in (holder.token, holder.own_token, holder.api_key):
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


def _query_key(query: Mapping[str, str]) -> str | None:
    return next((query[name].strip() for name in _KEYS if query.get(name, "").strip()), None)


def _one_key(events: list[Raw]) -> str | None:
    """The token that the events name."""
    keys = {key for event in events if (key := _key_of(bytes(event))) is not None}
    if len(keys) > 1:
        raise MixedKeysError(
            "the events of this request name several project tokens",
            hint="Send each project's events by themselves.",
        )
    return next(iter(keys), None)


def _key_of(text: bytes) -> str | None:
    if not any(f'"{name}"'.encode() in text for name in _KEYS):
        return None
    try:
        event = json_text.message(text, _read_event, largest=LARGEST_EVENT)
    except RefusedError:
        return None
    inner = json_text.object_of(event.properties) or {}
    token = _key(event) or json_text.plain(inner.get("token"))
    return token.strip() or None if isinstance(token, str) else None


class _Reader:
    """Reads the events of one request."""

    def __init__(self, gathering: Gathering, sent_at: int | None) -> None:
        self._gathering = gathering
        self._sent_at = sent_at

    def take(self, text: bytes) -> None:
        """Take one event. Raises `RefusedError` where it is none."""
        event = json_text.message(text, _read_event, largest=LARGEST_EVENT)
        properties = _properties(event)
        name = checks.event_name(_name(event))
        who = _who(name, event, properties)
        at = checks.storable_time(self._occurred_at(event, properties))
        gathering = self._gathering
        event_id = gathering.event_id(event.uuid)
        if gathering.asks_proof:
            self._prove(name, who, properties)
        for key in _KEYS:
            properties.pop(key, None)
        page = messages.posthog_page(name, properties, json_text.is_nothing)
        gathering.write(who, name, at, event_id, {**page, **properties})

    def _prove(self, name: str, who: str, properties: json_text.Values) -> None:
        if name == _MERGE:
            self._gathering.not_proven(f"{_MERGE} needs a secret key")
        elif _claims(name, who, properties):
            self._gathering.check_proof(who, properties.get(PROPERTY))

    def _occurred_at(self, event: _Event, properties: json_text.Values) -> int:
        received = self._gathering.received_at
        if (ago := _milliseconds(event.offset)) is not None:
            return received - ago
        sent = None if _ignores_sent_at(event, properties) else self._sent_at
        found = occurred_at(instant_of(event.timestamp), sent, received)
        return received if found > received + AHEAD else found


def _properties(event: _Event) -> json_text.Values:
    """The properties, with what stands beside them."""
    properties = checks.members(event.properties, "properties")
    beside = {
        "$set": event.set,
        "$set_once": event.set_once,
        "$unset": event.unset,
        "$session_id": event.session_id,
        "$window_id": event.window_id,
    }
    for name, value in beside.items():
        if value is not UNSET and bytes(value) != b"null":
            properties.setdefault(name, value)
    return properties


def _name(event: _Event) -> object:
    """The event's name; `/engage` sends none, and sets traits."""
    written = (event.set, event.set_once, event.unset)
    traits = any(value is not UNSET for value in written)
    return IDENTIFY if event.event is None and traits else event.event


def _who(name: str, event: _Event, properties: json_text.Values) -> str:
    """The distinct id. posthog-python puts an alias outside and the id that it is of inside."""
    inner = (json_text.plain(properties.get(key)) for key in _IDS)
    candidates = [event.distinct_id, event.own_distinct_id, *inner]
    ids = [found for value in candidates if (found := checks.distinct_id(value)) is not None]
    if not ids:
        raise RefusedError(Reason.NO_ID, "the event has no distinct_id")
    alias = json_text.plain(properties.get(_ALIAS)) if name in LINK_EVENTS else None
    meant = [found for found in ids if found != alias] or ids
    return meant[0][: checks.LONGEST_ID]


def _claims(name: str, who: str, properties: json_text.Values) -> bool:
    """Whether the event is about a known person, or makes one known."""
    if name in LINK_EVENTS:
        return True
    identified = json_text.plain(properties.get("$is_identified"))
    if isinstance(identified, bool):
        return identified
    device = checks.distinct_id(json_text.plain(properties.get("$device_id")))
    return device is None or who != device


def _ignores_sent_at(event: _Event, properties: json_text.Values) -> bool:
    options = json_text.object_of(event.options) or {}
    said = (properties.get("$ignore_sent_at"), options.get("disable_skew_correction"))
    return any(json_text.plain(value) is True for value in said)


def _milliseconds(offset: object) -> int | None:
    if isinstance(offset, int | float) and not isinstance(offset, bool):
        return int(offset)
    return None
