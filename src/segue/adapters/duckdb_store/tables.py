"""Arrow tables as relations of a connection, for as long as they are needed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import duckdb
import pyarrow as pa


@contextlib.contextmanager
def registered(db: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> Iterator[None]:
    """Let statements of the connection read the table under the name."""
    db.register(name, table)
    try:
        yield
    finally:
        # After a failed statement the name stays until the rollback; registering replaces it.
        with contextlib.suppress(duckdb.TransactionException):
            db.unregister(name)
