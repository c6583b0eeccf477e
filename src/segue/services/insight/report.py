"""Everything that there is to know of a period, together: journey, segments, findings, lint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segue.domain.instant import DAY, format_instant
from segue.services.insight.discovering import Discovered
from segue.services.insight.discovering_document import discovered_document
from segue.services.insight.discovering_words import summary_words
from segue.services.insight.journey import JourneyFound
from segue.services.insight.journey_document import journey_document
from segue.services.insight.lint_document import lint_document
from segue.services.insight.linting import Linted
from segue.services.insight.measures_document import measures_document
from segue.services.insight.measures_words import headline
from segue.services.insight.measuring import Measures
from segue.services.insight.sample import Sample, sampled_document
from segue.services.words import counted


@dataclass(frozen=True, slots=True)
class NotLooked:
    """Why something was not looked for, and what to do about it."""

    message: str
    hint: str


@dataclass(frozen=True)
class Report:
    """A project in the `days` up to `at` (ms); its zone is `zone`. `findings` may not have been
    looked for: a project without a goal has none. `sample` are the people of whom findings and
    lint are told (None: everybody)."""

    project: str
    zone: str
    at: int
    days: int
    journey: JourneyFound
    measures: Measures
    findings: Discovered | NotLooked
    lint: Linted
    sample: Sample | None = None

    @property
    def headline(self) -> tuple[str, ...]:
        """What matters most of each part, in a handful of sentences."""
        return (
            *self.journey.headline,
            *headline(self.measures),
            self.findings_words,
            mending_words(self.lint),
            *self.sample_words,
        )

    @property
    def sample_words(self) -> tuple[str, ...]:
        """That some parts are told of some people only, where they are."""
        if self.sample is None or self.sample.is_everybody:
            return ()
        return (self.sample.words("What predicts the goal, and what to mend, is"),)

    @property
    def findings_words(self) -> str:
        """What was found to predict the goal; or why nothing was looked for, and what to do."""
        if isinstance(self.findings, Discovered):
            return summary_words(self.findings)
        return f"{self.findings.message}: {self.findings.hint}."


def mending_words(found: Linted) -> str:
    """How much there is to mend."""
    segments = counted(len(found.segments), "segment")
    if not found.findings:
        return f"None of the known mistakes in {segments}."
    return f"{counted(len(found.findings), 'thing')} to mend in {segments}."


def report_document(report: Report) -> dict[str, Any]:
    """The report as plain values: each part as its own command has it; where findings were not
    looked for their `goal` is null."""
    return {
        "project": report.project,
        "timezone": report.zone,
        "from": format_instant(max(0, report.at - report.days * DAY)),
        "at": format_instant(report.at),
        "days": report.days,
        "words": list(report.headline),
        "journey": journey_document(report.journey),
        "segments": measures_document(report.measures),
        "findings": discovered_document(report.findings)
        if isinstance(report.findings, Discovered)
        else {"goal": None, "words": report.findings_words, "findings": []},
        "lint": lint_document(report.lint),
        **sampled_document(report.sample),
    }
