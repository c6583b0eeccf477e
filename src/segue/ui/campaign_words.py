"""Campaigns and surveys in words, and as what charts draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from segue.domain.acting import Controls
from segue.domain.campaigns import Because, Campaign, Moment
from segue.insight.lift import Finding, Lift
from segue.insight.scores import Scale, Score
from segue.language.acting_fields import days_text, minute_text
from segue.services import words
from segue.services.acting.results import Results, VariantResult
from segue.ui.charts import DIFFERENCE, Bar

BECAUSE: Final = {
    Because.HOLDOUT: "Held out of everything, to measure lift",
    Because.CAMPAIGN_HOLDOUT: "Held out of this campaign, to measure lift",
    Because.NOT_SAMPLED: "Not among those who are asked",
    Because.CONSENT: "No consent",
    Because.UNSUBSCRIBED: "Unsubscribed",
    Because.SUPPRESSED: "The address bounced, or is on the list",
    Because.NO_ADDRESS: "No address",
    Because.LEFT_SEGMENT: "No longer in the segment when it was due",
    Because.GOAL_REACHED: "Had reached the goal already",
    Because.CAPPED: "A cap was full",
    Because.QUIET_HOURS: "Quiet hours",
    Because.OUTSIDE_WINDOW: "Outside its hours",
    Because.RATE: "The channel's pace",
    Because.APPROVAL: "For approval",
    Because.STOPPED: "It was stopped",
    Because.ENDED: "The campaign was over",
    Because.TOO_LATE: "Known too late",
    Because.ANOTHER_FIRST: "Another message went first",
    Because.TEMPLATE: "A value that the message needs is missing",
    Because.CHANNEL: "The channel did not take it",
    Because.HARM: "It was paused, as it did harm",
    Because.ERASED: "The person was erased",
}
"""Why something was not sent, to be read."""


def state_of(campaign: Campaign, controls: Controls, now: int) -> str:
    """Whether a campaign speaks now, in a word or two."""
    if controls.stopped:
        return "stopped"
    if campaign.id in controls.paused:
        return "paused"
    if not campaign.enabled:
        return "off"
    if campaign.starts_at is not None and now < campaign.starts_at:
        return "not yet"
    if campaign.ends_at is not None and now >= campaign.ends_at:
        return "over"
    return "on"


def when_in_words(campaign: Campaign) -> str:
    """When it speaks: `2 hours after somebody enters`."""
    when = campaign.when
    if when.schedule is not None:
        days = days_text(when.schedule.weekdays)
        return f"on a schedule: {days} at {minute_text(when.schedule.minute)}, their time"
    said = {
        Moment.ENTERING: "somebody enters",
        Moment.LEAVING: "somebody leaves",
        Moment.INSIDE: "they are in",
    }.get(when.moment, "")
    if when.delay:
        return f"{words.duration(when.delay)} after {said}"
    return f"{'while' if when.moment is Moment.INSIDE else 'when'} {said}"


# ------------------------------------------------------------------------------- results


@dataclass(frozen=True, slots=True)
class Step:
    """A step on the way of a message: how many people got there, that as a share of all who were
    to be messaged, and under which name they are listed ("": not listed)."""

    name: str
    people: int
    share: float
    which: str


def funnel(found: Results) -> list[Step]:
    """How far messages got; steps that no message of this channel takes are left out."""
    reached = found.reached
    steps = [
        ("To be messaged", reached.people, "all"),
        ("Sent", reached.handed, "sent"),
        ("Delivered", reached.delivered, "delivered"),
        ("Shown", reached.shown, "shown"),
        ("Clicked", reached.clicked, "clicked"),
        ("Turned away", reached.dismissed, ""),
    ]
    whole = max(reached.people, 1)
    return [Step(name, n, min(n / whole, 1.0), which) for name, n, which in steps if n]


def reasons(found: Results) -> list[tuple[Because, str, int]]:
    """Why others were stopped, the most frequent first."""
    ordered = sorted(found.refused.items(), key=lambda one: (-one[1], one[0]))
    return [(why, BECAUSE.get(why, why.value), number) for why, number in ordered]


def shares(found: Results) -> list[Bar]:
    """The share of each arm that reached the goal."""
    arms = (("Messaged", found.lift.treated), ("Held out", found.lift.control))
    return [
        Bar(
            f"{name} ({words.number(one.count)} of {words.number(one.of)})",
            one.value,
            one.interval.low if one.interval else None,
            one.interval.high if one.interval else None,
            "" if one.of else "nobody's time for the goal is over",
        )
        for name, one in arms
    ]


def lifts(found: Results) -> list[Bar]:
    """The difference of the shares, safe at every look."""
    lift, name = found.lift, "Difference of the shares"
    if lift.absolute is None:
        return [Bar(name, None, note="cannot tell yet")]
    return [Bar(name, lift.difference, lift.absolute.low, lift.absolute.high)]


def relative_in_words(lift: Lift) -> str:
    """By how much more of the treated reached the goal, with its range; "" where that is not
    known."""
    if lift.ratio is None or lift.relative is None:
        return ""
    ends = [DIFFERENCE.told(end) for end in (lift.relative.low, lift.relative.high)]
    return f"Relative to those held out: {DIFFERENCE.told(lift.ratio)} ({ends[0]} to {ends[1]})."


def variants(found: Results) -> list[tuple[VariantResult, str]]:
    """Each variant and what can be said of it against the others; nothing where there is one."""
    several = [one for one in found.variants if one.against_others is not None]
    return [(one, _against(one.against_others)) for one in several if one.against_others]


def _against(lift: Lift) -> str:
    if lift.finding is Finding.BETTER:
        return "better than the others"
    if lift.finding is Finding.WORSE:
        return "worse than the others"
    if lift.needs is None:
        return "cannot tell yet"
    return f"cannot tell yet: needs about {words.number(lift.needs)} more people in each"


# ------------------------------------------------------------------------------- scores


def score_in_words(one: Score) -> str:
    """`NPS +23`, `CSAT 81 %`, `CES 5.4`; what nobody answered, so."""
    if one.value is None:
        return f"{one.scale.value.upper()} –"
    return f"{one.scale.value.upper()} {number_on(one.scale, one.value)}"


def score_range(one: Score) -> str:
    """`+10 to +36`: the interval of a score; "" where there is none."""
    if one.interval is None:
        return ""
    low, high = (number_on(one.scale, end) for end in (one.interval.low, one.interval.high))
    return f"{low} to {high}"


def number_on(scale: Scale, value: float) -> str:
    """A number of this scale as it is said."""
    if scale is Scale.CSAT:
        return words.per_cent(value)
    text = f"{value:+.0f}" if scale is Scale.NPS else f"{value:.1f}"
    return text.replace("-", "−")


def score_bar(name: str, one: Score) -> Bar:
    """A score with its interval, to be drawn."""
    within = one.interval
    return Bar(
        name,
        one.value,
        within.low if within else None,
        within.high if within else None,
        "" if one.value is not None else "nobody answered yet",
    )
