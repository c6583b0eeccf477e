"""The bodies about campaigns, deliveries and the suppression list."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from segue.domain.acting import Controls
from segue.domain.campaigns import (
    Campaign,
    Channel,
    Delivery,
    State,
    Suppressed,
    Suppression,
)
from segue.http.api.models import Body, Instant, instant, maybe_instant
from segue.services.acting.story import outcome, story


class CountBody(Body):
    """How many deliveries are in a state for a reason."""

    state: str = Field(examples=["refused"])
    because: str | None = Field(description="Why; null: nothing stopped it.", examples=["capped"])
    deliveries: int = Field(examples=[12])


class CampaignBody(Body):
    """A campaign, or survey, as it is in force, and what became of its deliveries."""

    campaign_id: str = Field(examples=["upgrade_benefits"])
    title: str = Field(examples=["Upgrade benefits"])
    segment_id: str = Field(examples=["completed_trial"])
    moment: str = Field(description="entering, leaving, inside or schedule.", examples=["entering"])
    channel: str = Field(examples=["email"])
    goal: str = Field(description="The goal; empty: none.", examples=["subscribed"])
    is_survey: bool
    enabled: bool = Field(description="Whether segue.yaml has it switched on.")
    launched_at: Instant | None = Field(description="Since when it speaks; null: not yet.")
    paused: str | None = Field(description="Why it is paused; null: it is not.")
    waiting_for_approval: int = Field(description="Deliveries that somebody has to approve.")
    counts: list[CountBody]


class CampaignsBody(Body):
    """All campaigns, and the one switch."""

    stopped: bool = Field(description="Whether nothing goes out at all.")
    campaigns: list[CampaignBody]


class SwitchBody(Body):
    """The one switch."""

    stopped: bool = Field(description="Whether nothing goes out at all.")


class NumberBody(Body):
    """How many deliveries something was done to."""

    deliveries: int = Field(examples=[3])


class DeliveryBody(Body):
    """One message to one person."""

    delivery_id: str = Field(examples=["5f2b7e0c9c1d4a6e8f3b2a1d0c9e8f7a"])
    campaign_id: str = Field(examples=["upgrade_benefits"])
    person_id: str = Field(examples=["ada@example.com"])
    channel: str = Field(examples=["email"])
    variant: str = Field(examples=["a"])
    occasion: str = Field(description="transition, launch or schedule.", examples=["transition"])
    state: str = Field(
        description="due, offered, sending, delivered, shown, clicked, converted, held_out, refused"
        " or failed.",
        examples=["refused"],
    )
    because: str | None = Field(description="Why it waits or was stopped.", examples=["capped"])
    detail: str = Field(
        description="The same in words.", examples=["had 3 messages in the last 7 days"]
    )
    due_at: Instant
    known_at: Instant
    handed_at: Instant | None
    delivered_at: Instant | None
    shown_at: Instant | None
    clicked_at: Instant | None
    dismissed_at: Instant | None
    converted_at: Instant | None
    ended_at: Instant | None
    attempts: int
    approved: bool | None = Field(description="false: waits for approval; null: nobody was asked.")


class DeliveriesBody(Body):
    """A page of deliveries, latest first."""

    deliveries: list[DeliveryBody]
    cursor: str | None = Field(description="Ask for the next page with it; null: there is none.")


class StepBody(Body):
    """One step of a delivery."""

    at: Instant
    text: str = Field(examples=["entered the segment completed_trial"])


class StoryBody(DeliveryBody):
    """A delivery with its story."""

    outcome: str = Field(
        description="Where it stands, in words.",
        examples=["was refused: had 3 messages in the last 7 days; the cap is 3"],
    )
    story: list[StepBody]


class PersonDeliveriesBody(Body):
    """What a person was sent, or was not, and why not; latest first."""

    person_id: str = Field(examples=["ada@example.com"])
    deliveries: list[StoryBody]
    cursor: str | None = Field(description="Ask for the next page with it; null: there is none.")


class SuppressionBody(Body):
    """An address that is not written to."""

    address: str = Field(description="In lower case.", examples=["ada@example.com"])
    channel: str = Field(examples=["email"])
    purpose: str = Field(description="Only for this purpose; empty: for all.")
    reason: str = Field(description="unsubscribed, bounced, complained or by_hand.")
    since: Instant


class SuppressionsBody(Body):
    """A page of the suppression list, by address."""

    suppressions: list[SuppressionBody]
    cursor: str | None = Field(description="Ask for the next page with it; null: there is none.")


class ImportedBody(Body):
    """How many addresses were put on the list."""

    added: int = Field(description="Those that were not on it.", examples=[120])


class _Asked(Body):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pause(_Asked):
    """Why a campaign is paused."""

    why: str = Field("by hand", min_length=1, max_length=500)


class Chosen(_Asked):
    """Which deliveries."""

    delivery_ids: list[str] | None = Field(
        None, max_length=10_000, description="Only these; left out: all."
    )


class ChosenLetters(Chosen):
    """Which dead letters."""

    campaign_id: str | None = Field(None, description="All of this campaign.")


class NewSuppression(_Asked):
    """An address that is not to be written to."""

    address: str = Field(min_length=1, max_length=1_000, examples=["ada@example.com"])
    channel: Channel = Channel.EMAIL
    purpose: str = Field("", max_length=200, description="Only for this purpose; empty: for all.")
    reason: Suppression = Suppression.BY_HAND


class NewSuppressions(_Asked):
    """Addresses that are not to be written to, all for the same reason."""

    addresses: list[str] = Field(min_length=1, max_length=10_000, examples=[["ada@example.com"]])
    channel: Channel = Channel.EMAIL
    purpose: str = Field("", max_length=200, description="Only for this purpose; empty: for all.")
    reason: Suppression = Suppression.UNSUBSCRIBED


# ------------------------------------------------------------------------------------ as they are


def campaign_body(
    campaign: Campaign, controls: Controls, counts: list[CountBody], waiting: int
) -> CampaignBody:
    """A campaign as a body."""
    return CampaignBody(
        campaign_id=campaign.id,
        title=campaign.title,
        segment_id=campaign.segment_id,
        moment=campaign.when.moment.value,
        channel=campaign.channel.value,
        goal=campaign.goal,
        is_survey=campaign.survey is not None,
        enabled=campaign.enabled,
        launched_at=maybe_instant(controls.launched.get(campaign.id)),
        paused=controls.paused.get(campaign.id),
        waiting_for_approval=waiting,
        counts=counts,
    )


def delivery_body(one: Delivery) -> DeliveryBody:
    """A delivery as a body."""
    return DeliveryBody(
        delivery_id=one.id,
        campaign_id=one.campaign_id,
        person_id=one.person_id,
        channel=one.channel.value,
        variant=one.variant,
        occasion=one.occasion.value,
        state=one.state.value,
        because=one.because.value if one.because else None,
        detail=one.detail,
        due_at=instant(one.due_at),
        known_at=instant(one.known_at),
        handed_at=maybe_instant(one.handed_at),
        delivered_at=maybe_instant(one.delivered_at),
        shown_at=maybe_instant(one.shown_at),
        clicked_at=maybe_instant(one.clicked_at),
        dismissed_at=maybe_instant(one.dismissed_at),
        converted_at=maybe_instant(one.converted_at),
        ended_at=maybe_instant(one.ended_at),
        attempts=one.attempts,
        approved=one.approved,
    )


def story_body(one: Delivery, campaign: Campaign | None) -> StoryBody:
    """A delivery with its story as a body."""
    steps = [StepBody(at=instant(step.at), text=step.text) for step in story(one, campaign)]
    return StoryBody(**delivery_body(one).model_dump(), outcome=_sentence(one), story=steps)


def _sentence(one: Delivery) -> str:
    if one.state is State.DUE and one.approved is False:
        return f"waits for approval: {one.detail}"
    return outcome(one)


def suppression_body(one: Suppressed) -> SuppressionBody:
    """An entry of the suppression list as a body."""
    return SuppressionBody(
        address=one.address,
        channel=one.channel.value,
        purpose=one.purpose,
        reason=one.reason.value,
        since=instant(one.since),
    )
