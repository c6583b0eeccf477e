"""One write transaction of a store: events in, who they belong to, transitions out."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import duckdb
import pyarrow as pa

from segue.adapters.duckdb_store import adopting, parts, transitions
from segue.adapters.duckdb_store.append import Writer
from segue.adapters.duckdb_store.dictionary import Dictionary
from segue.adapters.duckdb_store.errors import as_store_errors
from segue.adapters.duckdb_store.people import Directory
from segue.adapters.extract import Relation, ranks
from segue.domain.live import SegmentVersion
from segue.domain.runs import Adopting
from segue.timeline.log import Int32s, Int64s, Request, TraitRequest
from segue.timeline.parts import Arrived, Codebook, Part


class StoreTurn:
    """See `domain.live.Turn`. Where a method raises, the turn cannot go on: leave the block."""

    def __init__(
        self,
        db: duckdb.DuckDBPyConnection,
        names: Dictionary,
        writer: Writer,
        progress: transitions.Progress,
        *,
        ids: Dictionary,
        directory: Directory,
        path: Path | None,
        timezone: str,
    ) -> None:
        self._ids, self._directory = ids, directory
        self._db, self._names, self._writer, self._progress = db, names, writer, progress
        self._path, self._timezone = path, timezone

    def append(self, events: pa.Table, *, received_at: int) -> Arrived:
        """See `Turn.append`."""
        with as_store_errors(self._path):
            return self._writer.append(events, received_at)

    def delta(
        self,
        requests: Collection[Request | TraitRequest],
        codebook: Codebook,
        *,
        not_activity: Collection[str] = (),
    ) -> Part:
        """See `Turn.delta`; `not_activity` as in `EventStore.read`."""
        with as_store_errors(self._path):
            return parts.delta(
                self._events,
                requests,
                codebook,
                rows=self._writer.written,
                timezone=self._timezone,
                not_activity=not_activity,
            )

    def reread(
        self,
        whos: Int32s,
        requests: Collection[Request | TraitRequest],
        codebook: Codebook,
        *,
        not_activity: Collection[str] = (),
    ) -> Part:
        """See `Turn.reread`; `not_activity` as in `EventStore.read`."""
        with as_store_errors(self._path):
            return parts.reread(
                self._events,
                whos,
                requests,
                codebook,
                timezone=self._timezone,
                not_activity=not_activity,
            )

    def ranks(self, refs: Int64s) -> Int64s:
        """See `Turn.ranks`."""
        with as_store_errors(self._path):
            return ranks(self._events, refs)

    @property
    def _events(self) -> Relation:
        return Relation(self._db, "events", self._names.texts)

    def define(self, segment_id: str, fingerprint: str, *, since: int) -> SegmentVersion:
        """See `Turn.define`."""
        with as_store_errors(self._path):
            return transitions.define(self._db, segment_id, fingerprint, since=since)

    def retire(self, segment_id: str, *, until: int) -> None:
        """See `Turn.retire`."""
        with as_store_errors(self._path):
            transitions.retire(self._db, segment_id, until=until)

    def publish(self, transitions_: pa.Table, *, known_at: int) -> int:
        """See `Turn.publish`."""
        with as_store_errors(self._path):
            return self._progress.publish(transitions_, known_at=known_at)

    def ticked(self, at: int) -> None:
        """See `Turn.ticked`."""
        with as_store_errors(self._path):
            self._progress.ticked(at, self._writer.next_ref)

    def evaluated(self, by: str) -> None:
        """See `Turn.evaluated`."""
        with as_store_errors(self._path):
            transitions.evaluated(self._db, by)

    def adopt(self, how: Adopting) -> int:
        """See `Turn.adopt`."""
        with as_store_errors(self._path):
            return adopting.adopt(self._db, self._ids, self._directory, self._progress, how)
