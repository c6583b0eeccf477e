"""Segments: what they mean, who is in them, what came and went, why somebody is in one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np
from fastapi import Query, Request
from starlette.responses import Response

from segue.domain.instant import DAY
from segue.http.api.events import catalogue_of
from segue.http.api.models import (
    DayBody,
    ExplanationBody,
    HistoryBody,
    MemberBody,
    MembersBody,
    PreviewBody,
    SegmentBody,
    SegmentsBody,
    SegmentWritten,
    instant,
    maybe_instant,
)
from segue.http.api.parameters import (
    At,
    Cursor,
    Limit,
    PersonPath,
    SegmentPath,
    api_router,
    encoded,
    instant_at,
    problem_body,
)
from segue.http.context import Context, Here
from segue.language.describe import describe
from segue.language.text import to_text
from segue.services.daily import Day
from segue.services.explain import explain_membership
from segue.services.explanation_document import explanation_document
from segue.services.live.live import SegmentStanding
from segue.services.live.previewing import DAYS, preview
from segue.services.live.segment_history import daily_history, days_between
from segue.services.view import known_segment

router = api_router("Segments")


@router.get("/segments")
def get_segments(here: Here) -> SegmentsBody:
    """All segments with their sizes."""
    return SegmentsBody(segments=_bodies(here, here.live.segments()))


@router.get("/segments/{segment_id:path}/members")
def get_members(
    here: Here, segment_id: SegmentPath, at: At = None, cursor: Cursor = None, limit: Limit = 100
) -> MembersBody:
    """Who is in, now or as of any instant, by person id."""
    known_segment(here.live.definitions, segment_id)
    instant_ = instant_at(here, at)
    page = here.store.members(segment_id, at=instant_, after=cursor, limit=limit)
    return MembersBody(
        segment_id=segment_id,
        at=instant(instant_),
        members=[
            MemberBody(
                person_id=one.person_id,
                since=instant(one.since),
                until=maybe_instant(one.until),
            )
            for one in page.members
        ],
        cursor=page.cursor,
    )


@router.get("/segments/{segment_id:path}/history")
def get_history(
    here: Here,
    segment_id: SegmentPath,
    from_: Annotated[
        str | None, Query(alias="from", description="The first day. Default: 27 days before to.")
    ] = None,
    to: Annotated[str | None, Query(description="The last day. Default: today.")] = None,
) -> HistoryBody:
    """The size of a segment at the end of each day, and who entered and left on it."""
    known_segment(here.live.definitions, segment_id)
    last = instant_at(here, to)
    first = last - (DAYS - 1) * DAY if from_ is None else instant_at(here, from_)
    zone = here.live.definitions.timezone
    days = daily_history(here.store, segment_id, days_between(first, last, here.clock(), zone))
    return HistoryBody(segment_id=segment_id, timezone=zone, days=day_bodies(days))


@router.get("/segments/{segment_id:path}/explain/{person_id:path}", response_model=ExplanationBody)
def get_explanation(
    here: Here, segment_id: SegmentPath, person_id: PersonPath, at: At = None
) -> Response:
    """Why a person is in a segment, or not: what holds, the events behind it, when it changes."""
    explained = explain_membership(
        here.store, here.live.definitions, segment_id, person_id, instant_at(here, at)
    )
    return encoded(explanation_document(explained))


@router.get("/segments/{segment_id:path}")
def get_segment(here: Here, segment_id: SegmentPath) -> SegmentBody:
    """One segment: its definition as text and as a sentence, its version, its size."""
    known_segment(here.live.definitions, segment_id)
    standing = [one for one in here.live.segments() if one.segment_id == segment_id]
    return _bodies(here, standing)[0]


@router.post("/preview")
def try_segment(request: Request, here: Here, segment: SegmentWritten) -> PreviewBody:
    """What a condition would mean if it were saved: how many, who, the last 28 days, doubts."""
    now = here.clock()
    written = {key: value for key, value in segment.model_dump().items() if value}
    catalog = catalogue_of(request, here).names(now).catalog
    tried = preview(here.live, here.project.project, written, catalog, now)
    return PreviewBody(
        when=tried.when,
        sentence=tried.sentence,
        size=tried.size,
        people=tried.people,
        share=tried.share,
        sample=list(here.store.person_ids(np.array(tried.sample, np.int32))),
        days=day_bodies(tried.days),
        warnings=[problem_body(one) for one in tried.warnings],
        at=instant(now),
    )


def _bodies(here: Context, standings: list[SegmentStanding]) -> list[SegmentBody]:
    definitions = here.live.definitions
    known: dict[str, Any] = {segment.id: segment for segment in definitions.segments}
    titles = {segment.id: segment.title for segment in definitions.segments}
    return [
        SegmentBody(
            segment_id=one.segment_id,
            title=one.title,
            kind=one.kind,
            stage=known[one.segment_id].stage,
            version=one.version,
            size=one.size,
            when=to_text(known[one.segment_id].condition),
            sentence=describe(known[one.segment_id].condition, titles=titles),
        )
        for one in standings
        if one.segment_id in known
    ]


def day_bodies(days: Iterable[Day]) -> list[DayBody]:
    """Days as bodies."""
    return [
        DayBody(day=one.day.isoformat(), entered=one.entered, left=one.left, size=one.size)
        for one in days
    ]
