"""A segment tried beside those of a project, before it has a name of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from segue.domain.errors import DefinitionError, Problem
from segue.language.models import Project
from segue.language.project import project_from
from segue.language.resolve import resolve

TRIED: Final = "preview"
"""The id of a segment that is looked at before it has one."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A project with one more segment, and the id that this has there."""

    project: Project
    segment_id: str


def tried_beside(project: Project, segment: Mapping[str, Any]) -> Trial:
    """The project with a segment (`when` and what else `segue.yaml` has of one) beside its own.

    Raises `DefinitionError` with every problem, placed within the text of its condition.
    """
    segment_id = _free_id(project)
    return Trial(beside(project, segment_id, segment), segment_id)


def beside(project: Project, segment_id: str, segment: Mapping[str, Any]) -> Project:
    """The project with a segment of that id beside its own, or in place of the one there is.

    Raises `DefinitionError` with every problem, placed within the text of its condition.
    """
    segments = {**project.segments, segment_id: dict(segment)}
    try:
        trial = project_from({**dict(project), "segments": segments})
        resolve(trial)
    except DefinitionError as error:
        problems = [placed(one, segment_id, segment) for one in error.problems]
        raise DefinitionError(problems, hint=error.hint) from None
    return trial


def placed(problem: Problem, segment_id: str, segment: Mapping[str, Any]) -> Problem:
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


def _free_id(project: Project) -> str:
    number, name = 1, TRIED
    while name in project.segments:
        number += 1
        name = f"{TRIED}-{number}"
    return name


_QUOTED: Final = re.compile("`([^`]+)`")
