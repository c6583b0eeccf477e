"""Segment's HTTP API, as Segment's, RudderStack's and Jitsu's SDKs speak it.

What a message means as an event is said in `segue.adapters.messages`. Of the context, the page, the
campaign, the consent, the proof of identity and, for `identify`, the traits are read; library,
device, locale and the like are not stored. Where a message has both `timestamp` and another
`originalTimestamp`, or a `receivedAt`, somebody has corrected its time already.
"""

from __future__ import annotations

from typing import Any, Final, cast

import msgspec
from msgspec import UNSET, Raw

from segue.adapters import messages
from segue.adapters.extract import ANONYMOUS_ID
from segue.adapters.wire import gathering as checks
from segue.adapters.wire import raw as json_text
from segue.adapters.wire.consent import check_consent
from segue.adapters.wire.decoded import Decoded, Policy, Reason, RefusedError
from segue.adapters.wire.gathering import Gathering
from segue.adapters.wire.identity_proof import PROPERTY
from segue.adapters.wire.raw import MaybeRaw
from segue.adapters.wire.skew import instant_of, occurred_at
from segue.domain.errors import InputError

LARGEST_EVENT: Final = 32 * 1024
"""The largest event, in bytes of its text."""
KINDS: Final = frozenset({"track", "identify", "page", "screen", "group", "alias"})
"""The types of messages."""
_BATCH: Final = "batch"


class _Request(msgspec.Struct, rename="camel"):
    """The keys of a request that are about all of its events."""

    batch: MaybeRaw = UNSET
    context: MaybeRaw = UNSET
    sent_at: Any = None
    write_key: Any = None


class _Message(msgspec.Struct, rename="camel"):
    type: Any = None
    event: Any = None
    user_id: Any = None
    anonymous_id: Any = None
    message_id: Any = None
    name: Any = None
    category: Any = None
    group_id: Any = None
    previous_id: Any = None
    timestamp: Any = None
    original_timestamp: Any = None
    sent_at: Any = None
    received_at: Any = None
    properties: MaybeRaw = UNSET
    traits: MaybeRaw = UNSET
    context: MaybeRaw = UNSET


class _Context(msgspec.Struct, rename="camel"):
    page: MaybeRaw = UNSET
    campaign: MaybeRaw = UNSET
    traits: MaybeRaw = UNSET
    consent: MaybeRaw = UNSET
    consent_management: MaybeRaw = UNSET
    segue: MaybeRaw = UNSET
    ip: MaybeRaw = UNSET


_read_request: Final = msgspec.json.Decoder(_Request).decode
_read_message: Final = msgspec.json.Decoder(_Message).decode
_read_context: Final = msgspec.json.Decoder(_Context).decode
_NOTHING: Final = _Context()


def segment_key(body: bytes) -> str | None:
    """The write key in a body, if any. Raises `InputError` where the body is no JSON object."""
    return _key(json_text.envelope(body, _read_request))


def decode_segment(
    body: bytes, *, path_type: str | None, received_at: int, policy: Policy
) -> Decoded:
    """The events of a request, whose body `read_body` gave, received at an instant (ms).

    `path_type` is what the route says: one of `KINDS`, or `batch`; None: what the body says.
    Raises `InputError` where the body is no JSON object, or has no `batch` though the route says
    so, and `TooLargeError` where it has too many events.
    """
    request = json_text.envelope(body, _read_request)
    gathering = Gathering(received_at, policy)
    batched = request.batch is not UNSET and path_type not in KINDS
    if path_type == _BATCH and not batched:
        raise InputError("the body has no `batch`", hint='Send {"batch": [ … ]}.')
    if batched:
        reader = _Reader(gathering, None, request.sent_at, _context(request.context))
        gathering.each(json_text.listed(bytes(cast("Raw", request.batch))), reader.take)
    else:
        gathering.one(body, _Reader(gathering, path_type, None, _NOTHING).take)
    return gathering.done(_key(request))


def _key(request: _Request) -> str | None:
    return request.write_key if isinstance(request.write_key, str) else None


class _Reader:
    """Reads the messages of one request."""

    def __init__(
        self, gathering: Gathering, kind: str | None, sent_at: object, context: _Context
    ) -> None:
        self._gathering = gathering
        self._kind = kind
        self._sent_at = instant_of(sent_at)
        self._context = context
        self._asks_proof = gathering.asks_proof

    def take(self, text: bytes) -> None:
        """Take one message. Raises `RefusedError` where it is no event."""
        message = json_text.message(text, _read_message, largest=LARGEST_EVENT)
        context = _merged(_context(message.context), self._context)
        gathering = self._gathering
        _check_consent(gathering.policy, context)
        user, anonymous = _id(message.user_id), _id(message.anonymous_id)
        who = user or anonymous
        if who is None:
            raise RefusedError(Reason.NO_ID, "neither a userId nor an anonymousId")
        kind = self._kind or message.type
        event, properties = self._event(kind, message, context)
        at = checks.storable_time(self._occurred_at(message))
        event_id = gathering.event_id(message.message_id)
        if user is not None and self._asks_proof:
            gathering.check_proof(user, _proof(context, properties))
        if user is not None and anonymous is not None and user != anonymous:
            if kind == "identify" and not isinstance(properties, str):
                properties[ANONYMOUS_ID] = anonymous
                gathering.linked(user, anonymous)
            else:
                gathering.link(user, anonymous, at, event_id)
        if isinstance(properties, str):
            gathering.put(who, event, at, event_id, properties)
        else:
            gathering.write(who, event, at, event_id, properties)

    def _event(
        self, kind: object, message: _Message, context: _Context
    ) -> tuple[str, json_text.Values | str]:
        """The event's name and its properties, as text where they may be stored as they came."""
        if kind == "track" and context is _NOTHING and message.properties is not UNSET:
            text = bytes(message.properties)
            if text.startswith(b"{") and checks.is_storable(text):
                return checks.event_name(message.event), text.decode()
        if not isinstance(kind, str) or kind not in KINDS:
            raise RefusedError(
                Reason.UNKNOWN_TYPE, f"the type is none of {', '.join(sorted(KINDS))}"
            )
        return _mapped(kind, message, context, store_ip=self._gathering.policy.store_ip)

    def _occurred_at(self, message: _Message) -> int:
        timestamp = instant_of(message.timestamp)
        original = instant_of(message.original_timestamp)
        moved = original is not None and original != timestamp
        if timestamp is not None and (moved or message.received_at is not None):
            return timestamp
        sent = self._sent_at if message.sent_at is None else instant_of(message.sent_at)
        first = timestamp if original is None else original
        return occurred_at(first, sent, self._gathering.received_at)


def _id(value: object) -> str | None:
    found = None if value is None else checks.distinct_id(value)
    return None if found is None else checks.short(found)


def _context(raw: MaybeRaw) -> _Context:
    """What is read of a context; nothing where it is no object."""
    if raw is UNSET:
        return _NOTHING
    try:
        found = _read_context(raw)
    except msgspec.MsgspecError:
        return _NOTHING
    return _NOTHING if found == _NOTHING else found


def _merged(own: _Context, common: _Context) -> _Context:
    """A message's context over that of its batch."""
    if common is _NOTHING:
        return own
    pairs = zip(msgspec.structs.astuple(own), msgspec.structs.astuple(common), strict=True)
    return _Context(*(theirs if mine is UNSET else mine for mine, theirs in pairs))


def _check_consent(policy: Policy, context: _Context) -> None:
    if policy.require_consent:
        consent, management = context.consent, context.consent_management
        check_consent(policy.require_consent, json_text.plain(consent), json_text.plain(management))


def _proof(context: _Context, properties: json_text.Values | str) -> object:
    """What came as a proof of identity, if anything did."""
    segue = json_text.filled(context.segue)
    own = None if isinstance(properties, str) else properties.get(PROPERTY)
    return segue.get("proof", own)


def _mapped(
    kind: str, message: _Message, context: _Context, *, store_ip: bool
) -> tuple[str, json_text.Values]:
    properties = checks.members(message.properties, "properties")
    traits = checks.members(message.traits, "traits")
    if kind == "identify":
        traits = {**(json_text.object_of(context.traits) or {}), **traits}
    fields = {
        "event": message.event,
        "name": message.name,
        "category": message.category,
        "groupId": message.group_id,
        "previousId": _id(message.previous_id),
    }
    if kind == "alias" and fields["previousId"] is None:
        raise RefusedError(Reason.NO_ID, "an alias needs a previousId")
    event, found = messages.segment_event(kind, fields, properties, traits)
    if kind not in messages.ABOUT_TRAITS:
        page, campaign = json_text.filled(context.page), json_text.filled(context.campaign)
        found = {**messages.from_context(page, campaign), **found}
    if store_ip and context.ip is not UNSET:
        found.setdefault("$ip", context.ip)
    return checks.event_name(event), found
