"""Frequency caps: how much somebody may get in a rolling window."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from segue.domain.acting import Contact
from segue.domain.campaigns import (
    REACHED,
    Acting,
    Campaign,
    Cap,
    Channel,
    Delivery,
    Messaging,
    State,
)
from segue.services.acting.words import capped

_REACHING: Final = (State.DUE, State.SENDING, *REACHED)
"""What is due and was handed over is tried again."""


def caps_on(campaign: Campaign, messaging: Messaging) -> list[Cap]:
    """The caps that a campaign's deliveries must pass, all of them: those of the project that
    cover it, and its own, whatever they count."""
    if campaign.transactional:
        return []
    covering = (cap for cap in messaging.caps if counts(cap, campaign.channel, campaign.tags))
    return [*covering, *campaign.caps]


def counts(cap: Cap, channel: Channel, tags: Iterable[str]) -> bool:
    """Whether a cap counts what goes by this channel with these tags."""
    return cap.channel in (None, channel) and (cap.tag is None or cap.tag in tags)


def count(cap: Cap, contacts: Iterable[Contact], now: int) -> int:
    """How many of somebody's contacts a cap counts in `(now - within, now]`."""
    since = now - cap.within
    return sum(
        one.at > since and not one.transactional and counts(cap, one.channel, one.tags)
        for one in contacts
    )


def full(
    campaign: Campaign, messaging: Messaging, contacts: Iterable[Contact], now: int
) -> str | None:
    """Which cap leaves no room for a delivery of a campaign, in words; None where all do."""
    had = tuple(contacts)
    for cap in caps_on(campaign, messaging):
        number = count(cap, had, now)
        if number >= cap.most:
            return capped(cap, number)
    return None


def contacts_of(deliveries: Iterable[Delivery], since: int) -> list[Contact]:
    """Whom some deliveries reached after an instant (ms), as `ActingStore.contacts` tells it: by
    what was handed to a channel and did not fail there, and what a page has shown."""
    found = []
    for one in deliveries:
        at = one.shown_at if one.channel is Channel.IN_APP else one.handed_at
        if at is not None and at > since and one.state in _REACHING:
            contact = Contact(
                one.person, one.campaign_id, one.channel, one.tags, at, one.transactional
            )
            found.append(contact)
    return found


def longest_window(acting: Acting) -> int:
    """How far back any cap looks (ms)."""
    own = (cap for campaign in acting.campaigns for cap in campaign.caps)
    return max((cap.within for cap in (*acting.messaging.caps, *own)), default=0)
