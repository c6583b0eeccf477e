"""The live service: one object that takes events, keeps memberships, and answers about them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Final, Self, TypeVar

import numpy as np
import pyarrow as pa

from segue.domain.errors import InputError, NotFoundError, UsageError
from segue.domain.instant import FOREVER, HOUR
from segue.domain.live import Cause, Member, Transition
from segue.domain.ports import Erased
from segue.language.tree import Definitions
from segue.services.live.answers import (
    CurrentMembership,
    Health,
    Inside,
    PersonStanding,
    SegmentStanding,
    Turned,
)
from segue.services.live.establishing import establish
from segue.services.live.intake import Batch, Intake, Receipt, events_of
from segue.services.live.kept import KeptStanding, codes_of, owners_of
from segue.services.live.resuming import Index, Standing, resumed
from segue.services.live.shown import Shown
from segue.services.live.stopwatch import Stopwatch
from segue.services.live.store import Store, Wanted
from segue.services.live.tap import Tap
from segue.services.live.told import Told, counts_of, lateness_of
from segue.services.live.turning import Occasion, Outcome, State, grown, work_out
from segue.services.view import known_segment
from segue.timeline.evaluate import history, requests_of
from segue.timeline.growing import GrowingLog
from segue.timeline.log import Int32s
from segue.timeline.parts import Arrived, Codebook
from segue.timeline.runs import merged
from segue.timeline.spans import Spans

__all__ = [
    "CurrentMembership",
    "Health",
    "Index",
    "Live",
    "PersonStanding",
    "SegmentStanding",
    "Turned",
]

T = TypeVar("T")

LATE_AFTER: Final = HOUR
"""How long (ms) after its instant a transition may become known and still be acted upon, where
nobody allows for more."""
MOST_PEOPLE: Final = 5_000
"""People who are due at about the same time and looked at in one turn: what comes meanwhile
waits."""
MOST_LATER: Final = 1_000_000
"""Rows that may come since the log was read before it is read anew, or half as many as it had."""
MOST_TOLD: Final = 20_000
"""Transitions of one turn that are handed on as objects; more are read from the store."""


class Live:
    """See the module. `turn` and `next_due` are called by one thread only; the rest by any.
    `published` is called by that thread as soon as a turn is durable, before those who sent events
    are told, and must not raise; `erased` when somebody was erased. `tap` has what is taken in.

    Make one with `Live.begin`.
    """

    def __init__(
        self,
        store: Store,
        codebook: Codebook,
        standing: Standing,
        state: State,
        *,
        late_after: int,
        version: str,
    ) -> None:
        self._store, self._codebook, self._late_after = store, codebook, late_after
        self._commands: deque[tuple[Callable[[int], Any], Future[Any]]] = deque()
        self._trouble, self._erasures, self._is_stale = "", 0, False
        self._version = version
        self.intake, self.tap = Intake(), Tap()
        self.runs_trouble = ""
        self.erased: Callable[[], None] = lambda: None
        self.published: Callable[[Turned], None] = lambda _: None
        self._show(standing, state)

    @classmethod
    def begin(
        cls,
        store: Store,
        definitions: Definitions,
        now: int,
        *,
        index: Index | None = None,
        late_after: int = LATE_AFTER,
        version: str = "",
    ) -> Self:
        """Take up the work where the last turn ended (`now`, ms, where there was none).

        What is published then fits the definitions, also where they were edited or events were
        imported meanwhile, or an earlier version of Segue published it (`version` is this one's).
        `index`: the log of an earlier run, where one was kept.
        """
        index = _up_to_date(store, definitions, index)
        position = store.position()
        unseen = position.ticked_at is not None and position.next_ref != index.next_ref
        at = now if unseen or position.ticked_at is None else position.ticked_at
        cause = Cause.IMPORT if unseen else None
        if position.evaluated_by != version and position.ticked_at is not None:
            cause = cause or Cause.CORRECTION
        known_at = max(now, at)
        standing = None if cause else resumed(store, definitions, index, at)
        if standing is None:
            done = establish(
                store, definitions, index.log, at=at, known_at=known_at, by=version, unseen=cause
            )
            standing = Standing.of(done)
        state = State(standing.project, index.log, standing.limits, at, index.next_ref)
        return cls(store, index.codebook, standing, state, late_after=late_after, version=version)

    @property
    def knows_reasons(self) -> bool:
        """Whether the events that memberships rest on are here."""
        return True

    def allow_lateness(self, age: int) -> None:
        """Let what becomes known up to so long (ms) after its instant be acted upon, from the next
        turn on; an hour always is."""
        self._late_after = max(LATE_AFTER, age)

    def _show(self, standing: Standing, state: State) -> None:
        """Answer from definitions that are in force."""
        versions = {one.code: one.version for one in self._store.versions()}
        self._shown = Shown(standing.project, versions, standing.current)
        self._state, self._due = state, standing.due
        self._next_transition = self._store.position().next_transition

    # ------------------------------------------------------------------------------------ events

    def submit(self, batch: Batch) -> Future[Receipt]:
        """Queue events; the future resolves when they are durable.

        Raises `BusyError` where too much waits.
        """
        return self.intake.offer(batch)

    # ---------------------------------------------------------------------------------- the loop

    def turn(self, now: int) -> Turned:
        """Take in what waits, evaluate who is dirty or due, publish, durably, all in one commit.

        Raises the store's errors where that cannot be made durable; then nothing has changed, and
        whoever offered the events is told. `now` before the last turn counts as the last turn.
        """
        now = max(now, self._state.at)
        batches: list[Batch] = []
        try:
            self._obey(now)
            batches = self.intake.take()
            return self._taken_in(batches, now)
        except Exception as error:
            self._trouble = str(error)
            _refuse(batches, error)
            raise

    def _taken_in(self, batches: Sequence[Batch], now: int) -> Turned:
        """A turn with all the batches, or with each where one of them is wrong."""
        try:
            return self._turn(batches, now)
        except InputError as error:
            if not batches:
                raise
            if len(batches) > 1:  # the others must not suffer from the one that is wrong
                return self._one_by_one(batches, now)
            _refuse(batches, error)
            return Turned(self._state.at, self._next_transition)

    def _one_by_one(self, batches: Sequence[Batch], now: int) -> Turned:
        """A turn for each batch; what all of them did."""
        turned = []
        for batch in batches:
            try:
                turned.append(self._turn([batch], now))
            except InputError as error:
                _refuse([batch], error)
        return Turned(
            self._state.at,
            self._next_transition,
            events=sum(one.events for one in turned),
            people=sum(one.people for one in turned),
            transitions=[t for one in turned for t in one.transitions],
        )

    def _turn(self, batches: Sequence[Batch], now: int) -> Turned:
        cut, due = self._due.until(now, MOST_PEOPLE)
        grid = self._state.next_grid
        if not batches and not len(due) and (grid is None or grid > cut):
            return Turned(self._state.at, self._next_transition)
        watch = Stopwatch()
        table = events_of(batches)
        cause = Cause.IMPORT if batches and batches[0].imported else None
        with self._store.turn() as turn:
            arrived = turn.append(table, received_at=batches[0].received_at if cause else now)
            watch.lap("append")
            more = grown(self._state, turn, arrived, self._codebook)
            watch.lap("extract")
            occasion = Occasion(self._store, turn, self._state, more, arrived, cut, now)
            outcome = work_out(occasion, due, self._late_after, cause)
            watch.lap("evaluate")
            first = turn.publish(outcome.changes, known_at=now)
            turn.ticked(cut)
            watch.lap("publish")
        watch.lap("commit")
        self._accept(outcome, first + len(outcome.changes))
        if len(table):
            self.tap.took(table, now)
        watch.lap("accept")
        changes = outcome.changes
        turned = Turned(
            cut,
            self._next_transition,
            events=len(table),
            people=len(outcome.looked.people),
            transitions=self._told(changes, first, _event_ids(table, arrived, changes), now),
            counts=counts_of(changes),
            lateness=lateness_of(changes, now),
            seconds=watch.seconds,
            processor=watch.processor,
            waited=max(0, now - batches[0].received_at) if batches else 0,
        )
        self.published(turned)  # first: hundreds of senders are told of one turn
        for batch in batches:
            appended = arrived.appended if batch.told_of else None
            batch.stored.set_result(Receipt(len(batch), appended))
        watch.lap("tell")
        return turned

    def _accept(self, outcome: Outcome, next_transition: int) -> None:
        """Answer from the outcome of a turn, which is durable now."""
        looked, at = outcome.looked, outcome.state.at
        self._state = outcome.state
        before, people, focus = outcome.before, looked.people, looked.focus
        self._shown.current.replace(before, people, looked.spans, at, focus)
        gone = np.setdiff1d(before, people, assume_unique=True)
        self._due.set(gone, np.full(len(gone), FOREVER))
        coming = looked.next_change
        if focus is not None:  # what was not looked at may change when it was going to
            known = np.where(focus.whole, FOREVER, self._due.of(people))
            coming = np.minimum(coming, known)
        self._due.set(people, coming)
        self._next_transition = next_transition
        self._trouble = ""

    def _told(self, changes: pa.Table, first: int, event_ids: Mapping[int, str], now: int) -> Told:
        """The latest of what was published."""
        shown, store = self._shown, self._store
        skipped = max(len(changes) - MOST_TOLD, 0)
        latest = changes.slice(skipped)

        def make(start: int, stop: int) -> list[Transition]:
            rows = latest.slice(start, stop - start)
            person_ids = store.person_ids(rows["person"].to_numpy())
            return shown.transitions(rows, first + skipped + start, person_ids, event_ids, now)

        return Told(len(latest), make)

    def next_due(self) -> int | None:
        """The next instant (ms) at which a turn is needed even if nothing arrives; asked by the
        thread that turns, as it tidies the timers."""
        instants = [at for at in (self._due.next(), self._state.next_grid) if at is not None]
        return min(instants, default=None)

    # ---------------------------------------------------------------------------------- commands

    def redefine(self, definitions: Definitions) -> Future[None]:
        """Put other definitions in force, evaluated from history, within the next turn.

        The future raises `UsageError` where the time zone is another one: it is read at the start.
        """
        return self._command(lambda now: self._redefine(definitions, now))

    def erase(self, person_id: str) -> Future[Erased]:
        """Remove a person everywhere within the next turn; the future has the proof.

        It raises `NotFoundError` where nobody has this person id.
        """
        return self._command(lambda _: self._erase(person_id))

    @property
    def erasures(self) -> int:
        """How many people were erased since it began: what was kept of them elsewhere has to go."""
        return self._erasures

    def renew(self) -> bool:
        """Read the log anew where much has come since that was done last, so that it takes less
        room; whether it was. It is read on the calling thread, beside the turns."""
        state, codebook = self._state, self._codebook
        if state.log.events_since_base <= max(MOST_LATER, state.log.events_in_base // 2):
            return False
        quiet, before = state.project.definitions.not_activity, state.next_ref
        part = self._store.everything(
            state.log.requests, codebook, before=before, not_activity=quiet
        )

        def exchange(_: int) -> bool:
            if self._state.project is not state.project or self._codebook is not codebook:
                return False
            log = self._state.log.renewed(part, state.log)
            self._state = replace(self._state, log=log)
            return True

        return self._command(exchange).result()

    def tidy(self) -> bool:
        """Put together what came in parts, so that turns find it in few places; whether there was
        something to do. It is done on the calling thread, beside the turns."""
        parts = self._state.log.loose
        if not parts:
            return False
        one = merged(parts)

        def exchange(_: int) -> bool:
            self._state = replace(self._state, log=self._state.log.tidied(parts, one))
            return True

        return self._command(exchange).result()

    @property
    def has_work(self) -> bool:
        """Whether events or commands wait."""
        return bool(self._commands) or self.intake.waiting > 0

    def _command(self, do: Callable[[int], T]) -> Future[T]:
        future: Future[T] = Future()
        self._commands.append((do, future))
        self.intake.woken()
        return future

    def _obey(self, now: int) -> None:
        done = []
        while self._commands:
            do, future = self._commands.popleft()
            try:
                done.append((future, do(now)))
            except Exception as error:  # noqa: BLE001 - whoever asked is told
                future.set_exception(error)
        try:
            self._read_anew(now)
        finally:
            for future, result in done:
                future.set_result(result)

    def _redefine(self, definitions: Definitions, now: int) -> None:
        if definitions.timezone != self.definitions.timezone:
            raise UsageError(
                "the time zone cannot change while Segue serves", hint="Start it again."
            )
        self._read_anew(now)
        while (due := self.next_due()) is not None and due <= now:
            self._turn([], now)
        wanted = requests_of(definitions)
        log = self._knowing(definitions, wanted, self._state)
        log = log.forgetting(log.requests - wanted)
        self._establish(definitions, replace(self._state, log=log, at=now), None)

    def _knowing(
        self, definitions: Definitions, wanted: frozenset[Wanted], state: State
    ) -> GrowingLog:
        """The log of a state, that also answers what is wanted."""
        quiet = definitions.not_activity
        log, before = state.log, state.next_ref
        if quiet != state.project.definitions.not_activity:  # then `any` means something else
            part = self._store.everything(wanted, self._codebook, before=before, not_activity=quiet)
            return GrowingLog(part)
        if new := wanted - log.requests:
            part = self._store.everything(new, self._codebook, before=before, not_activity=quiet)
            log = log.learning(part)
        return log

    def _erase(self, person_id: str) -> Erased:
        try:
            erased = self._store.erase(person_id)
        except NotFoundError:
            raise
        except Exception:
            self._is_stale = True  # some of it may be gone
            raise
        self._erasures += 1
        self._is_stale = True
        self.tap.forget()
        self.erased()
        return erased

    def _read_anew(self, now: int) -> None:
        """Where the log in memory holds somebody who was erased, read it from the store: once for
        all who were. Where that fails the next turn has to, before it does anything else."""
        if not self._is_stale:
            return
        definitions = self.definitions
        index = _up_to_date(self._store, definitions, None)
        state = replace(self._state, log=index.log, next_ref=index.next_ref, at=now)
        self._establish(definitions, state, Cause.CORRECTION)
        self._codebook = index.codebook
        self._is_stale = False

    def _establish(self, definitions: Definitions, state: State, unseen: Cause | None) -> None:
        at, by = state.at, self._version
        done = establish(
            self._store, definitions, state.log, at=at, known_at=at, by=by, unseen=unseen
        )
        state = replace(state, project=done.project, limits=done.limits)
        self._show(Standing.of(done), state)

    # ----------------------------------------------------------------------------------- answers

    @property
    def definitions(self) -> Definitions:
        """The segments in force."""
        return self._shown.project.definitions

    @property
    def ticked_at(self) -> int:
        """Up to which instant (ms) everything is evaluated and published."""
        return self._state.at

    @property
    def index(self) -> Index:
        """What is in memory, to be kept for the next start. Ask between turns."""
        state, current = self._state, self._shown.current
        person, offsets, rows = current.everybody()
        due_person, due_at = self._due.everybody()
        whos, owners = owners_of(self._store.everybody())
        kept = KeptStanding(
            ticked_at=np.array([state.at]),
            codes=codes_of(state.project.codes.values()),
            person=person,
            offsets=offsets,
            **rows,
            due_person=due_person,
            due_at=due_at,
            whos=whos,
            owners=owners,
        )
        return Index(state.log, self._codebook, state.next_ref, kept)

    def standing(self, distinct_id: str) -> PersonStanding:
        """The segments that the person who has this distinct id is in; from memory.

        Raises `NotFoundError` where nobody has it.
        """
        code = self._store.person_code(distinct_id)
        if code is None:
            raise NotFoundError(
                f"There is no person {distinct_id!r}",
                hint="any distinct id of theirs will do, exactly as it stands in the events",
            )
        (person_id,) = self._store.person_ids(np.array([code], np.int32))
        return PersonStanding(person_id, self._shown.memberships(code), self._state.at)

    def stays(self, person: int) -> dict[str, int]:
        """The segments that the person with this code is in, by id, and since when (ms); from
        memory. Of nobody: none."""
        return self._shown.stays(person)

    def in_segments(
        self, segment_ids: Sequence[str], *, before: int | None = None, limit: int = 50
    ) -> Inside:
        """Who is in all of these segments (at least one) now, with since and until of the first;
        those who were first seen last come first. `before` is the cursor of the page before; from
        memory.

        Raises `NotFoundError` where a segment does not exist.
        """
        for segment_id in segment_ids:
            known_segment(self.definitions, segment_id)
        found = self._shown.inside(segment_ids, before, limit + 1)
        page = found[:limit]
        ids = self._store.person_ids(np.array([code for code, *_ in page], np.int32))
        stays = zip(ids, page, strict=True)
        # Whoever is being erased at this moment has no id any more.
        members = tuple(Member(one, since, until) for one, (_, since, until) in stays if one)
        return Inside(members, page[-1][0] if len(found) > limit else None)

    def leaving(self, within: int) -> dict[str, int]:
        """How many leave each segment within so long (ms) after the last turn, if nothing more
        happens; from memory."""
        return self._shown.leaving(self._state.at + within)

    def leaving_first(self, segment_id: str, most: int) -> list[Member]:
        """The members of a segment who leave first if nothing more happens, at most so many; from
        memory. Raises `NotFoundError` where there is no such segment."""
        known_segment(self.definitions, segment_id)
        found = self._shown.soonest(segment_id, most)
        ids = self._store.person_ids(np.array([code for code, *_ in found], np.int32))
        stays = zip(ids, found, strict=True)
        return [Member(one, since, until) for one, (_, since, until) in stays]

    def segments(self) -> list[SegmentStanding]:
        """All segments with their sizes, in the order of the definitions."""
        return self._shown.segments()

    def spans(
        self, definitions: Definitions, segment_ids: Sequence[str], at: int
    ) -> tuple[Int32s, dict[str, Spans]]:
        """Everybody's spans in segments of any definitions, saved or not: the codes of the people,
        and the spans by segment. Reads the store only for what the segments in force do not use."""
        wanted = requests_of(definitions, segment_ids)
        log = self._knowing(definitions, wanted, self._state)
        people = self._store.everybody()
        gathered = log.forgetting(log.requests - wanted).gather(people, self._store.ranks)
        return people.person, history(definitions, gathered, at, segment_ids)

    def effort(self, definitions: Definitions, segment_ids: Sequence[str]) -> int | None:
        """How many rows `spans` looks at, of what is in memory; None: it has to read the store."""
        wanted = requests_of(definitions, segment_ids)
        is_same = definitions.not_activity == self.definitions.not_activity
        log = self._state.log
        return log.rows(wanted) if is_same and wanted <= log.requests else None

    def spans_of_some(
        self, definitions: Definitions, segment_ids: Sequence[str], at: int, *, every: int
    ) -> tuple[Int32s, dict[str, Spans]]:
        """As `spans`, of about every so-manieth person, always the same ones. Thresholds of
        quantiles are those of these people."""
        some, state = self._store.everybody().some(every), self._state
        wanted, quiet = requests_of(definitions, segment_ids), definitions.not_activity
        if self.effort(definitions, segment_ids) is None:
            whos, before = np.unique(some.whos), state.next_ref
            part = self._store.some(whos, wanted, Codebook(), before=before, not_activity=quiet)
            log = GrowingLog(part)
        else:
            log = state.log.forgetting(state.log.requests - wanted)
        gathered = log.gather(some, self._store.ranks)
        return some.person, history(definitions, gathered, at, segment_ids)

    def health(self) -> Health:
        """How the loop is."""
        return Health(
            ready=not self._trouble,
            trouble=self._trouble,
            ticked_at=self._state.at,
            waiting=self.intake.waiting,
            people=self._shown.people,
            next_transition=self._next_transition,
            timers=len(self._due),
            runs_trouble=self.runs_trouble,
        )


def _up_to_date(store: Store, definitions: Definitions, index: Index | None) -> Index:
    """The log of all events, from an earlier one where that answers what is wanted."""
    wanted, quiet = requests_of(definitions), definitions.not_activity
    next_ref = store.next_ref()
    if index is None or not wanted <= index.log.requests:
        codebook = Codebook()
        part = store.everything(wanted, codebook, not_activity=quiet)
        return Index(GrowingLog(part), codebook, next_ref)
    log, codebook = index.log.forgetting(index.log.requests - wanted), index.codebook
    if index.next_ref == next_ref:
        return replace(index, log=log)
    part = store.everything(wanted, codebook, since=index.next_ref, not_activity=quiet)
    came = part.whos[part.log.first_seen < FOREVER]
    return Index(log.plus(part), codebook, next_ref, index.kept, came)


def _event_ids(events: pa.Table, arrived: Arrived, changes: pa.Table) -> dict[int, str]:
    """The ids by reference of those of the stored events that caused transitions."""
    refs = np.unique(changes["ref"].drop_null().to_numpy())
    rows = arrived.row[np.searchsorted(arrived.ref, refs)]
    ids = events["event_id"].take(pa.array(rows)).to_pylist()
    return dict(zip(refs.tolist(), ids, strict=True))


def _refuse(batches: Sequence[Batch], error: Exception) -> None:
    for batch in batches:
        if not batch.stored.done():
            batch.stored.set_exception(error)
