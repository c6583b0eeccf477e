"""The journey over HTTP: how many go on from stage to stage, how fast, and where they stop."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from segue.bootstrap.insight import Insight
from segue.http.api.analysing import Analysing
from segue.http.api.models import Body, Instant
from segue.http.api.parameters import At, api_router, instant_at
from segue.http.api.results import Range, ShareBody
from segue.http.context import Here
from segue.language.parse import parse_duration
from segue.services.insight.journey import DAYS
from segue.services.insight.journey_document import journey_document

router = api_router("Insight")


class StageBody(Body):
    """A stage of the journey."""

    stage: str = Field(examples=["consideration"])
    title: str = Field(examples=["Consideration"])


class StageShareBody(ShareBody):
    """The share of people who reached a stage, or a later one."""

    stage: str = Field(examples=["intent"])


class ByBody(Body):
    """To how many it has happened by then."""

    after_ms: int = Field(description="So long after the start.", examples=[604_800_000])
    share: float | None = Field(description="Null: nobody was followed so long.")
    range: Range


class CurveBody(Body):
    """How long it takes (Kaplan-Meier)."""

    people: int
    happened: int = Field(description="Those of them to whom it happened.")
    followed_ms: int = Field(description="The longest time that anybody was followed.")
    median_ms: int | None = Field(description="Null: it has not happened to half of them.")
    by: list[ByBody]
    curve: list[list[float]] = Field(
        description="Points to draw it by: milliseconds, share, and both ends of its range."
    )


class StageFiguresBody(StageBody):
    """A stage in the period."""

    people: int = Field(description="On it at the end of the period.")
    entrants: int = Field(description="People who entered it in the period.")
    onward: list[StageShareBody] = Field(description="Who reached each later stage in the window.")
    stay: CurveBody = Field(description="How long people stay on it at a time.")
    next: CurveBody | None = Field(description="How long until a later stage; null: the last.")


class BeginningsBody(Body):
    """People who began in `[from, before)`, and how far they came."""

    from_: Instant = Field(alias="from")
    before: Instant
    people: int
    reached: list[StageShareBody]


class MoveBody(Body):
    """Steps from one stage to another; null: on no stage."""

    from_: str | None = Field(alias="from", examples=["intent"])
    to: str | None = Field(examples=["conversion"])
    count: int


class PlacesBody(Body):
    """People by where they were at the start of the period and where at its end; null: on no
    stage; empty: not counted."""

    from_: str | None = Field(alias="from", examples=["intent"])
    to: str | None = Field(examples=["conversion"])
    people: int


class OccupancyBody(Body):
    """How many people were on each stage; the last line is on none."""

    instants: list[Instant]
    people: list[list[int]] = Field(description="One list for each stage, and one for none.")


class LastBody(Body):
    """What people did last before they stopped, against those who went on."""

    event: str = Field(examples=["pricing_view"])
    stopped: ShareBody
    went_on: ShareBody
    difference: float | None
    difference_range: Range
    q_value: float = Field(description="Over everything that was compared.")
    is_told: bool = Field(description="Whether they differ for sure.")


class StopBody(Body):
    """Where people stop."""

    stage: str
    stopped: ShareBody = Field(description="Of those on it, who did nothing for so long.")
    last: list[LastBody]


class OneJourneyBody(Body):
    """The journey of everybody, or of a segment."""

    stages: list[StageFiguresBody]
    begun: BeginningsBody
    weeks: list[BeginningsBody]
    moves: list[MoveBody]
    flow: list[PlacesBody]
    occupancy: OccupancyBody
    stops: list[StopBody]


class ComparedBody(Body):
    """The people of a segment (a) against all others (b)."""

    a: ShareBody
    b: ShareBody
    difference: float | None
    difference_range: Range
    ratio: float | None
    ratio_range: Range
    p_value: float
    is_told: bool = Field(description="Whether they differ for sure.")
    needs: int | None = Field(description="About how many more people would tell.")


class PaceBody(Body):
    """How fast the people of a segment go on, against all others."""

    p_value: float = Field(description="Of the log-rank test.")
    hazard_ratio: float | None
    hazard_ratio_range: Range


class AgainstBody(Body):
    """The people of a segment against all others at a stage."""

    stage: str
    onward: ComparedBody
    pace: PaceBody


class SegmentJourneyBody(Body):
    """The journey of the people of a segment."""

    segment_id: str
    title: str
    journey: OneJourneyBody
    against_others: list[AgainstBody]


class JourneyBody(Body):
    """The journey of a project in a period."""

    at: Instant
    timezone: str
    from_: Instant = Field(alias="from")
    until: Instant
    window_ms: int = Field(description="The time in which people are to go on.")
    silence_ms: int = Field(description="Who did nothing for so long has stopped.")
    words: list[str] = Field(description="What was found, in sentences.")
    definitions: dict[str, str] = Field(description="What each figure means.")
    stages: list[StageBody]
    journey: OneJourneyBody | None = Field(description="Null: the project has no journey.")
    segments: list[SegmentJourneyBody]


@router.get("/journey")
async def get_journey(
    *,
    here: Here,
    analyse: Analysing,
    at: At = None,
    from_: Annotated[
        str | None, Query(alias="from", description="Where the period begins.", max_length=100)
    ] = None,
    until: Annotated[
        str | None, Query(description="Where it ends. Default: at.", max_length=100)
    ] = None,
    days: Annotated[int, Query(ge=1, le=3660, description="So many days back.")] = DAYS,
    within: Annotated[
        str, Query(description="The time in which people are to go on.", max_length=50)
    ] = "30 days",
    silent: Annotated[
        str, Query(description="Who did nothing for so long has stopped.", max_length=50)
    ] = "14 days",
    segment: Annotated[
        list[str] | None, Query(description="Also of the people of these segments.", max_length=20)
    ] = None,
    by_week: Annotated[bool, Query(description="Also by the week in which people began.")] = False,
) -> JourneyBody:
    """How many people go on from stage to stage, how fast, who falls back, and where they stop."""
    window, silence = parse_duration(within), parse_duration(silent)
    insight = Insight(here.store, here.project.project, here.live.definitions, instant_at(here, at))
    found = await analyse(
        lambda: insight.journey(
            start=from_,
            until=until,
            days=days,
            window=window,
            silence=silence,
            segments=segment or (),
            by_week=by_week,
        )
    )
    return JourneyBody.model_validate(journey_document(found))
