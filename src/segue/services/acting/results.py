"""What a campaign came to: how far its messages got, and whether they helped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from segue.domain.campaigns import Acting, Because, Campaign, Messaging
from segue.domain.results import ResultsStore, Tally
from segue.insight.lift import Arm, Finding, Harm, Lift, Split, check_split, measure, watch
from segue.insight.shares import LEVEL, Interval, Share
from segue.services import words

BORNE: Final = 0.05
"""The share of people reached who may turn a message away before its campaign is paused."""
SURE_OF_HARM: Final = 0.99


@dataclass(frozen=True, slots=True)
class Reached:
    """How far the messages of people got: how many people were to be messaged, and of how many the
    message was handed to its channel, delivered, shown, clicked, and turned away."""

    people: int
    handed: int
    delivered: int
    shown: int
    clicked: int
    dismissed: int


@dataclass(frozen=True, slots=True)
class VariantResult:
    """One variant: how far it got, the share who reached the goal, and its lift over the other
    variants taken together (None where there is no other); with several variants each range allows
    for the number of them."""

    id: str
    reached: Reached
    goal: Share
    against_others: Lift | None


@dataclass(frozen=True, slots=True)
class Results:
    """What a campaign came to, by intention to treat and only of people whose time for the goal is
    over. `waiting` are the others. `split` says whether people were held out as meant. `refused`
    counts what rules stopped. `messages_per_goal`: how many messages one further person who reaches
    the goal takes (None: cannot tell)."""

    campaign_id: str
    goal: str
    reached: Reached
    held_out: int
    waiting: int
    lift: Lift
    split: Split | None
    variants: tuple[VariantResult, ...]
    refused: Mapping[Because, int]
    harm: Harm
    messages_per_goal: float | None

    @property
    def words(self) -> str:
        """The finding, to be read aloud."""
        return " ".join(_sentences(self))


def results(store: ResultsStore, campaign: Campaign, messaging: Messaging, now: int) -> Results:
    """What a campaign came to until now (ms)."""
    tallies = store.tallies(campaign.id, complete_before=now - campaign.goal_within)
    treated = [one for one in tallies if not one.held_out]
    held_out = [one for one in tallies if one.held_out]
    reached = _reached(treated)
    lift = measure(_arm(treated), _arm(held_out))
    return Results(
        campaign_id=campaign.id,
        goal=campaign.goal,
        reached=reached,
        held_out=sum(one.people for one in held_out),
        waiting=sum(one.people - one.complete for one in tallies),
        lift=lift,
        split=_split(treated, held_out, campaign, messaging),
        variants=_variants(treated),
        refused=store.refusals(campaign.id),
        harm=_harm(reached),
        messages_per_goal=_messages_per_goal(treated, lift),
    )


def harmed(store: ResultsStore, acting: Acting, now: int) -> list[tuple[str, str]]:
    """The campaigns that do harm beyond doubt, and why in words: to be paused."""
    found = []
    for campaign in acting.campaigns:
        if campaign.enabled and not campaign.transactional:
            one = results(store, campaign, acting.messaging, now)
            if one.harm.is_certain:
                found.append((campaign.id, _turned_away(one.harm)))
            elif campaign.goal and one.lift.finding is Finding.WORSE:
                found.append((campaign.id, _worse(one.lift)))
    return found


# ------------------------------------------------------------------------------------------ figures


def _arm(tallies: Sequence[Tally]) -> Arm:
    people = sum(one.complete for one in tallies)
    return Arm(people, sum(one.complete_converted for one in tallies))


def _reached(tallies: Sequence[Tally]) -> Reached:
    return Reached(
        people=sum(one.people for one in tallies),
        handed=sum(one.handed for one in tallies),
        delivered=sum(one.delivered for one in tallies),
        shown=sum(one.shown for one in tallies),
        clicked=sum(one.clicked for one in tallies),
        dismissed=sum(one.dismissed for one in tallies),
    )


def _harm(reached: Reached) -> Harm:
    """Who turned the message away, of those whom it reached."""
    people = max(reached.delivered, reached.shown, reached.dismissed)
    return watch(Arm(people, reached.dismissed), BORNE, level=SURE_OF_HARM)


def _split(
    treated: Sequence[Tally], held_out: Sequence[Tally], campaign: Campaign, messaging: Messaging
) -> Split | None:
    """Whether as many are held out as were meant to be; None where nobody is meant to be."""
    kept = (1 - messaging.holdout) * (1 - campaign.holdout)
    if campaign.transactional or kept in (0, 1):
        return None
    people = [sum(one.people for one in arm) for arm in (treated, held_out)]
    return check_split(people, [float(kept), float(1 - kept)])


def _variants(treated: Sequence[Tally]) -> tuple[VariantResult, ...]:
    several = len(treated)
    level = 1 - (1 - LEVEL) / max(1, several)  # Bonferroni: each is compared once
    return tuple(
        VariantResult(
            id=one.variant,
            reached=_reached([one]),
            goal=Share.measured(one.complete_converted, one.complete),
            against_others=measure(_arm([one]), _arm(_without(treated, one)), level=level)
            if several > 1
            else None,
        )
        for one in treated
    )


def _without(tallies: Sequence[Tally], one: Tally) -> list[Tally]:
    return [other for other in tallies if other is not one]


def _messages_per_goal(treated: Sequence[Tally], lift: Lift) -> float | None:
    """Messages handed over for each person more who reached the goal than without them."""
    if lift.finding is not Finding.BETTER or lift.difference is None:
        return None
    people = sum(one.people for one in treated)
    share_handed = sum(one.handed for one in treated) / people
    return share_handed / lift.difference


# -------------------------------------------------------------------------------------------- words


def _sentences(one: Results) -> list[str]:
    said = [_reach_in_words(one)]
    if not one.goal:
        return [*said, "It has no goal, so nothing can be said of its effect."]
    if one.split is not None and one.split.is_suspect:
        said.append(
            "The split is not the one that was meant: something beside chance decided who was"
            " held out, and the lift below cannot be trusted."
        )
    said.append(_lift_in_words(one.lift, one.goal))
    if one.messages_per_goal is not None:
        said.append(f"One further person takes about {one.messages_per_goal:,.0f} messages.")
    if one.harm.is_certain:
        said.append(f"It does harm: {_turned_away(one.harm)}.")
    return said


def _reach_in_words(one: Results) -> str:
    reached = one.reached
    parts = [f"{reached.people:,} people were to be messaged, {one.held_out:,} were held out"]
    if one.waiting:
        parts.append(f"of {one.waiting:,} the time for the goal is not over")
    return f"{'; '.join(parts)}."


def _lift_in_words(lift: Lift, goal: str) -> str:
    if not lift.treated.of and not lift.control.of:
        return "Cannot tell yet: nobody's time for the goal is over."
    seen = (
        f"{_percent(lift.treated.value)} of the treated reached {goal},"
        f" {_percent(lift.control.value)} of those held out"
    )
    match lift.finding:
        case Finding.CANNOT_TELL if lift.needs is None:
            return f"Cannot tell yet: {seen}."
        case Finding.CANNOT_TELL:
            return (
                f"Cannot tell yet: {seen}; it needs about {lift.needs:,} more people in each arm."
            )
        case found:
            better = "Better" if found is Finding.BETTER else "Worse"
            return f"{better}: {seen}; a difference of {_points(lift)}, safe at every look."


def _worse(lift: Lift) -> str:
    return (
        f"those who were messaged reach the goal less: {_percent(lift.treated.value)} against"
        f" {_percent(lift.control.value)}"
    )


def _turned_away(harm: Harm) -> str:
    return (
        f"{_percent(harm.share.value)} of those reached turned it away, at least"
        f" {_percent(harm.least)}; {_percent(harm.borne)} is borne"
    )


def _points(lift: Lift) -> str:
    """`4.1 points (2.0 to 6.2)`."""
    within = lift.absolute or Interval(-1.0, 1.0)
    difference = lift.difference or 0.0
    return f"{100 * difference:+.1f} points ({100 * within.low:+.1f} to {100 * within.high:+.1f})"


def _percent(share: float | None) -> str:
    return "nobody" if share is None else words.per_cent(share)
