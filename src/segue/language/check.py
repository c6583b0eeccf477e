"""Checking a project: by itself, and against what is known of the log.

Errors are what can never hold or cannot be evaluated; warnings are names that nobody has seen so
far and conditions that say less than their author thinks.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from segue.domain.errors import Problem, Severity
from segue.language.acting_check import check_acting
from segue.language.actions import Actions, CyclicError
from segue.language.activity import DERIVED_EVENTS
from segue.language.doubts import Doubt, doubts
from segue.language.models import Project
from segue.language.resolve import entries, structure_problems
from segue.language.text import path_text, to_text
from segue.language.tree import (
    Amount,
    Condition,
    Crossing,
    EventPattern,
    Everyone,
    Has,
    InSegment,
    Measure,
    Name,
    Path,
    PatternUnion,
    Test,
    Trait,
)
from segue.language.walk import nodes
from segue.language.yaml_source import Loc

_STANDARD_EVENTS: Final = frozenset(
    {
        *DERIVED_EVENTS,
        "$message_delivered",
        "$message_shown",
        "$message_clicked",
        "$message_dismissed",
        "$survey_shown",
        "$survey_answered",
        "$survey_dismissed",
        "$identify",
        "$set",
        "$set_once",
        "$unset",
    }
)


@dataclass(frozen=True, slots=True)
class Catalog:
    """What is known of a log. What is empty is unknown and not checked.

    `properties` are the top-level properties by event name; `texts` those that never were a
    number, by event name; `traits` the top-level trait keys.
    """

    events: Collection[str] = ()
    properties: Mapping[str, Collection[str]] = field(default_factory=dict)
    traits: Collection[str] = ()
    texts: Mapping[str, Collection[str]] = field(default_factory=dict)


def check(project: Project, catalog: Catalog = Catalog()) -> list[Problem]:
    """All problems of the project, in the order of the file: errors and warnings."""
    problems = structure_problems(project)
    for loc, condition in _conditions(project).items():
        problems += [_placed(project, loc, doubt) for doubt in doubts(condition)]
    problems += check_acting(project)
    problems += _unreachable_levels(project)
    problems += _unknown_stages(project)
    try:
        actions = Actions(project.actions)
    except CyclicError:  # already among the structure problems
        return _in_file_order(problems)
    known = _Known(project, actions, catalog)
    for loc, tree in _trees(project).items():
        problems += [_placed(project, loc, doubt) for doubt in known.doubts(tree, loc)]
    return _in_file_order(problems)


def _in_file_order(problems: list[Problem]) -> list[Problem]:
    unique = dict.fromkeys(problems)
    return sorted(unique, key=lambda problem: (problem.source, problem.line, problem.column))


def _conditions(project: Project) -> dict[Loc, Condition]:
    found = {entry.loc: entry.own for entry in entries(project)}
    return found if project.exclude is None else {("exclude",): project.exclude, **found}


def _trees(project: Project) -> dict[Loc, Condition | EventPattern]:
    actions: dict[Loc, Condition | EventPattern] = {
        ("actions", name): pattern for name, pattern in project.actions.items()
    }
    goals: dict[Loc, Condition | EventPattern] = {
        ("goals", name, "event"): goal.event for name, goal in project.goals.items()
    }
    if project.engaging is not None:
        goals["engaging",] = project.engaging
    return {**actions, **goals, **_conditions(project)}


# ------------------------------------------------------------------------------------------ places


def _placed(project: Project, loc: Loc, doubt: Doubt) -> Problem:
    problem = Problem(doubt.message, suggestion=doubt.suggestion, severity=doubt.severity)
    return project.placed_at_name(problem, loc, _first_name(doubt.node))


def _first_name(node: Any) -> str:
    """The first name in the node's text, to point at."""
    for inner in nodes(node):
        match inner:
            case Name(text):
                return text
            case InSegment(segment) | Crossing(_, segment):
                return segment
            case Test(path):
                return path_text(path)
    return to_text(node).split(" ")[0]


# ------------------------------------------------------------------------------------- the ladders


def _unreachable_levels(project: Project) -> Iterator[Problem]:
    """Levels that come before one which holds for everyone."""
    stages = [(stage.stage, stage.when) for stage in project.journey]
    ladders: list[tuple[Loc, list[tuple[str, Condition]]]] = [(("journey",), stages)]
    for name, ladder in project.ladders.items():
        levels = [(level.level, level.when) for level in ladder.levels]
        ladders.append((("ladders", name, "levels"), levels))
    for loc, levels in ladders:
        for place, (name, _) in enumerate(levels):
            if any(when == Everyone() for _, when in levels[place + 1 :]):
                message = f"nobody is ever on `{name}`: a later level holds for everyone"
                yield project.placed(Problem(message), (*loc, place))


def _unknown_stages(project: Project) -> Iterator[Problem]:
    stages = [stage.stage for stage in project.journey]
    for name, segment in project.segments.items():
        if segment.stage and stages and segment.stage not in stages:
            message = f"the journey has no stage `{segment.stage}`"
            close = difflib.get_close_matches(segment.stage, stages, n=1)
            problem = Problem(message, suggestion="".join(close), severity=Severity.WARNING)
            yield project.placed(problem, ("segments", name, "stage"))


# -------------------------------------------------------------------------------- against the log


class _Known:
    """The names that the log and the project know."""

    def __init__(self, project: Project, actions: Actions, catalog: Catalog) -> None:
        self._project = project
        self._actions = actions
        self._catalog = catalog
        self._events = {*catalog.events, *_STANDARD_EVENTS}

    def doubts(self, tree: Condition | EventPattern, loc: Loc) -> Iterator[Doubt]:
        """Names in the tree that nobody knows, and amounts over what is no number."""
        own = str(loc[1]) if loc[0] == "actions" else ""
        for node in nodes(tree):
            match node:
                case Name():
                    yield from self._event(node, own)
                case EventPattern(_, where) if where is not None:
                    yield from self._filter(node, where)
                case Has(_, pattern, where):
                    yield from self._filter(pattern, where)
                case Amount(measure, happening, path) if path:
                    yield from self._properties(happening, path, node)
                    yield from self._numbers(measure, happening, path, node)
                case Trait(test):
                    yield from self._trait(test)

    def _event(self, name: Name, own: str) -> Iterator[Doubt]:
        if not self._catalog.events or self._is_known(name, own):
            return
        bare = not name.quoted
        near = [*self._catalog.events, *(self._project.actions if bare else ())]
        kind = "action or event" if bare else "event"
        yield _unknown(f"no {kind} `{name.text}` so far", name.text, near, name)

    def _is_known(self, name: Name, own: str) -> bool:
        if not name.quoted and name.text in self._project.actions and name.text != own:
            return True
        if name.is_prefix:
            return any(event.startswith(name.text[:-1]) for event in self._events)
        return name.text in self._events

    def _filter(self, pattern: Any, where: Any) -> Iterator[Doubt]:
        for test in nodes(where):
            if isinstance(test, Test):
                yield from self._properties(pattern, test.path, test)

    def _properties(self, pattern: Any, path: Path, node: Any) -> Iterator[Doubt]:
        known = self._known_properties(pattern)
        if known is not None and path[0] not in known:
            names = to_text(EventPattern(pattern.names))
            message = f"no property `{path[0]}` so far on {names}"
            yield _unknown(message, path[0], known, node)

    def _known_properties(self, pattern: Any) -> set[str] | None:
        """The properties of the events that match; None where they are not known."""
        found: set[str] = set()
        for event in self._events_of(pattern):
            if event not in self._catalog.properties:
                return None
            found |= set(self._catalog.properties[event])
        return found or None

    def _events_of(self, pattern: Any) -> tuple[str, ...]:
        """The names of the events that match; none where that cannot be told."""
        if not isinstance(pattern, EventPattern) or pattern.is_any:
            return ()
        expanded = self._actions.expand(pattern)
        parts = expanded.alternatives if isinstance(expanded, PatternUnion) else (expanded,)
        names = [name for part in parts for name in part.names]
        if any(part.is_any for part in parts) or any(name.is_prefix for name in names):
            return ()
        return tuple(name.text for name in names)

    def _numbers(self, measure: Measure, pattern: Any, path: Path, node: Any) -> Iterator[Doubt]:
        events = self._events_of(pattern)
        texts = [set(self._catalog.texts.get(event, ())) for event in events]
        if measure is not Measure.DISTINCT and texts and all(path[0] in known for known in texts):
            message = f"`{measure}` needs numbers, but `{path[0]}` has only texts so far"
            yield Doubt(message, node, Severity.WARNING)

    def _trait(self, test: Test) -> Iterator[Doubt]:
        if self._catalog.traits and test.path[0] not in self._catalog.traits:
            message = f"no trait `{test.path[0]}` so far"
            yield _unknown(message, test.path[0], self._catalog.traits, test)


def _unknown(message: str, name: str, known: Collection[str], node: Any) -> Doubt:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    folded = [other for other in known if other.lower() == name.lower()]
    suggestion = (folded or close or [""])[0]
    return Doubt(message, node, Severity.WARNING, suggestion)
