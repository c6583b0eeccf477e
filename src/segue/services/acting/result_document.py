"""Results and voices as plain values, the same for the API and for `--json`.

Shares are 0 to 1. Every figure stands beside its interval; None is what cannot be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segue.insight.lift import Lift
from segue.insight.scores import Score
from segue.insight.shares import Share
from segue.services.acting.results import Reached, Results, VariantResult
from segue.services.acting.voices import (
    Choices,
    Numbers,
    QuestionVoices,
    SurveyVoices,
    Texts,
    Voice,
)
from segue.services.share_document import interval_document, share_document


def results_document(one: Results) -> dict[str, Any]:
    """What a campaign came to."""
    return {
        "campaign_id": one.campaign_id,
        "words": one.words,
        "goal": one.goal or None,
        **_reached(one.reached),
        "held_out": one.held_out,
        "waiting": one.waiting,
        "lift": _lift(one.lift),
        "split": None
        if one.split is None
        else {"p_value": one.split.p_value, "is_suspect": one.split.is_suspect},
        "variants": [_variant(variant) for variant in one.variants],
        "refused": {why.value: number for why, number in one.refused.items()},
        "turned_away": {**share_document(one.harm.share), "at_least": one.harm.least},
        "messages_per_goal": one.messages_per_goal,
    }


def _reached(one: Reached) -> dict[str, int]:
    return {
        "people": one.people,
        "handed": one.handed,
        "delivered": one.delivered,
        "shown": one.shown,
        "clicked": one.clicked,
        "dismissed": one.dismissed,
    }


def _variant(one: VariantResult) -> dict[str, Any]:
    against = None if one.against_others is None else _lift(one.against_others)
    return {
        "id": one.id,
        **_reached(one.reached),
        "reached_goal": share_document(one.goal),
        "against_others": against,
    }


def _lift(one: Lift) -> dict[str, Any]:
    return {
        "finding": one.finding.value,
        "treated": share_document(one.treated),
        "control": share_document(one.control),
        "difference": one.difference,
        "difference_range": interval_document(one.absolute),
        "ratio": one.ratio,
        "ratio_range": interval_document(one.relative),
        "p_value": one.p_value,
        "needs": one.needs,
    }


# ------------------------------------------------------------------------------------------- voices


def voices_document(one: SurveyVoices) -> dict[str, Any]:
    """What was answered to a survey."""
    return {
        "survey_id": one.survey_id,
        "segment_id": one.segment_id,
        "shown": one.shown,
        "shown_in_segment": one.shown_in_segment,
        "questions": [_question(question) for question in one.questions],
    }


def _question(one: QuestionVoices) -> dict[str, Any]:
    return {
        "id": one.question.id,
        "kind": one.question.kind.value,
        "ask": one.question.text,
        "response": share_document(one.response),
        **_said(one.said),
    }


def _said(said: Numbers | Choices | Texts) -> dict[str, Any]:
    match said:
        case Numbers():
            segment = None if said.segment is None else _score(said.segment)
            return {"score": _score(said.everybody), "score_in_segment": segment}
        case Choices():
            inside = None if said.segment is None else _choices(said.segment)
            return {"choices": _choices(said.everybody), "choices_in_segment": inside}
        case Texts():
            return {"texts": _texts(said)}


def _score(one: Score) -> dict[str, Any]:
    return {
        "value": one.value,
        "range": interval_document(one.interval),
        "answers": one.answers,
        "response": share_document(one.response),
    }


def _choices(shares: Mapping[str, Share]) -> list[dict[str, Any]]:
    return [{"choice": text, **share_document(share)} for text, share in shares.items()]


def _texts(one: Texts) -> dict[str, Any]:
    return {
        "answers": one.answers,
        "empty": one.empty,
        "unassigned": one.unassigned,
        "themes": [_voice(voice) for voice in one.themes],
        "proposals": [
            {
                "phrases": list(proposal.phrases),
                "quotes": list(proposal.quotes),
                "answers": len(proposal.members),
                "stability": proposal.stability,
            }
            for proposal in one.proposals
        ],
        "telling": [
            {"word": word.stem, "z": word.z, "inside": word.inside, "outside": word.outside}
            for word in one.telling
        ],
    }


def _voice(one: Voice) -> dict[str, Any]:
    spoken = one.spoken
    return {
        "theme": spoken.theme,
        "title": one.title,
        "inside": share_document(spoken.inside),
        "outside": share_document(spoken.outside),
        "difference_range": interval_document(spoken.difference),
        "q_value": spoken.q_value,
        "is_shown": spoken.is_shown,
        "is_telling": spoken.is_telling,
        "quotes": [quote.text for quote in one.quotes] if spoken.is_shown else [],
    }
