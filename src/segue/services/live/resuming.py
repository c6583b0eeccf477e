"""Where everybody stands when a server begins: as just seen, or as it was kept by the last one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from segue.language.tree import Definitions
from segue.services.live.current import CurrentMemberships
from segue.services.live.due import Due
from segue.services.live.establishing import Established
from segue.services.live.kept import KeptStanding
from segue.services.live.looking import Limits, Project
from segue.services.live.meanings import fingerprints
from segue.services.live.store import Store


@dataclass(frozen=True, slots=True)
class Standing:
    """Definitions in force, where everybody stands, and when to look at whom."""

    project: Project
    limits: Limits
    current: CurrentMemberships
    due: Due

    @classmethod
    def of(cls, done: Established) -> Self:
        """From everybody as just seen."""
        looked = done.looked
        current = CurrentMemberships.of_everybody(looked.people, looked.spans, done.at)
        return cls(done.project, done.limits, current, Due(looked.people, looked.next_change))


def resumed(store: Store, definitions: Definitions, kept: KeptStanding | None) -> Standing | None:
    """Where everybody stood when the last server ended, if nothing has happened since: the last
    turn is the same, and every segment means what it meant. None where that is not so, or where
    people are ranked: thresholds are not kept."""
    if kept is None:
        return None
    versions = store.versions()
    if {one.segment_id: one.fingerprint for one in versions} != fingerprints(definitions):
        return None
    codes = {one.segment_id: one.code for one in versions}
    project = Project.of(definitions, {one.id: codes[one.id] for one in definitions.segments})
    if project.ranks or not kept.fits(store.position().ticked_at, codes.values()):
        return None
    current = CurrentMemberships.restored(kept)
    return Standing(project, {}, current, Due(kept.due_person, kept.due_at))
