"""The rules that look at one delivery by itself, in order: the first that speaks decides.

What is transactional passes the holdouts, consent and quiet hours. What was tried before passes the
rules that were decided then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from segue.domain.acting import Controls
from segue.domain.campaigns import (
    Because,
    Campaign,
    Channel,
    Moment,
    Suppressed,
    Suppression,
)
from segue.domain.instant import FOREVER
from segue.services.acting import assignment, words
from segue.services.acting.facts import Case, Facts
from segue.services.acting.hours import holds, next_allowed
from segue.services.acting.reach import address_of, is_true, trait_of
from segue.services.acting.verdicts import HoldOut, Refuse, Verdict, Wait

HARM: Final = "harm:"
"""How the reason begins where a campaign was paused because it did harm."""

_REASONS: Final = {
    Suppression.BOUNCED: "mail to it bounced",
    Suppression.COMPLAINED: "somebody complained of mail to it",
    Suppression.BY_HAND: "it was put on the list by hand",
}


def is_off(campaign_id: str, controls: Controls) -> Refuse | None:
    """Whether operators have stopped everything, or this campaign."""
    if controls.stopped:
        return Refuse(Because.STOPPED, "all campaigns are stopped")
    why = controls.paused.get(campaign_id)
    if why is None:
        return None
    if why.startswith(HARM):
        return Refuse(Because.HARM, f"the campaign is paused: {why.removeprefix(HARM).strip()}")
    return Refuse(Because.STOPPED, f"the campaign is paused: {why}".removesuffix(": "))


def is_over(campaign: Campaign, now: int) -> Refuse | None:
    """Whether a campaign is not in force at an instant."""
    if not campaign.enabled:
        return Refuse(Because.STOPPED, "the campaign is switched off in the definitions")
    if campaign.ends_at is not None and now >= campaign.ends_at:
        ended = words.moment(campaign.ends_at, "UTC")
        return Refuse(Because.ENDED, f"the campaign ended on {ended}")
    if campaign.starts_at is not None and now < campaign.starts_at:
        begins = words.moment(campaign.starts_at, "UTC")
        return Refuse(Because.ENDED, f"the campaign begins only on {begins}")
    return None


def _too_late(case: Case, _: Facts) -> Refuse | None:
    """Known too long after its moment, or held too long."""
    delivery, campaign = case.delivery, case.campaign
    if case.now > case.expires_at:
        held = words.age(case.now - max(delivery.due_at, delivery.known_at))
        most = words.age(case.messaging.held_at_most)
        holder = words.holder(delivery.because)
        return Refuse(Because.TOO_LATE, f"held for {held} {holder}; at most {most} are allowed")
    late = delivery.known_at - case.moment
    if case.is_retry or late <= campaign.max_age:
        return None
    return Refuse(
        Because.TOO_LATE,
        f"known {words.age(late)} after its moment; the campaign acts within "
        f"{words.age(campaign.max_age)}",
    )


def _not_sampled(case: Case, _: Facts) -> Refuse | None:
    campaign, person_id = case.campaign, case.profile.person_id
    if case.is_retry or assignment.is_sampled(campaign, person_id, case.messaging):
        return None
    share = f"{float(campaign.sampled):.4g}"
    return Refuse(Because.NOT_SAMPLED, f"not in the share of {share} who are asked")


def _holdout(case: Case, _: Facts) -> HoldOut | None:
    campaign, messaging = case.campaign, case.messaging
    if case.is_retry or case.delivery.transactional:
        return None
    person_id = case.profile.person_id
    if assignment.is_held_out(person_id, messaging):
        share = f"{float(messaging.holdout):.4g}"
        return HoldOut(Because.HOLDOUT, f"in the project's holdout, a share of {share}")
    if assignment.is_held_out_of(campaign, person_id, messaging):
        share = f"{float(campaign.holdout):.4g}"
        return HoldOut(Because.CAMPAIGN_HOLDOUT, f"in the campaign's holdout, a share of {share}")
    return None


def _membership(case: Case, facts: Facts) -> Refuse | None:
    """Whether the segment still says what it said when the delivery came about."""
    segment_id = case.campaign.segment_id
    inside = (case.delivery.person, segment_id) in facts.inside
    if case.campaign.when.moment is Moment.LEAVING:
        returned = f"is in {segment_id} again"
        return Refuse(Because.LEFT_SEGMENT, returned) if inside else None
    return None if inside else Refuse(Because.LEFT_SEGMENT, f"is not in {segment_id} any more")


def _goal(case: Case, facts: Facts) -> Refuse | None:
    """Whether what the campaign is for has happened since its moment."""
    goal = case.campaign.goal
    reached = facts.reached.get((case.delivery.person, goal)) if goal else None
    if reached is None or reached <= case.moment:
        return None
    when = words.moment(reached, case.zone)
    return Refuse(Because.GOAL_REACHED, f"reached the goal {goal} on {when}")


def _consent(case: Case, _: Facts) -> Refuse | None:
    campaign, channel = case.campaign, case.delivery.channel
    trait = case.messaging.consent.get((campaign.purpose, channel))
    if trait is None or case.delivery.transactional:
        return None
    if is_true(trait_of(case.profile.traits, trait)):
        return None
    asked = f"{campaign.purpose} by {words.plural(channel)}"
    return Refuse(Because.CONSENT, f"no consent to {asked}: the trait {trait} is not true")


def _address(case: Case, facts: Facts) -> Refuse | None:
    address = address_of(case.campaign, case.profile, case.messaging)
    if not address:
        missing = f"the trait {case.messaging.email_trait} is no address"
        return Refuse(Because.NO_ADDRESS, missing)
    for entry in facts.listed(case.delivery.channel, address):
        if _stops(entry, case):
            return _suppressed(entry)
    return None


def _stops(entry: Suppressed, case: Case) -> bool:
    """Whether an entry of the suppression list stops a delivery. To end messages of one purpose is
    to take back consent: it does not stop what is transactional."""
    if entry.reason is Suppression.UNSUBSCRIBED and case.delivery.transactional:
        return entry.purpose == ""
    return entry.purpose in ("", case.campaign.purpose)


def _suppressed(entry: Suppressed) -> Refuse:
    since = words.moment(entry.since, "UTC")
    if entry.reason is Suppression.UNSUBSCRIBED:
        what = f"{entry.purpose} messages" if entry.purpose else "all messages"
        return Refuse(Because.UNSUBSCRIBED, f"unsubscribed from {what} on {since}")
    why = _REASONS[entry.reason]
    return Refuse(Because.SUPPRESSED, f"the address is suppressed: {why} on {since}")


def _approval(case: Case, facts: Facts) -> Wait | None:
    first, given = case.campaign.approve_first, facts.approved.get(case.campaign.id, 0)
    approved = case.delivery.approved
    if case.is_retry or approved or (approved is None and given >= first):
        return None
    return Wait(
        FOREVER,
        Because.APPROVAL,
        f"the first {first} of the campaign wait for somebody's approval; {given} have it",
    )


def _hours(case: Case, _: Facts) -> Verdict | None:
    """Quiet hours and the campaign's own hours together: the next instant that suits both."""
    zone, window, now = case.zone, case.campaign.window, case.now
    quiet = None if _is_heard_at_night(case) else case.messaging.quiet
    if quiet is not None and holds(quiet, now, zone):
        because, what = Because.QUIET_HOURS, f"quiet hours are {words.hours(quiet)}"
    elif window is not None and not holds(window, now, zone):
        because, what = Because.OUTSIDE_WINDOW, f"the campaign's hours are {words.hours(window)}"
    else:
        return None
    until = next_allowed(now, case.expires_at, zone, quiet=quiet, window=window)
    if until is not None:
        return Wait(until, because, f"{what}; waits until {words.moment(until, zone)}")
    most = words.age(case.messaging.held_at_most)
    return Refuse(Because.TOO_LATE, f"{what} in {zone}, and it may not be held for over {most}")


def _is_heard_at_night(case: Case) -> bool:
    """Whether quiet hours do not hold: who looks at a page is awake."""
    return case.delivery.transactional or case.delivery.channel is Channel.IN_APP


Rule = Callable[[Case, Facts], Verdict | None]
RULES: Final[tuple[Rule, ...]] = (
    _too_late,
    _not_sampled,
    _holdout,
    _membership,
    _goal,
    _consent,
    _address,
    _approval,
    _hours,
)
"""In the order in which they are asked, after the switches and the campaign's time."""


def screened(case: Case, facts: Facts) -> Verdict | None:
    """What the rules say of one delivery by itself; None where it would go now."""
    for rule in RULES:
        verdict = rule(case, facts)
        if verdict is not None:
            return verdict
    return None
