"""What messages of every protocol share: checked ids, names, times, proofs, and their columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from msgspec import Raw

from segue.adapters import messages
from segue.adapters.extract import ANONYMOUS_ID, IDENTIFY
from segue.adapters.wire import raw as json_text
from segue.adapters.wire.decoded import (
    Decoded,
    Policy,
    Proof,
    Reason,
    RefusedError,
    RejectedEvent,
    rejection,
)
from segue.adapters.wire.identity_proof import PROPERTY, Verdict, verify
from segue.adapters.wire.linked import Pair
from segue.domain.instant import EARLIEST, LATEST
from segue.language.activity import DERIVED_EVENTS

LONGEST_ID: Final = 200
"""The longest distinct id, and the longest event id, in characters."""
LONGEST_NAME: Final = 500
"""The longest event name, in characters."""
_ADDRESSES: Final = ("ip", "$ip")
_NOT_STORED: Final = (PROPERTY, "writeKey")
_NEVER_STORED: Final = (*_NOT_STORED, *_ADDRESSES)
_COMPOUND: Final = (dict, list)


_Row: TypeAlias = tuple[str, str, int, str, str]
"""Whose event, its name, when it occurred (ms), its id, its properties."""


@dataclass(slots=True)
class Gathering:
    """The events of one request, while its messages are read one after the other."""

    received_at: int
    policy: Policy
    unproven: int = 0
    _rows: list[_Row] = field(default_factory=list)
    _rejected: list[RejectedEvent] = field(default_factory=list)
    _linked: dict[Pair, None] = field(default_factory=dict)

    def each(self, events: Sequence[Raw], take: Callable[[bytes], None]) -> None:
        """Take every event; one that is refused is reported, and the next one is taken."""
        for event in events:
            self.one(bytes(event), take)

    def one(self, text: bytes, take: Callable[[bytes], None]) -> None:
        """Take one event, or report why not."""
        try:
            self._check_opted_out()
            take(text)
        except RefusedError as error:
            self._rejected.append(rejection(error, text))

    def done(self, write_key: str | None, *, imported: bool = False) -> Decoded:
        """What was decoded; `write_key` is the one in the body or the query."""
        columns = map(list, zip(*self._rows, strict=True)) if self._rows else ([] for _ in range(5))
        who, event, at, event_id, properties = columns
        return Decoded(
            who,
            event,
            at,
            event_id,
            [None] * len(event),
            properties,
            self._rejected,
            imported,
            write_key,
            self.unproven,
            [*self._linked],
        )

    def put(self, who: str, event: str, at: int, event_id: str, properties: str) -> None:
        """One event, its properties as text."""
        self._rows.append((who, event, at, event_id, properties))

    def write(
        self, who: str, event: str, at: int, event_id: str, properties: json_text.Values
    ) -> None:
        """One event and those of the traits in its properties, without what is never stored."""
        never = _NOT_STORED if self.policy.store_ip else _NEVER_STORED
        parts = messages.split_traits(event, event_id, properties, json_text.opened)
        for part, part_id, own in parts:
            for name in never:
                own.pop(name, None)
            self.put(who, part, at, part_id, json_text.written(own))

    def _check_opted_out(self) -> None:
        if self.policy.opted_out:
            raise RefusedError(Reason.NO_CONSENT, "the sender's browser has opted out")

    def link(self, user: str, anonymous: str, at: int, message_id: str) -> None:
        """The link between two ids, unless it is known."""
        pair = (user, anonymous)
        if pair in self._linked or pair in self.policy.linked:
            return
        link_id = messages.link_id(message_id)
        self.put(user, IDENTIFY, at, link_id, json_text.written({ANONYMOUS_ID: anonymous}))
        self.linked(user, anonymous)

    def linked(self, user: str, anonymous: str) -> None:
        """Note that an event of this request links two ids."""
        self._linked[user, anonymous] = None

    def event_id(self, value: object) -> str:
        """The id of a message, or a new one where it has none."""
        found = messages.id_text(value)
        if found is None:
            return self.policy.new_id()
        if len(found) > LONGEST_ID:
            raise RefusedError(
                Reason.WRONG_ID, f"the message id is longer than {LONGEST_ID} characters"
            )
        return without_nul(found)

    @property
    def asks_proof(self) -> bool:
        """Whether known people have to be proven."""
        return self.policy.signing_secret is not None and self.policy.proof is not Proof.OFF

    def check_proof(self, claimed: str, proof: object) -> None:
        """Refuse, or count, an event whose claim to be of a known person is not proven."""
        secret = self.policy.signing_secret
        if secret is None or self.policy.proof is Proof.OFF:
            return
        verdict = verify(secret, claimed, json_text.plain(proof), now=self.received_at)
        if verdict is not Verdict.VALID:
            self.not_proven(f"the proof of identity is {verdict}")

    def not_proven(self, message: str) -> None:
        """Refuse, or count, an event without a valid proof."""
        if self.policy.proof is Proof.ENFORCE:
            raise RefusedError(Reason.NOT_PROVEN, message)
        self.unproven += 1


def is_storable(properties: bytes) -> bool:
    """Whether the text of properties may be stored as it came: nothing has to be taken out.

    The pieces are those of the keys that are never stored and of traits; a key may also hide behind
    escapes. Said one by one, since every event is asked.
    """
    return not (
        b'ip"' in properties
        or b'"$se' in properties
        or b'"$unset' in properties
        or b'"writeKey' in properties
        or b"\\u00" in properties
    )


def distinct_id(value: object) -> str | None:
    """A distinct id; None where there is none. Refused where it is no scalar."""
    if isinstance(value, _COMPOUND):
        raise RefusedError(Reason.WRONG_ID, "an id is text or a number")
    found = messages.id_text(value)
    return None if found is None else without_nul(found)


def short(distinct_id: str) -> str:
    """The same id. Refused where it is too long."""
    if len(distinct_id) > LONGEST_ID:
        raise RefusedError(Reason.WRONG_ID, f"the id is longer than {LONGEST_ID} characters")
    return distinct_id


def without_nul(text: str) -> str:
    """Text that a store can hold."""
    return text.replace("\0", "\ufffd") if "\0" in text else text


def event_name(value: object) -> str:
    """The name of an event. Refused where there is none, or where it is one that is computed."""
    name = None if isinstance(value, _COMPOUND) else messages.id_text(value)
    if name is None:
        raise RefusedError(Reason.NO_EVENT, "the event has no name")
    if len(name) > LONGEST_NAME:
        raise RefusedError(
            Reason.NO_EVENT, f"the event's name is longer than {LONGEST_NAME} characters"
        )
    if name in DERIVED_EVENTS:
        raise RefusedError(
            Reason.DERIVED_EVENT, f"{name} is computed from other events, never stored"
        )
    return without_nul(name)


def storable_time(at: int) -> int:
    """The same instant. Refused where it is not within the years 1970 to 2200."""
    if not EARLIEST <= at <= LATEST:
        raise RefusedError(Reason.WRONG_TIME, "the time is not within the years 1970 to 2200")
    return at


def members(raw: Any, what: str) -> json_text.Values:
    """The members of an object. Refused where it is none."""
    found = json_text.object_of(raw)
    if found is None:
        raise RefusedError(Reason.WRONG_PROPERTIES, f"`{what}` is no JSON object")
    return found
