"""How many threads DuckDB works with: one where small statements come one upon the other, all of
them for what reads much.

Of a few hundred rows it takes longer to wake other threads than to do the work alone: in a turn of
300 people a fifth of the processor's time went there. Of a thousand it makes no difference.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import duckdb


class Workers:
    """The threads of one database. Threads may share it."""

    def __init__(self, db: duckdb.DuckDBPyConnection, *, spared: bool) -> None:
        """`spared`: only large reads use them all, see `spare`."""
        self._db, self._lock = db, threading.Lock()
        query = "SELECT current_setting('threads')"
        self.all = int(db.execute(query).fetchall()[0][0])
        self._spared, self._large = False, 0
        if spared:
            self.spare()

    def spare(self) -> None:
        """From now on use one thread for what is not `large`."""
        with self._lock:
            self._spared = True
            self._use(self.all if self._large else 1)

    @contextlib.contextmanager
    def large(self) -> Iterator[None]:
        """Use them all meanwhile."""
        with self._lock:
            self._large += 1
            if self._spared and self._large == 1:
                self._use(self.all)
        try:
            yield
        finally:
            with self._lock:
                self._large -= 1
                if self._spared and not self._large:
                    self._use(1)

    def _use(self, threads: int) -> None:
        # Over a connection of its own: the other may be in the midst of a turn.
        with self._db.cursor() as db:
            db.execute(f"SET threads = {threads:d}")
