"""What is wrong with how segments are acted on: too late, unread, never measured, never asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from segue.domain.campaigns import Campaign, Channel, Moment
from segue.domain.instant import DAY, HOUR, MINUTE
from segue.insight.comparisons import needed_per_arm
from segue.insight.lift import WORTH_KNOWING
from segue.insight.portfolio.facts import ENOUGH, MONTH, Portfolio
from segue.insight.portfolio.findings import LintFinding, Mistake
from segue.insight.portfolio.words import length, title
from segue.insight.shares import Share

READ_IN: Final = {Channel.IN_APP: MINUTE}
"""How long somebody must stay for a message of the channel to meet them there."""
READ_IN_ELSE: Final = 10 * MINUTE
LATE: Final = HOUR
HALF: Final = 0.5
REACHED: Final = 100
"""Messages that reached fewer people than this say nothing about being read."""
READ: Final = 0.02
"""Where surely fewer than this share of people click, nobody reads."""
ASKED: Final = 0.05
"""A survey of a segment that holds this share of another one's people asks them too."""
YEARS: Final = 2
"""A campaign that must run longer than this to be measured cannot be."""


def thrashing(project: Portfolio) -> Iterator[LintFinding]:
    """People leave before a message can meet them."""
    for campaign, stays in _spoken_to(project):
        need = READ_IN.get(campaign.channel, READ_IN_ELSE)
        if campaign.when.delay or campaign.when.moment not in _ON_ENTERING:
            continue
        if np.median(stays) < need:
            yield LintFinding(
                Mistake.THRASHING,
                f"Half of the {len(stays):,} stays in {_title(project, campaign)} were over within "
                f"{length(float(np.median(stays)))}: gone before anybody reads {campaign.id}.",
                "Make its condition hold longer, or ask for it `for at least` a while.",
                (campaign.segment_id,),
                (campaign.id,),
            )


def too_late(project: Portfolio) -> Iterator[LintFinding]:
    """Messages that come when most have left, or long after what they are about."""
    for campaign, stays in _spoken_to(project):
        wait = campaign.when.delay or _gap(campaign)
        gone = float(np.mean(stays < wait)) if wait else 0.0
        if gone >= HALF:
            how = "waits" if campaign.when.delay else "speaks only every"
            yield LintFinding(
                Mistake.TOO_LATE,
                f"{campaign.id} {how} {length(wait)}; {100 * gone:.0f} % of the {len(stays):,} "
                f"stays in {_title(project, campaign)} were over sooner.",
                "Let it speak on entering, or sooner.",
                (campaign.segment_id,),
                (campaign.id,),
            )
    for campaign in _campaigns(project):
        lateness = project.facts[campaign.id].lateness
        if lateness is not None and lateness > LATE:
            yield LintFinding(
                Mistake.TOO_LATE,
                f"Half of the messages of {campaign.id} left {length(lateness)} or more after they "
                "were due.",
                "Look at quiet hours, windows and caps: they hold it back.",
                (campaign.segment_id,),
                (campaign.id,),
            )


def cannot_measure(project: Portfolio) -> Iterator[LintFinding]:
    """Campaigns whose goal could not be told apart from chance within years."""
    for campaign in _campaigns(project):
        entered = project.entries(campaign.segment_id, project.at - MONTH)
        base = project.facts[campaign.id].entrants
        if not entered or base.of < ENOUGH:
            continue
        takes = _takes_too_long(base, entered, project.facts[campaign.id].held)
        if takes:
            yield LintFinding(
                Mistake.CANNOT_MEASURE,
                f"{base.count:,} of {base.of:,} who entered {_title(project, campaign)} reached "
                f"{campaign.goal}; to tell whether {campaign.id} changes that by a fifth takes "
                f"{takes}.",
                _faster(base, entered),
                (campaign.segment_id,),
                (campaign.id,),
            )


def not_acted_on(project: Portfolio) -> Iterator[LintFinding]:
    """Segments that no campaign and no survey speaks to."""
    spoken = {one.segment_id for one in project.campaigns if one.enabled}
    if not spoken and project.segments:
        number = len(project.segments)
        segments = f"{number:,} segments" if number > 1 else "One segment"
        yield LintFinding(
            Mistake.NOT_ACTED_ON,
            f"{segments}, and no campaign: nobody notices who is in them.",
            "Give the one that matters most a campaign with a goal.",
        )
        return
    for segment in project.segments:
        if segment.id not in spoken and segment.id not in project.deserted:
            yield LintFinding(
                Mistake.NOT_ACTED_ON,
                f"{project.size(segment.id):,} people are in {title(segment)}, and no campaign "
                "speaks to them.",
                "Give it a campaign with a goal, or remove it.",
                (segment.id,),
            )


def no_goal(project: Portfolio) -> Iterator[LintFinding]:
    """Campaigns that nothing can be said about afterwards."""
    for campaign in _campaigns(project):
        if not campaign.goal and not campaign.transactional:
            yield LintFinding(
                Mistake.NO_GOAL,
                f"{campaign.id} has no goal: nobody will know whether it helped.",
                "Name what its people should do, with `goal:`.",
                (campaign.segment_id,),
                (campaign.id,),
            )


def not_read(project: Portfolio) -> Iterator[LintFinding]:
    """Messages that arrive and that nobody clicks."""
    for campaign in _campaigns(project):
        facts = project.facts[campaign.id]
        clicked = Share.measured(facts.clicked, facts.reached)
        if facts.reached < REACHED or clicked.interval is None or clicked.interval.high >= READ:
            continue
        if campaign.channel in (Channel.EMAIL, Channel.IN_APP):
            yield LintFinding(
                Mistake.NOT_READ,
                f"{campaign.id} reached {facts.reached:,} people, and {facts.clicked:,} clicked "
                "it.",
                "Say something else, on another channel, or nothing.",
                (campaign.segment_id,),
                (campaign.id,),
            )


def never_asked(project: Portfolio) -> Iterator[LintFinding]:
    """Segments that are acted on and counted, and whose people nobody ever asked."""
    place = {one.id: i for i, one in enumerate(project.segments)}
    asked = [place[one.segment_id] for one in project.surveys if one.segment_id in place]
    for segment in project.segments:
        i = place[segment.id]
        reached = max((project.overlaps.containment[i, j] for j in asked), default=0.0)
        if project.speaking(segment.id) and project.overlaps.size[i] and reached < ASKED:
            yield LintFinding(
                Mistake.NEVER_ASKED,
                f"{title(segment)} is known by numbers only: no survey asks its "
                f"{project.overlaps.size[i]:,} people why.",
                "Ask one question where they do it.",
                (segment.id,),
            )


# ------------------------------------------------------------------------------------------ figures


_ON_ENTERING: Final = (Moment.ENTERING, Moment.INSIDE)


def _campaigns(project: Portfolio) -> Iterator[Campaign]:
    """The campaigns, not surveys, that are switched on."""
    return (one for one in project.campaigns if one.enabled and one.survey is None)


def _spoken_to(project: Portfolio) -> Iterator[tuple[Campaign, np.ndarray]]:
    """The campaigns that speak to people inside, with the stays in their segment that have ended,
    where there are enough to tell."""
    for campaign in _campaigns(project):
        if campaign.when.moment is Moment.LEAVING:
            continue
        stays = project.stays(campaign.segment_id)
        if len(stays) >= ENOUGH:
            yield campaign, stays


def _gap(campaign: Campaign) -> int:
    """How long the schedule of a campaign is silent at most (ms); 0 without one."""
    schedule = campaign.when.schedule
    if schedule is None:
        return 0
    weekdays = sorted(set(schedule.weekdays))
    after = [*weekdays[1:], weekdays[0] + 7]
    return max(b - a for a, b in zip(weekdays, after, strict=True)) * DAY


def _needed(base: Share, held: float) -> int | None:
    """How many people must enter, that share of them held out, until a change by a fifth would be
    told."""
    rate = base.count / base.of
    change = WORTH_KNOWING * rate
    possible = change if rate + change <= 1 else -change
    needed = needed_per_arm(rate, possible, ratio=held / (1 - held))
    return None if needed is None else round(needed / (1 - held))


def _years(people: int, entered: int) -> float:
    """How long so many people take to enter, at so many in 30 days."""
    return people / entered * MONTH / (365 * DAY)


def _takes_too_long(base: Share, entered: int, held: float) -> str:
    """How many people, and years, telling takes; empty where that can be awaited."""
    needed = _needed(base, held) if base.count else None
    if needed is None:
        return "more people than can be had"
    years = _years(needed, entered)
    long = f"{needed:,} people, and {entered:,} enter in 30 days: {years:.0f} years"
    return long if years > YEARS else ""


def _faster(base: Share, entered: int) -> str:
    """What would tell sooner."""
    needed = _needed(base, HALF) if base.count else None
    if needed is None or _years(needed, entered) > YEARS:
        return "Choose a goal that more people reach, or a wider segment."
    how_long = length(_years(needed, entered) * 365 * DAY)
    return f"Hold out half of them (`holdout: 50%`): that tells after {how_long}."


def _title(project: Portfolio, campaign: Campaign) -> str:
    return title(project.definitions.segment(campaign.segment_id))
