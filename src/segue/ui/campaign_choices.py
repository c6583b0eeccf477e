"""What can be chosen in the form of a campaign: names of the project and of the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from segue.language.models import Project
from segue.language.tree import Definitions
from segue.services.live.catalogue import Names

MOST: Final = 60
"""Names of each kind that are offered."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen: segments as (id, title), goals, events and traits."""

    segments: tuple[tuple[str, str], ...]
    goals: tuple[tuple[str, str], ...]
    events: tuple[str, ...]
    traits: tuple[str, ...]


def choices(definitions: Definitions, project: Project, names: Names) -> Choices:
    """What this project and its data have to choose from."""
    return Choices(
        tuple((one.id, one.title) for one in definitions.segments),
        (("", "none"), *((name, name) for name in project.goals)),
        tuple(one.event for one in names.events[:MOST]),
        names.traits[:MOST],
    )
