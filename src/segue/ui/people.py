"""The pages of people: finding somebody, what they did, where they are, and why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse, Response

from segue.bootstrap.calls import erase_served
from segue.domain.campaigns import Campaign, Delivery
from segue.domain.instant import DAY
from segue.domain.ports import StoredEvent
from segue.domain.users import Role
from segue.language.resolve import JOURNEY
from segue.services.acting.story import outcome
from segue.services.explain import explain_membership, known_person
from segue.services.explanation_words import verdict
from segue.services.live.answers import CurrentMembership
from segue.services.live.finding import (
    ListedPage,
    active_lately,
    people_inside,
    people_named,
)
from segue.services.live.life import MONTH, MOST_EXPLAINED, Life, life
from segue.services.live.person_document import person_document
from segue.services.live.reading import EventPage, asked, search, timeline, whole_person
from segue.services.view import known_segment
from segue.ui.lifeline import STEPS, drawn
from segue.ui.pages import HEADERS, Page
from segue.ui.signing import Sending, SignedIn, needs

FOUND: Final = 50
EVENTS: Final = 50
DELIVERIES: Final = 20
SPELLS: Final = 200
"""So many stays stand in the table below the picture."""
PERIODS: Final = ((7, "7 days"), (28, "28 days"), (90, "90 days"), (0, "everything"))

router = APIRouter()


class Asked(BaseModel):
    """Which people are looked for: by the beginning of an id or an e-mail address, or in a segment
    and a stage; those after a cursor. `erased`: so many events of somebody were just removed."""

    q: str = Field(default="", max_length=1000)
    segment: str = Field(default="", max_length=200)
    stage: str = Field(default="", max_length=200)
    before: int | None = Field(default=None, ge=0, le=1 << 31)
    erased: int | None = Field(default=None, ge=0)


@router.get("/people")
def find(request: Request, session: SignedIn, asked: Annotated[Asked, Query()]) -> Response:
    """Find people: by id or e-mail address, by segment and stage, or who did something lately."""
    del session
    page = Page.of(request)
    values = {
        "asked": asked,
        "found": _found(page, asked),
        "most": FOUND,
        "known": page.serving.live.health().people,
        "titles": {one.id: one.title for one in page.serving.live.definitions.segments},
        "stages": [one.stage for one in page.serving.project.project.journey],
    }
    return page.shown("people", values, title="People")


def _found(page: Page, asked: Asked) -> ListedPage:
    store, live = page.serving.store, page.serving.live
    if asked.q.strip():
        ids = [one.person_id for one in search(store, asked.q.strip(), page.now, limit=FOUND)]
        return people_named(live, ids)
    wanted = [asked.segment, f"{JOURNEY}.{asked.stage}" if asked.stage else ""]
    if any(wanted):
        return people_inside(live, [*filter(None, wanted)], before=asked.before, limit=FOUND)
    return active_lately(store, live, limit=FOUND)


@router.get("/people/{person_id:path}/why/{segment_id:path}")
def why(request: Request, session: SignedIn, person_id: str, segment_id: str) -> Response:
    """Why somebody is in a segment, or not: each part of its condition with the events behind."""
    del session
    page = Page.of(request)
    definitions = page.serving.live.definitions
    if not page.serving.live.knows_reasons:
        return _from_run(page, person_id, segment_id)
    explained = explain_membership(page.serving.store, definitions, segment_id, person_id, page.now)
    found = verdict(explained, definitions)
    title = f"Why {found.person_id} {'is' if found.holds else 'is not'} in {found.title}"
    return page.shown("why", {"found": found, "segment_id": segment_id}, title=title)


def _from_run(page: Page, person_id: str, segment_id: str) -> Response:
    """What is known of a membership where it comes from a run: since when, not why."""
    live = page.serving.live
    segment = live.definitions.segment(known_segment(live.definitions, segment_id))
    standing = live.standing(person_id)
    stay = next((one for one in standing.memberships if one.segment_id == segment_id), None)
    values = {
        "person_id": standing.person_id,
        "segment": segment,
        "stay": stay,
        "asks": asked(live.definitions, [CurrentMembership(segment_id, 0, None)])[segment_id],
        "at": standing.as_of,
    }
    said = "is" if stay else "is not"
    title = f"{standing.person_id} {said} in {segment.title}"
    return page.shown("why_run", values, title=title)


@router.get("/people/{person_id:path}/export")
def export(request: Request, session: SignedIn, person_id: str) -> Response:
    """Everything that is stored about a person, as a file."""
    del session
    page = Page.of(request)
    document = person_document(whole_person(page.serving.store, person_id, page.now))
    text = json.dumps(document, ensure_ascii=False, indent=2)
    name = f"attachment; filename*=UTF-8''{quote(document['person_id'], safe='')}.json"
    headers = {**HEADERS, "content-disposition": name}
    return Response(text, media_type="application/json", headers=headers)


@router.post("/people/{person_id:path}/erase")
def erase(
    request: Request,
    session: Sending,
    person_id: str,
    typed: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Erase a person."""
    needs(session, Role.ADMIN)
    page = Page.of(request)
    found = known_person(page.serving.store, person_id)
    if typed.strip() != found:
        return _person(page, found, Shown(), problem="Nothing was erased: that is not their id.")
    erased = erase_served(page.serving.live, page.serving.workspace, found)
    return RedirectResponse(f"/studio/people?erased={erased.events}", 303)


class Shown(BaseModel):
    """What of a person is looked at: over how many days (None: those in which they last did
    something; 0: all), and the events of which name, before which place."""

    days: int | None = Field(default=None, ge=0, le=36_525)
    event: str = Field(default="", max_length=1000)
    before: str | None = Field(default=None, max_length=1000)


@router.get("/people/{person_id:path}")
def one_person(
    request: Request, session: SignedIn, person_id: str, shown: Annotated[Shown, Query()]
) -> Response:
    """One person: what they did, with the segments they were in below it, why and until when, and
    what they were sent."""
    del session
    return _person(Page.of(request), person_id, shown)


def _person(page: Page, person_id: str, shown: Shown, problem: str = "") -> Response:
    serving = page.serving
    found = life(serving.store, serving.live, person_id, page.now, days=shown.days, steps=STEPS)
    events = timeline(
        serving.store, person_id, limit=EVENTS, cursor=shown.before, named=_named(shown.event)
    )
    values = {
        "found": found,
        "picture": drawn(found, page.zone),
        "spells": _spells(found),
        "days": _days(found) if shown.days is None else shown.days,
        "periods": PERIODS,
        "segments": [one for one in found.segments if "." not in one.segment_id],
        "levels": [one for one in found.segments if "." in one.segment_id],
        "events": _told(events),
        "cursor": events.cursor,
        "shown": shown,
        "deliveries": _deliveries(page, found),
        "questions": _questions(page),
        "traces": serving.in_app.trace(person_id),
        "may_erase": page.session is not None and page.session.user.role.may(Role.ADMIN),
        "explained_up_to": MOST_EXPLAINED,
        "from_runs": not page.serving.live.knows_reasons,
        "problem": problem,
    }
    status = 400 if problem else 200
    return page.shown("person", values, title=found.person_id, status=status)


def _days(found: Life) -> int:
    """The period that was chosen for them."""
    return MONTH if found.until - found.since == MONTH * DAY + 1 else 0


def _named(event: str) -> Sequence[str]:
    return (event,) if event else ()


def _told(events: EventPage) -> list[tuple[StoredEvent, dict[str, Any]]]:
    return [(one, json.loads(one.properties)) for one in events.events]


def _spells(found: Life) -> list[Any]:
    """The stays within the period, the latest first."""
    stays = [one for one in found.spells if (one.left_at or found.until) >= found.since]
    return sorted(stays, key=lambda one: -one.since)[:SPELLS]


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery, the title of its campaign, which of the pages has that, and what became of
    it."""

    one: Delivery
    title: str
    place: str
    outcome: str


def _deliveries(page: Page, found: Life) -> list[Sent]:
    """Their latest deliveries."""
    store, acting = page.serving.store, page.serving.actor.acting
    codes = {store.person_code(one.distinct_id) for one in found.distinct_ids}
    people = [code for code in codes if code is not None]
    latest = store.deliveries(people=people, limit=DELIVERIES, latest_first=True)
    return [_sent(acting.campaign(one.campaign_id), one) for one in latest]


def _sent(campaign: Campaign | None, one: Delivery) -> Sent:
    title = campaign.title if campaign is not None else ""
    place = "voices" if campaign is not None and campaign.survey is not None else "campaigns"
    return Sent(one, title or one.campaign_id, place, outcome(one))


def _questions(page: Page) -> dict[tuple[str, str], str]:
    """The words of the questions of all surveys, by survey and question."""
    surveys = (one for one in page.serving.actor.acting.campaigns if one.survey is not None)
    return {
        (one.id, question.id): question.text
        for one in surveys
        if one.survey is not None
        for question in one.survey.questions
    }
