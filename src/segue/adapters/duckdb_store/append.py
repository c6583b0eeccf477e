"""One batch of events into the table: codes, one id one event, and who they belong to."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segue.adapters.duckdb_store.dictionary import Dictionary
from segue.adapters.duckdb_store.links import Given, attempted, given
from segue.adapters.duckdb_store.numbers import count_unreadable
from segue.adapters.duckdb_store.people import Directory
from segue.adapters.duckdb_store.tables import Inlet, registered
from segue.adapters.extract import CONTENT, FEW, LINK_EVENTS, NameCodes, Relation
from segue.adapters.hashset import Hashes, HashSet, repeated
from segue.adapters.statements import parsed
from segue.domain.errors import InputError
from segue.domain.ports import Appended
from segue.timeline.log import Bools, Int32s
from segue.timeline.parts import Arrived, Groups

BATCH: Final = pa.schema(
    [
        ("distinct_id", pa.string()),
        ("event", pa.string()),
        ("occurred_at", pa.int64()),
        ("event_id", pa.string()),
        ("sequence", pa.int64()),
        ("properties", pa.string()),
    ]
)
"""The columns of a batch; `properties` is the text of a JSON object."""

_CODED: Final = pa.schema(
    [
        ("ref", pa.int64()),
        ("who", pa.int32()),
        ("name", pa.int32()),
        ("occurred_at", pa.int64()),
        ("received_at", pa.int64()),
        ("sequence", pa.int64()),
        ("event_id", pa.string()),
        ("properties", pa.string()),
    ]
)
_INSERT: Final = """
    INSERT INTO events BY NAME
    SELECT * REPLACE (properties::JSON::VARIANT AS properties) FROM segue_coded
"""
_HASH: Final = "SELECT hash(event_id) AS hash FROM segue_event_ids"
_CONTEST: Final = f"""
    WITH contenders AS (
        SELECT event_id, place, NULL::BIGINT AS ref, received_at, {CONTENT} AS content
        FROM (SELECT * REPLACE (properties::JSON::VARIANT AS properties) FROM segue_contested)
        UNION ALL
        SELECT event_id, NULL, ref, received_at, {CONTENT}
        FROM (
            SELECT events.*, distinct_id, names.name AS event
            FROM events
            JOIN names ON names.code = events.name
            JOIN distinct_ids ON distinct_ids.code = events.who
            WHERE ref >= $since AND event_id IN (SELECT event_id FROM segue_contested)
        )
    )
    SELECT *,
        row_number() OVER counting = 1 AS counts,
        first_value(content) OVER counting = content AS same,
        count(ref) OVER (PARTITION BY event_id) > 0 AS known
    FROM contenders
    WINDOW counting AS (PARTITION BY event_id ORDER BY received_at, content, ref NULLS LAST, place)
"""


_UNUSED: Final = """
    SELECT code, distinct_id FROM distinct_ids
    WHERE code IN (SELECT unnest($codes::INTEGER[])) AND code NOT IN (SELECT who FROM events)
"""
_FORMER: Final = """
    INSERT INTO former_ids
    SELECT code, distinct_id FROM distinct_ids WHERE code IN (SELECT unnest($codes::INTEGER[]))
"""
_NEXT_REF: Final = """
    SELECT greatest(
        (SELECT coalesce(max(ref), -1) + 1 FROM events), (SELECT next_ref FROM progress)
    )
"""
"""References of events that are gone are not given again: transitions may refer to them."""
_NOBODY: Final = Groups(np.zeros(0, np.int32), np.zeros(1, np.int64), np.zeros(0, np.int32))
_NOTHING: Final = Arrived(
    Appended(),
    np.zeros(0, np.int32),
    np.zeros(0, np.int64),
    np.zeros(0, np.int64),
    np.zeros(0, np.int64),
    _NOBODY,
    _NOBODY,
    np.zeros(0, np.int32),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which rows of a batch to insert, the stored events that they replace, and the report."""

    keep: Bools
    replaced: list[int]
    report: Appended


class Writer:
    """Writes batches into the events of a store, and remembers which event ids are known.

    It begins no transaction and ends none: where one is rolled back, `undo` follows, else `keep`.
    """

    def __init__(
        self,
        db: duckdb.DuckDBPyConnection,
        names: Dictionary,
        ids: Dictionary,
        directory: Directory,
    ) -> None:
        self._db, self._names, self._ids, self._directory = db, names, ids, directory
        self.next_ref = self._kept_ref = int(db.execute(_NEXT_REF).fetchall()[0][0])
        self._fresh: list[tuple[int, Hashes]] = []
        self._coded = Inlet(db, "segue_coded", _CODED)
        self._event_ids = Inlet(db, "segue_event_ids", pa.schema([BATCH.field("event_id")]))
        self._rows: list[pa.Table] = []
        self._removed: list[int] = []
        query = "SELECT max(grid_at) FROM thresholds"
        self._last_threshold: int | None = db.execute(query).fetchall()[0][0]

    @cached_property
    def _known(self) -> HashSet:
        """The ids of all events, read when the first batch comes where nobody recalled them."""
        return _ids_in(self._db)

    def recall(self, db: duckdb.DuckDBPyConnection) -> None:
        """Read the ids of all events now, over another connection; nothing may be written
        meanwhile."""
        self._known = _ids_in(db)

    @property
    def kept_ref(self) -> int:
        """The reference after the last event that is committed."""
        return self._kept_ref

    def keep(self) -> None:
        """Make last what was written since."""
        for first, hashes in self._fresh:
            self._known.add(hashes, first)
        self._clear()
        self._kept_ref = self.next_ref
        for part in (self._names, self._ids, self._directory):
            part.keep()

    def undo(self) -> None:
        """Forget what was written since `keep`."""
        self._clear()
        self.next_ref = self._kept_ref
        for part in (self._names, self._ids, self._directory):
            part.undo()

    def _clear(self) -> None:
        for part in (self._fresh, self._rows, self._removed):
            part.clear()

    @property
    def written(self) -> pa.Table:
        """What was written since `keep` and is still there: the columns `FEW`, by reference."""
        rows = pa.concat_tables([_CODED.empty_table().select(FEW), *self._rows])
        if self._removed:
            rows = rows.filter(pa.array(~np.isin(rows["ref"].to_numpy(), self._removed)))
        return rows

    def threshold_kept(self, grid_at: int) -> None:
        """Note that there are thresholds up to this instant."""
        self._last_threshold = max(grid_at, self._last_threshold or grid_at)

    def append(self, events: pa.Table, received_at: int) -> Arrived:
        """Write a batch.

        Raises `InputError` where a distinct id is empty or properties are no JSON.
        """
        batch = events if events.schema == BATCH else events.select(BATCH.names).cast(BATCH)
        if len(batch) == 0:
            return _NOTHING
        if pc.any(pc.equal(batch["distinct_id"], "")).as_py():
            raise InputError("an event has no distinct id", hint="Leave such rows out.")
        try:
            return self._write(batch, received_at)
        except (duckdb.ConversionException, json.JSONDecodeError) as error:
            raise InputError(
                f"an event's properties are no JSON: {error}", hint="Leave such rows out."
            ) from error

    def _write(self, batch: pa.Table, received_at: int) -> Arrived:
        hashes = self._hashes(batch)
        verdict = self._judge(batch, hashes, received_at)
        appended = replace(verdict.report, unreadable_numbers=count_unreadable(batch["properties"]))
        losers = self._remove(verdict.replaced)
        kept = batch if verdict.keep.all() else batch.filter(verdict.keep)
        links = given(self._db, kept)
        first = self.next_ref
        whos = self._insert(kept, received_at, links)
        self._fresh.append((first, hashes[verdict.keep]))
        self._drop_thresholds(kept, everything=bool(losers) or links is not None)
        replaced = np.array(sorted({who for who, _ in losers}), np.int32)
        before, after = self._relate(links, losers, np.union1d(whos, replaced))
        refs = np.arange(first, self.next_ref, dtype=np.int64)
        at, rows = kept["occurred_at"].to_numpy(), np.flatnonzero(verdict.keep)
        return Arrived(appended, whos, at, refs, rows, before, after, replaced)

    def _relate(
        self, links: Given | None, losers: list[tuple[int, int]], whos: Int32s
    ) -> tuple[Groups, Groups]:
        """Fold links into who is who; the people whom they and events of `whos` touch, before and
        after. `losers` are events that were removed: whose, and their names."""
        directory, linking = self._directory, NameCodes(self._names.texts).of(LINK_EVENTS)
        divided = directory.circle_of({who for who, name in losers if name in linking})
        attempts = links.attempts(self._ids) if links is not None else iter(())
        if divided:
            relation = Relation(self._db, "events", self._names.texts)
            attempts = chain(attempts, attempted(relation, self._ids, divided).pairs())
        change = directory.change(attempts, divided)
        touched = directory.touched(change, whos)
        before = directory.groups(touched)
        if not directory.apply(change) and not losers:
            return before, before
        self._remove_unused({*divided, *(who for who, _ in losers)})
        return before, directory.groups(touched)

    def _remove(self, refs: list[int]) -> list[tuple[int, int]]:
        """Delete replaced events; whose they were, and the codes of their names."""
        if not refs:
            return []
        self._removed += refs
        return self._db.execute(
            "DELETE FROM events WHERE ref IN (SELECT unnest($refs::BIGINT[])) RETURNING who, name",
            {"refs": refs},
        ).fetchall()

    def _remove_unused(self, codes: Collection[int]) -> None:
        """Delete those of the distinct ids that have neither an event nor a link left."""
        alone = [code for code in codes if self._directory.is_unlinked(code)]
        if not alone:
            return
        unused = self._db.execute(_UNUSED, {"codes": alone}).fetchall()
        gone = [code for code, _ in unused]
        if gone:
            self._db.execute(_FORMER, {"codes": gone})
            self._db.execute(
                "DELETE FROM distinct_ids WHERE code IN (SELECT unnest($codes::INTEGER[]))",
                {"codes": gone},
            )
        self._ids.forget(gone)
        self._directory.forget(np.array(gone, np.int32))

    def _drop_thresholds(self, batch: pa.Table, *, everything: bool) -> None:
        """Drop the thresholds that the batch may change: later ones, or with a new link all."""
        if self._last_threshold is None or not (everything or len(batch)):
            return
        since = None if everything else pc.min(batch["occurred_at"]).as_py()
        if since is None or since <= self._last_threshold:
            self._db.execute(
                "DELETE FROM thresholds WHERE grid_at >= coalesce(?, grid_at)", [since]
            )

    def _insert(self, batch: pa.Table, received_at: int, links: Given | None) -> Int32s:
        """Write events, with codes for what is new; the codes of their distinct ids."""
        names = self._names.looked_up(batch["event"])
        ids = self._ids.looked_up(batch["distinct_id"])
        self._names.add(self._db, names.missing)
        further = ids.missing
        further += links.new_ids(self._ids) if links is not None else []
        self._ids.add(self._db, list(dict.fromkeys(further)))
        refs = np.arange(len(batch), dtype=np.int64) + self.next_ref
        whos = self._ids.encode(ids)
        coded = (
            _received(batch, received_at)
            .append_column("who", pa.array(whos))
            .append_column("name", pa.array(self._names.encode(names)))
            .append_column("ref", pa.array(refs))
            .select(_CODED.names)
        )
        with self._coded.holding(coded):
            self._db.execute(parsed(_INSERT))
        self._rows.append(coded.select(FEW))
        self.next_ref += len(batch)
        return whos

    def _hashes(self, batch: pa.Table) -> Hashes:
        with self._event_ids.holding(batch.select(["event_id"])):
            hashes: Hashes = self._db.execute(parsed(_HASH)).fetchnumpy()["hash"]
        return hashes

    def _judge(self, batch: pa.Table, hashes: Hashes, received_at: int) -> Verdict:
        """Confirm which ids are known or repeated, and decide which content of each counts."""
        contested = self._known.contains(hashes) | repeated(hashes)
        for _, fresh in self._fresh:
            contested |= np.isin(hashes, fresh)
        if not np.any(contested):
            return Verdict(~contested, [], Appended(stored=len(batch)))
        places = pa.array(np.arange(len(batch)))
        rows = _received(batch, received_at).append_column("place", places).filter(contested)
        with registered(self._db, "segue_contested", rows):
            since = self._known.since(hashes[contested])
            where = {"since": self._kept_ref if since is None else since}
            contest = self._db.sql(_CONTEST, params=where).to_arrow_table()
        return _verdict(contest, ~contested)


def _received(batch: pa.Table, received_at: int) -> pa.Table:
    instants = pa.array(np.full(len(batch), received_at, np.int64))
    return batch.append_column("received_at", instants)


def _verdict(contest: pa.Table, keep: Bools) -> Verdict:
    places, event_ids = contest["place"], contest["event_id"]
    given = places.is_valid().to_numpy()
    counts, same, known = (contest[name].to_numpy() for name in ("counts", "same", "known"))
    conflicting = sorted(set(event_ids.filter(~same).to_pylist()))
    chosen = counts & given
    keep[places.filter(chosen).to_numpy()] = True
    replacing = chosen & known
    differs = pc.is_in(event_ids, pa.array(conflicting, pa.string())).to_numpy()
    losers = pc.is_in(event_ids, event_ids.filter(replacing).combine_chunks())
    report = Appended(
        stored=int(np.sum(keep)) - int(np.sum(replacing)),
        duplicates=int(np.sum(given & same) - np.sum(chosen & (~known | differs))),
        conflicts=len(conflicting),
        conflicting_ids=tuple(conflicting[:20]),
    )
    return Verdict(keep, contest["ref"].filter(losers).drop_null().to_pylist(), report)


def _ids_in(db: duckdb.DuckDBPyConnection) -> HashSet:
    hashes = db.sql("SELECT hash(event_id) AS hash FROM events").to_arrow_table()
    return HashSet(hashes["hash"].to_numpy())
