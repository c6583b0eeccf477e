"""What is answered from: definitions in force and who is in what, exchanged as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

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

    def stays(self, person: int) -> dict[str, int]:
        """The segments that the person with this code is in, by id, and since when (ms)."""
        return {self._ids[code]: since for code, since, _ in self.current.of(person)}

    def inside(
        self, segment_ids: Sequence[str], before: int | None, most: int
    ) -> list[tuple[int, int, int | None]]:
        """Who is in all of these segments; see `CurrentMemberships.inside`."""
        codes = [self.project.codes[one] for one in segment_ids]
        return self.current.inside(codes, before, most)

    def leaving(self, until: int) -> dict[str, int]:
        """How many leave each segment (id) by an instant (ms), if nothing more happens."""
        found = self.current.leaving(until)
        return {id_: found.get(code, 0) for code, id_ in self._ids.items()}

    def soonest(self, segment_id: str, most: int) -> list[tuple[int, int, int]]:
        """Who leaves a segment first: person (code), since and until (ms)."""
        return self.current.soonest(self.project.codes[segment_id], most)

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

    def transitions(
        self,
        changes: pa.Table,
        first: int,
        person_ids: Sequence[str],
        event_ids: Mapping[int, str],
        known_at: int,
    ) -> list[Transition]:
        """The rows of `TRANSITIONS` as transitions, the first of which has the id `first`: their
        people's ids, row by row, and the ids of events by their references."""
        code, at, entered, cause = (_listed(changes, name) for name in _COLUMNS)
        retracted, corrected, live = (_listed(changes, name) for name in _MARKS)
        refs = changes["ref"].to_pylist()
        return [
            Transition(
                first + row,
                self._ids[code[row]],
                self.versions[code[row]],
                person_id,
                Boundary.ENTERED if entered[row] else Boundary.LEFT,
                at[row],
                known_at,
                CAUSES[cause[row]],
                retracted[row],
                corrected[row],
                live[row],
                event_ids.get(ref),
            )
            for row, (person_id, ref) in enumerate(zip(person_ids, refs, strict=True))
        ]


_COLUMNS: Final = ("segment", "at", "entered", "cause")
_MARKS: Final = ("retracted", "corrected", "live")


def _listed(changes: pa.Table, name: str) -> list[Any]:
    found: list[Any] = changes[name].to_numpy().tolist()
    return found
