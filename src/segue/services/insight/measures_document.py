"""Measures as plain values, the same for the API, for `--json` and for the report.

Shares are 0 to 1, each beside its interval; instants are RFC 3339, lengths of time milliseconds;
null is what cannot be told.
"""

from __future__ import annotations

from typing import Any

from segue.domain.instant import format_instant
from segue.insight.adoption import Adoption, Feature
from segue.insight.comparisons import Difference
from segue.insight.growth import Growth
from segue.insight.promise import Promise
from segue.insight.scores import Score
from segue.insight.shares import Mean
from segue.insight.standing import Standing
from segue.services.insight.documents import log_rank_document, survival_document
from segue.services.insight.measures_words import (
    cell_name,
    definitions,
    headline,
    promise_words,
    segment_words,
)
from segue.services.insight.measuring import (
    KindMeasures,
    Measures,
    SegmentMeasures,
    TimeToGoal,
)
from segue.services.insight.satisfaction import Satisfaction
from segue.services.share_document import interval_document, share_document


def measures_document(found: Measures) -> dict[str, Any]:
    """The measures of all segments."""
    return {
        **_head(found),
        "words": headline(found),
        "everybody": {
            "people": found.everybody.people,
            "engagement": share_document(found.everybody.engagement),
            "stickiness": _mean(found.everybody.stickiness),
            "growth": [_growth(one) for one in found.everybody.growth],
        },
        "ranking": [
            {
                "segment_id": one.segment.id,
                "expected": one.promise.expected,
                "words": promise_words(found, one),
            }
            for one in found.ranking
            if one.promise is not None
        ],
        "kinds": [_kind(one) for one in found.kinds],
        "segments": [_segment(found, one) for one in found.segments],
    }


def segment_measures_document(found: Measures, segment_id: str) -> dict[str, Any]:
    """The measures of one segment, with the definitions beside them."""
    return {**_head(found), **_segment(found, found.of(segment_id))}


def _head(found: Measures) -> dict[str, Any]:
    return {
        "at": format_instant(found.at),
        "days_end": format_instant(found.day_end),
        "weeks": found.weeks,
        "goal": None if found.goal is None else found.goal.id,
        "goals": {
            one.id: {"within_ms": one.window, "is_limited": one.within is not None}
            for one in found.goals
        },
        "definitions": definitions(found),
    }


def _kind(one: KindMeasures) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "segments": list(one.segment_ids),
        "conversion": {goal: _standing(found) for goal, found in one.conversion.items()},
    }


def _segment(found: Measures, one: SegmentMeasures) -> dict[str, Any]:
    return {
        "segment_id": one.segment.id,
        "title": one.segment.title,
        "kind": one.segment.kind,
        "stage": one.segment.stage,
        "words": segment_words(found, one),
        "size": {**share_document(one.size), "before": one.size_before},
        "days": [
            {
                "day": day.day.isoformat(),
                "entered": day.entered,
                "left": day.left,
                "size": day.size,
            }
            for day in one.days
        ],
        "growth": [_growth(week) for week in one.growth],
        "conversion": {goal: _standing(found) for goal, found in one.conversion.items()},
        "time_to_goal": None if one.time_to_goal is None else _time(one.time_to_goal),
        "engagement": _standing(one.engagement),
        "retention": {cell_name(cell): _standing(back) for cell, back in one.retention.items()},
        "churn": _standing(one.churn),
        "reactivation": _standing(one.reactivation),
        "changing": _standing(one.changing),
        "stickiness": _mean(one.stickiness),
        "adoption": _adoption(one.adoption, found.features),
        "satisfaction": [_satisfaction(said) for said in one.satisfaction],
        "promise": None if one.promise is None else _promise(one.promise),
    }


def _standing(one: Standing) -> dict[str, Any]:
    return {
        **share_document(one.now),
        "rest": None if one.rest is None else _against(one.rest, one.rest_q),
        "before": None if one.before is None else _against(one.before, one.before_q),
        "differs": one.differs,
        "changed": one.changed,
    }


def _against(one: Difference, q_value: float) -> dict[str, Any]:
    return {
        **share_document(one.b),
        "difference": one.value,
        "difference_range": interval_document(one.interval),
        "ratio": one.ratio,
        "ratio_range": interval_document(one.ratio_interval),
        "q_value": q_value,
        "needs": one.needs,
    }


def _time(one: TimeToGoal) -> dict[str, Any]:
    return {
        **survival_document(one.survival),
        "rest": survival_document(one.rest),
        "against": {**log_rank_document(one.against), "q_value": one.q_value},
    }


def _growth(one: Growth) -> dict[str, Any]:
    return {
        "before": one.before,
        "new": one.new,
        "returned": one.returned,
        "gone": one.gone,
        "now": one.now,
        "quick_ratio": one.quick_ratio,
    }


def _mean(one: Mean) -> dict[str, Any]:
    return {"mean": one.value, "of": one.of, "range": interval_document(one.interval)}


def _adoption(one: Adoption, names: tuple[str, ...]) -> dict[str, Any]:
    features = zip(names, one.features, strict=True)
    return {
        "breadth": _mean(one.breadth),
        "features": [_feature(name, feature) for name, feature in features],
    }


def _feature(name: str, one: Feature) -> dict[str, Any]:
    return {
        "action": name,
        "share": _standing(one.share),
        "depth": _mean(one.depth),
        "median_ms": one.median,
    }


def _satisfaction(one: Satisfaction) -> dict[str, Any]:
    return {
        "survey_id": one.scored.survey_id,
        "question_id": one.scored.question.id,
        "ask": one.scored.question.text,
        "scale": one.scored.scale.value,
        "inside": _score(one.inside),
        "outside": _score(one.outside),
    }


def _score(one: Score) -> dict[str, Any]:
    return {
        "value": one.value,
        "range": interval_document(one.interval),
        "answers": one.answers,
        "response": share_document(one.response),
    }


def _promise(one: Promise) -> dict[str, Any]:
    return {
        "reach": one.reach,
        "lift": one.lift,
        "is_measured": one.is_measured,
        "value": one.value,
        "expected": one.expected,
        "expected_range": interval_document(one.range),
    }
