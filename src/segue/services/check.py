"""Whether the definitions are right, and whether the events known so far make them doubtful."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from segue.domain.acting import Templates
from segue.domain.errors import DefinitionError, Problem, Severity
from segue.language.check import Catalog, check
from segue.language.models import Project
from segue.language.resolve import resolve
from segue.services.acting.checking import Events, doubtful_traits, template_problems
from segue.services.view import Store


@dataclass(frozen=True, slots=True)
class Checked:
    """Everything found, errors first, and how many segments the definitions have."""

    found: tuple[Problem, ...]
    segments: int

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong: with it the definitions cannot be used."""
        return tuple(one for one in self.found if one.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is doubtful, going by the events known so far."""
        return tuple(one for one in self.found if one.severity is Severity.WARNING)


def check_definitions(load: Callable[[], Project], store: Store, templates: Templates) -> Checked:
    """Check the project that `load` reads, against the events of the store where it has any."""
    try:
        project = load()
        catalog = catalog_of(store)
        found = [*check(project, catalog), *template_problems(project, templates)]
        if not any(one.severity is Severity.ERROR for one in found):
            found += _doubtful(project, templates, store, catalog)
        found.sort(key=lambda one: (one.severity, one.source, one.line, one.column))
        return Checked(tuple(found), len(resolve(project).segments))
    except DefinitionError as error:
        return Checked(error.problems, 0)


def _doubtful(
    project: Project, templates: Templates, store: Store, catalog: Catalog
) -> list[Problem]:
    last = store.extent().last_at
    if last is None or not catalog.traits:
        return []
    return doubtful_traits(project, templates, Events(store, catalog.traits, last))


def catalog_of(store: Store) -> Catalog:
    """What the store knows of names: events, their properties, traits."""
    summaries = store.summaries()
    return Catalog(
        events=tuple(one.event for one in summaries),
        properties={one.event: one.properties for one in summaries},
        traits=tuple(store.trait_names()),
    )
