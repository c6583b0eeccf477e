"""High-impact actions of a project: what people do early that goes along with reaching a goal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from segue.domain.errors import NotFoundError, UsageError
from segue.domain.instant import DAY, FOREVER, WEEK
from segue.insight.discovery import Behaviour, Discovery, Finding, Question, discover
from segue.insight.landmarks import Starts
from segue.language.models import Project
from segue.language.tree import (
    Comparison,
    Condition,
    Definitions,
    Did,
    EventPattern,
    Name,
    Unit,
    Which,
    Within,
    WithinAfter,
)
from segue.services.insight.candidates import Candidate, candidates
from segue.services.insight.past import Goal, Past, goal_or_first, read_past
from segue.services.view import Store, known_segment
from segue.timeline.log import ACTIVITY, Int64s, Occurrences
from segue.timeline.occurring import Wanted

WINDOWS: Final = (DAY, 3 * DAY, WEEK, 2 * WEEK)
COUNTS: Final = 10
MOST_COUNTS: Final = 100
MOST_WINDOWS: Final = 8
MOST_ACTIONS: Final = 200
"""So many events and actions are tried at most, and as many values of properties."""
NEARLY_ALL: Final = 0.95
"""A value that so many of its events have tells no more than they do."""
FIRST_VISIT: Final = EventPattern((Name("$session_started", quoted=True),))
"""What begins with the first thing that somebody does, and directly before it."""

Tick = Callable[[str], None]


def quietly(_: str) -> None:
    """Tell nobody what is done next."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: the goal (None: the project's first); the segment whose entry begins people's
    time (None: the first thing they do); the windows (ms); how many times at most; only people who
    began within `period` (ms) before the end (None: all). Raises `UsageError` where that is
    nothing."""

    goal_id: str | None = None
    segment_id: str | None = None
    windows: tuple[int, ...] = WINDOWS
    counts: int = COUNTS
    period: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= len(self.windows) <= MOST_WINDOWS or min(self.windows) <= 0:
            raise UsageError(
                f"There are 1 to {MOST_WINDOWS} windows", hint="for example 1, 3, 7 and 14 days"
            )
        if not 1 <= self.counts <= MOST_COUNTS:
            raise UsageError(f"Counts go from 1 to {MOST_COUNTS}", hint="for example 10")


@dataclass(frozen=True)
class Discovered:
    """What was found, as known at the instant `at` (ms). `candidates` are the actions that
    `outcome` tells of by their places; `followed` is how long people are followed after a landmark
    (ms), `has_window` whether the goal says so itself; `taken` are the ids of segments there are,
    `seed` is that of the dealing by chance.
    """

    at: int
    zone: str
    goal: Goal
    segment_id: str | None
    segment_title: str
    followed: int
    has_window: bool
    candidates: tuple[Candidate, ...]
    outcome: Discovery
    taken: tuple[str, ...]
    seed: int

    def candidate(self, finding: Finding) -> Candidate:
        """The action of a finding."""
        return self.candidates[finding.action]

    def condition(self, finding: Finding) -> Condition:
        """What a finding says, as a condition in the words of the project file: at the landmark of
        each person it holds exactly for those who are counted as having done it."""
        within = (
            WithinAfter(finding.window, Which.FIRST, FIRST_VISIT)
            if self.segment_id is None
            else Within(finding.window)
        )
        pattern = self.candidate(finding).named
        return Did(pattern, Comparison.GE, finding.times, Unit.TIMES, within)

    def alike(self, finding: Finding) -> list[Finding]:
        """Other findings about exactly as many people: two names of one thing, as a rule."""
        return [
            one
            for one in self.outcome.findings
            if one.action != finding.action and _same(one, finding)
        ]

    @property
    def distinct(self) -> list[tuple[int, Finding]]:
        """The findings with their numbers, of those that are alike only the first."""
        listed = list(enumerate(self.outcome.findings, 1))
        return [
            (number, one)
            for number, one in listed
            if not any(_same(one, other) for _, other in listed[: number - 1])
        ]

    def numbered(self, number: int) -> Finding:
        """The finding of that number, from 1 on, as they are listed. Raises `NotFoundError`."""
        found = self.outcome.findings
        if not 1 <= number <= len(found):
            there = f"there are {len(found)}" if found else "nothing was found"
            raise NotFoundError(f"There is no finding {number}", hint=there)
        return found[number - 1]


def _same(one: Finding, other: Finding) -> bool:
    return (one.window, one.times, one.earlier, one.later) == (
        *(other.window, other.times),
        *(other.earlier, other.later),
    )


@dataclass(frozen=True)
class Prepared:
    """Everything that is needed to try the candidates: what is asked, what people did, when each
    candidate occurred, and the past that it was read from."""

    past: Past
    goal: Goal
    question: Question
    behaviour: Behaviour
    candidates: tuple[Candidate, ...]

    @property
    def actions(self) -> list[Occurrences]:
        """The occurrences of the candidates."""
        return [self.past.occurred[one.wanted] for one in self.candidates]


def find_actions(
    store: Store,
    project: Project,
    definitions: Definitions,
    at: int,
    asked: Asked,
    *,
    tick: Tick = quietly,
) -> Discovered:
    """Try every event, action and common property value of a project for its impact on a goal.

    `tick` is told what is done next. Raises as `prepare`.
    """
    ready = prepare(store, project, definitions, at, asked, tick=tick)
    tick("Trying everything")
    chance = np.random.default_rng(asked.seed)
    outcome = discover(ready.question, ready.behaviour, ready.actions, chance)
    titles = {one.id: one.title for one in definitions.segments}
    return Discovered(
        at,
        definitions.timezone,
        ready.goal,
        asked.segment_id,
        titles.get(asked.segment_id or "", ""),
        ready.question.horizon,
        ready.goal.within is not None,
        ready.candidates,
        outcome,
        tuple(titles),
        asked.seed,
    )


def prepare(
    store: Store,
    project: Project,
    definitions: Definitions,
    at: int,
    asked: Asked,
    *,
    tick: Tick = quietly,
) -> Prepared:
    """Choose the candidates and read when they occurred.

    Raises `NotFoundError` where the goal or segment does not exist, or the project has no goal;
    `UsageError` where the goal is all activity.
    """
    goal = goal_or_first(definitions, asked.goal_id)
    chosen = () if asked.segment_id is None else (known_segment(definitions, asked.segment_id),)
    tick("Looking at what people do")
    found = candidates(store, project, definitions, goal, at)
    wanted = [Wanted(ACTIVITY), goal.wanted, *(one.wanted for one in found)]
    tick("Reading the log")
    past = read_past(store, definitions, at, chosen, list(dict.fromkeys(wanted)))
    windows = tuple(sorted(set(asked.windows)))
    activity, reached = past.occurred[Wanted(ACTIVITY)], past.occurred[goal.wanted]
    return Prepared(
        past,
        goal,
        Question(windows, asked.counts, goal.window, at),
        Behaviour(_starts(past, asked), activity, reached, past.counted),
        tuple(_worth_trying(past, found)),
    )


def _starts(past: Past, asked: Asked) -> Starts:
    """When each person's time begins: at the first thing they do, which counts; or at the first
    entry into the segment, after which things count."""
    if asked.segment_id is None:
        activity = past.occurred[Wanted(ACTIVITY)]
        begun = _first(activity.offsets, activity.at)
        starts = Starts(begun, begun)
    else:
        spans = past.spans[asked.segment_id]
        begun = _first(spans.offsets, spans.start)
        starts = Starts(begun, begun + 1)
    earliest = 0 if asked.period is None else past.at - asked.period
    known = (begun > earliest) & (begun <= past.at)
    return replace(starts, at=np.where(known, begun, FOREVER))


def _first(offsets: Int64s, instants: Int64s) -> Int64s:
    """The first of each person's instants; FOREVER where there is none."""
    begun = np.full(len(offsets) - 1, FOREVER, np.int64)
    some = offsets[1:] > offsets[:-1]
    begun[some] = instants[offsets[:-1][some]]
    return begun


def _worth_trying(past: Past, found: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that most people did, without values that nearly all of their events have.
    Nothing here looks at who reached the goal."""
    done = {one: len(past.occurred[one.wanted].at) for one in found}
    people = {
        one: int(np.count_nonzero(np.diff(past.occurred[one.wanted].offsets))) for one in found
    }
    whole = {one.of: done[one] for one in found if not one.is_value}
    kept = [
        one
        for one in found
        if people[one]
        and not (one.is_value and done[one] >= NEARLY_ALL * whole.get(one.of, FOREVER))
    ]
    kept.sort(key=lambda one: (one.is_value, -people[one], one.title))
    values = [one for one in kept if one.is_value]
    return [*kept[: len(kept) - len(values)][:MOST_ACTIONS], *values[:MOST_ACTIONS]]
