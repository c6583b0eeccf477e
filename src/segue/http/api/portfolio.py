"""Lint of the project as a whole: the known mistakes of segments and campaigns."""

from __future__ import annotations

from pydantic import Field

from segue.bootstrap.insight import Insight
from segue.http.api.analysing import Analysing
from segue.http.api.models import Body, Instant
from segue.http.api.parameters import api_router
from segue.http.context import Here
from segue.insight.portfolio.findings import Mistake
from segue.services.insight.lint_document import lint_document

router = api_router("Insight")


class FindingBody(Body):
    """One mistake."""

    mistake: Mistake = Field(examples=["never-ends"])
    segments: list[str] = Field(description="The segments it is about; none: the whole project.")
    campaigns: list[str] = Field(description="The campaigns it is about.")
    evidence: str = Field(
        description="What shows it.",
        examples=["Nobody of the 107 people who ever entered “Repeat buyers” has left it."],
    )
    advice: str = Field(
        description="What to do.",
        examples=["Say for how long it counts, such as `within 30 days`."],
    )
    edit: str | None = Field(
        description="What the first segment's condition could be instead; null: nothing proposed."
    )


class OverlapBody(Body):
    """Two segments that share people now."""

    segments: list[str] = Field(description="Both ids.", min_length=2, max_length=2)
    both: int = Field(description="How many people are in both.")
    jaccard: float = Field(description="Their share of those in either.")
    first_in_second: float = Field(description="Their share of the first one's people.")
    second_in_first: float = Field(description="Their share of the second one's people.")


class PortfolioBody(Body):
    """What lint says of the project."""

    at: Instant
    people: int = Field(description="How many people count.")
    segments: int = Field(description="How many segments were looked at: no levels, no stages.")
    campaigns: int = Field(description="How many campaigns and surveys were looked at.")
    findings: list[FindingBody]
    overlaps: list[OverlapBody] = Field(description="Exact counts, as of now.")


@router.get("/portfolio")
async def lint_portfolio(here: Here, analyse: Analysing) -> PortfolioBody:
    """Find the known mistakes of segments and campaigns, as of now, each with its evidence."""
    found = await analyse(
        lambda: Insight(
            here.store, here.project.project, here.live.definitions, here.clock()
        ).lint()
    )
    return PortfolioBody.model_validate(lint_document(found))
