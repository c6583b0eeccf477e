"""What the live service says: where people stand, what a turn did, how it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from segue.domain.live import Cause, Member, Transition


@dataclass(frozen=True, slots=True)
class CurrentMembership:
    """One segment that a person is in: since when, and until when if nothing more happens (ms;
    None: without end)."""

    segment_id: str
    since: int
    until: int | None


@dataclass(frozen=True, slots=True)
class PersonStanding:
    """Where one person stands as of the last turn (`as_of`, ms)."""

    person_id: str
    memberships: tuple[CurrentMembership, ...]
    as_of: int


@dataclass(frozen=True, slots=True)
class Inside:
    """Some of the people who are in a segment now, those who were first seen last first, and the
    cursor of the next page (None: there is none)."""

    members: tuple[Member, ...]
    cursor: int | None


@dataclass(frozen=True, slots=True)
class SegmentStanding:
    """One segment as of the last turn: its version, and how many are in."""

    segment_id: str
    title: str
    kind: str
    version: int
    size: int


@dataclass(frozen=True, slots=True)
class Turned:
    """What one turn did: up to which instant (ms), with how many events and people; the transitions
    published (the latest of them where they are very many), the id after the last, how many there
    are of each kind and cause, how late those that may be acted upon are (ms); how long the parts
    of the turn took (seconds by name), how much of that the processor worked for it (seconds), and
    how long the first of the events had waited before (ms)."""

    at: int
    next_transition: int
    events: int = 0
    people: int = 0
    transitions: Sequence[Transition] = ()
    counts: Mapping[tuple[str, Cause], int] = field(default_factory=dict)
    lateness: Sequence[int] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    processor: float = 0.0
    waited: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """How the loop is: whether it turns (`trouble` says why not), the last turn (ms), events that
    wait, people known, the id after the last transition, timers that are set; and where memberships
    come from runs, why the latest one is not taken over ("": it is, or they do not)."""

    ready: bool
    trouble: str
    ticked_at: int | None
    waiting: int
    people: int
    next_transition: int
    timers: int = 0
    runs_trouble: str = ""
