"""Results and voices: whether campaigns helped, and what people said."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import Path, Query
from pydantic import Field

from segue.domain.campaigns import Acting, Campaign
from segue.domain.errors import UsageError
from segue.http.api.models import Body
from segue.http.api.parameters import api_router
from segue.http.context import Context, Here
from segue.language.acting import acting
from segue.services.acting.previewing import known_campaign
from segue.services.acting.result_document import results_document, voices_document
from segue.services.acting.results import results
from segue.services.acting.voices import codebook, voices
from segue.services.view import known_segment

router = api_router("Campaigns")

CampaignPath: TypeAlias = Annotated[
    str, Path(description="The id of the campaign or survey.", examples=["upgrade_benefits"])
]
Range: TypeAlias = Annotated[
    list[float] | None,
    Field(description="Both ends, at 95 %; null: too few to tell.", min_length=2, max_length=2),
]


class ShareBody(Body):
    """A share of people."""

    count: int = Field(description="How many.")
    of: int = Field(description="Of how many.")
    share: float | None = Field(description="The share, 0 to 1; null of nobody.")
    range: Range


class LiftBody(Body):
    """Two arms against each other; the ranges hold however often one looks."""

    finding: str = Field(description="`better`, `worse` or `cannot_tell`.")
    treated: ShareBody
    control: ShareBody
    difference: float | None = Field(description="Treated minus control, as a share.")
    difference_range: Range
    ratio: float | None = Field(description="Relative lift: 0.2 is a fifth more.")
    ratio_range: Range
    p_value: float = Field(description="Valid at every look.")
    needs: int | None = Field(
        description="About how many more people in each arm would tell; null: known, or none would."
    )


class ReachedBody(Body):
    """How far messages got: people, each counted once."""

    people: int = Field(description="Who were to be messaged.")
    handed: int = Field(description="Whose message was handed to its channel.")
    delivered: int = Field(description="Whose message was delivered.")
    shown: int = Field(description="Who saw it.")
    clicked: int = Field(description="Who followed it.")
    dismissed: int = Field(description="Who turned it away.")


class VariantBody(ReachedBody):
    """One variant of a campaign."""

    id: str
    reached_goal: ShareBody
    against_others: LiftBody | None = Field(
        description="Against the other variants together; null: there is no other."
    )


class SplitBody(Body):
    """Whether as many people were held out as were meant to be."""

    p_value: float = Field(description="The chance of a split as uneven.")
    is_suspect: bool = Field(description="Whether something beside chance made it.")


class TurnedAwayBody(ShareBody):
    """Who turned the message away, of those it reached."""

    at_least: float = Field(description="What the share is at the least, at every look.")


class ResultsBody(ReachedBody):
    """What a campaign came to, by intention to treat."""

    campaign_id: str
    words: str = Field(description="The finding, to be read aloud.")
    goal: str | None
    held_out: int = Field(description="People deliberately not messaged.")
    waiting: int = Field(description="People whose time for the goal is not over.")
    lift: LiftBody
    split: SplitBody | None = Field(description="Null: nobody was to be held out.")
    variants: list[VariantBody]
    refused: dict[str, int] = Field(description="Deliveries that a rule stopped, by why.")
    turned_away: TurnedAwayBody
    messages_per_goal: float | None = Field(
        description="Messages for one further person who reaches the goal; null: cannot tell."
    )


class ScoreBody(Body):
    """Answers on a scale, summed up."""

    value: float | None = Field(description="Points for NPS, a share for CSAT, else a mean.")
    range: Range
    answers: int
    response: ShareBody = Field(description="Of those asked, who answered.")


class ChoiceBody(ShareBody):
    """One choice of a question."""

    choice: str


class ThemeBody(Body):
    """A theme of open answers, in a segment against the rest."""

    theme: str
    title: str
    inside: ShareBody = Field(description="Of the respondents in the segment (else of all).")
    outside: ShareBody
    difference_range: Range
    q_value: float = Field(description="The chance of as much by accident, over all themes.")
    is_shown: bool = Field(description="Whether at least five people said it.")
    is_telling: bool = Field(description="Whether the segment really differs.")
    quotes: list[str]


class ProposalBody(Body):
    """A further theme that the answers suggest."""

    phrases: list[str]
    quotes: list[str]
    answers: int
    stability: float = Field(description="How well two halves of the answers agree: 0 by chance.")


class WordBody(Body):
    """A word that the segment uses more than the rest."""

    word: str = Field(description="Its stem.")
    z: float = Field(description="Standard deviations of its weighted log-odds.")
    inside: int
    outside: int


class TextsBody(Body):
    """Open answers."""

    answers: int
    empty: int = Field(description="Answers that say nothing.")
    unassigned: int = Field(description="Answers that no theme knows.")
    themes: list[ThemeBody]
    proposals: list[ProposalBody]
    telling: list[WordBody]


class QuestionBody(Body):
    """What was answered to a question."""

    id: str
    kind: str
    ask: str
    response: ShareBody = Field(description="Of those asked, who answered.")
    score: ScoreBody | None = None
    score_in_segment: ScoreBody | None = None
    choices: list[ChoiceBody] | None = None
    choices_in_segment: list[ChoiceBody] | None = None
    texts: TextsBody | None = None


class VoicesBody(Body):
    """What was answered to a survey."""

    survey_id: str
    segment_id: str | None
    shown: int = Field(description="How often it was shown.")
    shown_in_segment: int
    questions: list[QuestionBody]


@router.get("/campaigns/{campaign_id}/results")
def get_results(here: Here, campaign_id: CampaignPath) -> ResultsBody:
    """What a campaign came to: how far its messages got, and whether they helped."""
    campaign, rules = _known(here, campaign_id)
    found = results(here.store, campaign, rules.messaging, here.clock())
    return ResultsBody.model_validate(results_document(found))


@router.get("/campaigns/{campaign_id}/voices")
def get_voices(
    here: Here,
    campaign_id: CampaignPath,
    segment: Annotated[
        str | None,
        Query(description="Whose answers to set against the rest: a segment.", max_length=200),
    ] = None,
) -> VoicesBody:
    """What people answered to a survey; those in a segment when they were asked, and the rest."""
    campaign, _ = _known(here, campaign_id)
    if campaign.survey is None:
        raise UsageError(f"{campaign_id!r} asks nothing", hint="surveys have voices")
    if segment is not None:
        known_segment(here.live.definitions, segment)
    themes = codebook(here.project.project.themes)
    found = voices(here.store, campaign, themes, segment)
    return VoicesBody.model_validate(voices_document(found))


def _known(here: Context, campaign_id: str) -> tuple[Campaign, Acting]:
    rules = acting(here.project.project)
    return known_campaign(rules, campaign_id), rules
