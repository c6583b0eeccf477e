"""The event store: one DuckDB file."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final

import duckdb
import numpy as np
import pyarrow as pa

from segue.adapters.duckdb_store import (
    access,
    acting_tables,
    adopting,
    definitions,
    erasing,
    maintenance,
    overview,
    parts,
    published,
    transitions,
    users,
)
from segue.adapters.duckdb_store.append import Writer
from segue.adapters.duckdb_store.arrivals import Arrivals, Marked
from segue.adapters.duckdb_store.browsing import Browser
from segue.adapters.duckdb_store.delivery_keeper import KeptDeliveries
from segue.adapters.duckdb_store.dictionary import Dictionary
from segue.adapters.duckdb_store.errors import as_store_errors
from segue.adapters.duckdb_store.gate import Gate
from segue.adapters.duckdb_store.key_keeper import KeptKeys
from segue.adapters.duckdb_store.links import attempted, refusals
from segue.adapters.duckdb_store.people import Directory
from segue.adapters.duckdb_store.profile_reader import WrittenProfiles
from segue.adapters.duckdb_store.result_keeper import KeptResults
from segue.adapters.duckdb_store.sampler import Samples
from segue.adapters.duckdb_store.suspects import Suspects
from segue.adapters.duckdb_store.transition_reader import PublishedTransitions
from segue.adapters.duckdb_store.turn import StoreTurn
from segue.adapters.duckdb_store.user_keeper import KeptUsers
from segue.adapters.duckdb_store.webhook_keeper import KeptWebhooks
from segue.adapters.duckdb_store.workers import Workers
from segue.adapters.extract import TRAIT_EVENTS, People, Relation, Sources, extract, ranks
from segue.domain.errors import NotFoundError, StoreLockedError
from segue.domain.identity import Refusal
from segue.domain.live import (
    Position,
    SegmentVersion,
)
from segue.domain.ports import (
    Appended,
    CommonValue,
    DefinitionVersion,
    Erased,
    EventSummary,
    Extent,
    ReadLog,
    StoredEvent,
)
from segue.domain.runs import AdoptedRun
from segue.timeline.log import Int32s, Int64s, Log, Request, TraitRequest
from segue.timeline.parts import Codebook, Groups, Part

_CHECKPOINT_AT: Final = 256_000_000
"""How long the write-ahead log may get (bytes) before a commit moves it into the file, which may
take a second. To read one of this length when opening takes about two."""
_WORTH_MOVING: Final = 4_000_000


class DuckDBStore(
    PublishedTransitions,
    WrittenProfiles,
    Samples,
    KeptWebhooks,
    KeptDeliveries,
    KeptResults,
    KeptKeys,
    KeptUsers,
):
    """Events, people and definitions in one DuckDB file, or in memory: an `EventStore`.

    Use `DuckDBStore.open`. Threads may share a store: each read sees one moment of it, writes take
    turns.
    """

    _open_files: ClassVar[set[Path]] = set()

    def __init__(self, path: Path | None, timezone: str) -> None:
        self._path, self._timezone = path, timezone
        self._gate = Gate()
        self._turn = threading.RLock()
        self._beside = threading.RLock()
        self._spared = False
        self._begin(maintenance.connect(path))

    def _begin(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db
        with as_store_errors(self._path):
            db.execute(f"SET checkpoint_threshold = '{_CHECKPOINT_AT} bytes'")
            self._names = Dictionary(db, "names", "name")
            self._ids = Dictionary(db, "distinct_ids", "distinct_id", former="former_ids")
            links = attempted(Relation(db, "events", self._names.texts), self._ids)
            self._directory = Directory(self._ids, links)
            self._writer = Writer(db, self._names, self._ids, self._directory)
            self._writer.keep()
            self._progress = transitions.Progress(db)
            self._keys = access.read_keys(db)
            self._roll = users.read_roll(db)
            self._made = Suspects(self._ids_made)
            self._listed = Suspects(self._addresses_listed)
            self._arrivals = Arrivals(self._writer.next_ref)
            self._writing_traits = Marked(self._who_wrote_traits)
            self._with_deliveries = Marked(self._who_has_deliveries)
            self._workers = Workers(db, spared=self._spared)

    @classmethod
    def open(cls, path: Path | str | None, *, timezone: str = "UTC") -> DuckDBStore:
        """Open the store at the path, making it where there is none; None is a store in memory.

        `timezone` is the project's: instants without a zone are read in it. Raises
        `StoreLockedError`, `StoreTooNewError`, `StoreDamagedError` or `StoreError`.
        """
        if path is None:
            return cls(None, timezone)
        place = Path(path).absolute()
        if place in cls._open_files:
            raise StoreLockedError(f"{place} is open already", hint="Close it first.")
        cls._open_files.add(place)
        try:
            return cls(place, timezone)
        except BaseException:
            cls._open_files.discard(place)
            raise

    def prepare(self) -> None:
        """Read what the first batch would have to wait for, seconds in a large store.

        Others may read meanwhile; nobody may write events.
        """
        with self._reading() as now:
            self._writer.recall(now.db)

    def spare(self) -> None:
        """Work on one thread from now on but where much is read: what a live loop stores and asks
        in a turn is little, and takes less time so."""
        self._spared = True
        self._workers.spare()

    def close(self) -> None:
        """Release the file. Closing twice does nothing."""
        with self._gate.alone():
            self._db.close()
        if self._path is not None:
            self._open_files.discard(self._path)

    # ----------------------------------------------------------------------------------- writing

    @contextlib.contextmanager
    def turn(self) -> Iterator[StoreTurn]:
        """See `LiveStore.turn`. Raises `StoreFullError` where there is no room for what it wrote;
        others who want to write wait until it ends; readers do not."""
        with self._gate.shared(), self._turn:
            with as_store_errors(self._path):
                self._db.begin()
            try:
                yield StoreTurn(
                    self._db,
                    self._names,
                    self._writer,
                    self._progress,
                    ids=self._ids,
                    directory=self._directory,
                    path=self._path,
                    timezone=self._timezone,
                )
                with as_store_errors(self._path):
                    self._progress.write()
                    self._db.commit()
            except BaseException:
                self._writer.undo()
                self._progress.undo()
                # A commit that failed has ended the transaction already.
                with contextlib.suppress(duckdb.Error):
                    self._db.rollback()
                raise
            written = self._writer.written
            self._writer.keep()
            self._progress.keep()
            self._arrived(written)

    def _arrived(self, written: pa.Table) -> None:
        """Remember what a turn has committed."""
        names, whos = written["name"].to_numpy(), written["who"].to_numpy()
        there = np.unique(names).tolist()
        traits = [code for code in there if self._names.texts[code] in TRAIT_EVENTS]
        if traits:
            self._writing_traits.add(whos[np.isin(names, traits)])
        self._arrivals.keep(self._writer.next_ref, there)

    def append(self, events: pa.Table, *, received_at: int) -> Appended:
        """See `EventStore.append`. Raises `StoreFullError` where there is no room for the batch."""
        with self.turn() as turn:
            return turn.append(events, received_at=received_at).appended

    def save_definitions(self, text: str, *, known_at: int) -> DefinitionVersion:
        """See `EventStore.save_definitions`."""
        with self._gate.shared(), self._turn, as_store_errors(self._path):
            return definitions.add_version(self._db, text, known_at)

    def keep_thresholds(self, quantile: str, values: Mapping[int, int | None]) -> None:
        """See `EventStore.keep_thresholds`."""
        with self._gate.shared(), self._turn, as_store_errors(self._path):
            definitions.keep_thresholds(self._db, quantile, values)
            if values:
                self._writer.threshold_kept(max(values))

    # ----------------------------------------------------------------------------------- reading

    def read(
        self,
        requests: Collection[Request | TraitRequest],
        *,
        at: int | None = None,
        people: Collection[str] | None = None,
        sources: bool = False,
        not_activity: Collection[str] = (),
        timezone: str | None = None,
    ) -> ReadLog[Log]:
        """See `EventStore.read`; `timezone` (None: the store's) is that of the definitions which
        are asked about. Raises `DefinitionError` for a regex that RE2 refuses."""
        with self._reading() as now, self._workers.large():
            chosen = self._people(people)
            source = "events" if people is None else _part(now.db, chosen)
            log = extract(
                Relation(now.db, source, now.names),
                chosen,
                requests,
                at=at,
                timezone=timezone or self._timezone,
                not_activity=not_activity,
                sources=Sources.ALL if sources else Sources.NONE,
            )
            return ReadLog(chosen.ids, log)

    def events(self, sources: Sequence[int]) -> list[StoredEvent]:
        """See `EventStore.events`."""
        with self._reading() as now:
            rows = now.db.execute(
                "SELECT ref, event_id, distinct_id, names.name, occurred_at, received_at, sequence,"
                " properties::JSON::VARCHAR FROM events"
                " JOIN names ON names.code = events.name"
                " JOIN distinct_ids ON distinct_ids.code = events.who"
                " WHERE ref IN (SELECT unnest(?::BIGINT[]))",
                [[int(source) for source in sources]],
            ).fetchall()
        found = {row[0]: StoredEvent(*row[1:]) for row in rows}
        if missing := [source for source in sources if int(source) not in found]:
            raise NotFoundError(
                f"{len(missing)} events are no longer stored", hint="Read the log again."
            )
        return [found[int(source)] for source in sources]

    def extent(self) -> Extent:
        """See `EventStore.extent`."""
        with self._reading() as now:
            return overview.read_extent(now.db, self._directory.count())

    def count_before(self, ref: int) -> int:
        """How many events have a smaller reference than this one."""
        with self._reading() as now:
            return overview.count_before(now.db, ref)

    def summaries(self) -> list[EventSummary]:
        """See `EventStore.summaries`."""
        with self._reading() as now:
            return overview.read_summaries(now.db, now.names, self._people())

    def event_counts(self, *, at: int) -> dict[str, int]:
        """See `EventStore.event_counts`."""
        with self._reading() as now:
            return overview.count_events(now.db, now.names, at)

    def common_values(
        self, events: Collection[str], *, at: int, least: int, most: int
    ) -> list[CommonValue]:
        """See `EventStore.common_values`."""
        with self._reading() as now:
            people = self._people()
            return overview.read_common_values(
                now.db, now.names, people, events, at=at, least=least, most=most
            )

    def trait_names(self) -> list[str]:
        """See `EventStore.trait_names`."""
        with self._reading() as now:
            return overview.read_trait_names(now.db, now.names)

    def person_of(self, distinct_id: str) -> str | None:
        """See `EventStore.person_of`."""
        person = self.person_code(distinct_id)
        return None if person is None else self._ids.texts[person]

    def distinct_ids(self, person_id: str) -> tuple[str, ...]:
        """See `EventStore.distinct_ids`."""
        return tuple(self._directory.members(person_id))

    def refused_links(self) -> tuple[Refusal, ...]:
        """See `EventStore.refused_links`."""
        with self._reading() as now:
            return refusals(Relation(now.db, "events", now.names))

    def definition_versions(self) -> list[DefinitionVersion]:
        """See `EventStore.definition_versions`."""
        with self._reading() as now:
            return definitions.read_versions(now.db)

    def thresholds(self, quantile: str) -> dict[int, int | None]:
        """See `EventStore.thresholds`."""
        with self._reading() as now:
            return definitions.read_thresholds(now.db, quantile)

    @contextlib.contextmanager
    def browsing(self) -> Iterator[Browser]:
        """See `Browsable.browsing`."""
        with self._reading() as now:
            yield Browser(now.db)

    # --------------------------------------------------------------------------- the live loop

    def position(self) -> Position:
        """See `LiveStore.position`."""
        with self._reading() as now:
            return transitions.position(now.db)

    def versions(self) -> list[SegmentVersion]:
        """See `LiveStore.versions`."""
        with self._reading() as now:
            return transitions.versions(now.db)

    def everything(
        self,
        requests: Collection[Request | TraitRequest],
        codebook: Codebook,
        *,
        since: int = 0,
        before: int | None = None,
        not_activity: Collection[str] = (),
    ) -> Part:
        """See `LiveStore.everything`; `not_activity` as in `EventStore.read`."""
        with self._reading() as now, self._workers.large():
            return parts.everything(
                Relation(now.db, "events", now.names),
                now.codes,
                requests,
                codebook,
                timezone=self._timezone,
                since=since,
                before=before,
                not_activity=not_activity,
            )

    def some(
        self,
        whos: Int32s,
        requests: Collection[Request | TraitRequest],
        codebook: Codebook,
        *,
        before: int,
        not_activity: Collection[str] = (),
    ) -> Part:
        """See `LiveStore.some`; `not_activity` as in `EventStore.read`."""
        with self._reading() as now, self._workers.large():
            return parts.some(
                Relation(now.db, "events", now.names),
                whos,
                requests,
                codebook,
                timezone=self._timezone,
                before=before,
                not_activity=not_activity,
            )

    def lately(
        self,
        requests: Collection[Request],
        codebook: Codebook,
        *,
        since: int,
        not_activity: Collection[str] = (),
    ) -> tuple[Part, int]:
        """What the few events with references from `since` on answer (`not_activity` as in
        `EventStore.read`), and the reference after the last of them."""
        with self._reading() as now:
            upto = max(since, acting_tables.last_ref(now.db) + 1)
            part = parts.delta(
                Relation(now.db, "events", now.names),
                requests,
                codebook,
                rows=parts.few_rows(now.db, since),
                timezone=self._timezone,
                not_activity=not_activity,
            )
            return part, upto

    def ranks(self, refs: Int64s) -> Int64s:
        """See `LiveStore.ranks`."""
        with self._reading() as now:
            return ranks(Relation(now.db, "events", now.names), refs)

    def arrived(self, since: int) -> tuple[frozenset[str] | None, int]:
        """The names of the events with references from `since` on, and the reference after the
        last of all; None where events would have to be read for it."""
        names, upto = self._arrivals.after(since)
        texts = self._names.texts
        return (None if names is None else frozenset(texts[code] for code in names)), upto

    def next_ref(self) -> int:
        """See `LiveStore.next_ref`."""
        with self._gate.shared():
            return self._writer.kept_ref

    def net_boundaries(self) -> pa.Table:
        """See `LiveStore.net_boundaries`."""
        with self._reading() as now:
            return published.net_boundaries(now.db)

    def adopted_run(self) -> AdoptedRun | None:
        """See `LiveStore.adopted_run`."""
        with self._reading() as now:
            return adopting.adopted_run(now.db)

    def adopted_spans(self) -> pa.Table:
        """See `LiveStore.adopted_spans`."""
        with self._reading() as now:
            return adopting.adopted_spans(now.db)

    def everybody(self) -> Groups:
        """See `LiveStore.everybody`."""
        with self._gate.shared():
            return self._directory.all_groups()

    # What follows is looked up in memory at every request, and does not wait for a turn to end: of
    # a turn that is under way, what it changed already may be seen.

    def groups(self, people: Int32s) -> Groups:
        """See `LiveStore.groups`."""
        return self._directory.groups(people)

    def person_code(self, distinct_id: str) -> int | None:
        """See `LiveStore.person_code`."""
        return self._directory.person_code(distinct_id)

    def people_with(self, distinct_ids: Sequence[str]) -> dict[str, int]:
        """The codes of the ids of the people who have these distinct ids, by distinct id; those
        that nobody has are left out."""
        return self._directory.people_with(distinct_ids)

    def person_ids(self, people: Int32s) -> list[str]:
        """See `LiveStore.person_ids`."""
        return [self._ids.was(code) for code in people.tolist()]

    # ------------------------------------------------------------------------------- maintenance

    def erase(self, person_id: str) -> Erased:
        """See `EventStore.erase`."""
        distinct_ids = self.distinct_ids(person_id) or self._former_ids(person_id)
        if not distinct_ids:
            raise NotFoundError(f"nobody is {person_id!r}", hint="Give a person's id.")
        with self._gate.alone(), self._turn, as_store_errors(self._path):
            events = self._deleted(distinct_ids)
            try:
                self._rewrite()
            finally:  # they are gone, also where there is no room to write the file anew
                self._begin(self._db)
            remaining = erasing.count(self._db, distinct_ids)
            return Erased(person_id, distinct_ids, events, remaining)

    def _former_ids(self, person_id: str) -> tuple[str, ...]:
        with self._reading() as now:
            return erasing.former_ids(now.db, person_id)

    def _deleted(self, distinct_ids: Sequence[str]) -> int:
        try:
            return erasing.delete(self._db, distinct_ids)
        except BaseException:
            # A commit that failed has ended the transaction already.
            with contextlib.suppress(duckdb.Error):
                self._db.rollback()
            raise

    def _rewrite(self) -> None:
        """Put the database into a new file in place of the old one; what was deleted is not in
        it."""
        if self._path is None:
            return
        draft = self._path.with_name(f".{self._path.name}.rewriting")
        maintenance.remove(draft)
        try:
            maintenance.copy_whole(self._db, draft)
            self._db.close()
            try:
                maintenance.replace(draft, self._path)
            finally:
                self._db = maintenance.connect(self._path)
        finally:
            maintenance.remove(draft)

    def checkpoint(self) -> bool:
        """Move the write-ahead log into the file, if it is long enough to be worth it; whether it
        was moved. Writers wait meanwhile, so that it is best done when nothing else is to do."""
        if self._path is None:
            return False
        log = self._path.with_name(f"{self._path.name}.wal")
        if not log.exists() or log.stat().st_size < _WORTH_MOVING:
            return False
        with self._gate.shared(), self._turn, as_store_errors(self._path):
            self._db.execute("CHECKPOINT")
        return True

    def backup(self, target: Path) -> None:
        """See `EventStore.backup`."""
        with self._gate.shared(), self._turn, self._beside, as_store_errors(target):
            maintenance.backup(self._db, target)

    # ----------------------------------------------------------------------------------- helpers

    def _people(self, wanted: Collection[str] | None = None) -> People:
        if wanted is None:
            return self._directory.everybody()
        return self._directory.some(wanted)


def _part(db: duckdb.DuckDBPyConnection, people: People) -> str:
    """The events of some people as a table of their own, read once."""
    codes = (people.index >= 0).nonzero()[0].tolist()
    db.execute(
        "CREATE TEMP TABLE segue_part AS"
        " SELECT * FROM events WHERE who IN (SELECT unnest(?::INTEGER[]))",
        [codes],
    )
    return "segue_part"
