"""The pages of campaigns and surveys: all of them, and one with its results and switches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from segue.adapters.message_templates import MessageTemplates
from segue.domain.campaigns import Campaign
from segue.domain.users import Role
from segue.insight.lift import Finding
from segue.insight.shares import Share
from segue.services import words
from segue.services.acting.previewing import Preview, Previewer
from segue.services.acting.results import Results, results
from segue.services.acting.story import outcome
from segue.ui.pages import Page
from segue.ui.signing import Sending, SignedIn, needs

LATEST: Final = 30

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Row:
    """One campaign or survey in the list: whether it speaks, how many deliveries it has, and what
    can be said of its effect."""

    id: str
    title: str
    segment_id: str
    segment: str
    channel: str
    state: str
    deliveries: int
    finding: Finding
    words: str


@router.get("/campaigns")
def all_campaigns(request: Request, session: SignedIn) -> Response:
    """Every campaign and survey, and the switch that stops all of them."""
    page = Page.of(request)
    actor = page.serving.actor
    counts: dict[str, int] = {}
    for one in page.serving.store.counts():
        counts[one.campaign_id] = counts.get(one.campaign_id, 0) + one.deliveries
    values = {
        "campaigns": [_row(page, one, counts) for one in actor.acting.campaigns if not one.survey],
        "surveys": [_row(page, one, counts) for one in actor.acting.campaigns if one.survey],
        "stopped": actor.controls.stopped,
        "may_stop": session.user.role.may(Role.ADMIN),
    }
    return page.shown("campaigns", values, title="Campaigns")


@router.post("/campaigns/stop")
def stop(request: Request, session: Sending) -> Response:
    """Let nothing go out any more, at once."""
    needs(session, Role.ADMIN)
    Page.of(request).serving.actor.stop_everything()
    return RedirectResponse("/studio/campaigns", 303)


@router.post("/campaigns/start")
def start(request: Request, session: Sending) -> Response:
    """Let campaigns go on."""
    needs(session, Role.ADMIN)
    Page.of(request).serving.actor.go_on()
    return RedirectResponse("/studio/campaigns", 303)


@router.get("/campaigns/{campaign_id}")
def one_campaign(
    request: Request,
    session: SignedIn,
    campaign_id: str,
    person: Annotated[str, Query(max_length=1000)] = "",
) -> Response:
    """One campaign: what it says and when, how far it got, whether it helped, its latest
    deliveries, and what it would say to somebody."""
    page = Page.of(request)
    actor, store = page.serving.actor, page.serving.store
    campaign = actor.campaign(campaign_id)
    found = results(store, campaign, actor.acting.messaging, page.now)
    latest = store.deliveries(campaign_id=campaign_id, limit=LATEST)
    values = {
        "campaign": campaign,
        "segment": _title(page, campaign.segment_id),
        "state": _state(page, campaign),
        "why_paused": actor.controls.paused.get(campaign_id, ""),
        "said": _said(page, campaign, found),
        "refused": found.refused,
        "steps": _steps(found),
        "deliveries": [(one, outcome(one)) for one in latest],
        "person": person,
        "preview": _previewed(page, campaign_id, person) if person.strip() else None,
        "may_change": session.user.role.may(Role.EDITOR),
    }
    return page.shown("campaign", values, title=campaign.title or campaign.id)


@router.post("/campaigns/{campaign_id}/pause")
def pause(
    request: Request,
    session: Sending,
    campaign_id: str,
    why: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Let nothing of a campaign go out until it is resumed."""
    needs(session, Role.EDITOR)
    said = why.strip() or f"paused by {session.user.name}"
    Page.of(request).serving.actor.pause(campaign_id, said)
    return RedirectResponse(f"/studio/campaigns/{campaign_id}", 303)


@router.post("/campaigns/{campaign_id}/resume")
def resume(request: Request, session: Sending, campaign_id: str) -> Response:
    """Let a campaign go on."""
    needs(session, Role.EDITOR)
    Page.of(request).serving.actor.resume(campaign_id)
    return RedirectResponse(f"/studio/campaigns/{campaign_id}", 303)


def _row(page: Page, campaign: Campaign, counts: Mapping[str, int]) -> Row:
    found = results(page.serving.store, campaign, page.serving.actor.acting.messaging, page.now)
    return Row(
        campaign.id,
        campaign.title or campaign.id,
        campaign.segment_id,
        _title(page, campaign.segment_id),
        campaign.channel.value.replace("_", "-"),
        _state(page, campaign),
        counts.get(campaign.id, 0),
        found.lift.finding,
        _said(page, campaign, found),
    )


def _said(page: Page, campaign: Campaign, found: Results) -> str:
    """What can be said of what came of it: of a survey how many answered, else whether it
    helped."""
    if campaign.survey is None:
        return found.words
    store = page.serving.store
    shown = len(store.survey_shown(campaign.id))
    answered = Share.measured(
        len({one.delivery_id for one in store.survey_answers(campaign.id)}), shown
    )
    if answered.value is None:
        return "It was not shown yet."
    return (
        f"{words.counted(answered.count, 'response')} of {words.number(shown)} who saw it "
        f"({words.percent(answered.value)}); `segue campaigns voices {campaign.id}` tells what "
        "they said."
    )


def _state(page: Page, campaign: Campaign) -> str:
    """Whether a campaign speaks now, in a word."""
    if page.serving.actor.controls.stopped:
        return "stopped"
    if campaign.id in page.serving.actor.controls.paused:
        return "paused"
    if not campaign.enabled:
        return "off"
    if campaign.starts_at is not None and page.now < campaign.starts_at:
        return "not yet"
    if campaign.ends_at is not None and page.now >= campaign.ends_at:
        return "over"
    return "on"


def _title(page: Page, segment_id: str) -> str:
    return page.serving.live.definitions.segment(segment_id).title


def _steps(found: Results) -> Sequence[tuple[str, int]]:
    """How far messages got, people by step; steps that no message of this channel takes are left
    out."""
    reached = found.reached
    steps = [
        ("to be messaged", reached.people),
        ("sent", reached.handed),
        ("delivered", reached.delivered),
        ("shown", reached.shown),
        ("clicked", reached.clicked),
        ("turned away", reached.dismissed),
    ]
    return [step for step in steps if step[1]]


def _previewed(page: Page, campaign_id: str, person_id: str) -> Preview:
    serving = page.serving
    previewer = Previewer(
        serving.store, serving.live.definitions, serving.actor.acting, MessageTemplates()
    )
    return previewer.preview(campaign_id, person_id, page.now)
