"""What a condition would mean, before it is saved: how many, who, and what came and went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from segue.domain.errors import Problem, Severity
from segue.insight.shares import Interval, Share
from segue.language.check import Catalog, check
from segue.language.describe import describe
from segue.language.models import Project
from segue.language.resolve import resolve
from segue.language.text import to_text
from segue.language.tree import Definitions, Quantile
from segue.language.walk import nodes, segments_in
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
ENOUGH: Final = 25_000
"""People of whom a first answer is found where everybody would take long: a share of one in ten is
known to within 0.4 points of them."""
MUCH: Final = 8_000_000
"""Rows in memory that take long to look at."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A segment tried on the log: its canonical text and sentence, how many are in of how many
    people, the codes of some members (those who entered last, first), its last days, oldest first,
    and what is doubtful.

    `every` above 1: only about one in so many people was looked at, all counts are estimates for
    everybody, and `range` is where the size lies (95 %).
    """

    when: str
    sentence: str
    size: int
    people: int
    sample: tuple[int, ...]
    days: tuple[Day, ...]
    warnings: tuple[Problem, ...]
    every: int = 1
    range: Interval | None = None

    @property
    def share(self) -> float:
        """The share of all people who count (0 to 1)."""
        return self.size / self.people if self.people else 0.0


def preview(
    live: Live,
    project: Project,
    segment: Mapping[str, Any],
    catalog: Catalog,
    now: int,
    *,
    enough: int | None = None,
) -> Tried:
    """Try a segment (`when` and what else `segue.yaml` has of one) beside those of the project.

    With `enough`, about so many people are looked at where looking at everybody would take long:
    where the store has to be read, there is much to look at, or thresholds have to be found.
    Raises `DefinitionError` with every problem, placed within the text of its condition.
    """
    trial = tried_beside(project, segment)
    segment_id = trial.segment_id
    definitions = with_counted(resolve(trial.project))
    ids = [segment_id, COUNTED]
    every = 1 if enough is None else _every(live, definitions, ids, enough)
    if every == 1:
        people, spans = live.spans(definitions, ids, now)
    else:
        people, spans = live.spans_of_some(definitions, ids, now, every=every)
    members = spans[segment_id]
    titles = {one.id: one.title for one in definitions.segments}
    tried = Tried(
        to_text(trial.project.segments[segment_id].when),
        describe(definitions.segment(segment_id).condition, titles=titles),
        size_at(members, now),
        size_at(spans[COUNTED], now),
        tuple(int(people[index]) for index in latest_members(members, now, SAMPLE)),
        tuple(days_of(members, definitions.timezone, now, DAYS)),
        tuple(_doubts(trial, segment, catalog)),
    )
    return tried if every == 1 else _for_everybody(tried, every, live.health().people / len(people))


def latest_members(spans: Spans, now: int, most: int) -> Int64s:
    """The indexes of those who are in, who entered last first, at most so many."""
    inside = spans.at(now)
    latest = np.argsort(-inside.start, kind="stable")[:most]
    return inside.person[latest]


def _every(live: Live, definitions: Definitions, ids: list[str], enough: int) -> int:
    """One in how many people to look at; 1 where everybody is looked at soon."""
    every = live.health().people // enough
    if every <= 1:
        return 1
    effort = live.effort(definitions, ids)
    is_long = effort is None or effort > MUCH or _has_thresholds(definitions, ids[0])
    return every if is_long else 1


def _has_thresholds(definitions: Definitions, segment_id: str) -> bool:
    """Whether the segment, or one that it refers to, looks at where people stand among others."""
    condition = definitions.segment(segment_id).condition
    return any(isinstance(node, Quantile) for node in nodes(condition)) or any(
        _has_thresholds(definitions, other) for other in segments_in(condition)
    )


def _for_everybody(tried: Tried, every: int, times: float) -> Tried:
    """What was found of one in `every` people as of all; `times` as many as were looked at."""
    share = Share.measured(tried.size, tried.people).interval
    people = round(tried.people * times)
    return replace(
        tried,
        size=round(tried.size * times),
        people=people,
        days=tuple(_times(day, times) for day in tried.days),
        every=every,
        range=share and Interval(round(share.low * people), round(share.high * people)),
    )


def _times(day: Day, times: float) -> Day:
    counts = (round(one * times) for one in (day.entered, day.left, day.size))
    return Day(day.day, *counts)


def _doubts(trial: Trial, segment: Mapping[str, Any], catalog: Catalog) -> list[Problem]:
    """What is doubtful about the one segment."""
    return [
        placed(problem, trial.segment_id, segment)
        for problem in check(trial.project, catalog)
        if problem.severity is Severity.WARNING
        and problem.where.startswith(f"segments.{trial.segment_id}.")
    ]
