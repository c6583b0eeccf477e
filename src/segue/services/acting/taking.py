"""From what happened to deliveries: who is to be messaged, as each campaign says when.

Nothing else makes a delivery: a transition that may be acted upon, the launch of a campaign that
also speaks to who is in already, an instant of a schedule. Its id is a hash of all that makes it
the one it is, so that the same occasion never makes two.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from segue.domain.acting import Controls, Past
from segue.domain.campaigns import (
    Acting,
    Because,
    Campaign,
    Delivery,
    Messaging,
    Moment,
    Occasion,
    State,
)
from segue.domain.live import Boundary, Transition
from segue.domain.webhooks import Stretch
from segue.services.acting import words
from segue.services.acting.assignment import variant_of
from segue.services.acting.repeating import may_repeat
from segue.services.acting.store import Crowd

_BOUNDARIES: Final = {
    Moment.ENTERING: Boundary.ENTERED,
    Moment.INSIDE: Boundary.ENTERED,
    Moment.LEAVING: Boundary.LEFT,
}


@dataclass(frozen=True, slots=True)
class Call:
    """That a campaign is to speak to a person: why, which occasion it is (see `Delivery`), the
    instant of the moment and when it was known (ms)."""

    campaign: Campaign
    person: int
    occasion: Occasion
    key: int
    at: int
    known_at: int


@dataclass
class Earlier:
    """When somebody had the latest delivery of a campaign that counts, by campaign and person (ms);
    it learns what is made."""

    due_at: dict[tuple[str, int], int] = field(default_factory=dict)

    @classmethod
    def of(cls, past: Iterable[Past], crowd: Crowd) -> Earlier:
        """From what a store says about the people of a crowd."""
        found = cls()
        for one in past:
            owner = crowd.owner_of(one.person)
            if owner is not None:
                found.note(one.campaign_id, owner, one.due_at)
        return found

    def note(self, campaign_id: str, person: int, due_at: int) -> None:
        """There is a delivery of this campaign to this person."""
        key = campaign_id, person
        self.due_at[key] = max(due_at, self.due_at.get(key, due_at))


def delivery_id(campaign_id: str, person: int, occasion: Occasion, key: int) -> str:
    """The id of a delivery: 128 bits of SHA-256 in hexadecimal."""
    text = "\n".join((campaign_id, str(person), occasion, str(key)))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def is_running(campaign: Campaign, controls: Controls, at: int) -> bool:
    """Whether a campaign is in force at an instant (ms): switched on, launched before, not over."""
    launched = controls.launched.get(campaign.id)
    began = launched is not None and launched < at
    return campaign.enabled and began and (campaign.ends_at is None or at < campaign.ends_at)


def heard(acting: Acting, controls: Controls) -> list[str]:
    """The segments whose transitions mean something to a campaign, sorted."""
    return sorted(
        {
            one.segment_id
            for one in acting.campaigns
            if one.when.moment in _BOUNDARIES and one.enabled and one.id in controls.launched
        }
    )


def wanted(page: Sequence[Transition], segments: Collection[str], most: int) -> Stretch:
    """Of some published transitions, ascending by id, at most so many of these segments that may be
    acted upon, and how far that reaches."""
    found = [one for one in page if one.live and one.segment_id in segments]
    return Stretch(tuple(found[:most]), found[most - 1].id if len(found) > most else page[-1].id)


def called(
    acting: Acting, transitions: Sequence[Transition], people: Mapping[str, int], controls: Controls
) -> list[Call]:
    """Which campaigns these transitions call; `people` are codes by person id."""
    speaking: dict[tuple[str, Boundary], list[Campaign]] = {}
    for campaign in acting.campaigns:
        boundary = _BOUNDARIES.get(campaign.when.moment)
        if boundary is not None:
            speaking.setdefault((campaign.segment_id, boundary), []).append(campaign)
    return [
        Call(campaign, people[one.person_id], Occasion.TRANSITION, one.id, one.at, one.known_at)
        for one in transitions
        if one.live and not one.retracted and one.person_id in people
        for campaign in speaking.get((one.segment_id, one.boundary), ())
        if is_running(campaign, controls, one.known_at)
    ]


def left(
    acting: Acting, transitions: Sequence[Transition], people: Mapping[str, int]
) -> set[tuple[str, int]]:
    """Who left a campaign that is offered as long as they are in: campaign and person."""
    inside = [one for one in acting.campaigns if one.when.moment is Moment.INSIDE]
    return {
        (campaign.id, people[one.person_id])
        for one in transitions
        if one.boundary is Boundary.LEFT and not one.retracted and one.person_id in people
        for campaign in inside
        if campaign.segment_id == one.segment_id
    }


def made(
    calls: Sequence[Call],
    crowd: Crowd,
    earlier: Earlier,
    messaging: Messaging,
    now: int,
) -> list[Delivery]:
    """The deliveries that calls amount to: none where the same campaign may not speak to the same
    person again yet. What is heard of too late is refused at once."""
    found = []
    for call in calls:
        person = crowd.owner.get(call.person)
        if person is None:
            continue
        last = earlier.due_at.get((call.campaign.id, person))
        if may_repeat(call.campaign, last, call.at):
            delivery = _made(call, person, crowd.names[person], messaging)
            earlier.note(call.campaign.id, person, delivery.due_at)
            found.append(_in_time(delivery, call, now))
    return found


def _made(call: Call, person: int, person_id: str, messaging: Messaging) -> Delivery:
    campaign = call.campaign
    due_at = call.at + campaign.when.delay
    return Delivery(
        id=delivery_id(campaign.id, person, call.occasion, call.key),
        campaign_id=campaign.id,
        fingerprint=campaign.fingerprint,
        person=person,
        person_id=person_id,
        channel=campaign.channel,
        variant=variant_of(campaign, person_id, messaging).id,
        occasion=call.occasion,
        occasion_key=call.key,
        due_at=due_at,
        known_at=call.known_at,
        not_before=max(due_at, call.known_at),
        tags=campaign.tags,
        transactional=campaign.transactional,
    )


def _in_time(delivery: Delivery, call: Call, now: int) -> Delivery:
    """The delivery, or refused where nobody looked for so long that its moment is over."""
    late = now - call.at
    if late <= call.campaign.max_age:
        return delivery
    most = words.age(call.campaign.max_age)
    detail = f"taken up {words.age(late)} after its moment; the campaign acts within {most}"
    because = Because.TOO_LATE
    return replace(delivery, state=State.REFUSED, because=because, detail=detail, ended_at=now)
