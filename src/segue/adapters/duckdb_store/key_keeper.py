"""The face of a store that keeps the keys of its API, and the events that were not taken."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import duckdb

from segue.adapters.duckdb_store import access, rejected
from segue.adapters.duckdb_store.opened import Opened
from segue.domain.access import Key, NewSecret
from segue.domain.rejected import RejectedCount, RejectedEvent


class KeptKeys(Opened):
    """Keys, looked up in memory, and rejected events."""

    _keys: access.KeyRing

    def keys(self) -> list[Key]:
        """See `KeyStore.keys`."""
        return list(self._keys.keys)

    def add_write_key(self, name: str, *, now: int, text: str | None = None) -> Key:
        """See `KeyStore.add_write_key`."""
        with self._changing_keys() as db:
            return access.add_write_key(db, self._keys, name, now=now, text=text)

    def add_secret_key(self, name: str, *, now: int) -> NewSecret:
        """See `KeyStore.add_secret_key`."""
        with self._changing_keys() as db:
            return access.add_secret_key(db, name, now=now)

    def revoke(self, key_id: str, *, now: int) -> Key:
        """See `KeyStore.revoke`."""
        with self._changing_keys() as db:
            return access.revoke(db, self._keys, key_id, now=now)

    def find(self, text: str) -> Key | None:
        """See `KeyStore.find`."""
        return self._keys.find(text)

    def link_secret(self) -> bytes:
        """See `KeyStore.link_secret`."""
        with self._reading() as now:
            kept = access.link_secret(now.db)
        if kept is None:
            with self._writing_beside() as db:
                kept = access.link_secret(db) or access.new_link_secret(db)
        return kept

    @contextlib.contextmanager
    def _changing_keys(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._gate.shared(), self._beside:
            with self._writing_beside() as db:
                yield db
                keys = access.read_keys(db)
            self._keys = keys

    def note_rejected(self, events: Sequence[RejectedEvent]) -> None:
        """See `RejectedEvents.note_rejected`."""
        with self._writing_beside() as db:
            rejected.note(db, events)

    def rejected_events(self, limit: int = 100) -> list[RejectedEvent]:
        """See `RejectedEvents.rejected_events`."""
        with self._reading() as now:
            return rejected.read(now.db, limit)

    def rejected_counts(self, since: int) -> list[RejectedCount]:
        """See `RejectedEvents.rejected_counts`."""
        with self._asking() as now:
            return rejected.counts(now.db, since)
