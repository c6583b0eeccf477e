"""The pages of campaigns: all of them, and one with its results, deliveries and switches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, TypeAlias

from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse, Response

from segue.adapters.message_templates import MessageTemplates
from segue.domain.acting import Profile
from segue.domain.campaigns import REACHED, Acting, Because, Campaign, Channel, Delivery, State
from segue.domain.errors import NotFoundError
from segue.domain.instant import SECOND
from segue.domain.users import Role
from segue.services.acting.previewing import Preview, Previewer
from segue.services.acting.profiles import StoredProfiles
from segue.services.acting.results import Results, results
from segue.services.acting.story import outcome, story
from segue.services.acting.voices import Heard, heard
from segue.services.in_app.trace import Trace
from segue.ui.board import Board, Looked
from segue.ui.campaign_words import (
    BECAUSE,
    funnel,
    lifts,
    reasons,
    relative_in_words,
    shares,
    state_of,
    variants,
    when_in_words,
)
from segue.ui.charts import DIFFERENCE, SHARE, Bar, Chart, bars, estimates
from segue.ui.pages import Page
from segue.ui.rehearsing import Rehearsal, rehearsal
from segue.ui.signing import Sending, SignedIn, needs
from segue.ui.undo import undoable

LATEST: Final = 30
"""Deliveries on one page."""
FRESH: Final = 10 * SECOND
PATIENCE: Final = 0.1
"""How long (s) a page waits for the results, so that quick ones are there at once."""
BEGUN: Final = 0.001
"""How long it waits where it only begins to count them, with something else to do meanwhile."""
STEPS: Final[Mapping[str, tuple[State, ...]]] = {
    "sent": (State.SENDING, State.OFFERED, *REACHED),
    "delivered": REACHED,
    "shown": (State.SHOWN, State.CLICKED, State.CONVERTED),
    "only_shown": (State.SHOWN,),
    "clicked": (State.CLICKED, State.CONVERTED),
    "converted": (State.CONVERTED,),
    "held_out": (State.HELD_OUT,),
    "refused": (State.REFUSED, State.FAILED),
    "failed": (State.FAILED,),
    "waiting": (State.DUE,),
}
"""Which deliveries are listed under a name: those that got so far, or further."""

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Row:
    """One campaign or survey in the list: whether it speaks, to whom, and, as soon as that is
    known, what came of it."""

    campaign: Campaign
    segment: str
    channel: str
    state: str
    when: str
    found: Results | None = None
    heard: Heard | None = None


@dataclass(frozen=True, slots=True)
class Came:
    """What came of all campaigns and surveys, by id."""

    results: Mapping[str, Results]
    heard: Mapping[str, Heard]


@router.get("/campaigns")
def all_campaigns(request: Request, session: SignedIn) -> Response:
    """Every campaign, what came of it, and the switch that stops all of them."""
    page = Page.of(request)
    looked = came_of_all(request, page)
    rows = rows_of(page, looked, surveys=False)
    values = {
        "looked": looked,
        "rows": rows,
        "chart": _effects(rows),
        "stopped": page.serving.actor.controls.stopped,
        "may_stop": session.user.role.may(Role.ADMIN),
        "may_change": session.user.role.may(Role.EDITOR),
        "undoing": undoable(request),
    }
    return page.shown("campaigns", values, title="Campaigns")


@router.post("/campaigns/stop")
def stop(request: Request, session: Sending) -> Response:
    """Stop everything: nothing goes out any more"""
    needs(session, Role.ADMIN)
    Page.of(request).serving.actor.stop_everything()
    return RedirectResponse("/studio/campaigns", 303)


@router.post("/campaigns/start")
def start(request: Request, session: Sending) -> Response:
    """Let campaigns go on"""
    needs(session, Role.ADMIN)
    Page.of(request).serving.actor.go_on()
    return RedirectResponse("/studio/campaigns", 303)


class Shown(BaseModel):
    """What of a campaign is looked at: its message for whom, which deliveries, after which, a dry
    run over how many days (0: none), and of a survey what the people of which segment say."""

    person: str = Field(default="", max_length=1000)
    variant: str = Field(default="", max_length=200)
    which: str = Field(default="", max_length=20)
    because: Because | None = None
    after: str | None = Field(default=None, max_length=200)
    dry: int = Field(default=0, ge=0, le=3660)
    segment: str = Field(default="", max_length=200)


InQuery: TypeAlias = Annotated[Shown, Query()]


@router.get("/campaigns/{campaign_id:path}")
def one_campaign(request: Request, session: SignedIn, campaign_id: str, shown: InQuery) -> Response:
    """One campaign: what it says and when, how far it got, whether it helped, its deliveries, and
    what it would say to somebody."""
    page = Page.of(request)
    campaign = page.serving.actor.campaign(campaign_id)
    if campaign.survey is not None:
        return RedirectResponse(f"/studio/voices/{campaign_id}", 303)
    results_of(request, page, campaign, patience=BEGUN)  # is counted while the rest is read
    preview = previewed(page, campaign, shown) if shown.person.strip() else None
    deliveries = deliveries_of(page, campaign, shown)
    looked = results_of(request, page, campaign)
    values = {
        **facts_of(page, campaign),
        **deliveries,
        "looked": looked,
        "came": _drawn(page, looked.result) if looked.result else None,
        "shown": shown,
        "trace": trace_of(page, campaign, shown.person),
        "preview": preview,
        "texts": texts_of(preview),
        "rehearsal": rehearsed_for(page, campaign, shown.dry),
        "may_change": session.user.role.may(Role.EDITOR),
        "undoing": undoable(request),
    }
    return framed(page.shown("campaign", values, title=campaign.title))


@router.post("/campaigns/{campaign_id:path}/pause")
def pause(
    request: Request,
    session: Sending,
    campaign_id: str,
    why: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Pause a campaign"""
    needs(session, Role.EDITOR)
    said = why.strip() or f"paused by {session.user.name}"
    Page.of(request).serving.actor.pause(campaign_id, said)
    return _back(request, campaign_id)


@router.post("/campaigns/{campaign_id:path}/resume")
def resume(request: Request, session: Sending, campaign_id: str) -> Response:
    """Let a campaign go on"""
    needs(session, Role.EDITOR)
    Page.of(request).serving.actor.resume(campaign_id)
    return _back(request, campaign_id)


@router.post("/campaigns/{campaign_id:path}/approve")
def approve(
    request: Request,
    session: Sending,
    campaign_id: str,
    delivery: Annotated[list[str] | None, Form(max_length=1000)] = None,
) -> Response:
    """Approve messages that wait for it"""
    needs(session, Role.EDITOR)
    Page.of(request).serving.actor.approve(campaign_id, delivery)
    return _back(request, campaign_id)


@router.post("/campaigns/{campaign_id:path}/replay")
def replay(request: Request, session: Sending, campaign_id: str) -> Response:
    """Try again what could not be delivered"""
    needs(session, Role.EDITOR)
    actor = Page.of(request).serving.actor
    actor.campaign(campaign_id)
    actor.replay(campaign_id=campaign_id)
    return _back(request, campaign_id)


def _back(request: Request, campaign_id: str) -> Response:
    """Lead to the page of a campaign or survey."""
    campaign = Page.of(request).serving.actor.campaign(campaign_id)
    place = "campaigns" if campaign.survey is None else "voices"
    return RedirectResponse(f"/studio/{place}/{campaign_id}", 303)


# ------------------------------------------------------------------------------- all of them


def came_of_all(request: Request, page: Page) -> Looked[Came]:
    """What came of every campaign and survey, counted beside the page."""
    store, acting = page.serving.store, page.serving.actor.acting

    def work(_: object) -> Came:
        spoken = [one for one in acting.campaigns if one.survey is None]
        asked = [one for one in acting.campaigns if one.survey is not None]
        return Came(
            {one.id: results(store, one, acting.messaging, page.now) for one in spoken},
            {one.id: heard(store, one) for one in asked},
        )

    return quick(request).look(
        "campaigns", work, now=page.now, basis=acting, fresh=FRESH, patience=PATIENCE
    )


def results_of(
    request: Request, page: Page, campaign: Campaign, *, patience: float = PATIENCE
) -> Looked[Results]:
    """What came of one campaign, counted beside the page."""
    store, messaging = page.serving.store, page.serving.actor.acting.messaging
    return quick(request).look(
        ("campaign", campaign.id),
        lambda _: results(store, campaign, messaging, page.now),
        now=page.now,
        basis=page.serving.actor.acting,
        fresh=FRESH,
        patience=patience,
    )


def quick(request: Request) -> Board:
    """The board of questions to the tables of deliveries, which wait for no analysis."""
    board: Board = request.app.state.quick
    return board


def rows_of(page: Page, looked: Looked[Came], *, surveys: bool) -> list[Row]:
    """The rows of all campaigns, or of all surveys."""
    titles = {one.id: one.title for one in page.serving.live.definitions.segments}
    came = looked.result or Came({}, {})
    return [
        Row(
            one,
            titles[one.segment_id],
            one.channel.value.replace("_", "-"),
            state_of(one, page.serving.actor.controls, page.now),
            when_in_words(one),
            came.results.get(one.id),
            came.heard.get(one.id),
        )
        for one in page.serving.actor.acting.campaigns
        if (one.survey is not None) is surveys
    ]


def _effects(rows: list[Row]) -> Chart | None:
    """The lift of every campaign that has one, drawn on one scale."""
    found = [(row.campaign.title, row.found.lift) for row in rows if row.found]
    drawn = [
        Bar(title, lift.difference, lift.absolute.low, lift.absolute.high)
        for title, lift in found
        if lift.difference is not None and lift.absolute is not None
    ]
    return estimates(drawn, names="Campaign", value="Difference") if drawn else None


# ------------------------------------------------------------------------------- one


def facts_of(page: Page, campaign: Campaign) -> dict[str, object]:
    """What is known of a campaign without counting."""
    actor = page.serving.actor
    return {
        "campaign": campaign,
        "segment": page.serving.live.definitions.segment(campaign.segment_id).title,
        "state": state_of(campaign, actor.controls, page.now),
        "when": when_in_words(campaign),
        "why_paused": actor.controls.paused.get(campaign.id, ""),
        "base": "campaigns" if campaign.survey is None else "voices",
    }


def _drawn(page: Page, found: Results) -> dict[str, object]:
    """What came of a campaign, ready to be drawn."""
    everybody = page.serving.live.health().people
    return {
        "found": found,
        "shares": bars(shares(found), unit=SHARE, names="People", value="Reached the goal"),
        "lifts": estimates(lifts(found), unit=DIFFERENCE, names="Lift", value="Measured"),
        "relative": relative_in_words(found.lift),
        "variants": variants(found),
        "funnel": funnel(found),
        "reasons": reasons(found),
        "everybody": everybody,
        "spared": max(everybody - found.reached.people - found.held_out, 0),
    }


def deliveries_of(page: Page, campaign: Campaign, shown: Shown) -> dict[str, object]:
    """A page of deliveries with the story of each, and what waits for somebody."""
    store = page.serving.store
    found = store.deliveries(
        campaign_id=campaign.id,
        states=STEPS.get(shown.which, ()),
        because=shown.because,
        after=shown.after,
        limit=LATEST,
        latest_first=True,
    )
    own = [one for one in store.counts() if one.campaign_id == campaign.id]
    waiting = [one for one in own if one.state is State.DUE and one.because is Because.APPROVAL]
    dead = [one for one in own if one.state is State.FAILED]
    return {
        "deliveries": [_told(one, campaign) for one in found],
        "older": found[-1].id if len(found) == LATEST else None,
        "all_deliveries": sum(one.deliveries for one in own),
        "waiting": sum(one.deliveries for one in waiting),
        "dead": sum(one.deliveries for one in dead),
    }


def _told(one: Delivery, campaign: Campaign) -> dict[str, object]:
    said = outcome(one)
    if one.because is not None and not one.detail:
        said = f"{said}: {BECAUSE.get(one.because, one.because.value).lower()}"
    said = f"{said[:1].upper()}{said[1:]}"
    return {"one": one, "outcome": said, "story": story(one, campaign)}


def previewer_of(page: Page, acting: Acting) -> Previewer:
    """Renders these campaigns for people of the workspace."""
    store, definitions = page.serving.store, page.serving.live.definitions
    read = StoredProfiles(store)

    def profile(person_id: str, at: int) -> Profile:
        code = store.person_code(person_id)
        assert code is not None
        return read.profiles([code], at)[code]

    return Previewer(store, definitions, acting, MessageTemplates(), profile)


def previewed(page: Page, campaign: Campaign, shown: Shown) -> Preview:
    """The message as one person would get it."""
    previewer = previewer_of(page, page.serving.actor.acting)
    return previewer.preview(campaign.id, shown.person, page.now, variant=shown.variant or None)


def texts_of(preview: Preview | None) -> dict[str, str]:
    """The parts of a message as they are read; what could not be made is left out."""
    return {} if preview is None else {part.name: part.text for part in preview.parts}


def rehearsed_for(page: Page, campaign: Campaign, days: int) -> Rehearsal | None:
    """A dry run of a campaign as it is, where one is asked for."""
    return rehearsal(page, page.serving.actor.acting, campaign, days) if days else None


def framed(response: Response) -> Response:
    """A page that may hold pages of our own in frames: e-mails that are looked at."""
    response.headers["content-security-policy"] += "; frame-src 'self'"
    return response


def trace_of(page: Page, campaign: Campaign, person: str) -> Trace | str | None:
    """What a page of the product would do with it for somebody, or why that cannot be said; None
    where nobody is named, or it is not shown in the product."""
    if campaign.channel is not Channel.IN_APP or not person.strip():
        return None
    try:
        found = page.serving.in_app.trace(person.strip())
    except NotFoundError as error:
        return error.message
    return next(one for one in found if one.campaign.id == campaign.id)
