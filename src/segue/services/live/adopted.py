"""The live service where memberships come from runs elsewhere: events that arrive are kept, but
nobody is evaluated here.

A run says who is in what, and when who will enter or leave if nothing more happens: what differs
from what is published is published when the run is taken over, and what was to come when its time
comes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import pyarrow as pa

from segue.domain.errors import NotFoundError, UsageError
from segue.domain.runs import AdoptedRun, Adopting, PublishedRun
from segue.language.tree import Definitions
from segue.services.live.adopted_spans import AdoptedSpans
from segue.services.live.answers import CurrentMembership, PersonStanding, Turned
from segue.services.live.establishing import in_force
from segue.services.live.intake import Batch, Receipt, events_of
from segue.services.live.live import LATE_AFTER, MOST_PEOPLE, Live
from segue.services.live.looking import Project
from segue.services.live.publishing import Arrivals, Boundaries, Circumstances, differences
from segue.services.live.resuming import Index, Standing
from segue.services.live.store import Store, Wanted
from segue.services.live.told import counts_of, lateness_of
from segue.services.live.turning import State
from segue.timeline.growing import GrowingLog
from segue.timeline.log import Int32s
from segue.timeline.parts import Arrived, Codebook

BY_RUNS: Final = "runs"
"""Who evaluated everybody, in place of a version of Segue: a server that reads its own events again
compares everything then."""


@dataclass(frozen=True, slots=True)
class _Touched:
    """People whom a turn looks at, int32 ascending, and what to publish of them."""

    people: Int32s
    changes: pa.Table


class AdoptedLive(Live):
    """See the module. Make one with `AdoptedLive.resume`."""

    def __init__(
        self,
        store: Store,
        standing: Standing,
        state: State,
        spans: AdoptedSpans,
        *,
        late_after: int,
    ) -> None:
        super().__init__(store, Codebook(), standing, state, late_after=late_after, version=BY_RUNS)
        self._spans = spans
        self._last = int(store.everybody().person.max(initial=-1))

    @classmethod
    def resume(
        cls, store: Store, definitions: Definitions, now: int, *, late_after: int = LATE_AFTER
    ) -> Self:
        """Take up the work where the last turn ended, with the memberships of the run that was
        taken over last."""
        position = store.position()
        at = now if position.ticked_at is None else position.ticked_at
        project = _put_in_force(store, definitions, at)
        log = GrowingLog(store.everything(frozenset(), Codebook()))
        spans = AdoptedSpans.of(store.adopted_spans())
        everybody = spans.people(store.everybody().person)
        standing = Standing(project, {}, spans.current(everybody, at), spans.due(at))
        state = State(project, log, {}, at, store.next_ref())
        return cls(store, standing, state, spans, late_after=late_after)

    # ----------------------------------------------------------------------------------- the runs

    @property
    def adopted(self) -> AdoptedRun | None:
        """The run that was taken over last; None where none was."""
        return self._store.adopted_run()

    def is_current(self, run: str) -> bool:
        """Whether the run with this id is the one that is taken over, for the segments in force."""
        adopted = self.adopted
        return adopted is not None and adopted.run == run and adopted.segments == self._codes

    def adopt(self, run: PublishedRun) -> Future[int]:
        """Take over the memberships of a run within the next turn, all at once; the future has how
        many transitions that published.

        It raises `InputError` where the run's files are missing, and the store's errors; then
        nothing has changed, and the memberships stay what they were.
        """
        return self._command(lambda now: self._adopt(run, now))

    @property
    def _codes(self) -> frozenset[int]:
        return frozenset(self._state.project.codes.values())

    def _adopt(self, run: PublishedRun, now: int) -> int:
        before, codes = self.adopted, self._codes
        known = frozenset() if before is None else before.segments
        how = Adopting(
            run,
            self._state.project.codes,
            now,
            self._late_after,
            established=known != codes,
            fresh=codes - known if before is not None else frozenset(),
        )
        with self._store.turn() as turn:
            count = turn.adopt(how)
            turn.ticked(now)
            turn.evaluated(BY_RUNS)
        self._stand(self._state.project, now)
        return count

    def _stand(self, project: Project, at: int) -> None:
        """Answer from what the store has, as of an instant (ms)."""
        self._spans = spans = AdoptedSpans.of(self._store.adopted_spans())
        everybody = spans.people(self._store.everybody().person)
        self._last = int(everybody.max(initial=-1))
        standing = Standing(project, {}, spans.current(everybody, at), spans.due(at))
        next_ref = self._store.next_ref()
        self._show(standing, replace(self._state, project=project, at=at, next_ref=next_ref))

    # ----------------------------------------------------------------------------------- the turn

    def _turn(self, batches: Sequence[Batch], now: int) -> Turned:
        cut, due = self._due.until(now, MOST_PEOPLE)
        if not batches and not len(due):
            return Turned(self._state.at, self._next_transition)
        table = events_of(batches)
        imported = bool(batches) and batches[0].imported
        with self._store.turn() as turn:
            received_at = batches[0].received_at if imported else now
            arrived = turn.append(table, received_at=received_at)
            touched = self._touched(arrived, due, cut, now)
            first = turn.publish(touched.changes, known_at=now)
            turn.ticked(cut)
        self._accepted(arrived, touched, cut, first)
        if len(table):
            self.tap.took(table, now)
        turned = self._turned(len(table), touched, first, now)
        self.published(turned)
        for batch in batches:
            appended = arrived.appended if batch.told_of else None
            batch.stored.set_result(Receipt(len(batch), appended))
        return turned

    def _touched(self, arrived: Arrived, due: Int32s, cut: int, now: int) -> _Touched:
        """The people who came or are due, and what time changes for them."""
        came = np.union1d(arrived.before.person, arrived.after.person)
        people = np.union1d(came, due).astype(np.int32)
        at = self._state.at
        every = Boundaries.of(people, self._spans.table(people), now)
        how = Circumstances(now, at, self._late_after, Arrivals.none(), people[:0])
        passed, coming = every.between(at, cut), every.between(cut, now)
        return _Touched(people, differences(Boundaries.none(), passed, coming, how))

    def _accepted(self, arrived: Arrived, touched: _Touched, cut: int, first: int) -> None:
        """Answer from the outcome of a turn, which is durable now."""
        people, spans = touched.people, self._spans
        next_ref = int(arrived.ref.max(initial=self._state.next_ref - 1)) + 1
        self._state = replace(self._state, at=cut, next_ref=next_ref)
        before = people[people <= self._last]  # whoever is new has a greater code
        self._shown.current.replace(before, people, spans.table(people), cut)
        self._last = int(people.max(initial=self._last))
        self._due.set(people, spans.next_change(people, cut))
        self._next_transition = first + len(touched.changes)
        self._trouble = ""

    def _turned(self, events: int, touched: _Touched, first: int, now: int) -> Turned:
        changes = touched.changes
        return Turned(
            self._state.at,
            self._next_transition,
            events=events,
            people=len(touched.people),
            transitions=self._told(changes, first, {}, now),
            counts=counts_of(changes),
            lateness=lateness_of(changes, now),
        )

    def next_due(self) -> int | None:
        """See `Live.next_due`."""
        return self._due.next()

    # ----------------------------------------------------------------------------------- commands

    def _redefine(self, definitions: Definitions, now: int) -> None:
        if definitions.timezone != self.definitions.timezone:
            raise UsageError(
                "the time zone cannot change while Segue serves", hint="Start it again."
            )
        self._read_anew(now)
        while (due := self.next_due()) is not None and due <= now:
            self._turn([], now)
        self._stand(_put_in_force(self._store, definitions, self._state.at), self._state.at)

    def _read_anew(self, now: int) -> None:  # noqa: ARG002 - whoever was erased is in no run's spans
        if not self._is_stale:
            return
        with self._store.turn() as turn:
            turn.evaluated(BY_RUNS)
        self._stand(self._state.project, self._state.at)
        self._is_stale = False

    def _knowing(
        self, definitions: Definitions, wanted: frozenset[Wanted], state: State
    ) -> GrowingLog:
        """What the events that arrived here answer."""
        quiet, before = definitions.not_activity, state.next_ref
        part = self._store.everything(wanted, self._codebook, before=before, not_activity=quiet)
        return GrowingLog(part)

    def effort(self, definitions: Definitions, segment_ids: Sequence[str]) -> int | None:  # noqa: ARG002
        """See `Live.effort`: nothing is in memory."""
        return None

    # ------------------------------------------------------------------------------------ answers

    @property
    def knows_reasons(self) -> bool:
        """See `Live.knows_reasons`."""
        return False

    @property
    def index(self) -> Index:
        """See `Live.index`: there is nothing to keep."""
        raise NotImplementedError

    def standing(self, distinct_id: str) -> PersonStanding:
        """See `Live.standing`. Of somebody whose ids were linked here, what any of these is in."""
        code = self._store.person_code(distinct_id)
        if code is None:
            raise NotFoundError(
                f"There is no person {distinct_id!r}",
                hint="any distinct id of theirs will do, exactly as it stands in the events",
            )
        (person_id,) = self._store.person_ids(np.array([code], np.int32))
        found: dict[str, CurrentMembership] = {}
        for who in self._whos(code):
            for one in self._shown.memberships(who):
                found.setdefault(one.segment_id, one)
        return PersonStanding(person_id, tuple(found.values()), self._state.at)

    def stays(self, person: int) -> dict[str, int]:
        """See `Live.stays`."""
        found: dict[str, int] = {}
        for who in self._whos(person):
            found = self._shown.stays(who) | found
        return found

    def _whos(self, person: int) -> Collection[int]:
        """The person's own id, then the others that were linked here, by their codes."""
        whos: list[int] = self._store.groups(np.array([person], np.int32)).whos.tolist()
        return [person, *(who for who in whos if who != person)]


def _put_in_force(store: Store, definitions: Definitions, at: int) -> Project:
    """Definitions in force from an instant (ms) on: what means something else waits for a run."""
    versions = {version.segment_id: version for version in store.versions()}
    with store.turn() as turn:
        project, _ = in_force(turn, definitions, versions, at)
        turn.ticked(at)
        turn.evaluated(BY_RUNS)
    return project
