"""Which texts may be in a column of the file: told by hashes in memory, eight bytes for each."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence

import duckdb
import numpy as np

from segue.adapters.hashset import Hashes, HashSet


def hashes_in(db: duckdb.DuckDBPyConnection, table: str, column: str) -> Hashes:
    """The hashes (see `hash_of`) of the texts in a column."""
    query = f"SELECT md5_number_lower({column}) AS hash FROM {table}"
    found: Hashes = db.execute(query).fetchnumpy()["hash"]
    return found


def hash_of(text: str) -> int:
    """The hash of a text, as the database makes it too: no statement has to be run for it."""
    digest = hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    return int.from_bytes(digest[8:], "little")


class Suspects:
    """Texts that are in the file, or were: their hashes, which `read` gives when somebody first
    asks. Who is not among them is surely not there; the others have to be looked up. Threads may
    share it."""

    def __init__(self, read: Callable[[], Hashes]) -> None:
        self._read = read
        self._known: HashSet | None = None
        self._later = HashSet(np.zeros(0, np.uint64))
        self._lock = threading.Lock()

    def add(self, texts: Sequence[str]) -> None:
        """Add further ones, before they are committed."""
        if texts:
            hashes = _hashes(texts)
            with self._lock:
                self._later.add(hashes)

    def among(self, texts: Sequence[str]) -> list[str]:
        """Those of these that may be there."""
        known = self._known
        if known is None:
            known = self._known = HashSet(self._read())
        hashes = _hashes(texts)
        with self._lock:
            there = known.contains(hashes) | self._later.contains(hashes)
        return [texts[place] for place in there.nonzero()[0].tolist()]


def _hashes(texts: Sequence[str]) -> Hashes:
    return np.array([hash_of(one) for one in texts], np.uint64)
