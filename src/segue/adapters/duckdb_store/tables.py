"""Arrow tables as relations of a connection, for as long as they are needed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final

import duckdb
import pyarrow as pa

_CHUNK: Final = 122_880
"""Rows that one thread of DuckDB reads at a time."""


class Inlet:
    """A name under which statements of a connection read one Arrow table after another.

    To register a table and to take it back costs as much as a small statement; this is registered
    once, outside of any transaction. It is what the Arrow C stream interface asks of a table.
    """

    def __init__(self, db: duckdb.DuckDBPyConnection, name: str, schema: pa.Schema) -> None:
        self._schema = schema
        self._table = schema.empty_table()
        db.register(name, self)

    @contextlib.contextmanager
    def holding(self, table: pa.Table) -> Iterator[None]:
        """Let statements read the table, which has the columns of the schema, in their order."""
        self._table = table.cast(self._schema)
        try:
            yield
        finally:
            self._table = self._schema.empty_table()

    def __arrow_c_schema__(self) -> object:
        return self._schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        reader = self._table.to_reader(max_chunksize=_CHUNK)
        return reader.__arrow_c_stream__(requested_schema)


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
