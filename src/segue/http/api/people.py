"""People: who they are, what they did, which segments they are in; erasing and exporting them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from segue.bootstrap.calls import erase_served
from segue.domain.instant import format_instant
from segue.http.api.models import (
    ErasedBody,
    EventCountBody,
    EventsBody,
    FoundBody,
    PeopleBody,
    PersonDocument,
    ProfileBody,
    StandingBody,
    StayBody,
    TraitBody,
    instant,
    maybe_instant,
)
from segue.http.api.parameters import Cursor, Limit, PersonPath, api_router, encoded, event_body
from segue.http.context import Here
from segue.services.explain import known_person
from segue.services.live.live import PersonStanding
from segue.services.live.person_document import person_document
from segue.services.live.reading import Profile, TraitValue, profile, search, timeline, whole_person

router = api_router("People")


@router.get("/people")
def find_people(
    here: Here,
    query: Annotated[
        str,
        Query(
            min_length=1,
            max_length=1000,
            description="The beginning of a distinct id, or a whole email.",
            examples=["ada@"],
        ),
    ],
    limit: Limit = 20,
) -> PeopleBody:
    """Find people by the beginning of a distinct id, or by their trait `email`."""
    found = search(here.store, query, here.clock(), limit=limit)
    return PeopleBody(
        people=[FoundBody(person_id=one.person_id, matched=one.matched) for one in found]
    )


@router.get("/people/{person_id:path}/segments", response_model=StandingBody)
async def get_standing(here: Here, person_id: PersonPath) -> Response:
    """The segments that a person is in, since when and until when: from memory, in no time."""
    return encoded(standing_document(here.live.standing(person_id)))


@router.get("/people/{person_id:path}/events")
def get_events(
    here: Here, person_id: PersonPath, limit: Limit = 100, cursor: Cursor = None
) -> EventsBody:
    """What a person did, latest first."""
    page = timeline(here.store, person_id, limit=limit, cursor=cursor)
    return EventsBody(
        person_id=page.person_id,
        events=[event_body(event) for event in page.events],
        cursor=page.cursor,
    )


@router.get("/people/{person_id:path}/export")
def export_person(here: Here, person_id: PersonPath) -> PersonDocument:
    """Everything that is stored about a person, as one document."""
    whole = whole_person(here.store, person_id, here.clock())
    return PersonDocument(**person_document(whole))


@router.get("/people/{person_id:path}")
def get_person(
    here: Here,
    person_id: PersonPath,
    events: Annotated[int, Query(ge=0, le=1000, description="How many of the latest events.")] = 20,
) -> ProfileBody:
    """Everything about a person at a glance: traits, stage, segments and why, the latest events."""
    return _profile_body(profile(here.store, here.live, person_id, here.clock(), newest=events))


@router.delete("/people/{person_id:path}")
def erase_person(here: Here, person_id: PersonPath) -> ErasedBody:
    """Remove a person everywhere, and prove it. There is no way back."""
    erased = erase_served(here.live, here.workspace, known_person(here.store, person_id))
    return ErasedBody(
        person_id=erased.person_id,
        distinct_ids=list(erased.distinct_ids),
        events=erased.events,
        remaining=erased.remaining,
    )


def standing_document(standing: PersonStanding) -> dict[str, Any]:
    """What `StandingBody` describes, built without it: this is asked thousands of times."""
    return {
        "person_id": standing.person_id,
        "as_of": format_instant(standing.as_of),
        "segments": [
            {
                "segment_id": one.segment_id,
                "since": format_instant(one.since),
                "until": None if one.until is None else format_instant(one.until),
            }
            for one in standing.memberships
        ],
    }


def _profile_body(found: Profile) -> ProfileBody:
    return ProfileBody(
        person_id=found.person_id,
        distinct_ids=list(found.distinct_ids),
        first_seen=instant(found.first_seen),
        last_seen=instant(found.last_seen),
        traits=_trait_bodies(found.traits),
        stage=found.stage,
        segments=[
            StayBody(
                segment_id=one.segment_id,
                title=one.title,
                kind=one.kind,
                since=instant(one.since),
                until=maybe_instant(one.until),
                why=one.why,
            )
            for one in found.segments
        ],
        counts=[
            EventCountBody(
                event=one.event,
                count=one.count,
                first_at=instant(one.first_at),
                last_at=instant(one.last_at),
            )
            for one in found.counts
        ],
        events=[event_body(event) for event in found.newest],
        as_of=instant(found.as_of),
    )


def _trait_bodies(traits: Mapping[str, TraitValue]) -> dict[str, TraitBody]:
    return {
        name: TraitBody(value=trait.value, set_at=instant(trait.set_at))
        for name, trait in traits.items()
    }
