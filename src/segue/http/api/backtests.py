"""Backtests over HTTP: what a segment, saved or not, would have done in the past."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from segue.bootstrap.insight import Insight
from segue.http.api.analysing import Analysing
from segue.http.api.journeys import ByBody
from segue.http.api.models import Body, DayBody, Instant
from segue.http.api.parameters import api_router, instant_at
from segue.http.api.results import Range, ShareBody
from segue.http.context import Here
from segue.services.insight.backtest_document import backtest_document
from segue.services.insight.backtesting import DAYS, MOST_DAYS

router = api_router("Insight")


class BacktestWritten(BaseModel):
    """What is backtested: a segment of the project, or a condition."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "when": "did purchase at least 3 times within 30 days",
                "days": 90,
                "goal": "subscribed",
            }
        },
    )

    segment_id: str | None = Field(None, max_length=500, description="A segment of the project.")
    when: str | None = Field(None, max_length=100_000, description="A condition instead.")
    title: str = Field("", max_length=500, description="What to call the condition.")
    days: int = Field(DAYS, ge=1, le=MOST_DAYS, description="So many days back.")
    goal: str | None = Field(None, max_length=500, description="Default: the project's first.")
    campaign: str | None = Field(None, max_length=500, description="The campaign to try on it.")
    at: str | None = Field(None, max_length=100, description="The instant. Default: now.")


class BacktestGoalBody(Body):
    """The goal that people are judged by."""

    id: str = Field(examples=["subscribed"])
    within_ms: int = Field(description="The window after the entry.", examples=[1_209_600_000])


class DwellBody(Body):
    """How long stays last (Kaplan-Meier): who is still in has stayed longer than so far."""

    people: int = Field(description="Stays that began in the period.")
    happened: int = Field(description="Those of them that have ended.")
    followed_ms: int = Field(description="The longest of them, so far.")
    median_ms: int | None = Field(description="Null: half of them have not ended.")
    by: list[ByBody] = Field(description="The share that has ended so long after the entry.")


class EstimateBody(Body):
    """A share of people at instants."""

    share: float | None = Field(description="0 to 1; null of nobody.")
    range: Range
    people: int = Field(description="How many different people.")
    rows: int = Field(description="How often people stand in it.")


class BalanceBody(Body):
    """By how many standard deviations entrants differ from others when they enter."""

    in_: str = Field(alias="in", examples=["age"], description="In what.")
    anybody: float | None = Field(description="From anybody who was not in.")
    alike: float | None = Field(description="From people like them.")


class OutcomeBody(Body):
    """What entrants did afterwards, against people like them who were not in at the time."""

    words: str = Field(examples=["19 points more (15 to 23)"])
    notes: list[str] = Field(description="Who is left out, and in what they were not alike.")
    entrants: ShareBody = Field(description="All entrants with a whole window behind them.")
    too_young: int = Field(description="Entrants without one.")
    compared: EstimateBody = Field(description="Entrants beside whom somebody stands.")
    alike: EstimateBody = Field(description="The people beside them.")
    anybody: EstimateBody = Field(description="People drawn by chance at the same instants.")
    difference: float | None = Field(description="`compared` less `alike`.")
    difference_range: Range
    is_told: bool = Field(description="Whether they differ for sure.")
    needs: int | None = Field(description="About how many more entrants would tell.")
    balance: list[BalanceBody]


class TriedMessagesBody(Body):
    """What a campaign would have sent."""

    campaign_id: str = Field(description="`backtest`: a plain message on entering.")
    messaged: int
    people: int
    held_out: int
    refused: int
    waiting: int = Field(description="Still to come at the end.")
    repeats: int = Field(description="Moments of people to whom it does not speak again.")
    reasons: dict[str, int] = Field(description="Why moments were held out or refused.")


class DailyJobBody(Body):
    """How late a job would have been that looks at every midnight of the project's zone."""

    never: ShareBody = Field(description="Entries that were over when it looked.")
    median_ms: int | None = Field(description="Half of the others are known so late or later.")
    nine_in_ten_ms: int | None = Field(description="Nine in ten of them at most so late.")


class TogetherBody(Body):
    """How much two segments are the same people."""

    this: int
    other: int
    both: int
    jaccard: float = Field(description="Of those in either, the share in both.")
    this_in_other: float | None
    other_in_this: float | None


class SharedBody(Body):
    """Another segment of the project."""

    segment_id: str
    title: str
    now: TogetherBody
    period: TogetherBody = Field(description="Who ever was in, in the period.")


class ThresholdBody(Body):
    """The segment with one threshold changed; the first is the segment as it is."""

    old: str | None = Field(examples=["7 days"])
    new: str | None = Field(examples=["5 days"])
    before: str | None = Field(description="The smallest condition around it.")
    after: str | None
    size: int
    entries: int
    reached: ShareBody | None = Field(description="Entrants who reached the goal.")
    jaccard: float = Field(description="How much those who ever were in are the same people.")


class BacktestBody(Body):
    """What a segment would have done."""

    segment_id: str | None = Field(description="Null: a condition that is not saved.")
    title: str
    when: str
    sentence: str
    at: Instant
    start: Instant
    timezone: str
    words: list[str] = Field(description="What was found, in sentences.")
    definition: str = Field(description="How entrants are compared.")
    people: int = Field(description="How many count now.")
    size: int = Field(description="How many of them are in.")
    entries: int
    entrants: int
    days: list[DayBody]
    dwell: DwellBody
    goal: BacktestGoalBody | None
    outcome: OutcomeBody | None = Field(description="Null: there is no goal.")
    messages: TriedMessagesBody
    daily_job: DailyJobBody
    overlaps: list[SharedBody]
    thresholds: list[ThresholdBody]


@router.post("/backtest")
async def backtest(here: Here, analyse: Analysing, asked: BacktestWritten) -> BacktestBody:
    """What a segment, or a condition, would have done in the days up to an instant: who came and
    went, how long they stayed, and what they did then, against people like them."""
    at = instant_at(here, asked.at)
    insight = Insight(here.store, here.project.project, here.live.definitions, at)
    question = asked.model_dump(exclude={"segment_id", "at"})
    found = await analyse(lambda: insight.backtest(asked.segment_id, **question))
    return BacktestBody.model_validate(backtest_document(found))
