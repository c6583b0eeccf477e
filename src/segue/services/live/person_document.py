"""Everything about a person as a document: what the API and the studio give to take away."""

from __future__ import annotations

import json
from typing import Any

from segue.domain.instant import format_instant
from segue.domain.live import Membership, Transition
from segue.domain.ports import StoredEvent
from segue.services.live.reading import WholePerson


def person_document(whole: WholePerson) -> dict[str, Any]:
    """The document of everything that is stored about one person; instants are RFC 3339."""
    return {
        "person_id": whole.person_id,
        "distinct_ids": list(whole.distinct_ids),
        "exported_at": format_instant(whole.exported_at),
        "traits": {
            name: {"value": one.value, "set_at": format_instant(one.set_at)}
            for name, one in whole.traits.items()
        },
        "memberships": [_membership(one) for one in whole.memberships],
        "transitions": [transition_document(one) for one in whole.transitions],
        "events": [_event(one) for one in whole.events],
    }


def transition_document(one: Transition) -> dict[str, Any]:
    """A published transition."""
    return {
        "id": one.id,
        "kind": one.kind,
        "boundary": one.boundary.value,
        "segment_id": one.segment_id,
        "version": one.version,
        "person_id": one.person_id,
        "at": format_instant(one.at),
        "known_at": format_instant(one.known_at),
        "cause": one.cause.value,
        "corrected": one.corrected,
        "live": one.live,
        "event_id": one.event_id,
    }


def _membership(one: Membership) -> dict[str, Any]:
    return {
        "segment_id": one.segment_id,
        "entered_at": format_instant(one.entered_at),
        "left_at": None if one.left_at is None else format_instant(one.left_at),
    }


def _event(one: StoredEvent) -> dict[str, Any]:
    return {
        "event_id": one.event_id,
        "distinct_id": one.distinct_id,
        "event": one.event,
        "occurred_at": format_instant(one.occurred_at),
        "received_at": format_instant(one.received_at),
        "sequence": one.sequence,
        "properties": json.loads(one.properties),
    }
