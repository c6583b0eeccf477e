"""One batch of events into the table: codes, one id one event, one commit."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segue.adapters.duckdb_store.dictionary import Dictionary
from segue.adapters.duckdb_store.numbers import count_unreadable
from segue.adapters.duckdb_store.tables import registered
from segue.adapters.extract import LINK_EVENTS
from segue.adapters.hashset import Hashes, HashSet, repeated
from segue.domain.errors import InputError
from segue.domain.ports import Appended
from segue.timeline.log import Bools

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

_INSERT: Final = """
    INSERT INTO events BY NAME
    SELECT ref, who, name, occurred_at, received_at, sequence, event_id,
        properties::JSON::VARIANT AS properties
    FROM segue_batch
"""
_CONTENT: Final = """
    sha256(concat_ws(chr(31), strlen(distinct_id), distinct_id, strlen(event), event, occurred_at,
        coalesce(sequence::VARCHAR, ''), properties::JSON::VARCHAR))
"""
_CONTEST: Final = f"""
    WITH contenders AS (
        SELECT event_id, place, NULL::BIGINT AS ref, received_at, {_CONTENT} AS content
        FROM (SELECT * REPLACE (properties::JSON::VARIANT AS properties) FROM segue_contested)
        UNION ALL
        SELECT event_id, NULL, ref, received_at, {_CONTENT}
        FROM (
            SELECT events.*, distinct_id, names.name AS event
            FROM events
            JOIN names ON names.code = events.name
            JOIN distinct_ids ON distinct_ids.code = events.who
            WHERE event_id IN (SELECT event_id FROM segue_contested)
        )
    )
    SELECT *,
        row_number() OVER counting = 1 AS counts,
        first_value(content) OVER counting = content AS same,
        count(ref) OVER (PARTITION BY event_id) > 0 AS known
    FROM contenders
    WINDOW counting AS (PARTITION BY event_id ORDER BY received_at, content, ref NULLS LAST, place)
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which rows of a batch to insert, the stored events that they replace, and the report."""

    keep: Bools
    replaced: list[int]
    report: Appended


class Writer:
    """Writes batches into the events of a store, and remembers which event ids are known."""

    def __init__(self, db: duckdb.DuckDBPyConnection, names: Dictionary, ids: Dictionary) -> None:
        self._db, self._names, self._ids = db, names, ids
        query = "SELECT coalesce(max(ref), -1) + 1 FROM events"
        self._next_ref = int(db.execute(query).fetchall()[0][0])

    @cached_property
    def _known(self) -> HashSet:
        """The ids of all events, read when the first batch comes."""
        hashes = self._db.sql("SELECT hash(event_id) AS hash FROM events").to_arrow_table()
        return HashSet(hashes["hash"].to_numpy())

    def append(self, events: pa.Table, received_at: int) -> Appended:
        """Store a batch in one commit; where that fails nothing has changed.

        Raises `InputError` where a distinct id is empty or properties are no JSON.
        """
        batch = events.select(BATCH.names).cast(BATCH)
        if len(batch) == 0:
            return Appended()
        if pc.any(pc.equal(batch["distinct_id"], "")).as_py():
            raise InputError("an event has no distinct id", hint="Leave such rows out.")
        marks = len(self._names), len(self._ids)
        self._db.begin()
        try:
            hashes = self._hashes(batch)
            verdict = self._judge(batch, hashes, received_at)
            unreadable = self._unreadable(batch)
            losers = self._remove(verdict.replaced)
            self._insert(batch.filter(verdict.keep), received_at)
            unused = self._remove_unused(losers)
            self._drop_thresholds(batch, everything=bool(verdict.replaced))
            self._db.commit()
        except BaseException as error:
            self._roll_back(*marks)
            if isinstance(error, duckdb.ConversionException | json.JSONDecodeError):
                raise InputError(
                    f"an event's properties are no JSON: {error}", hint="Leave such rows out."
                ) from error
            raise
        self._ids.forget(unused)
        self._known.add(hashes[verdict.keep])
        return replace(verdict.report, unreadable_numbers=unreadable)

    def _remove(self, refs: list[int]) -> list[int]:
        """Delete replaced events; the codes of whose they were."""
        if not refs:
            return []
        rows = self._db.execute(
            "DELETE FROM events WHERE ref IN (SELECT unnest($refs::BIGINT[])) RETURNING who",
            {"refs": refs},
        ).fetchall()
        return [code for (code,) in rows]

    def _remove_unused(self, codes: list[int]) -> list[int]:
        """Delete those of the distinct ids that have no event left; their codes."""
        if not codes:
            return []
        rows = self._db.execute(
            "DELETE FROM distinct_ids WHERE code IN (SELECT unnest($codes::INTEGER[]))"
            " AND code NOT IN (SELECT who FROM events) RETURNING code",
            {"codes": codes},
        ).fetchall()
        return [code for (code,) in rows]

    def _drop_thresholds(self, batch: pa.Table, *, everything: bool) -> None:
        """Drop the thresholds that the batch may change: later ones, or with a new link all."""
        linking = not set(LINK_EVENTS).isdisjoint(batch["event"].unique().to_pylist())
        since = None if linking or everything else pc.min(batch["occurred_at"]).as_py()
        self._db.execute("DELETE FROM thresholds WHERE grid_at >= coalesce(?, grid_at)", [since])

    def _roll_back(self, names: int, ids: int) -> None:
        self._names.truncate(names)
        self._ids.truncate(ids)
        # A commit that failed has ended the transaction already.
        with contextlib.suppress(duckdb.Error):
            self._db.rollback()

    def _insert(self, batch: pa.Table, received_at: int) -> None:
        self._names.add(self._db, self._names.missing(batch["event"]))
        self._ids.add(self._db, self._ids.missing(batch["distinct_id"]))
        count = len(batch)
        coded = (
            _received(batch, received_at)
            .append_column("who", pa.array(self._ids.encode(batch["distinct_id"])))
            .append_column("name", pa.array(self._names.encode(batch["event"])))
            .append_column("ref", pa.array(np.arange(count, dtype=np.int64) + self._next_ref))
        )
        with registered(self._db, "segue_batch", coded):
            self._db.execute(_INSERT)
        self._next_ref += count

    def _unreadable(self, batch: pa.Table) -> int:
        with registered(self._db, "segue_batch", batch):
            return count_unreadable(self._db, "segue_batch")

    def _hashes(self, batch: pa.Table) -> Hashes:
        with registered(self._db, "segue_batch", batch):
            table = self._db.sql("SELECT hash(event_id) AS hash FROM segue_batch").to_arrow_table()
        hashes: Hashes = table["hash"].to_numpy()
        return hashes

    def _judge(self, batch: pa.Table, hashes: Hashes, received_at: int) -> Verdict:
        """Confirm which ids are known or repeated, and decide which content of each counts."""
        contested = self._known.contains(hashes) | repeated(hashes)
        if not np.any(contested):
            return Verdict(~contested, [], Appended(stored=len(batch)))
        places = pa.array(np.arange(len(batch)))
        rows = _received(batch, received_at).append_column("place", places).filter(contested)
        with registered(self._db, "segue_contested", rows):
            contest = self._db.sql(_CONTEST).to_arrow_table()
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
