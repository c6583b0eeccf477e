"""What is answered from: definitions in force and who is in what, exchanged as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from segue.domain.live import CAUSES, Boundary, Transition
from segue.services.live.answers import CurrentMembership, SegmentStanding
from segue.services.live.current import CurrentMemberships
from segue.services.live.looking import Project


@dataclass(frozen=True)
class Shown:
    """A project in force, the number of each segment's version by its code, and who is in what."""

    project: Project
    versions: Mapping[int, int]
    current: CurrentMemberships
    _ids: Mapping[int, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ids", self.project.ids)

    @property
    def people(self) -> int:
        """How many people there are."""
        return self.current.people

    def memberships(self, person: int) -> tuple[CurrentMembership, ...]:
        """What the person with this code is in."""
        return tuple(
            CurrentMembership(self._ids[code], since, until)
            for code, since, until in self.current.of(person)
        )

    def segments(self) -> list[SegmentStanding]:
        """All segments with their sizes, in the order of the definitions."""
        codes = self.project.codes
        return [
            SegmentStanding(
                one.id,
                one.title,
                one.kind,
                self.versions[codes[one.id]],
                self.current.size(codes[one.id]),
            )
            for one in self.project.definitions.segments
        ]

    def transition(self, row: Mapping[str, Any], person_id: str, known_at: int) -> Transition:
        """A row of `TRANSITIONS`, with its `id` and `event_id`, as a transition."""
        code = row["segment"]
        return Transition(
            row["id"],
            self._ids[code],
            self.versions[code],
            person_id,
            Boundary.ENTERED if row["entered"] else Boundary.LEFT,
            row["at"],
            known_at,
            CAUSES[row["cause"]],
            retracted=row["retracted"],
            corrected=row["corrected"],
            live=row["live"],
            event_id=row["event_id"],
        )
