"""A backtest as plain values, the same for `--json` and for the API."""

from __future__ import annotations

import math
from typing import Any

from segue.domain.instant import format_instant
from segue.insight.backtest import Contrast, Estimate
from segue.insight.lateness import Lateness
from segue.insight.matching import SCALES
from segue.services.acting.simulate import Fate, Simulation
from segue.services.insight.backtest_words import (
    DEFINITION,
    backtest_words,
    difference_words,
    left_out_words,
)
from segue.services.insight.backtesting import Backtest, Shared, Together, Varied
from segue.services.insight.documents import survival_document
from segue.services.share_document import interval_document, share_document


def backtest_document(found: Backtest) -> dict[str, Any]:
    """Everything that a backtest found; `words` says it."""
    goal = found.goal
    return {
        "segment_id": found.segment_id or None,
        "title": found.title,
        "when": found.when,
        "sentence": found.sentence,
        "at": format_instant(found.at),
        "start": format_instant(found.start),
        "timezone": found.timezone,
        "words": list(backtest_words(found)),
        "definition": DEFINITION,
        "people": found.people,
        "size": found.size,
        "entries": found.entries,
        "entrants": found.entrants,
        "days": [
            {"day": one.day.isoformat(), "entered": one.entered, "left": one.left, "size": one.size}
            for one in found.days
        ],
        "dwell": survival_document(found.dwell),
        "goal": None if goal is None else {"id": goal.id, "within_ms": found.window},
        "outcome": None if found.contrast is None else _contrast(found.contrast),
        "messages": _messages(found.messages),
        "daily_job": _lateness(found.daily),
        "overlaps": [_shared(one) for one in found.shared],
        "thresholds": [_varied(one) for one in found.varied],
    }


def _contrast(one: Contrast) -> dict[str, Any]:
    scales = zip(SCALES, one.matched.before.tolist(), one.matched.after.tolist(), strict=True)
    return {
        "words": difference_words(one),
        "notes": list(left_out_words(one)),
        "entrants": share_document(one.entrants),
        "too_young": one.too_young,
        "compared": _estimate(one.compared),
        "alike": _estimate(one.alike),
        "anybody": _estimate(one.anybody),
        "difference": one.difference,
        "difference_range": interval_document(one.interval),
        "is_told": one.is_told,
        "needs": one.needs,
        "balance": [
            {"in": name, "anybody": _number(before), "alike": _number(after)}
            for name, before, after in scales
        ],
    }


def _estimate(one: Estimate) -> dict[str, Any]:
    return {
        "share": one.value,
        "range": interval_document(one.interval),
        "people": one.people,
        "rows": one.rows,
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _messages(one: Simulation) -> dict[str, Any]:
    return {
        "campaign_id": one.campaign.id,
        "messaged": one.count(Fate.MESSAGED),
        "people": one.people,
        "held_out": one.count(Fate.HELD_OUT),
        "refused": one.count(Fate.REFUSED),
        "waiting": one.count(Fate.WAITING),
        "repeats": one.repeats,
        "reasons": {because.value: number for because, number in one.reasons.items()},
    }


def _lateness(one: Lateness) -> dict[str, Any]:
    return {
        "never": share_document(one.never),
        "median_ms": one.median,
        "nine_in_ten_ms": one.slow,
    }


def _shared(one: Shared) -> dict[str, Any]:
    return {
        "segment_id": one.segment_id,
        "title": one.title,
        "now": together_document(one.now),
        "period": together_document(one.period),
    }


def together_document(one: Together) -> dict[str, Any]:
    """Two segments' people; shares are null where they are of nobody."""
    return {
        "this": one.this,
        "other": one.other,
        "both": one.both,
        "jaccard": one.jaccard,
        "this_in_other": one.both / one.this if one.this else None,
        "other_in_this": one.both / one.other if one.other else None,
    }


def _varied(one: Varied) -> dict[str, Any]:
    change = one.variation
    return {
        "old": change.old if change else None,
        "new": change.new if change else None,
        "before": change.before if change else None,
        "after": change.after if change else None,
        "size": one.size,
        "entries": one.entries,
        "reached": None if one.reached is None else share_document(one.reached),
        "jaccard": one.period.jaccard,
    }
