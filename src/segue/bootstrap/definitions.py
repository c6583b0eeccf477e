"""A project's definitions, wherever they come from, read when they are first needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from segue.adapters.message_templates import MessageTemplates
from segue.domain.campaigns import Acting
from segue.domain.errors import DefinitionError, NotFoundError
from segue.language.acting import acting
from segue.language.acting_check import acting_problems
from segue.language.models import Project
from segue.language.project import load_project, project_from
from segue.language.resolve import resolve
from segue.language.tree import Definitions
from segue.services.acting.checking import template_problems

Given: TypeAlias = str | Path | Mapping[str, Any]
"""Definitions as a caller has them: the path of a `segue.yaml`, or a mapping of its shape."""


def acting_of(project: Project) -> Acting:
    """The campaigns of a project, about to be put in force.

    Raises `DefinitionError` with every problem, those of templates too: a campaign whose words
    cannot be made would use up the one message that somebody gets.
    """
    found = [*acting_problems(project), *template_problems(project, MessageTemplates())]
    if found:
        raise DefinitionError(sorted(found, key=lambda problem: (problem.line, problem.column)))
    return acting(project)


@dataclass
class ProjectFile:
    """Definitions from a path or a mapping; nothing is read before it is asked for."""

    given: Given

    @cached_property
    def project(self) -> Project:
        """The project. Raises `DefinitionError` with every problem, `NotFoundError` where there is
        no such file."""
        if isinstance(self.given, Mapping):
            return project_from(self.given)
        path = Path(self.given)
        if not path.is_file():
            raise NotFoundError(
                f"There is no definitions file {path}",
                hint="segue init --from FILE writes one from your events",
            )
        return load_project(path)

    @cached_property
    def definitions(self) -> Definitions:
        """The segments, ready to evaluate. Raises as `project` does."""
        return resolve(self.project)

    @property
    def path(self) -> Path | None:
        """The file; None where the definitions are a mapping."""
        return None if isinstance(self.given, Mapping) else Path(self.given)

    @property
    def text(self) -> str:
        """The text of the file; empty where the definitions are a mapping."""
        return "" if isinstance(self.given, Mapping) else Path(self.given).read_text("utf-8")

    @property
    def timezone(self) -> str:
        """The project's zone; UTC where the definitions cannot be read, so that a broken file
        keeps nobody from a backup."""
        try:
            return self.project.timezone
        except (DefinitionError, NotFoundError):
            return "UTC"
