"""A campaign or survey that is not saved yet: what is wrong with it, and what it would be, ready to
be looked at."""

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
from segue.services.live.editing import Entry, Section


@dataclass(frozen=True, slots=True)
class Draft:
    """What a project would be with a campaign or survey in it: the project and its campaigns, None
    where something keeps them from being read or acted upon. `problems` are those of this one, in
    the order of the file, errors first; `elsewhere` what is wrong in the rest."""

    id: str
    section: Section
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
    project: Project, section: Section, spoken_id: str, entry: Entry, templates: Templates
) -> Draft:
    """A project with the campaign or survey in it; nothing of the rest is read anew."""
    try:
        alone = project_from({section: {spoken_id: entry}})
    except DefinitionError as error:
        return _draft(spoken_id, section, None, list(error.problems))
    spoken = {**getattr(project, section), **getattr(alone, section)}
    whole = project.model_copy(update={section: spoken})
    found = [*check_acting(whole), *template_problems(whole, templates)]
    return _draft(spoken_id, section, whole, found)


def _draft(
    spoken_id: str, section: Section, project: Project | None, found: list[Problem]
) -> Draft:
    place = f"{section}.{spoken_id}"
    found.sort(key=lambda one: one.severity)
    own = [one for one in found if one.where == place or one.where.startswith(f"{place}.")]
    rest = [one for one in found if one not in own and one.severity is Severity.ERROR]
    wrong = any(one.severity is Severity.ERROR for one in found)
    made = None if project is None or wrong else acting(project)
    return Draft(spoken_id, section, project, made, tuple(own), tuple(rest))
