"""Patterns over HTTP: groups of people, ready-made ones, and what foretells a goal."""

from __future__ import annotations

from typing import Any, Final

from pydantic import ConfigDict, Field

from segue.bootstrap.insight import Insight
from segue.http.api.analysing import Analysing
from segue.http.api.models import Body, Instant
from segue.http.api.parameters import api_router, instant_at
from segue.http.api.results import Range, ShareBody
from segue.http.context import Context, Here
from segue.language.parse import parse_duration, parse_pattern
from segue.language.templates.lifecycle import PERIOD
from segue.services.insight.patterns import SEED, View, Wish
from segue.services.insight.patterns_document import (
    identity_document,
    patterns_document,
    ready_document,
)
from segue.services.insight.ready import WINDOW, Buying

router = api_router("Insight")

_PATTERNS: Final[Any] = {"by": "what", "mix": "page_view", "within": "90 days", "least": 15}
_IDENTITY: Final[Any] = {"goal": "subscribed", "entering": "journey.intent", "within": "3 days"}
_READY: Final[Any] = {"period": "7 days"}
_AT: Final = "The instant. Default: as of the last turn."


def _given(example: Any) -> ConfigDict:
    return ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [example]})


class PatternsBody(Body):
    """What groups to look for."""

    model_config = _given(_PATTERNS)

    by: View = Field(View.WHAT, description="Alike in `what` they do, or in `how`.")
    mix: str | None = Field(
        None, max_length=1_000, description="Of what the mix is. Default: pages, else anything."
    )
    within: str | None = Field(None, max_length=50, description="How far back. Default: 90 days.")
    least: int | None = Field(None, ge=1, description="Only who did it so often.")
    segment: str | None = Field(None, max_length=200, description="Only members of this segment.")
    groups: int | None = Field(
        None, ge=2, le=20, description="So many. Default: as many as are stable."
    )
    seed: int = Field(SEED, ge=0, description="Seed of what is drawn by chance.")
    at: str | None = Field(None, max_length=100, description=_AT)


class FoundSegmentBody(Body):
    """What a group would be in segue.yaml; PUT /api/segments/{id} puts it there."""

    id: str
    title: str
    kind: str = ""
    stage: str = ""
    when: str


class MatchBody(Body):
    """How well a rule names a group, by whom the engine finds in the segment."""

    both: int
    rule: int
    group: int
    precision: float | None
    recall: float | None
    jaccard: float


class MarkBody(Body):
    """What distinguishes a group."""

    feature: str
    family: str
    distance: float = Field(description="In standard deviations; below 0: less than everybody.")
    typical: str
    everybody: str


class PatternBody(Body):
    """One group and its rule."""

    title: str
    words: str
    people: ShareBody
    when: str = Field(description="The rule, a condition of the language.")
    sentence: str
    match: MatchBody
    marks: list[MarkBody]
    segment: FoundSegmentBody


class TriedBody(Body):
    """What became of looking for so many groups."""

    groups: int
    jaccard: list[float] = Field(description="How well each comes back, the worst first.")
    within: float
    by_chance: list[float] = Field(description="What people without groups give: three kinds.")
    smallest: float
    is_stable: bool
    is_real: bool


class FoundPatternsBody(Body):
    """The groups, or why there are none."""

    at: Instant
    view: View
    window_ms: int
    least: int
    segment_id: str | None
    people: ShareBody
    verdict: str
    definition: str
    patterns: list[PatternBody]
    tried: list[TriedBody]


class IdentityBody(Body):
    """What is to be foretold, of whom."""

    model_config = _given(_IDENTITY)

    goal: str | None = Field(None, description="The goal. Default: the project's first.")
    entering: str | None = Field(None, description="Begin when people enter this segment.")
    within: str = Field("7 days", max_length=50, description="How long people are watched first.")
    seed: int = Field(SEED, ge=0, description="Seed of what is drawn by chance.")
    at: str | None = Field(None, max_length=100, description=_AT)


class TraitBody(Body):
    """A trait, and whether models look at it."""

    name: str
    known: ShareBody
    left_out: str | None


class ModelBody(Body):
    """How well one kind of knowledge foretells."""

    known: str = Field(description="`traits`, `behaviour` or `both`.")
    auc: float
    auc_range: Range
    log_loss: float = Field(description="In nats; less is better.")
    log_loss_range: Range


class GainBody(Body):
    """How much better one kind of knowledge foretells than another, of the same people."""

    of: str
    over: str
    auc: float
    auc_range: Range


class ForetoldBody(Body):
    """Models that learnt from earlier people, judged by later ones."""

    trained: int
    trained_reached: int
    judges: int
    reached: int
    between: int = Field(description="Whose outcome was not known in time to learn from.")
    log_loss_of_guessing: float
    models: list[ModelBody]
    gains: list[GainBody]


class ComparedBody(Body):
    """Whether behaviour or identity foretells a goal better."""

    at: Instant
    goal: str
    segment_id: str | None
    window_ms: int
    horizon_ms: int
    definition: str
    words: list[str]
    people: int
    not_counted: int
    reached_before: int
    too_recent: int
    no_trait_known: ShareBody
    traits: list[TraitBody]
    features: list[str]
    needs: int | None = Field(description="How many more people it takes to tell.")
    foretold: ForetoldBody | None


class ReadyBody(Body):
    """What ready-made groups to make."""

    model_config = _given(_READY)

    purchase: str | None = Field(None, max_length=200, description="What buying is.")
    revenue: str = Field("revenue", max_length=200, description="The property with its money.")
    order: str = Field("", max_length=200, description="The property with the order's number.")
    period: str = Field(PERIOD, max_length=50, description="The rhythm of the lifecycle.")
    within: str = Field(WINDOW, max_length=50, description="How far back money counts.")
    at: str | None = Field(None, max_length=100, description=_AT)


class ReadyGroupBody(Body):
    """A ready-made group."""

    people: ShareBody
    revenue_share: float | None
    segment: FoundSegmentBody


class TopBody(Body):
    """The best buyers, and what they bring."""

    percent: int
    people: int
    revenue_share: float


class BuyersBody(Body):
    """Buyers by recency, frequency and money."""

    purchase: str
    revenue_property: str
    order_property: str | None
    window: str
    buyers: int
    revenue: float
    groups: list[ReadyGroupBody]
    grid: list[list[int]] = Field(description="Buyers by recency and frequency, grade 1 first.")
    top: list[TopBody]


class ReadyGroupsBody(Body):
    """The ready-made groups."""

    at: Instant
    period: str
    people: int
    lifecycle: list[ReadyGroupBody]
    rfm: BuyersBody | None


@router.post("/discover/patterns")
async def find_groups(here: Here, asked: PatternsBody, analyse: Analysing) -> FoundPatternsBody:
    """Find groups of people who behave alike, where there are any, each with a rule."""
    wish = Wish(
        asked.by,
        None if asked.within is None else parse_duration(asked.within, where="within"),
        asked.least,
        asked.segment,
        None if asked.mix is None else parse_pattern(asked.mix, where="mix"),
        asked.groups,
        asked.seed,
    )
    insight = _insight(here, asked.at)
    found = await analyse(lambda: insight.patterns(wish))
    return FoundPatternsBody.model_validate(patterns_document(found))


@router.post("/discover/identity")
async def compare(here: Here, asked: IdentityBody, analyse: Analysing) -> ComparedBody:
    """Tell whether what people do or who they say they are foretells a goal better."""
    window = parse_duration(asked.within, where="within")
    insight = _insight(here, asked.at)
    found = await analyse(
        lambda: insight.identity(
            asked.goal, entering=asked.entering, window=window, seed=asked.seed
        )
    )
    return ComparedBody.model_validate(identity_document(found))


@router.post("/discover/ready")
async def make_ready(here: Here, asked: ReadyBody, analyse: Analysing) -> ReadyGroupsBody:
    """Ready-made groups: everybody's lifecycle, and buyers by recency, frequency and money."""
    buying = None
    if asked.purchase is not None:
        buying = Buying(asked.purchase, asked.revenue, asked.order)
    insight = _insight(here, asked.at)
    found = await analyse(
        lambda: insight.ready(buying=buying, period=asked.period, window=asked.within)
    )
    return ReadyGroupsBody.model_validate(ready_document(found))


def _insight(here: Context, at: str | None) -> Insight:
    return Insight(here.store, here.project.project, here.live.definitions, instant_at(here, at))
