"""What was found about high-impact actions as plain values, for `--json`, the API and reports.

Shares and differences are 0 to 1, instants RFC 3339, lengths of time milliseconds; None is what
cannot be told.
"""

from __future__ import annotations

from typing import Any

from segue.domain.instant import format_instant
from segue.insight.discovery import Contrast, Estimate, Finding, Population
from segue.language.text import to_text
from segue.services.insight.discovering import Discovered
from segue.services.insight.discovering_words import (
    definition,
    did_words,
    finding_words,
    proposal,
    summary_words,
    verdict_words,
)
from segue.services.insight.wording import NOT_CAUSE
from segue.services.share_document import interval_document, share_document


def discovered_document(found: Discovered) -> dict[str, Any]:
    """Everything that was found, and what was looked at."""
    one = found.outcome
    return {
        "at": format_instant(found.at),
        "goal": found.goal.id,
        "segment_id": found.segment_id,
        "definition": definition(found),
        "words": summary_words(found),
        "not_cause": NOT_CAUSE,
        "windows_ms": list(one.question.windows),
        "counts": one.question.most,
        "followed_ms": found.followed,
        "actions": len(found.candidates),
        "tries": one.tries,
        "rounds": one.rounds,
        "seed": found.seed,
        "split_at": format_instant(one.split) if one.split else None,
        "smallest_difference": one.smallest,
        "populations": [_population(population) for population in one.populations],
        "findings": [
            {
                "number": number,
                **_finding(found, finding),
                "words": finding_words(found, finding),
                "segment": {"id": proposal(found, number).id, **proposal(found, number).entry},
            }
            for number, finding in enumerate(one.findings, 1)
        ],
        "looked_at": [_finding(found, finding) for finding in one.looked_at],
        "heat": [_heat(found, finding) for finding in one.best],
    }


def _population(one: Population) -> dict[str, Any]:
    return {
        "window_ms": one.window,
        "people": one.people,
        "earlier": one.earlier,
        "reached": share_document(one.reached),
        "not_counted": one.left_out.not_counted,
        "reached_before": one.left_out.reached_before,
        "too_recent": one.left_out.too_recent,
    }


def _finding(found: Discovered, one: Finding) -> dict[str, Any]:
    return {
        "action": found.candidate(one).title,
        "did": did_words(found, one),
        "times": one.times,
        "window_ms": one.window,
        "verdict": one.verdict.name.lower(),
        "why": verdict_words(one),
        "condition": to_text(found.condition(one)),
        "coverage": one.earlier.coverage,
        "earlier": _contrast(one.earlier),
        "later": _contrast(one.later),
        "q_value": one.q_value,
        "family_p_value": one.family,
    }


def _contrast(one: Contrast) -> dict[str, Any]:
    return {
        "did": share_document(one.did),
        "others": share_document(one.others),
        **_estimate("difference", one.difference),
        **_estimate("ratio", one.ratio),
        **_estimate("odds_ratio", one.odds),
        **_estimate("phi", one.phi),
        **_estimate("phi_share", one.phi_share),
        **_estimate("adjusted_difference", one.adjusted),
        **_estimate("adjusted_odds_ratio", one.adjusted_odds),
    }


def _estimate(name: str, one: Estimate) -> dict[str, Any]:
    return {name: one.value, f"{name}_range": interval_document(one.interval)}


def _heat(found: Discovered, one: Finding) -> dict[str, Any]:
    """Of an action, the adjusted difference by window and number of times, from 1 on; None where it
    was not tried."""
    grid = found.outcome.grid
    tried = grid.verdict[:, one.action] > 0
    values = grid.difference[:, one.action]
    return {
        "action": found.candidate(one).title,
        "differences": [
            [value if known else None for value, known in zip(row, knowns, strict=True)]
            for row, knowns in zip(values.tolist(), tried.tolist(), strict=True)
        ],
    }
