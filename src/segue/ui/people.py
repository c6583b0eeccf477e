"""The pages of people: finding somebody, what they did, where they are, and why."""

from __future__ import annotations

import json
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from segue.services.explain import explain_membership
from segue.services.explanation_words import verdict
from segue.services.live.reading import profile, search, timeline
from segue.ui.pages import Page
from segue.ui.signing import SignedIn

FOUND: Final = 50
EVENTS: Final = 50

router = APIRouter()


@router.get("/people")
def find(
    request: Request, session: SignedIn, q: Annotated[str, Query(max_length=1000)] = ""
) -> Response:
    """Find people by the beginning of a distinct id, or by their e-mail address."""
    del session
    page = Page.of(request)
    found = search(page.serving.store, q, page.now, limit=FOUND) if q.strip() else []
    return page.shown("people", {"q": q, "found": found, "most": FOUND}, title="People")


@router.get("/people/{person_id:path}/why/{segment_id}")
def why(request: Request, session: SignedIn, person_id: str, segment_id: str) -> Response:
    """Why somebody is in a segment, or not: each part of its condition with the events behind."""
    del session
    page = Page.of(request)
    definitions = page.serving.live.definitions
    explained = explain_membership(page.serving.store, definitions, segment_id, person_id, page.now)
    found = verdict(explained, definitions)
    title = f"Why {found.person_id} {'is' if found.holds else 'is not'} in {found.title}"
    return page.shown("why", {"found": found, "segment_id": segment_id}, title=title)


@router.get("/people/{person_id:path}")
def one_person(
    request: Request,
    session: SignedIn,
    person_id: str,
    before: Annotated[str | None, Query(max_length=1000)] = None,
) -> Response:
    """One person: traits, stage, segments and why, what they did, latest first."""
    del session
    page = Page.of(request)
    store, live = page.serving.store, page.serving.live
    found = profile(store, live, person_id, page.now, newest=0)
    events = timeline(store, person_id, limit=EVENTS, cursor=before)
    values = {
        "found": found,
        "segments": [one for one in found.segments if "." not in one.segment_id],
        "levels": [one for one in found.segments if "." in one.segment_id],
        "events": [(e, json.loads(e.properties)) for e in events.events],
        "cursor": events.cursor,
        "before": before,
    }
    return page.shown("person", values, title=found.person_id)
