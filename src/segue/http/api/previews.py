"""What a campaign would say to somebody: rendered for them, and not sent."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from segue.adapters.message_templates import MessageTemplates
from segue.http.api.campaigns import CampaignPath
from segue.http.api.models import Body, Instant, maybe_instant
from segue.http.api.parameters import api_router
from segue.http.context import Here
from segue.services.acting.previewing import Preview, Previewer

router = api_router("Campaigns")


class PreviewBody(Body):
    """A campaign as one person would get it now."""

    campaign_id: str = Field(examples=["upgrade_benefits"])
    person_id: str = Field(examples=["ada@example.com"])
    inside: bool = Field(description="Whether they are in the segment.")
    since: Instant | None = Field(description="Since when they are in, or out.")
    evidence: str = Field(description="Why they are in, in words.", examples=["has bought"])
    event: str | None = Field(
        description="The event that made them enter or leave; null: time did.", examples=["buy"]
    )
    variant: str = Field(examples=["a"])
    address: str = Field(description="Where it would go; empty: nowhere.")
    parts: dict[str, str] = Field(description="The final text of each part that can be made.")
    problems: dict[str, str] = Field(description="Why each of the others cannot.")
    missing: list[str] = Field(description="Traits that it needs and they lack.")
    withheld: str = Field(
        description="Why they would get nothing; empty: nothing that is known beforehand.",
        examples=["in the holdout of the project"],
    )


@router.get("/campaigns/{campaign_id}/preview")
def preview_campaign(
    here: Here,
    campaign_id: CampaignPath,
    person_id: Annotated[str, Query(min_length=1, description="Any of the person's distinct ids.")],
    variant: Annotated[
        str | None, Query(description="This variant; by default the person's own.")
    ] = None,
) -> PreviewBody:
    """Render a campaign for a person, as of now. Nothing is sent, and nothing is kept."""
    previewer = Previewer(here.store, here.live.definitions, here.actor.acting, MessageTemplates())
    return _body(previewer.preview(campaign_id, person_id, here.clock(), variant=variant))


def _body(found: Preview) -> PreviewBody:
    return PreviewBody(
        campaign_id=found.campaign.id,
        person_id=found.person_id,
        inside=found.inside,
        since=maybe_instant(found.since),
        evidence=found.evidence,
        event=None if found.event is None else found.event.name,
        variant=found.variant,
        address=found.address,
        parts={part.name: part.text for part in found.parts if not part.problem},
        problems={part.name: part.problem for part in found.parts if part.problem},
        missing=list(found.missing),
        withheld=found.withheld,
    )
