"""What lint found as plain values, the same for the API and for `--json`."""

from __future__ import annotations

from typing import Any

from segue.domain.instant import format_instant
from segue.insight.portfolio.findings import LintFinding
from segue.services.insight.linting import Linted


def lint_document(found: Linted) -> dict[str, Any]:
    """The findings, and for each two segments that share people how much they do."""
    return {
        "at": format_instant(found.at),
        "people": found.people,
        "segments": len(found.segments),
        "campaigns": found.campaigns,
        "findings": [finding_document(one) for one in found.findings],
        "overlaps": _overlaps(found),
    }


def finding_document(one: LintFinding) -> dict[str, Any]:
    """One finding; `edit` is null where there is no condition to propose."""
    return {
        "mistake": one.mistake.value,
        "segments": list(one.segments),
        "campaigns": list(one.campaigns),
        "evidence": one.evidence,
        "advice": one.advice,
        "edit": one.edit or None,
    }


def _overlaps(found: Linted) -> list[dict[str, Any]]:
    both, jaccard, containment = (
        found.overlaps.both,
        found.overlaps.jaccard,
        found.overlaps.containment,
    )
    return [
        {
            "segments": [one, other],
            "both": int(both[i, j]),
            "jaccard": round(float(jaccard[i, j]), 6),
            "first_in_second": round(float(containment[i, j]), 6),
            "second_in_first": round(float(containment[j, i]), 6),
        }
        for i, one in enumerate(found.segments)
        for j, other in enumerate(found.segments[i + 1 :], start=i + 1)
        if both[i, j]
    ]
