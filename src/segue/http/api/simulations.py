"""What a campaign would have done in the past: a dry run, over HTTP."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query
from pydantic import Field

from segue.domain.campaigns import Because
from segue.http.api.analysing import Analysing
from segue.http.api.campaigns import CampaignPath
from segue.http.api.models import Body, Instant
from segue.http.api.parameters import At, Limit, api_router, instant_at
from segue.http.context import Here
from segue.services.acting.hindsight import rehearsed
from segue.services.acting.simulate import Fate
from segue.services.acting.simulation_document import simulation_document

MOST_DAYS: Final = 3_660
"""Days that a dry run goes back at most: ten years."""

router = api_router("Campaigns")


class JobBody(Body):
    """The same people, if a job looked now and then instead."""

    every: str = Field(examples=["1 hour"])
    too_late: int = Field(description="Of how many it would have heard later than `max_age`.")
    missed: int = Field(description="How many had moved on before it looked.")
    median_lateness_seconds: float | None = Field(description="Null: it would have met nobody.")


class WouldBody(Body):
    """What would have become of one moment of one person."""

    person_id: str
    moment: Instant
    due_at: Instant = Field(description="The moment, and the delay of the campaign.")
    at: Instant = Field(description="When this would have happened.")
    fate: Fate
    because: Because | None
    detail: str = Field(description="The reason in words.")


class SimulationBody(Body):
    """What a campaign would have done."""

    campaign_id: str
    start: Instant
    end: Instant
    moments: int = Field(description="How many moments there were.")
    messaged: int
    people: int = Field(description="How many people would have been messaged.")
    held: int = Field(description="How many messages would have waited.")
    held_out: int
    refused: int
    waiting: int = Field(description="Still to come at the end.")
    repeats: int = Field(description="Moments of people to whom it does not speak again.")
    reasons: dict[Because, int] = Field(description="Why others were held out or refused.")
    jobs: list[JobBody]
    would: list[WouldBody] = Field(description="The latest moments, in time order.")


@router.get("/campaigns/{campaign_id}/simulation")
async def simulate_campaign(
    here: Here,
    analyse: Analysing,
    campaign_id: CampaignPath,
    *,
    days: Annotated[int, Query(ge=1, le=MOST_DAYS, description="So many days back.")] = 30,
    at: At = None,
    limit: Limit = 100,
) -> SimulationBody:
    """Go through the past by the rules of today. Nothing is sent, and nothing is kept."""
    end, acting, definitions = instant_at(here, at), here.actor.acting, here.live.definitions
    found = await analyse(
        lambda: rehearsed(here.store, definitions, acting, campaign_id, end=end, days=days)
    )
    document = simulation_document(found)
    return SimulationBody.model_validate(document | {"would": document["would"][-limit:]})
