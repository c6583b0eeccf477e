"""The event store: one DuckDB file."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from segue.adapters.duckdb_store.append import Writer
from segue.adapters.duckdb_store.dictionary import Dictionary
from segue.adapters.duckdb_store.people import everybody, read_identities, some_people
from segue.adapters.duckdb_store.schema import migrate
from segue.adapters.extract import Relation, extract
from segue.domain.ports import Appended, ReadLog, StoredEvent
from segue.timeline.log import Log, Request, TraitRequest


class DuckDBStore:
    """Events, people and definitions in one DuckDB file, or in memory.

    Use `DuckDBStore.open`. Threads may share a store: reads see a snapshot, writes take turns.
    """

    def __init__(self, db: duckdb.DuckDBPyConnection, path: Path | None, timezone: str) -> None:
        self._db, self._path, self._timezone = db, path, timezone
        self._writing = threading.RLock()
        self._names = Dictionary(db, "names", "name")
        self._ids = Dictionary(db, "distinct_ids", "distinct_id")
        self._writer = Writer(db, self._names, self._ids)

    @classmethod
    def open(cls, path: Path | str | None, *, timezone: str = "UTC") -> DuckDBStore:
        """Open the store at the path, making it where there is none; None is a store in memory.

        `timezone` is the project's: instants without a zone are read in it.
        """
        db = duckdb.connect(str(path) if path is not None else ":memory:")
        migrate(db)
        return cls(db, Path(path) if path is not None else None, timezone)

    def append(self, events: pa.Table, *, received_at: int) -> Appended:
        """See `EventStore.append`."""
        with self._writing:
            return self._writer.append(events, received_at)

    def read(
        self,
        requests: Collection[Request | TraitRequest],
        *,
        at: int | None = None,
        people: Collection[str] | None = None,
        sources: bool = False,
        not_activity: Collection[str] = (),
    ) -> ReadLog[Log]:
        """See `EventStore.read`."""
        with self._writing:
            relation = Relation(self._db, "events", self._names.texts)
            identities = read_identities(relation, self._ids.texts)
            if people is None:
                chosen = everybody(self._ids.texts, identities)
            else:
                chosen = some_people(frozenset(people), self._ids.texts, identities)
            log = extract(
                relation,
                chosen,
                requests,
                at=at,
                timezone=self._timezone,
                not_activity=not_activity,
                sources=sources,
            )
            return ReadLog(chosen.ids, log)

    def events(self, sources: Sequence[int]) -> list[StoredEvent]:
        """See `EventStore.events`."""
        rows = self._db.execute(
            "SELECT ref, event_id, distinct_id, names.name, occurred_at, received_at, sequence,"
            " properties::JSON::VARCHAR FROM events"
            " JOIN names ON names.code = events.name"
            " JOIN distinct_ids ON distinct_ids.code = events.who"
            " WHERE ref IN (SELECT unnest(?::BIGINT[]))",
            [[int(source) for source in sources]],
        ).fetchall()
        found = {row[0]: StoredEvent(*row[1:]) for row in rows}
        return [found[int(source)] for source in sources]

    def close(self) -> None:
        """Release the file."""
        self._db.close()
