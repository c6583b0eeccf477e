"""What a condition would mean, before it is saved: how many, who, and what came and went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from segue.domain.errors import Problem, Severity
from segue.language.check import Catalog, check
from segue.language.describe import describe
from segue.language.models import Project
from segue.language.resolve import resolve
from segue.language.text import to_text
from segue.services.daily import Day, days_of
from segue.services.live.live import Live
from segue.services.summarise import COUNTED, size_at, with_counted
from segue.services.trial import Trial, placed, tried_beside
from segue.timeline.log import Int64s
from segue.timeline.spans import Spans

DAYS: Final = 28
"""Days of comings and goings, the day at hand included."""
SAMPLE: Final = 10
"""Members shown."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A segment tried on the log: its canonical text and sentence, how many are in of how many
    people, the codes of some members (those who entered last, first), its last days, oldest first,
    and what is doubtful."""

    when: str
    sentence: str
    size: int
    people: int
    sample: tuple[int, ...]
    days: tuple[Day, ...]
    warnings: tuple[Problem, ...]

    @property
    def share(self) -> float:
        """The share of all people who count (0 to 1)."""
        return self.size / self.people if self.people else 0.0


def preview(
    live: Live, project: Project, segment: Mapping[str, Any], catalog: Catalog, now: int
) -> Tried:
    """Try a segment (`when` and what else `segue.yaml` has of one) beside those of the project.

    Raises `DefinitionError` with every problem, placed within the text of its condition.
    """
    trial = tried_beside(project, segment)
    segment_id = trial.segment_id
    definitions = with_counted(resolve(trial.project))
    people, spans = live.spans(definitions, [segment_id, COUNTED], now)
    members = spans[segment_id]
    titles = {one.id: one.title for one in definitions.segments}
    return Tried(
        to_text(trial.project.segments[segment_id].when),
        describe(definitions.segment(segment_id).condition, titles=titles),
        size_at(members, now),
        size_at(spans[COUNTED], now),
        tuple(int(people[index]) for index in latest_members(members, now, SAMPLE)),
        tuple(days_of(members, definitions.timezone, now, DAYS)),
        tuple(_doubts(trial, segment, catalog)),
    )


def latest_members(spans: Spans, now: int, most: int) -> Int64s:
    """The indexes of those who are in, who entered last first, at most so many."""
    inside = spans.at(now)
    latest = np.argsort(-inside.start, kind="stable")[:most]
    return inside.person[latest]


def _doubts(trial: Trial, segment: Mapping[str, Any], catalog: Catalog) -> list[Problem]:
    """What is doubtful about the one segment."""
    return [
        placed(problem, trial.segment_id, segment)
        for problem in check(trial.project, catalog)
        if problem.severity is Severity.WARNING
        and problem.where.startswith(f"segments.{trial.segment_id}.")
    ]
