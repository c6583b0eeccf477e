"""Measures over HTTP: what each segment does, beside everybody else and the period before."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import Query
from pydantic import Field

from segue.bootstrap.insight import Insight
from segue.http.api.analysing import Analysing
from segue.http.api.journeys import ByBody
from segue.http.api.models import Body, DayBody, Instant
from segue.http.api.parameters import At, SegmentPath, api_router, instant_at
from segue.http.api.results import Range, ShareBody
from segue.http.context import Context, Here
from segue.services.insight.measures_document import measures_document, segment_measures_document
from segue.services.insight.measuring import MOST_WEEKS, WEEKS, Measures
from segue.services.view import known_segment

router = api_router("Insight")

GoalId: TypeAlias = Annotated[
    str | None, Query(description="The main goal. Default: the project's first.", max_length=200)
]
Weeks: TypeAlias = Annotated[
    int, Query(ge=1, le=MOST_WEEKS, description="How long a period is, in weeks.")
]


class BesideBody(ShareBody):
    """A share beside another one: that other, and the difference between them."""

    difference: float | None = Field(description="This minus the other.")
    difference_range: Range
    ratio: float | None = Field(description="How many times as many; null: of none.")
    ratio_range: Range
    q_value: float = Field(description="Among the same comparison of all segments.")
    needs: int | None = Field(
        description="About how many more people would tell; null: told, or none would."
    )


class MeasureBody(ShareBody):
    """A share of a segment's people, beside everybody else and the period before."""

    rest: BesideBody | None = Field(description="Null: there is nobody else.")
    before: BesideBody | None = Field(description="Null: nobody was in then.")
    differs: bool = Field(description="Whether they surely differ from everybody else.")
    changed: bool = Field(description="Whether it surely changed since the period before.")


class MeanBody(Body):
    """A mean of so many people."""

    mean: float | None
    of: int
    range: Range


class GrowthBody(Body):
    """One week: `now = before + new + returned - gone`, exactly."""

    before: int
    new: int = Field(description="Never there before.")
    returned: int
    gone: int
    now: int
    quick_ratio: float | None = Field(description="(new + returned) / gone; null: nobody went.")


class WaitBody(Body):
    """How long it takes (Kaplan-Meier)."""

    people: int
    happened: int
    followed_ms: int
    median_ms: int | None = Field(description="Null: it has not happened to half of them.")
    by: list[ByBody]


class LogRankBody(Body):
    """Two curves against each other."""

    p_value: float
    hazard_ratio: float | None
    hazard_ratio_range: Range
    q_value: float


class TimeBody(WaitBody):
    """How long it takes to the main goal."""

    rest: WaitBody = Field(description="Everybody else, from an instant in the same weeks.")
    against: LogRankBody


class SizeBody(ShareBody):
    """How many are in, of everybody who counts."""

    before: int = Field(description="A period earlier.")


class FeatureBody(Body):
    """An action, among active members."""

    action: str
    share: MeasureBody
    depth: MeanBody = Field(description="How often those who did it did it.")
    median_ms: int | None = Field(description="From entry to the first use; null: not by half.")


class AdoptionBody(Body):
    """How the actions of the project are used."""

    breadth: MeanBody = Field(description="How many of them an active member uses.")
    features: list[FeatureBody]


class SaidBody(Body):
    """Answers on a scale, summed up."""

    value: float | None = Field(description="Points for NPS, a share for CSAT, else a mean.")
    range: Range
    answers: int
    response: ShareBody


class SatisfactionBody(Body):
    """A question on a scale: of the people in the segment when they answered, and of the others."""

    survey_id: str
    question_id: str
    ask: str
    scale: str = Field(examples=["nps"])
    inside: SaidBody
    outside: SaidBody


class PromiseBody(Body):
    """Reach times lift times value."""

    reach: int = Field(description="Who enters in a period.")
    lift: float = Field(description="How many more of them reach the goal, as a share.")
    is_measured: bool = Field(description="By a campaign with a holdout; else supposed.")
    value: float
    expected: float
    expected_range: Range


class FiguresBody(Body):
    """The measures of one segment."""

    segment_id: str
    title: str
    kind: str
    stage: str
    words: list[str] = Field(description="What was found, in sentences.")
    size: SizeBody
    days: list[DayBody]
    growth: list[GrowthBody] = Field(description="Week by week, of members.")
    conversion: dict[str, MeasureBody] = Field(description="By the id of the goal.")
    time_to_goal: TimeBody | None = Field(description="Null: the project has no goal.")
    engagement: MeasureBody
    retention: dict[str, MeasureBody] = Field(
        description="`day_N`: on that day; `from_N`: then or later; `days_A_B`: on any of them."
    )
    churn: MeasureBody
    reactivation: MeasureBody
    changing: MeasureBody
    stickiness: MeanBody
    adoption: AdoptionBody
    satisfaction: list[SatisfactionBody]
    promise: PromiseBody | None


class GoalBody(Body):
    """A goal."""

    within_ms: int
    is_limited: bool = Field(description="Whether the project says so; else four weeks.")


class HeadBody(Body):
    """What measures are of."""

    at: Instant
    days_end: Instant = Field(description="Where the last whole day ends.")
    weeks: int
    goal: str | None
    goals: dict[str, GoalBody]
    definitions: dict[str, str] = Field(description="How each figure is defined.")


class SegmentMeasuresBody(HeadBody, FiguresBody):
    """The measures of one segment, with their definitions."""


class EverybodyBody(Body):
    """Everybody who counts."""

    people: int
    engagement: ShareBody
    stickiness: MeanBody
    growth: list[GrowthBody] = Field(description="Week by week, of active people.")


class RankBody(Body):
    """A segment's place: on the first one acting promises most."""

    segment_id: str
    expected: float
    words: str


class KindBody(Body):
    """The people who entered any segment of a kind."""

    kind: str
    segments: list[str]
    conversion: dict[str, MeasureBody]


class MeasuresBody(HeadBody):
    """The measures of all segments."""

    words: list[str]
    everybody: EverybodyBody
    ranking: list[RankBody]
    kinds: list[KindBody]
    segments: list[FiguresBody]


@router.get("/measures")
async def get_measures(
    here: Here, analyse: Analysing, *, goal: GoalId = None, weeks: Weeks = WEEKS, at: At = None
) -> MeasuresBody:
    """What each segment does: conversion, retention, engagement, growth, adoption, promise."""
    found = await analyse(lambda: _measured(here, goal, weeks, at))
    return MeasuresBody.model_validate(measures_document(found))


@router.get("/segments/{segment_id}/measures")
async def get_segment_measures(
    here: Here,
    segment_id: SegmentPath,
    analyse: Analysing,
    *,
    goal: GoalId = None,
    weeks: Weeks = WEEKS,
    at: At = None,
) -> SegmentMeasuresBody:
    """The measures of one segment, as they are among those of all."""
    known_segment(here.live.definitions, segment_id)
    found = await analyse(lambda: _measured(here, goal, weeks, at))
    return SegmentMeasuresBody.model_validate(segment_measures_document(found, segment_id))


def _measured(here: Context, goal: str | None, weeks: int, at: str | None) -> Measures:
    definitions, instant = here.live.definitions, instant_at(here, at)
    insight = Insight(here.store, here.project.project, definitions, instant)
    return insight.measures(goal=goal, weeks=weeks)
