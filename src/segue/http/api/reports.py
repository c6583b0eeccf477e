"""The report over HTTP: everything that there is to know of a period, as numbers or as a page."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from fastapi import Query
from pydantic import Field
from starlette.responses import HTMLResponse

from segue.bootstrap.insight import REPORT_DAYS, Insight
from segue.bootstrap.reports import page_of
from segue.http.api.analysing import Analysing
from segue.http.api.journeys import JourneyBody
from segue.http.api.models import Body, Instant
from segue.http.api.parameters import At, api_router, instant_at
from segue.http.api.portfolio import PortfolioBody
from segue.http.context import Context, Here
from segue.services.insight.report import Report, report_document

router = api_router("Insight")

Days: TypeAlias = Annotated[int, Query(ge=7, le=3660, description="So many days back.")]
Goal: TypeAlias = Annotated[
    str | None,
    Query(description="The goal to judge by. Default: the project's first.", max_length=200),
]


class ReportBody(Body):
    """A project in a period; each part as its own route has it."""

    project: str = Field(examples=["acme"])
    timezone: str
    from_: Instant = Field(alias="from")
    at: Instant
    days: int
    words: list[str] = Field(description="What matters most, in a handful of sentences.")
    journey: JourneyBody
    segments: dict[str, Any] = Field(description="As of `/api/measures`.")
    findings: dict[str, Any] = Field(
        description="As of `/api/discover`; where they were not looked for `goal` is null."
    )
    lint: PortfolioBody


@router.get("/report")
async def get_report(
    *, here: Here, analyse: Analysing, at: At = None, days: Days = REPORT_DAYS, goal: Goal = None
) -> ReportBody:
    """The journey, the segments, what predicts the goal, and what to mend, together."""
    instant = instant_at(here, at)
    found = await analyse(lambda: report_document(_report(here, instant, days, goal)))
    return ReportBody.model_validate(found)


@router.get("/report.html", response_class=HTMLResponse)
async def get_report_page(
    *, here: Here, analyse: Analysing, at: At = None, days: Days = REPORT_DAYS, goal: Goal = None
) -> HTMLResponse:
    """The same as one page to keep, mail or print: it needs nothing else."""
    instant = instant_at(here, at)
    page = await analyse(lambda: page_of(_report(here, instant, days, goal)))
    return HTMLResponse(page)


def _report(here: Context, at: int, days: int, goal: str | None) -> Report:
    insight = Insight(here.store, here.project.project, here.live.definitions, at)
    return insight.report(days=days, goal=goal)
