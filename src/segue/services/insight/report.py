"""Everything that there is to know of a period, together: journey, segments, findings, lint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segue.domain.instant import DAY, format_instant
from segue.services.insight.discovering import Discovered
from segue.services.insight.discovering_document import discovered_document
from segue.services.insight.journey import JourneyFound
from segue.services.insight.journey_document import journey_document
from segue.services.insight.lint_document import lint_document
from segue.services.insight.linting import Linted
from segue.services.insight.measures_document import measures_document
from segue.services.insight.measuring import Measures


@dataclass(frozen=True, slots=True)
class NotLooked:
    """Why something was not looked for, and what to do about it."""

    message: str
    hint: str


@dataclass(frozen=True)
class Report:
    """A project in the `days` up to `at` (ms); its zone is `zone`. `findings` may not have been
    looked for: a project without a goal has none."""

    project: str
    zone: str
    at: int
    days: int
    journey: JourneyFound
    measures: Measures
    findings: Discovered | NotLooked
    lint: Linted


def report_document(report: Report) -> dict[str, Any]:
    """The report as plain values: each part as its own command has it."""
    return {
        "project": report.project,
        "timezone": report.zone,
        "from": format_instant(max(0, report.at - report.days * DAY)),
        "at": format_instant(report.at),
        "days": report.days,
        "journey": journey_document(report.journey),
        "segments": measures_document(report.measures),
        "findings": _findings(report.findings),
        "lint": lint_document(report.lint),
    }


def _findings(found: Discovered | NotLooked) -> dict[str, Any]:
    """Findings, or why there are none: then `goal` is null."""
    if isinstance(found, Discovered):
        return discovered_document(found)
    return {"goal": None, "words": f"{found.message}: {found.hint}.", "findings": []}
