"""What may have an impact: the events and actions of a project, and values that they often carry.

They are chosen by what people do, never by who reached the goal.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from segue.domain.errors import UsageError
from segue.language.activity import is_activity, selects
from segue.language.describe import describe, describe_filter
from segue.language.models import Project
from segue.language.resolve import actions_of
from segue.language.tree import Comparison, Definitions, Did, EventPattern, Name, Op, Pattern, Test
from segue.services.insight.past import Goal
from segue.services.view import Store
from segue.timeline.occurring import Wanted

MOST_VALUES: Final = 150
"""Property values that are looked at, at most."""
LEAST_PEOPLE: Final = 20
"""A value is common where at least so many people have it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that people do. `title` says it: "invited a teammate"; `named` is its pattern in
    the words of the project, `wanted` what is read; `of` is the event or action that a value
    belongs to, else its own name."""

    title: str
    named: EventPattern
    wanted: Wanted
    of: str
    is_value: bool = False


def candidates(
    store: Store, project: Project, definitions: Definitions, goal: Goal, at: int
) -> list[Candidate]:
    """Everything that people do themselves, save what is part of the goal.

    An action that stands for one event takes its place. Raises `UsageError` where the goal is all
    activity.
    """
    names = sorted(one.event for one in store.summaries() if one.first_at <= at)
    active = {name for name in names if is_activity(name, definitions.not_activity)}
    aims = _names_of(goal.pattern, active)
    if not active - aims and active:
        raise UsageError(
            f"The goal {goal.id!r} is everything that people do",
            hint="a goal is one thing that counts as success",
        )
    actions = dict(_actions(project, names, active, aims))
    events = [name for name in sorted(active - aims) if name not in actions.values()]
    found = [_action(name, project) for name in actions]
    found += [_candidate(EventPattern((Name(name, quoted=True),)), name) for name in events]
    return _told_apart([*found, *_values(store, actions, active - aims, at)])


def _told_apart(found: Sequence[Candidate]) -> list[Candidate]:
    """Of several that would be said alike, all but the first by their names."""
    said: set[str] = set()
    apart = []
    for one in found:
        title = one.title
        if title in said:
            where = "" if one.named.where is None else f" where {describe_filter(one.named.where)}"
            title = f"did “{one.of}”{where}"
        said.add(title)
        apart.append(replace(one, title=title))
    return apart


def _actions(
    project: Project, names: Sequence[str], active: Collection[str], aims: Collection[str]
) -> Iterator[tuple[str, str]]:
    """The actions that may have an impact, each with the event that it is another name of ("" where
    it is more than that)."""
    seen: set[Pattern] = set()
    for name, pattern in actions_of(project).items():
        its = _names_of(pattern, names)
        if its and its <= set(active) and not its & set(aims) and pattern not in seen:
            seen.add(pattern)
            plain = isinstance(pattern, EventPattern) and pattern.where is None and len(its) == 1
            yield name, next(iter(its)) if plain else ""


def _names_of(pattern: Pattern, names: Collection[str]) -> set[str]:
    """The event names, of those, that a resolved pattern may match."""
    alternatives = (pattern,) if isinstance(pattern, EventPattern) else pattern.alternatives
    if any(one.is_any for one in alternatives):
        return set(names)
    texts = [name.text for one in alternatives for name in one.names]
    return {name for name in names if any(selects(text, name) for text in texts)}


def _action(name: str, project: Project) -> Candidate:
    named = EventPattern((Name(name),))
    return Candidate(_said(named), named, Wanted(actions_of(project)[name]), name)


def _candidate(pattern: EventPattern, of: str, *, is_value: bool = False) -> Candidate:
    return Candidate(_said(pattern), pattern, Wanted(pattern), of, is_value)


def _said(pattern: EventPattern) -> str:
    """In the past: "invited a teammate"."""
    return describe(Did(pattern, Comparison.GE, 2)).removesuffix(" at least 2 times")


def _values(
    store: Store, actions: dict[str, str], events: Collection[str], at: int
) -> list[Candidate]:
    """Common values of properties; under the name of the action where an event has one."""
    named = {event: Name(action) for action, event in actions.items() if event}
    found = []
    common = store.common_values(sorted(events), at=at, least=LEAST_PEOPLE, most=MOST_VALUES)
    for one in common:
        test = Test((one.property,), Op.EQ, one.value)
        read = EventPattern((Name(one.event, quoted=True),), test)
        name = named.get(one.event, Name(one.event, quoted=True))
        written = EventPattern((name,), test)
        found.append(Candidate(_said(written), written, Wanted(read), name.text, is_value=True))
    return found
