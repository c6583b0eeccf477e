"""The live service: one object that takes events, keeps memberships, and answers about them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from segue.domain.live import Transition
from segue.language.tree import Definitions
from segue.services.live.intake import Batch, Receipt
from segue.timeline.log import Int32s
from segue.timeline.spans import Spans


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
class SegmentStanding:
    """One segment as of the last turn: version, how many are in."""

    segment_id: str
    title: str
    kind: str
    version: int
    size: int


@dataclass(frozen=True, slots=True)
class Turned:
    """What one turn of the loop did, and how long its parts took (seconds)."""

    at: int
    events: int
    people: int
    transitions: tuple[Transition, ...]
    seconds: dict[str, float]


@dataclass(frozen=True, slots=True)
class Health:
    """How the loop is: whether it turns (`trouble` says why not), the last turn (ms), events that
    wait, people known, transitions published, the next instant at which somebody is due (ms)."""

    ready: bool
    trouble: str
    ticked_at: int | None
    waiting: int
    people: int
    next_transition: int
    next_due: int | None


class Live:
    """See the module. `turn` is called by one thread only; the rest by any."""

    # ------------------------------------------------------------------------------------ events

    def submit(self, batch: Batch) -> Future[Receipt]:
        """Queue events; the future resolves when they are durable.

        Raises `BusyError` where too much waits.
        """
        raise NotImplementedError

    # ---------------------------------------------------------------------------------- the loop

    def turn(self, now: int) -> Turned:
        """Take in what waits, evaluate who is dirty or due, publish, durably, all in one commit."""
        raise NotImplementedError

    def next_due(self) -> int | None:
        """The next instant (ms) at which a turn is needed even if nothing arrives."""
        raise NotImplementedError

    # ----------------------------------------------------------------------------------- answers

    @property
    def definitions(self) -> Definitions:
        """The segments in force."""
        raise NotImplementedError

    def redefine(self, definitions: Definitions, now: int) -> None:
        """Put other definitions in force: evaluated from history within the next turn."""
        raise NotImplementedError

    def standing(self, distinct_id: str) -> PersonStanding:
        """The segments that the person who has this distinct id is in; from memory.

        Raises `NotFoundError` where nobody has it.
        """
        raise NotImplementedError

    def segments(self) -> list[SegmentStanding]:
        """All segments with their sizes, in the order of the definitions."""
        raise NotImplementedError

    def spans(
        self, definitions: Definitions, segment_ids: Sequence[str], at: int
    ) -> tuple[Int32s, dict[str, Spans]]:
        """Everybody's spans in segments of any definitions, saved or not: the codes of the people,
        and the spans by segment. Reads the store only for what the segments in force do not use."""
        raise NotImplementedError

    def health(self) -> Health:
        """How the loop is."""
        raise NotImplementedError
