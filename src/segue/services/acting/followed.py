"""What somebody does who follows a link in a message: leave, click, open.

Each becomes an event with an id of its own, made of the delivery's, so that what a mail program or
a scanner repeats is one event. Where the delivery is no longer there, its person was erased: then
nothing is noted of them again, but their address goes on the list all the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Final

from segue.domain.acting import ActingStore
from segue.domain.campaigns import Channel, Delivery, Suppressed, Suppression
from segue.services.acting.links import Ticket
from segue.services.live.intake import Batch, Receipt

Submit = Callable[[Batch], Future[Receipt]]
"""Hands events to the live intake; raises `BusyError` where too much waits there."""

CLICKED: Final = "$message_clicked"
SHOWN: Final = "$message_shown"
DISMISSED: Final = "$message_dismissed"


class Followed:
    """Notes what followed a link."""

    def __init__(self, store: ActingStore, submit: Submit) -> None:
        self._store, self._submit = store, submit

    def clicked(self, ticket: Ticket, now: int) -> Future[Receipt] | None:
        """Note a click: one event for each URL of a message. None where nothing is noted."""
        return self._note(ticket, CLICKED, click_id(ticket), now, url=ticket.url)

    def opened(self, ticket: Ticket, now: int) -> Future[Receipt] | None:
        """Note that a message was opened: one event for each message."""
        return self._note(ticket, SHOWN, f"{ticket.delivery_id}:shown", now)

    def unsubscribed(self, ticket: Ticket, *, everything: bool, now: int) -> Future[Receipt] | None:
        """Put the address on the list, for the purpose of the campaign or for every one, durably;
        then say so in events, which also set the trait `unsubscribed_PURPOSE`, or `unsubscribed`.
        The second time nothing is said."""
        purpose = "" if everything else ticket.purpose
        entry = Suppressed(ticket.address, Channel.EMAIL, purpose, Suppression.UNSUBSCRIBED, now)
        if not self._store.suppress([entry]):
            return None
        delivery = self._store.delivery(ticket.delivery_id)
        if delivery is None:
            return None
        return self._submit(left(delivery, purpose, now))

    def _note(
        self, ticket: Ticket, event: str, event_id: str, now: int, **more: Any
    ) -> Future[Receipt] | None:
        delivery = self._store.delivery(ticket.delivery_id)
        if delivery is None:
            return None
        facts = _facts(delivery) | more
        return self._submit(_batch(delivery.person_id, {event_id: (event, facts)}, now))


def click_id(ticket: Ticket) -> str:
    """The id of the event of a click."""
    digest = hashlib.sha256(ticket.url.encode()).hexdigest()[:12]
    return f"{ticket.delivery_id}:clicked:{digest}"


def trait_of_purpose(purpose: str) -> str:
    """The trait that says that somebody left a purpose, or ("") all of them."""
    return f"unsubscribed_{purpose}" if purpose else "unsubscribed"


def left(delivery: Delivery, purpose: str, now: int, *, how: str = "unsubscribed") -> Batch:
    """The events of somebody who left a purpose, or ("") all of them, because of a delivery; `how`
    is "unsubscribed" or "complained"."""
    name = f"{delivery.id}:{how}:{purpose}".rstrip(":")
    facts = _facts(delivery) | {"purpose": purpose, "how": how}
    traits = {trait_of_purpose(purpose): True}
    events = {name: (DISMISSED, facts), f"{name}:set": ("$set", traits)}
    return _batch(delivery.person_id, events, now)


def _facts(delivery: Delivery) -> dict[str, Any]:
    return {
        "delivery_id": delivery.id,
        "campaign_id": delivery.campaign_id,
        "variant": delivery.variant,
        "channel": delivery.channel.value,
    }


def _batch(person_id: str, events: Mapping[str, tuple[str, Mapping[str, Any]]], now: int) -> Batch:
    """Events of one person by their ids."""
    return Batch(
        distinct_id=[person_id] * len(events),
        event=[event for event, _ in events.values()],
        occurred_at=[now] * len(events),
        event_id=list(events),
        sequence=[None] * len(events),
        properties=[json.dumps(facts, ensure_ascii=False) for _, facts in events.values()],
        received_at=now,
    )
