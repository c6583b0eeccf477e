"""The SQL that several peers are asked in, in the words of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bench.generate import BEGIN
from bench.rules import Rule

Words = Callable[[str, str, int], str]
"""How a dialect says the value of a column so many rows before (negative: after) in a window."""


def lag(column: str, window: str, rows: int) -> str:
    """As DuckDB and Spark say it."""
    name, back = ("lag", rows) if rows >= 0 else ("lead", -rows)
    return f"{name}({column}, {back}) OVER ({window})"


def lag_in_frame(column: str, window: str, rows: int) -> str:
    """As ClickHouse says it."""
    name, back = ("lagInFrame", rows) if rows >= 0 else ("leadInFrame", -rows)
    frame = "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING"
    return f"{name}(toNullable({column}), {back}) OVER ({window} {frame})"


_BY_TIME: Final = "PARTITION BY p ORDER BY ts"
_BY_END: Final = "PARTITION BY p ORDER BY ts, till"


def people(table: str, rule: Rule, at: int) -> str:
    """Who is in one segment."""
    return (
        f"SELECT p FROM {table} WHERE e = {rule.code} AND ts > {at - rule.window} "
        f"AND ts <= {at} GROUP BY p HAVING count(*) >= {rule.times}"
    )


def spans(table: str, rule: Rule, at: int, words: Words = lag) -> str:
    """The sums of one segment's spans.

    After each occurrence the condition holds until the n-th latest one leaves the window; where the
    next occurrence comes before that, one span goes on.
    """
    held = (
        f"SELECT p, ts, {words('ts', _BY_TIME, rule.times - 1)} + {rule.window} AS till "
        f"FROM {table} WHERE e = {rule.code} AND ts <= {at}"
    )
    edges = (
        f"SELECT p, ts, till, {words('till', _BY_END, 1)} AS before, "
        f"{words('ts', _BY_END, -1)} AS after FROM ({held}) AS held WHERE till > ts"
    )
    first, last = "before IS NULL OR ts > before", "after IS NULL OR after > till"
    return (
        f"SELECT sum(CASE WHEN {first} THEN 1 ELSE 0 END) AS n, "
        f"sum(CASE WHEN {first} THEN CAST(p AS BIGINT) ELSE 0 END) AS who, "
        f"sum(CASE WHEN {first} THEN ts - {BEGIN} ELSE 0 END) AS begins, "
        f"sum(CASE WHEN {last} THEN till - {BEGIN} ELSE 0 END) AS ends FROM ({edges}) AS edges"
    )
