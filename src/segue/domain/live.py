"""What changes while people are watched: transitions, and what the live loop asks of a store.

A transition is the published fact that a person entered or left a segment. Published facts are
never edited: where a late event shows that one was wrong, a retraction of it is published.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from segue.domain.ports import Erased
from segue.domain.runs import AdoptedRun, Adopting

RequestT = TypeVar("RequestT", contravariant=True)
CodebookT = TypeVar("CodebookT", contravariant=True)
TableT = TypeVar("TableT", contravariant=True)
KeptT = TypeVar("KeptT")
PartT = TypeVar("PartT", covariant=True)
ArrivedT = TypeVar("ArrivedT", covariant=True)
GroupsT = TypeVar("GroupsT", covariant=True)
CodesT = TypeVar("CodesT", contravariant=True)
RefsT = TypeVar("RefsT")


class Boundary(StrEnum):
    """Which end of a membership."""

    ENTERED = "entered"
    LEFT = "left"


class Cause(StrEnum):
    """Why a transition was published when it was."""

    EVENT = "event"
    """An event of the person at that very instant."""
    TIME = "time"
    """Time passed: a window closed, an age was reached."""
    CORRECTION = "correction"
    """A late event, or a link between ids, showed that what had been said was wrong."""
    IMPORT = "import"
    """An import of past events."""
    DEFINITION = "definition"
    """The segment is new or was defined anew."""


CAUSES = tuple(Cause)
"""The causes by the code that a store keeps."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A published fact about one person and one version of one segment.

    `id` grows by one with every row and is the cursor of the feed. `at` is when it was true and
    `known_at` when it was published (ms). `retracted`: the fact published earlier is taken back.
    `corrected`: it rewrites what had been published, or came too late to act on. `live`: it may be
    acted upon (true now, in time, caused by an event or by time). `event_id` is the event that
    caused it.
    """

    id: int
    segment_id: str
    version: int
    person_id: str
    boundary: Boundary
    at: int
    known_at: int
    cause: Cause
    retracted: bool = False
    corrected: bool = False
    live: bool = False
    event_id: str | None = None

    @property
    def kind(self) -> str:
        """`entered`, `left` or `retracted`."""
        return "retracted" if self.retracted else self.boundary.value


@dataclass(frozen=True, slots=True)
class SegmentVersion:
    """One meaning of a segment: in force from `since` until `until` (ms; None: still).

    `code` is what transitions refer to; `fingerprint` is equal exactly where everything that the
    segment rests on is.
    """

    code: int
    segment_id: str
    version: int
    fingerprint: str
    since: int
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """How far a store's transitions go: the instant of the last turn (ms; None before the first),
    the reference after the last event that was evaluated, and the id after the last transition;
    and by which version of Segue everybody was evaluated last (None: by none since somebody was
    erased)."""

    ticked_at: int | None
    next_ref: int
    next_transition: int
    evaluated_by: str | None = None


class Turn(Protocol[RequestT, CodebookT, TableT, PartT, ArrivedT, GroupsT, CodesT, RefsT]):
    """One write transaction of the live loop: nothing of it is seen by others, and nothing of it
    is kept, unless it ends well; then all of it is durable."""

    def append(self, events: TableT, *, received_at: int) -> ArrivedT:
        """As `EventStore.append`; also who they belong to, before and after."""

    def delta(
        self,
        requests: Collection[RequestT],
        codebook: CodebookT,
        *,
        not_activity: Collection[str] = (),
    ) -> PartT:
        """What the events appended in this turn answer, by code of distinct id; `not_activity` as
        in `EventStore.read`."""

    def reread(
        self,
        whos: CodesT,
        requests: Collection[RequestT],
        codebook: CodebookT,
        *,
        not_activity: Collection[str] = (),
    ) -> PartT:
        """What all events of these distinct ids (int32 codes) answer."""

    def ranks(self, refs: RefsT) -> RefsT:
        """For events by reference, int64[N]: their places, from 0, in the order of `sequence`
        (none first), bytes of the event id, reference."""

    def define(self, segment_id: str, fingerprint: str, *, since: int) -> SegmentVersion:
        """Begin a version of a segment, ending the one in force."""

    def retire(self, segment_id: str, *, until: int) -> None:
        """End the version of a segment that is in force, without a next one."""

    def publish(self, transitions: TableT, *, known_at: int) -> int:
        """Append transitions (see `services.live.publishing.TRANSITIONS`); the first one's id."""

    def ticked(self, at: int) -> None:
        """Note that everything up to this instant, and all events stored, were evaluated."""

    def evaluated(self, by: str) -> None:
        """Note by which version of Segue everybody was evaluated."""

    def adopt(self, how: Adopting) -> int:
        """Take over the memberships of a run, and publish what differs from what is published; how
        many transitions that were. Raises `InputError` where files of it are missing."""


class LiveStore(Protocol[RequestT, CodebookT, KeptT, PartT, ArrivedT, GroupsT, CodesT, RefsT]):
    """What the live loop asks of an event store beside `EventStore`."""

    def turn(
        self,
    ) -> AbstractContextManager[
        Turn[RequestT, CodebookT, KeptT, PartT, ArrivedT, GroupsT, CodesT, RefsT]
    ]:
        """Begin a write transaction; it commits where the block ends well, else rolls back."""

    def position(self) -> Position:
        """How far the transitions go."""

    def ranks(self, refs: RefsT) -> RefsT:
        """As `Turn.ranks`, of what is committed."""

    def erase(self, person_id: str) -> Erased:
        """See `EventStore.erase`."""

    def next_ref(self) -> int:
        """The reference after the last event that is committed: every reader sees those before it,
        and none that a turn is writing."""

    def net_boundaries(self) -> KeptT:
        """What is published and not retracted of the versions in force, sorted: `segment` int32,
        `person` int32, `at` int64, `entered` bool."""

    def versions(self) -> list[SegmentVersion]:
        """The versions of segments that are in force."""

    def adopted_run(self) -> AdoptedRun | None:
        """The run whose memberships were taken over last; None where none was."""

    def adopted_spans(self) -> KeptT:
        """The spans of versions in force that had not ended when the last run was taken over,
        sorted by person: `segment` and `person` int32, `start` and `end` int64 (ms)."""

    def everything(
        self,
        requests: Collection[RequestT],
        codebook: CodebookT,
        *,
        since: int = 0,
        before: int | None = None,
        not_activity: Collection[str] = (),
    ) -> PartT:
        """What the events with references from `since` up to, not including, `before` (None: all)
        answer, by code of distinct id."""

    def some(
        self,
        whos: CodesT,
        requests: Collection[RequestT],
        codebook: CodebookT,
        *,
        before: int,
        not_activity: Collection[str] = (),
    ) -> PartT:
        """What the events of these distinct ids (int32 codes, ascending) with references up to, not
        including, `before` answer."""

    def everybody(self) -> GroupsT:
        """Everybody, with the codes of their distinct ids."""

    def groups(self, people: CodesT) -> GroupsT:
        """Those of these people (int32 codes of person ids, ascending) who exist."""

    def person_code(self, distinct_id: str) -> int | None:
        """The code of the id of the person who has this distinct id; None where there is none."""

    def person_ids(self, people: CodesT) -> Sequence[str]:
        """The ids of people by their codes."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a segment at an instant: since when, and until when as it is known now (ms; None:
    still in)."""

    person_id: str
    since: int
    until: int | None


@dataclass(frozen=True, slots=True)
class MembersPage:
    """Members by the UTF-8 bytes of their ids; `cursor` is the last id, None where no more come."""

    members: tuple[Member, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Membership:
    """One stay of somebody in a segment, `[entered_at, left_at)` (ms; None: still in)."""

    segment_id: str
    entered_at: int
    left_at: int | None


@dataclass(frozen=True, slots=True)
class Flow:
    """How many memberships of a segment began and ended in a stretch of time, and how many people
    were in at its end."""

    entered: int
    left: int
    size: int


@dataclass(frozen=True, slots=True)
class Crossing:
    """That somebody entered or left a segment, and when (ms)."""

    person_id: str
    at: int


@dataclass(frozen=True, slots=True)
class CrossingsPage:
    """Some of those who entered (or left) a segment in a stretch of time, the latest first, and how
    many times anybody did in all; `cursor` is where the next ones begin (None: there are none)."""

    crossings: tuple[Crossing, ...]
    total: int
    cursor: tuple[int, int] | None = None


class Published(Protocol):
    """What was published, transition by transition."""

    def transitions(
        self,
        *,
        after: int = -1,
        limit: int = 100,
        segment_id: str | None = None,
        person_id: str | None = None,
        only_live: bool = False,
    ) -> list[Transition]:
        """At most `limit` transitions with ids beyond `after`, ascending: only of this segment, of
        this person (the id as published), only what may be acted upon."""


class TransitionReader(Published, Protocol):
    """What the interfaces ask of a store about published transitions; every answer is of one
    moment. Memberships are those of versions in force: published minus retracted."""

    def members(
        self, segment_id: str, *, at: int, after: str | None = None, limit: int = 100
    ) -> MembersPage:
        """At most `limit` people who were in the segment at the instant, from the first id beyond
        `after`; nobody where no version is in force."""

    def memberships_of(self, person_id: str, segment_id: str | None = None) -> list[Membership]:
        """Every stay of a person, in one segment or in all, by segment and instant."""

    def flows(self, segment_id: str, limits: Sequence[int]) -> list[Flow]:
        """Who came and went in each stretch `(limits[i], limits[i + 1]]`; limits ascend (ms)."""

    def crossings(
        self,
        segment_id: str,
        boundary: Boundary,
        *,
        after: int,
        until: int,
        before: tuple[int, int] | None = None,
        limit: int = 100,
    ) -> CrossingsPage:
        """At most `limit` of those whom `flows` counts in the stretch `(after, until]` (ms), from
        the cursor `before` on; nobody where no version is in force."""

    def changes(self, limits: Sequence[int]) -> dict[str, list[tuple[int, int]]]:
        """By segment in force, how many entered and how many left in each stretch `(limits[i],
        limits[i + 1]]`; segments in which nothing changed are not there."""

    def published_segments(self) -> set[str]:
        """The ids of all segments of which any version ever was in force."""

    def segment_versions(self, segment_id: str) -> list[SegmentVersion]:
        """All versions of a segment, in force or not, oldest first."""

    def count_transitions(self) -> int:
        """How many transitions are published, retractions among them."""
