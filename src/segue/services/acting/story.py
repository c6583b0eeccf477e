"""What became of a delivery, in words: each step of it, with its instant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from segue.domain.campaigns import Campaign, Channel, Delivery, Moment, Occasion, State


@dataclass(frozen=True, slots=True)
class Step:
    """One step: when (ms), and what happened."""

    at: int
    text: str


def story(delivery: Delivery, campaign: Campaign | None) -> tuple[Step, ...]:
    """The steps of a delivery, in the order of their instants."""
    return tuple(sorted(_steps(delivery, campaign), key=lambda step: step.at))


def outcome(delivery: Delivery) -> str:
    """Where it stands, as one sentence: of what was stopped, why."""
    words = _STANDING[delivery.state]
    return f"{words}: {delivery.detail}" if delivery.detail else words


_STANDING = {
    State.DUE: "waits",
    State.OFFERED: "is offered to the person's pages",
    State.SENDING: "is on its way",
    State.DELIVERED: "was delivered",
    State.SHOWN: "was shown",
    State.CLICKED: "was clicked",
    State.CONVERTED: "led to its goal",
    State.HELD_OUT: "was held out",
    State.REFUSED: "was refused",
    State.FAILED: "could not be delivered",
}


def _steps(delivery: Delivery, campaign: Campaign | None) -> Iterator[Step]:
    yield Step(delivery.known_at, _beginning(delivery, campaign))
    if delivery.due_at > delivery.known_at:
        yield Step(delivery.due_at, "became due")
    if delivery.handed_at is not None:
        offered = delivery.channel is Channel.IN_APP
        way = "offered to pages" if offered else f"handed to the channel {delivery.channel}"
        yield Step(delivery.handed_at, way)
    for at, text in (
        (delivery.delivered_at, "delivered"),
        (delivery.shown_at, "shown"),
        (delivery.clicked_at, "clicked"),
        (delivery.dismissed_at, "dismissed"),
        (delivery.converted_at, "the goal was reached"),
    ):
        if at is not None:
            yield Step(at, text)
    if delivery.ended_at is not None:
        yield Step(delivery.ended_at, outcome(delivery))


def _beginning(delivery: Delivery, campaign: Campaign | None) -> str:
    if delivery.occasion is Occasion.LAUNCH:
        return "was in the segment when the campaign spoke to everybody in it"
    if delivery.occasion is Occasion.SCHEDULE:
        return "was in the segment when the campaign's schedule came"
    left = campaign is not None and campaign.when.moment is Moment.LEAVING
    segment = f"the segment {campaign.segment_id}" if campaign is not None else "the segment"
    return f"{'left' if left else 'entered'} {segment}"
