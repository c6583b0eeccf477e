"""What decoding a request gives, what it is told, and how one event is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from segue.adapters.wire.linked import LinkedPairs, Pair
from segue.language.models import Project


class Proof(StrEnum):
    """What is asked of an event that claims to be of a known person."""

    OFF = "off"
    WARN = "warn"
    ENFORCE = "enforce"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a project asks of the events that one sender sends.

    `new_id` makes an event id where a message has none. `linked` are the pairs of ids that are
    known to be linked. `signing_secret` is that of the write key with which the request came; None:
    it came with a secret key, and needs no proof. `opted_out`: the request carries a signal that
    the project honours, and nothing of it is kept.
    """

    new_id: Callable[[], str]
    linked: LinkedPairs
    store_ip: bool = False
    require_consent: tuple[str, ...] = ()
    opted_out: bool = False
    proof: Proof = Proof.OFF
    signing_secret: bytes | None = None

    @classmethod
    def of(
        cls,
        project: Project,
        *,
        new_id: Callable[[], str],
        linked: LinkedPairs,
        signing_secret: bytes | None,
        gpc: bool,
    ) -> Policy:
        """The policy of a project; `gpc`: the request carries `Sec-GPC: 1`."""
        return cls(
            new_id,
            linked,
            store_ip=project.privacy.store_ip,
            require_consent=tuple(project.privacy.require_consent),
            opted_out=gpc and project.privacy.honour_gpc,
            proof=Proof(project.identity.proof),
            signing_secret=signing_secret,
        )


class Reason(StrEnum):
    """Why an event was rejected."""

    NO_OBJECT = "no_object"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    NO_EVENT = "no_event"
    DERIVED_EVENT = "derived_event"
    UNKNOWN_TYPE = "unknown_type"
    NO_ID = "no_id"
    WRONG_ID = "wrong_id"
    WRONG_TIME = "wrong_time"
    WRONG_PROPERTIES = "wrong_properties"
    NO_CONSENT = "no_consent"
    NOT_PROVEN = "identity_not_proven"


@dataclass(frozen=True, slots=True)
class RejectedEvent:
    """An event that was not taken: the code of the reason, the reason for people, the message id
    as far as it can be read, and how its text begins: without secrets, and empty where consent
    lacks."""

    reason: Reason
    message: str
    message_id: str | None = None
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The events of one request, as columns of equal length, and those that were rejected.

    `occurred_at` in ms; `properties` texts of JSON objects. One message may give several events.
    `imported`: events of the past that nobody should act upon. `write_key` is the one in the body
    or the query. `unproven` events were taken although their identity is not proven. `linked` are
    pairs to add to the policy's `LinkedPairs` once the events are durable.
    """

    distinct_id: list[str] = field(default_factory=list)
    event: list[str] = field(default_factory=list)
    occurred_at: list[int] = field(default_factory=list)
    event_id: list[str] = field(default_factory=list)
    sequence: list[int | None] = field(default_factory=list)
    properties: list[str] = field(default_factory=list)
    rejected: list[RejectedEvent] = field(default_factory=list)
    imported: bool = False
    write_key: str | None = None
    unproven: int = 0
    linked: list[Pair] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.event)


class RefusedError(Exception):
    """One event is refused; never leaves the decoders."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


_LONGEST_EXCERPT: Final = 200
_MESSAGE_ID: Final = re.compile(rb'"(?:messageId|uuid)"\s*:\s*"([^"\\]{1,200})"')
_SECRET: Final = re.compile(
    r'("(?:writeKey|api_key|\$?token|proof|\$segue_proof|\$?ip)"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^,}\]]*)'
)


def rejection(error: RefusedError, text: bytes) -> RejectedEvent:
    """The rejection of an event with this text."""
    if error.reason is Reason.NO_CONSENT:
        return RejectedEvent(error.reason, error.message)
    found = _MESSAGE_ID.search(text)
    message_id = found[1].decode(errors="replace") if found else None
    beginning = text[: 2 * _LONGEST_EXCERPT].decode(errors="replace")
    excerpt = _SECRET.sub(r'\1"…"', beginning)[:_LONGEST_EXCERPT]
    return RejectedEvent(error.reason, error.message, message_id, excerpt)
