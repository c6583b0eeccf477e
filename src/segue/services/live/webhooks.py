"""What a webhook says; `outbox` has when it is sent, `domain.signing` how it is signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from segue.domain.instant import format_instant
from segue.domain.live import Transition
from segue.domain.signing import signed
from segue.domain.webhooks import Endpoint, Post

SAMPLE: Final = "webhook.test"
"""The type of the message that shows whether an endpoint works."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a message says beside its transition: the segment's title, the person's distinct ids,
    and where Segue answers (`https://segue.example`; "" gives links without a host)."""

    title: str
    distinct_ids: tuple[str, ...] = ()
    answers_at: str = ""


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
    headers, body = signed(endpoint.secret, name, message, now)
    return Post(endpoint.url, headers, body)
