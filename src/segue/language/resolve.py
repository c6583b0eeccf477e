"""Project to `Definitions`: actions expanded, ladders exclusive, segments in order."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from segue.domain.errors import DefinitionError, Problem
from segue.language import canonical
from segue.language.actions import Actions, CyclicError, in_order
from segue.language.models import Ladder, Project
from segue.language.tree import Condition, Definitions, EventPattern, Name, Pattern, Segment
from segue.language.walk import segments_in, with_patterns
from segue.language.yaml_source import Loc

JOURNEY = "journey"
"""The journey is the ladder of this name: its stages are the segments `journey.STAGE`."""


def resolve(project: Project) -> Definitions:
    """What evaluation needs of a project.

    Raises `DefinitionError` with every unknown segment, repeated id and circle.
    """
    problems = structure_problems(project)
    if problems:
        raise DefinitionError(problems)
    actions = Actions(project.actions)
    named = {entry.segment.id: entry.segment for entry in entries(project)}
    order = in_order({id_: segments_in(segment.condition) for id_, segment in named.items()})
    return Definitions(
        segments=tuple(_expanded(named[segment_id], actions) for segment_id in order),
        timezone=project.timezone,
        exclude=None if project.exclude is None else with_patterns(project.exclude, actions.expand),
        not_activity=_event_names(project.not_activity, actions),
        page_events=_event_names(project.page_events, actions),
        campaign_keys=tuple(dict.fromkeys(project.campaign_keys)),
        goals=tuple(
            (name, actions.expand(goal.event), goal.within) for name, goal in project.goals.items()
        ),
    )


def actions_of(project: Project) -> dict[str, Pattern]:
    """The actions of a project by name, each expanded to the events that it stands for."""
    actions = Actions(project.actions)
    return {name: actions.expand(EventPattern((Name(name),))) for name in project.actions}


def engaging_of(project: Project) -> Pattern:
    """What counts as engaging with the product: any activity, unless the project says."""
    if project.engaging is None:
        return EventPattern()
    return Actions(project.actions).expand(project.engaging)


@dataclass(frozen=True, slots=True)
class Entry:
    """A segment of the file, exclusive but with actions unexpanded, and where it stands."""

    segment: Segment
    loc: Loc
    """The path to its `when`."""
    own: Condition
    """Its condition as written."""


def entries(project: Project) -> Iterator[Entry]:
    """Every segment: stages of the journey, levels of the ladders, then the segments."""
    stages = [(stage.stage, stage.title, stage.when) for stage in project.journey]
    for place, segment in enumerate(_exclusive(stages)):
        id_ = f"{JOURNEY}.{segment.id}"
        whole = Segment(id_, segment.title, segment.condition, "lifecycle", segment.id)
        yield Entry(whole, (JOURNEY, place, "when"), stages[place][2])
    for name, ladder in project.ladders.items():
        yield from _levels(name, ladder)
    for id_, segment_ in project.segments.items():
        title = segment_.title or humanised(id_)
        whole = Segment(id_, title, segment_.when, segment_.kind, segment_.stage)
        yield Entry(whole, ("segments", id_, "when"), segment_.when)


def _levels(name: str, ladder: Ladder) -> Iterator[Entry]:
    levels = [(level.level, level.title, level.when) for level in ladder.levels]
    for place, segment in enumerate(_exclusive(levels)):
        title = f"{ladder.title or humanised(name)}: {segment.title.lower()}"
        if levels[place][1]:
            title = levels[place][1]
        whole = Segment(f"{name}.{segment.id}", title, segment.condition, ladder.kind or name)
        yield Entry(whole, ("ladders", name, "levels", place, "when"), levels[place][2])


def _exclusive(levels: list[tuple[str, str, Condition]]) -> Iterator[Segment]:
    """Each level holds where its condition does and that of no later one."""
    for place, (name, title, when) in enumerate(levels):
        later = [condition for _, _, condition in levels[place + 1 :]]
        alone = [canonical.negation(canonical.any_of(later))] if later else []
        yield Segment(name, title or humanised(name), canonical.all_of([when, *alone]))


def humanised(name: str) -> str:
    """A title made from an id: `engaged_not_converted` is `Engaged not converted`."""
    words = name.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def _expanded(segment: Segment, actions: Actions) -> Segment:
    condition = with_patterns(segment.condition, actions.expand)
    return Segment(segment.id, segment.title, condition, segment.kind, segment.stage)


def _event_names(names: list[str], actions: Actions) -> tuple[str, ...]:
    return tuple(dict.fromkeys(event for name in names for event in actions.event_names(name)))


# ---------------------------------------------------------------------------------------- problems


def structure_problems(project: Project) -> list[Problem]:
    """Repeated ids, unknown segments and circles: what keeps a project from being evaluated."""
    problems = _repeated(project)
    problems += _unknown_segments(project)
    problems += _excluded_segments(project)
    try:
        Actions(project.actions)
    except CyclicError as error:
        text = f"actions use each other in a circle: {error}"
        problems.append(project.placed(Problem(text), ("actions", error.circle[0])))
    found = {entry.segment.id: entry for entry in entries(project)}
    try:
        in_order({id_: segments_in(entry.segment.condition) for id_, entry in found.items()})
    except CyclicError as error:
        text = f"segments depend on each other in a circle: {error}"
        problems.append(project.placed(Problem(text), found[error.circle[0]].loc))
    return problems


def _repeated(project: Project) -> list[Problem]:
    problems, seen = [], set[str]()
    if JOURNEY in project.ladders:
        text = "`journey` is the name of the journey; a ladder needs another one"
        problems.append(project.placed(Problem(text), ("ladders", JOURNEY)))
    for entry in entries(project):
        if entry.segment.id in seen:
            problem = Problem(f"`{entry.segment.id}` is already defined")
            problems.append(project.placed(problem, entry.loc))
        seen.add(entry.segment.id)
    return problems


def _unknown_segments(project: Project) -> list[Problem]:
    known = [entry.segment.id for entry in entries(project)]
    uses: dict[Loc, Condition] = {entry.loc: entry.own for entry in entries(project)}
    if project.exclude is not None:
        uses["exclude",] = project.exclude
    return [
        _unknown(project, loc, name, known)
        for loc, condition in uses.items()
        for name in segments_in(condition)
        if name not in set(known)
    ]


def _excluded_segments(project: Project) -> list[Problem]:
    """Every segment leaves the excluded out, so none of them can say who is excluded."""
    known = {entry.segment.id for entry in entries(project)}
    names = () if project.exclude is None else segments_in(project.exclude)
    return [
        project.placed_at_name(
            Problem(
                f"`exclude` cannot use the segment `{name}`: segments leave the excluded out, "
                "so each would depend on the other; repeat the segment's condition instead"
            ),
            ("exclude",),
            name,
        )
        for name in names
        if name in known
    ]


def _unknown(project: Project, loc: Loc, name: str, known: list[str]) -> Problem:
    close = difflib.get_close_matches(name, known, n=1)
    problem = Problem(f"there is no segment `{name}`", suggestion="".join(close))
    return project.placed_at_name(problem, loc, name)
