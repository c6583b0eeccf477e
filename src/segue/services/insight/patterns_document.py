"""Patterns, identity and ready-made groups as plain values, the same in `--json` and the API."""

from __future__ import annotations

from typing import Any

from segue.domain.instant import format_instant
from segue.insight.patterns import Tried
from segue.insight.predicting import Foretold, Measured, TooFew
from segue.insight.rules import Match
from segue.services.insight.as_segment import Proposal
from segue.services.insight.identity import Compared
from segue.services.insight.patterns import FoundPattern, Mark, Patterns
from segue.services.insight.ready import Buyers, Group, Ready
from segue.services.share_document import interval_document, share_document


def patterns_document(found: Patterns) -> dict[str, Any]:
    """The groups that were found, or why there are none."""
    return {
        "at": format_instant(found.at),
        "view": found.wish.view.value,
        "window_ms": found.window,
        "least": found.least,
        "segment_id": found.wish.segment_id,
        "people": share_document(found.people),
        "verdict": found.verdict,
        "definition": found.definition,
        "patterns": [_pattern(one) for one in found.patterns],
        "tried": [_tried(one) for one in found.groups.tried],
    }


def _pattern(one: FoundPattern) -> dict[str, Any]:
    return {
        "title": one.title,
        "words": one.words,
        "people": share_document(one.people),
        "when": one.when,
        "sentence": one.sentence,
        "match": _match(one.match),
        "marks": [_mark(mark) for mark in one.marks],
        "segment": _segment(one.proposal),
    }


def _match(one: Match) -> dict[str, Any]:
    return {
        "both": one.both,
        "rule": one.rule,
        "group": one.group,
        "precision": one.precision,
        "recall": one.recall,
        "jaccard": one.jaccard,
    }


def _mark(one: Mark) -> dict[str, Any]:
    return {
        "feature": one.name,
        "family": one.family.value,
        "distance": one.distance,
        "typical": one.typical,
        "everybody": one.everybody,
    }


def _segment(one: Proposal) -> dict[str, Any]:
    return {"id": one.id, **{key: value for key, value in one.entry.items() if value}}


def _tried(one: Tried) -> dict[str, Any]:
    return {
        "groups": one.number,
        "jaccard": list(one.jaccard),
        "within": one.within,
        "by_chance": list(one.by_chance),
        "smallest": one.smallest,
        "is_stable": one.is_stable,
        "is_real": one.is_real,
    }


def identity_document(found: Compared) -> dict[str, Any]:
    """How well traits, behaviour and both foretell a goal."""
    return {
        "at": format_instant(found.at),
        "goal": found.goal.id,
        "segment_id": found.segment_id,
        "window_ms": found.window,
        "horizon_ms": found.horizon,
        "definition": found.definition,
        "words": list(found.words),
        "people": len(found.landmark.people),
        "not_counted": found.landmark.left_out.not_counted,
        "reached_before": found.landmark.left_out.reached_before,
        "too_recent": found.landmark.left_out.too_recent,
        "no_trait_known": share_document(found.silent),
        "traits": [
            {
                "name": one.name,
                "known": share_document(one.said_by),
                "left_out": one.left_out or None,
            }
            for one in found.traits
        ],
        "features": list(found.features),
        "needs": found.result.needs if isinstance(found.result, TooFew) else None,
        "foretold": None if isinstance(found.result, TooFew) else _foretold(found.result),
    }


def _foretold(one: Foretold) -> dict[str, Any]:
    return {
        "trained": one.trained,
        "trained_reached": one.trained_reached,
        "judges": one.judges,
        "reached": one.reached,
        "between": one.between,
        "log_loss_of_guessing": one.guess,
        "models": [
            {
                "known": name,
                **_measured("auc", model.auc),
                **_measured("log_loss", model.log_loss),
            }
            for name, model in one.models.items()
        ],
        "gains": [
            {"of": first, "over": second, **_measured("auc", gain)}
            for (first, second), gain in one.gains.items()
        ],
    }


def _measured(name: str, one: Measured) -> dict[str, Any]:
    return {name: one.value, f"{name}_range": interval_document(one.interval)}


def ready_document(found: Ready) -> dict[str, Any]:
    """The ready-made groups."""
    return {
        "at": format_instant(found.at),
        "period": found.period,
        "people": found.people,
        "lifecycle": [_group(one) for one in found.lifecycle],
        "rfm": None if found.buyers is None else _buyers(found.buyers),
    }


def _group(one: Group) -> dict[str, Any]:
    return {
        "people": share_document(one.people),
        "revenue_share": one.revenue,
        "segment": _segment(one.proposal),
    }


def _buyers(one: Buyers) -> dict[str, Any]:
    return {
        "purchase": one.buying.purchase,
        "revenue_property": one.buying.revenue,
        "order_property": one.buying.order or None,
        "window": one.window,
        "buyers": one.buyers,
        "revenue": one.revenue,
        "groups": [_group(group) for group in one.groups],
        "grid": [list(row) for row in one.grid],
        "top": [
            {"percent": top.percent, "people": top.people, "revenue_share": top.revenue}
            for top in one.tops
        ],
    }
