"""A campaign or survey that is not saved yet: what the file would be with it, what is wrong with
it, and what it would be, ready to be looked at."""

from __future__ import annotations

from dataclasses import dataclass

from segue.domain.acting import Templates
from segue.domain.campaigns import Acting, Campaign
from segue.domain.errors import DefinitionError, Problem, Severity
from segue.language.acting import acting
from segue.language.acting_check import check_acting
from segue.language.models import Project
from segue.language.project import project_from
from segue.services.acting.checking import template_problems
from segue.services.live.editing import Entry, Section, put_spoken


@dataclass(frozen=True, slots=True)
class Draft:
    """What the project would be: its text, the project, and its campaigns; None where something
    keeps it from being read or acted upon. `problems` are those of this campaign, in order,
    `elsewhere` what is wrong in the rest of the file."""

    id: str
    section: Section
    text: str
    project: Project | None
    acting: Acting | None
    problems: tuple[Problem, ...]
    elsewhere: tuple[Problem, ...]

    @property
    def campaign(self) -> Campaign | None:
        """The campaign itself, where the project can be acted upon."""
        return None if self.acting is None else self.acting.campaign(self.id)

    @property
    def works(self) -> bool:
        """Whether it could be saved."""
        return self.acting is not None


def drafted(
    before: str, section: Section, spoken_id: str, entry: Entry, templates: Templates
) -> Draft:
    """The project of this text with the campaign or survey in it. Raises `DefinitionError` where
    the text is no YAML."""
    text = put_spoken(before, section, spoken_id, entry)
    try:
        project = project_from(text)
    except DefinitionError as error:
        return _draft(spoken_id, section, text, None, list(error.problems))
    found = [*check_acting(project), *template_problems(project, templates)]
    return _draft(spoken_id, section, text, project, found)


def _draft(
    spoken_id: str, section: Section, text: str, project: Project | None, found: list[Problem]
) -> Draft:
    found.sort(key=lambda one: (one.severity, one.line, one.column))
    wrong = any(one.severity is Severity.ERROR for one in found)
    place = f"{section}.{spoken_id}"
    own = [one for one in found if one.where == place or one.where.startswith((f"{place}.",))]
    rest = [one for one in found if one not in own and one.severity is Severity.ERROR]
    made = None if project is None or wrong else acting(project)
    return Draft(spoken_id, section, text, project, made, tuple(own), tuple(rest))
