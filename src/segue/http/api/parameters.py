"""Parameters that several routes take, each with one meaning everywhere."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from segue.domain.errors import Problem, UsageError
from segue.domain.instant import LATEST, format_instant, parse_instant
from segue.domain.ports import StoredEvent
from segue.http.access import NEEDS_SECRET_KEY
from segue.http.api.models import EventBody, ProblemBody
from segue.http.context import Context

MOST: Final = 1000
"""Rows of a page at most."""

PersonPath: TypeAlias = Annotated[
    str, Path(description="Any distinct id of the person.", examples=["ada@example.com"])
]
SegmentPath: TypeAlias = Annotated[
    str, Path(description="The segment's id.", examples=["cart_abandoners"])
]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=MOST, description="Rows of the page at most.")]
At: TypeAlias = Annotated[
    str | None,
    Query(description="The instant: RFC 3339, a date, or `now`. Default: now.", max_length=100),
]
Cursor: TypeAlias = Annotated[
    str | None, Query(description="What an earlier page gave as its cursor.", max_length=2000)
]


def api_router(tag: str) -> APIRouter:
    """A router for a part of the API: below `/api`, for secret keys only."""
    return APIRouter(prefix="/api", tags=[tag], dependencies=[NEEDS_SECRET_KEY])


def instant_at(here: Context, text: str | None) -> int:
    """The instant (ms) that a parameter says. Raises `UsageError` where it says none, or one
    outside the accepted years."""
    if text is None or text == "now":
        return here.clock()
    try:
        found = parse_instant(text, here.live.definitions.timezone)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{text!r} is no instant", hint="for example 2026-05-03, 2026-05-03T14:00:00Z, now"
        ) from error
    if not 0 <= found <= LATEST:
        raise UsageError(f"{text!r} lies outside the years 1970 to 2200", hint="use one in between")
    return found


def encoded(document: Any) -> Response:
    """A document as a JSON answer, without a model in between."""
    return Response(msgspec.json.encode(document), media_type="application/json")


def event_body(event: StoredEvent) -> EventBody:
    """A stored event as a body."""
    return EventBody(
        event_id=event.event_id,
        distinct_id=event.distinct_id,
        event=event.event,
        occurred_at=format_instant(event.occurred_at),
        received_at=format_instant(event.received_at),
        sequence=event.sequence,
        properties=json.loads(event.properties),
    )


def problem_body(problem: Problem) -> ProblemBody:
    """A problem as a body, with a caret to show below its excerpt."""
    return ProblemBody(
        message=problem.message,
        severity=problem.severity.value,
        line=problem.line,
        column=problem.column,
        excerpt=problem.excerpt,
        caret=" " * (problem.column - 1) + "^" if problem.excerpt else "",
        where=problem.where,
        expected=list(problem.expected),
        suggestion=problem.suggestion,
    )
