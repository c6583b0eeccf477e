"""What a condition would mean, before it is saved: how many, who, and what came and went."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from segue.domain.errors import DefinitionError, Problem, Severity
from segue.domain.instant import local_date, start_of_day
from segue.language.check import Catalog, check
from segue.language.describe import describe
from segue.language.models import Project
from segue.language.project import project_from
from segue.language.resolve import resolve
from segue.language.text import to_text
from segue.services.live.live import Live
from segue.services.summarise import COUNTED, size_at, with_counted
from segue.timeline.log import Int64s
from segue.timeline.spans import Spans

PREVIEWED: Final = "preview"
"""The id of a segment that is looked at before it has one."""
DAYS: Final = 28
"""Days of comings and goings, the day at hand included."""
SAMPLE: Final = 10
"""Members shown."""


@dataclass(frozen=True, slots=True)
class Day:
    """One calendar day of the project's zone: how many entered, how many left, and how many were in
    at its end (of the day at hand: now)."""

    day: dt.date
    entered: int
    left: int
    size: int


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
    segment_id = _free_id(project)
    trial = _with_segment(project, segment_id, segment)
    definitions = with_counted(resolve(trial))
    people, spans = live.spans(definitions, [segment_id, COUNTED], now)
    members = spans[segment_id]
    titles = {one.id: one.title for one in definitions.segments}
    return Tried(
        to_text(trial.segments[segment_id].when),
        describe(definitions.segment(segment_id).condition, titles=titles),
        size_at(members, now),
        size_at(spans[COUNTED], now),
        tuple(int(people[index]) for index in latest_members(members, now, SAMPLE)),
        tuple(days_of(members, definitions.timezone, now)),
        tuple(_doubts(trial, segment_id, segment, catalog)),
    )


def latest_members(spans: Spans, now: int, most: int) -> Int64s:
    """The indexes of those who are in, who entered last first, at most so many."""
    inside = spans.at(now)
    latest = np.argsort(-inside.start, kind="stable")[:most]
    return inside.person[latest]


def days_of(spans: Spans, zone: str, now: int, days: int = DAYS) -> list[Day]:
    """The comings and goings of the last days up to now, oldest first."""
    today = local_date(now, zone)
    dates = [today - dt.timedelta(days=back) for back in range(days - 1, -1, -1)]
    # Up to, not including, the first instant of the next day; of the day at hand, up to now.
    limits = np.array([start_of_day(day, zone) - 1 for day in dates] + [now], np.int64)
    began = np.searchsorted(np.sort(spans.start), limits, side="right")
    ended = np.searchsorted(np.sort(spans.end), limits, side="right")
    return [
        Day(
            day,
            int(began[place + 1] - began[place]),
            int(ended[place + 1] - ended[place]),
            int(began[place + 1] - ended[place + 1]),
        )
        for place, day in enumerate(dates)
    ]


# -------------------------------------------------------------------------------------- the trial


def _free_id(project: Project) -> str:
    number, name = 1, PREVIEWED
    while name in project.segments:
        number += 1
        name = f"{PREVIEWED}-{number}"
    return name


def _with_segment(project: Project, segment_id: str, segment: Mapping[str, Any]) -> Project:
    """The project with one more segment. Raises `DefinitionError`, problems placed in its text."""
    segments = {**project.segments, segment_id: dict(segment)}
    try:
        trial = project_from({**dict(project), "segments": segments})
        resolve(trial)
    except DefinitionError as error:
        problems = [_placed(one, segment_id, segment) for one in error.problems]
        raise DefinitionError(problems, hint=error.hint) from None
    return trial


def _doubts(
    trial: Project, segment_id: str, segment: Mapping[str, Any], catalog: Catalog
) -> list[Problem]:
    """What is doubtful about the one segment."""
    return [
        _placed(problem, segment_id, segment)
        for problem in check(trial, catalog)
        if problem.severity is Severity.WARNING
        and problem.where.startswith(f"segments.{segment_id}.")
    ]


def _placed(problem: Problem, segment_id: str, segment: Mapping[str, Any]) -> Problem:
    """The problem as of the segment alone; one about a name stands at its first place."""
    where = problem.where.removeprefix(f"segments.{segment_id}.")
    if where == problem.where:
        return problem
    text = str(segment.get(where, ""))
    named = None if problem.excerpt else _QUOTED.search(problem.message)
    place = text.find(named[1]) if named else -1
    if place < 0:
        return replace(problem, where=where)
    line = text.count("\n", 0, place)
    column = place - (text.rfind("\n", 0, place) + 1)
    excerpt = text.split("\n")[line]
    return replace(problem, where=where, line=line + 1, column=column + 1, excerpt=excerpt)


_QUOTED: Final = re.compile("`([^`]+)`")
