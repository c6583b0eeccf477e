"""The event store in one DuckDB file."""

from __future__ import annotations

from segue.adapters.duckdb_store.maintenance import restore
from segue.adapters.duckdb_store.store import DuckDBStore

__all__ = ["DuckDBStore", "restore"]
