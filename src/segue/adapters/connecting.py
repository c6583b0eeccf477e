"""Connections to DuckDB that never write to the terminal."""

from __future__ import annotations

from pathlib import Path

import duckdb


def connected(path: Path | None = None, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection to the database at the path, or to one in memory.

    Where Python looks interactive, as it does to DuckDB under `python -m segue`, a statement that
    takes seconds would draw a bar on stdout, in the midst of an answer. Raises what DuckDB raises.
    """
    place = ":memory:" if path is None else str(path)
    connection = duckdb.connect(place, read_only=read_only)
    connection.execute("SET enable_progress_bar = false")
    return connection
