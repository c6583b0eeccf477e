"""A store's open file as its faces use it: one moment to read from, and writing beside turns."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from segue.adapters.duckdb_store import published
from segue.adapters.duckdb_store.arrivals import Arrivals, Marked
from segue.adapters.duckdb_store.dictionary import Dictionary
from segue.adapters.duckdb_store.errors import as_store_errors
from segue.adapters.duckdb_store.gate import Gate
from segue.adapters.duckdb_store.workers import Workers


@dataclass(frozen=True, slots=True)
class Moment:
    """A connection inside a transaction, the event names by code, and how many codes distinct ids
    have."""

    db: duckdb.DuckDBPyConnection
    names: tuple[str, ...]
    codes: int


class Opened:
    """The open file of a store, and the locks around it."""

    _path: Path | None
    _gate: Gate
    _beside: threading.RLock
    _db: duckdb.DuckDBPyConnection
    _names: Dictionary
    _ids: Dictionary
    _arrivals: Arrivals
    _workers: Workers
    _writing_traits: Marked
    """Who has written traits."""
    _with_deliveries: Marked
    """Who has a delivery, or had one."""

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Moment]:
        """One moment of the store, whatever is written meanwhile; nobody waits for a turn to end.

        Names and ids of a turn that is not committed yet may be among them: no event has them.
        """
        with self._gate.shared(), as_store_errors(self._path), self._db.cursor() as db:
            db.begin()
            # DuckDB fixes what a transaction sees when it first reads.
            db.execute("SELECT count(*) FROM segue_meta").fetchall()
            yield Moment(db, tuple(self._names.texts), len(self._ids))

    @contextlib.contextmanager
    def _asking(self) -> Iterator[Moment]:
        """The same for one statement, which sees one moment by itself."""
        with self._gate.shared(), as_store_errors(self._path), self._db.cursor() as db:
            yield Moment(db, tuple(self._names.texts), len(self._ids))

    @contextlib.contextmanager
    def _writing_beside(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A write transaction about what no turn writes: it does not wait for one to end."""
        store_errors = as_store_errors(self._path)
        with self._gate.shared(), self._beside, store_errors, self._db.cursor() as db:
            db.begin()
            # Closing the cursor rolls back what was not committed.
            yield db
            db.commit()

    def _named(self, now: Moment) -> published.Named:
        return published.Named(now.db, self._ids.texts)
