"""What becomes of deliveries that are due: the rules of acting, for a whole batch at once.

Each delivery is asked, in this order: was everything, or its campaign, stopped; is the campaign
over; is it too late; is the person among those who are asked; held out of the project, or of the
campaign; still in the segment (not in it again, where leaving was the moment); has the goal been
reached meanwhile; is there consent, an address, and no entry in the suppression list; has somebody
approved it; may it go at this hour of the person's zone. What would go now then competes, the
highest priority first, then what was due first, then by id: for room under the caps, for being the
one in-app message, and for the pace of the channel. The first rule that speaks decides.
"""

from __future__ import annotations

from collections.abc import Sequence

from segue.domain.campaigns import Acting, Because, Campaign, Delivery, Messaging
from segue.services.acting.competing import Competition
from segue.services.acting.facts import Case, Facts
from segue.services.acting.screening import is_off, is_over, screened
from segue.services.acting.verdicts import Refuse, Verdict


def decide(candidates: Sequence[Delivery], facts: Facts, acting: Acting, now: int) -> list[Verdict]:
    """What becomes of each delivery, in the order given.

    They are due, and new or waiting, or tried before without success (`attempts`): not those of
    which nobody knows whether they went out. `facts` are those of `now` (ms).
    """
    campaigns = {campaign.id: campaign for campaign in acting.campaigns}
    settled: dict[str, Verdict] = {}
    going: list[Case] = []
    for delivery in candidates:
        campaign = campaigns.get(delivery.campaign_id)
        opened = _opened(delivery, campaign, facts, acting.messaging, now)
        if isinstance(opened, Refuse):
            settled[delivery.id] = opened
        elif (verdict := screened(opened, facts)) is not None:
            settled[delivery.id] = verdict
        else:
            going.append(opened)
    competition = Competition(facts.pace)
    for case in sorted(going, key=_turn):
        contacts = facts.contacts.get(case.delivery.person, ())
        settled[case.delivery.id] = competition.enter(case, contacts)
    return [settled[delivery.id] for delivery in candidates]


def _opened(
    delivery: Delivery, campaign: Campaign | None, facts: Facts, messaging: Messaging, now: int
) -> Case | Refuse:
    """The case of a delivery, where campaigns are on, its own is in force and somebody is there."""
    off = is_off(delivery.campaign_id, facts.controls)
    if off is not None:
        return off
    if campaign is None:
        return Refuse(Because.ENDED, "the campaign is no longer in the definitions")
    over = is_over(campaign, now)
    if over is not None:
        return over
    profile = facts.profiles.get(delivery.person)
    if profile is None:
        return Refuse(Because.ERASED, f"nobody is known as {delivery.person_id}")
    return Case(delivery, campaign, profile, messaging, now)


def _turn(case: Case) -> tuple[int, int, str]:
    """The order in which deliveries choose."""
    return -case.campaign.priority, case.delivery.due_at, case.delivery.id
