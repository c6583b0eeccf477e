"""Discovery over HTTP: what people do early that goes along with reaching a goal."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field

from segue.bootstrap.insight import Insight
from segue.http.api.analysing import Analysing
from segue.http.api.models import Body, Instant
from segue.http.api.parameters import api_router, instant_at
from segue.http.api.results import Range, ShareBody
from segue.http.context import Here
from segue.language.parse import parse_duration
from segue.services.insight.discovering import COUNTS, MOST_COUNTS, MOST_WINDOWS
from segue.services.insight.discovering_document import discovered_document

router = api_router("Insight")

_EXAMPLE: Final[Any] = {
    "goal": "subscribed",
    "entering": "trial_users",
    "within": ["3 days", "7 days"],
}


class DiscoverBody(Body):
    """What to look for."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [_EXAMPLE]}
    )

    goal: str | None = Field(None, description="The goal. Default: the project's first.")
    entering: str | None = Field(
        None,
        description="Begin when people enter this segment. Default: with the first thing they do.",
    )
    within: list[Annotated[str, Field(max_length=50)]] = Field(
        ["1 day", "3 days", "7 days", "14 days"],
        min_length=1,
        max_length=MOST_WINDOWS,
        description="The first stretches of time in which things are counted.",
    )
    counts: int = Field(COUNTS, ge=1, le=MOST_COUNTS, description="Try 1 to so many times.")
    period: str | None = Field(
        None, max_length=50, description="Only people who began so long ago at most."
    )
    seed: int = Field(0, ge=0, description="Seed of the dealing by chance.")
    at: str | None = Field(
        None, max_length=100, description="The instant. Default: as of the last turn."
    )


class PopulationBody(Body):
    """The people who are compared at the end of a window, and how many are left out."""

    window_ms: int
    people: int
    earlier: int = Field(description="Those among whom was searched; the rest confirms.")
    reached: ShareBody = Field(description="Who reached the goal afterwards.")
    not_counted: int
    reached_before: int = Field(description="Who had reached the goal by the end of the window.")
    too_recent: int = Field(description="Whose time for the goal is not over.")


class ContrastBody(Body):
    """Those who did it against the others."""

    did: ShareBody
    others: ShareBody
    difference: float | None
    difference_range: Range
    ratio: float | None = Field(description="Relative risk.")
    ratio_range: Range
    odds_ratio: float | None
    odds_ratio_range: Range
    phi: float | None
    phi_range: Range
    phi_share: float | None = Field(description="φ as a part of the most its margins allow.")
    phi_share_range: Range
    adjusted_difference: float | None = Field(
        description="The difference among people who are equally active in all."
    )
    adjusted_difference_range: Range
    adjusted_odds_ratio: float | None
    adjusted_odds_ratio_range: Range


class LookedAtBody(Body):
    """The most telling test of an action."""

    action: str = Field(examples=["invited a teammate"])
    did: str = Field(examples=["invited a teammate at least 2 times in their first 3 days"])
    times: int = Field(description="At least so often.")
    window_ms: int
    verdict: str = Field(
        description="`found`, `too_few_later`, `not_again`, `turned`, `activity` or `by_chance`."
    )
    why: str = Field(description="The verdict in words.")
    condition: str = Field(
        description="It as a condition of the language.",
        examples=['did invited at least 2 times within 3 days after first "$session_started"'],
    )
    coverage: float = Field(description="The share of people who did it.")
    earlier: ContrastBody
    later: ContrastBody = Field(description="Among people who started later.")
    q_value: float = Field(description="Over everything tried.")
    family_p_value: float = Field(description="The chance of any so large by accident.")


class ProposedBody(Body):
    """A segment that a finding makes."""

    id: str
    title: str
    kind: str
    stage: str
    when: str


class FoundBody(LookedAtBody):
    """A finding: it passed everything."""

    number: int
    words: str = Field(description="To be read aloud.")
    segment: ProposedBody


class HeatBody(Body):
    """The adjusted differences of an action, by window and by number of times from 1 on."""

    action: str
    differences: list[list[float | None]] = Field(description="Null: not tried.")


class DiscoveredBody(Body):
    """What was found, and what was looked at in vain."""

    at: Instant
    goal: str
    segment_id: str | None
    definition: str = Field(description="What every number means.")
    words: str = Field(description="The outcome in a sentence or two.")
    not_cause: str
    windows_ms: list[int]
    counts: int
    followed_ms: int = Field(description="How long people are followed after a window.")
    actions: int
    tries: int
    rounds: int = Field(description="How often outcomes were dealt anew.")
    seed: int
    split_at: Instant | None = Field(description="Who began from here on confirms.")
    smallest_difference: float | None = Field(
        description="What would have been found in four of five cases, for an action of a tenth."
    )
    populations: list[PopulationBody]
    findings: list[FoundBody]
    looked_at: list[LookedAtBody]
    heat: list[HeatBody]


@router.post("/discover")
async def discover(here: Here, analyse: Analysing, asked: DiscoverBody) -> DiscoveredBody:
    """What people do early that goes along with reaching a goal: beyond chance over everything
    tried, beyond how active people are, and seen again among people who started later."""
    insight = Insight(
        here.store, here.project.project, here.live.definitions, instant_at(here, asked.at)
    )
    windows = [parse_duration(one) for one in asked.within]
    found = await analyse(
        lambda: insight.discover(
            asked.goal,
            segment=asked.entering,
            windows=windows,
            counts=asked.counts,
            period=None if asked.period is None else parse_duration(asked.period),
            seed=asked.seed,
        )
    )
    return DiscoveredBody.model_validate(discovered_document(found))
