"""Statements that are run again and again, parsed once.

DuckDB parses about a thousand characters in a millisecond, which for few rows is longer than it
takes to run them.
"""

from __future__ import annotations

from functools import cache, lru_cache

import duckdb

from segue.adapters.connecting import connected


@lru_cache(maxsize=512)
def parsed(text: str) -> duckdb.Statement:
    """The one statement of a text, for any connection to run, as often as it likes."""
    (statement,) = _parser().extract_statements(text)
    return statement


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    return connected()
