"""The rules that look at several deliveries: caps, one in-app message at a time, rates.

Deliveries come here in the order in which they may choose, and each takes what it needs. Who finds
a cap full because of what went out before is refused as capped; who would have had room, but for
others of the same batch, has lost to another campaign. A winner that must wait for its channel
keeps its room, and the loser waits as long: it is not refused for something that did not go out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from segue.domain.acting import Contact
from segue.domain.campaigns import Because, Campaign, Cap, Channel, Look, Moment
from segue.services.acting import words
from segue.services.acting.caps import caps_on, count, counts, full
from segue.services.acting.facts import Case
from segue.services.acting.pace import Pace
from segue.services.acting.verdicts import Go, Refuse, Verdict, Wait


@dataclass(frozen=True, slots=True)
class _Winner:
    """A delivery of this batch that has its room; `until`: when it may go out."""

    case: Case
    until: int


@dataclass(slots=True)
class _Person:
    """What one person had before, and gets in this batch."""

    contacts: Sequence[Contact]
    winners: list[_Winner] = field(default_factory=list)


class Competition:
    """Gives the deliveries of one batch, one after another, what there is to have."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace.copy()
        self._people: dict[str, _Person] = {}

    def enter(self, case: Case, contacts: Sequence[Contact]) -> Verdict:
        """What becomes of a delivery that would go now; `contacts` are those of the person."""
        person = self._people.setdefault(case.profile.person_id, _Person(contacts))
        if not case.is_retry and not stands(case.campaign):
            lost = _capped(case, person.contacts) or _beaten(case, person)
            if lost is not None:
                return lost
        verdict = self._paced(case)
        if not isinstance(verdict, Refuse) and not case.is_retry:
            until = verdict.until if isinstance(verdict, Wait) else case.now
            person.winners.append(_Winner(case, until))
        return verdict

    def _paced(self, case: Case) -> Verdict:
        channel, now = case.delivery.channel, case.now
        until = self._pace.free_at(channel, now)
        if until > case.expires_at:
            fast = f"{words.plural(channel)} go out no faster, and it may not be held for over"
            most = words.age(case.messaging.held_at_most)
            return Refuse(Because.TOO_LATE, f"{fast} {most}")
        self._pace.take(channel, until)
        if until == now:
            return Go()
        return Wait(
            until,
            Because.RATE,
            f"{words.plural(channel)} go out no faster; waits for its turn, about "
            f"{words.moment(until, case.zone)}",
        )


def stands(campaign: Campaign) -> bool:
    """Whether what a campaign offers stands beside other things in the product for as long as it
    holds, and so neither competes nor is capped when it is offered: a slot, and whatever is offered
    while somebody is in. What is drawn of it, and when, is decided when the page asks."""
    if campaign.channel is not Channel.IN_APP:
        return False
    is_slot = campaign.in_app is not None and campaign.in_app.look is Look.SLOT
    return is_slot or campaign.when.moment is Moment.INSIDE


def _capped(case: Case, contacts: Sequence[Contact]) -> Refuse | None:
    """Refused where a cap was full before this batch."""
    if case.delivery.transactional:
        return None
    reason = full(case.campaign, case.messaging, contacts, case.now)
    return None if reason is None else Refuse(Because.CAPPED, reason)


def _beaten(case: Case, person: _Person) -> Verdict | None:
    """Beaten where others of this batch took the place in the product, or the last room."""
    rivals = _in_its_place(case, person.winners)
    if rivals:
        return _lost(case, rivals, "one in-app message at a time")
    if case.delivery.transactional:
        return None
    for cap in caps_on(case.campaign, case.messaging):
        rivals = [one for one in person.winners if _takes(one.case, cap)]
        if rivals and count(cap, person.contacts, case.now) + len(rivals) >= cap.most:
            most = words.messages(cap, cap.most)
            return _lost(case, rivals, f"the cap is {most} in {words.age(cap.within)}")
    return None


def _in_its_place(case: Case, winners: Sequence[_Winner]) -> list[_Winner]:
    if case.delivery.channel is not Channel.IN_APP:
        return []
    return [
        one
        for one in winners
        if one.case.delivery.channel is Channel.IN_APP and not stands(one.case.campaign)
    ]


def _takes(winner: Case, cap: Cap) -> bool:
    """Whether a cap counts a delivery of this batch."""
    delivery = winner.delivery
    if delivery.transactional or stands(winner.campaign):
        return False
    return counts(cap, delivery.channel, delivery.tags)


def _lost(case: Case, rivals: Sequence[_Winner], rule: str) -> Verdict:
    """What becomes of the loser: it waits for a winner that waits, unless that is too long."""
    first = rivals[0].case.campaign
    name = first.title or first.id
    waiting = [one.until for one in rivals if one.until > case.now]
    if not waiting:
        return Refuse(Because.ANOTHER_FIRST, f"{name} went first: {rule}")
    waits = f"after {name}, which waits for its channel: {rule}"
    if min(waiting) <= case.expires_at:
        return Wait(min(waiting), Because.ANOTHER_FIRST, waits)
    most = words.age(case.messaging.held_at_most)
    return Refuse(Because.ANOTHER_FIRST, f"{waits}; it may not be held for over {most}")
