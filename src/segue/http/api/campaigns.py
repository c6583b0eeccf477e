"""Campaigns: what they are, what became of them, and the switches of operators."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import Path

from segue.domain.acting import Count
from segue.domain.campaigns import Because, Campaign, State
from segue.http.api.delivery_models import (
    CampaignBody,
    CampaignsBody,
    Chosen,
    CountBody,
    NumberBody,
    Pause,
    SwitchBody,
    campaign_body,
)
from segue.http.api.parameters import api_router
from segue.http.context import Context, Here

router = api_router("Campaigns")

CampaignPath: TypeAlias = Annotated[
    str, Path(description="The id of the campaign or survey.", examples=["upgrade_benefits"])
]


@router.get("/campaigns")
def list_campaigns(here: Here) -> CampaignsBody:
    """Every campaign and survey, how many deliveries they have in which state and why, and whether
    everything is stopped."""
    counts = here.store.counts()
    bodies = [_body(here, one, counts) for one in here.actor.acting.campaigns]
    return CampaignsBody(stopped=here.actor.controls.stopped, campaigns=bodies)


@router.post("/campaigns/stop")
def stop_everything(here: Here) -> SwitchBody:
    """Let nothing go out any more, at once. What comes due meanwhile is refused, so that nothing
    bursts out afterwards."""
    here.actor.stop_everything()
    return SwitchBody(stopped=True)


@router.post("/campaigns/start")
def start_everything(here: Here) -> SwitchBody:
    """Let campaigns go on."""
    here.actor.go_on()
    return SwitchBody(stopped=False)


@router.get("/campaigns/{campaign_id}")
def get_campaign(here: Here, campaign_id: CampaignPath) -> CampaignBody:
    """One campaign or survey."""
    return _body(here, here.actor.campaign(campaign_id), here.store.counts())


@router.post("/campaigns/{campaign_id}/launch")
def launch_campaign(here: Here, campaign_id: CampaignPath) -> NumberBody:
    """Message also who is in the segment now, each once, as if they had entered now."""
    return NumberBody(deliveries=here.actor.launch(campaign_id))


@router.post("/campaigns/{campaign_id}/pause")
def pause_campaign(here: Here, campaign_id: CampaignPath, pause: Pause) -> CampaignBody:
    """Let nothing of a campaign go out, until it is resumed; what comes due meanwhile is
    refused."""
    here.actor.pause(campaign_id, pause.why)
    return get_campaign(here, campaign_id)


@router.post("/campaigns/{campaign_id}/resume")
def resume_campaign(here: Here, campaign_id: CampaignPath) -> CampaignBody:
    """Let a campaign go on."""
    here.actor.resume(campaign_id)
    return get_campaign(here, campaign_id)


@router.post("/campaigns/{campaign_id}/approve")
def approve_deliveries(here: Here, campaign_id: CampaignPath, chosen: Chosen) -> NumberBody:
    """Approve deliveries that wait for it. Once as many are approved as the campaign asks for, the
    rest goes without."""
    return NumberBody(deliveries=here.actor.approve(campaign_id, chosen.delivery_ids))


def _body(here: Context, campaign: Campaign, counts: list[Count]) -> CampaignBody:
    own = [one for one in counts if one.campaign_id == campaign.id]
    bodies = [
        CountBody(
            state=one.state.value,
            because=one.because.value if one.because else None,
            deliveries=one.deliveries,
        )
        for one in own
    ]
    waiting = sum(
        one.deliveries for one in own if one.state is State.DUE and one.because is Because.APPROVAL
    )
    return campaign_body(campaign, here.actor.controls, bodies, waiting)
