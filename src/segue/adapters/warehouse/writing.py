"""Memberships, transitions and segments as tables of a database that models can build on.

Each write is one transaction: whoever reads the tables sees all of the last one or all of the one
before. A row that did not change is not touched, so that `written_at` says when it last did, and
incremental models have little to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from segue.adapters.warehouse.databases import opened
from segue.domain.errors import UsageError

SCHEMA: Final = "segue"
"""The schema that holds the tables, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A table: its columns (name, SQL type) and the first `keys` of them as its primary key.
    `grows`: rows are never changed nor taken away."""

    name: str
    columns: tuple[tuple[str, str], ...]
    keys: int
    grows: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(name for name, _ in self.columns)

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of the primary key."""
        return self.names[: self.keys]


_TEXT, _INSTANT, _FLAG, _NUMBER = "text", "timestamptz", "boolean", "bigint"
SHAPES: Final = (
    Shape(
        "segments",
        tuple((name, _TEXT) for name in ("segment_id", "title", "kind", "stage", "condition")),
        1,
    ),
    Shape(
        "memberships",
        (
            ("segment_id", _TEXT),
            ("person_id", _TEXT),
            ("entered_at", _INSTANT),
            ("left_at", _INSTANT),
        ),
        3,
    ),
    Shape(
        "transitions",
        (
            ("id", _NUMBER),
            ("kind", _TEXT),
            ("boundary", _TEXT),
            ("segment_id", _TEXT),
            ("version", _NUMBER),
            ("person_id", _TEXT),
            ("at", _INSTANT),
            ("known_at", _INSTANT),
            ("cause", _TEXT),
            ("corrected", _FLAG),
            ("live", _FLAG),
            ("event_id", _TEXT),
        ),
        1,
        grows=True,
    ),
)
"""The tables, as they are made where they are missing."""


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a table: its rows now, how many are new or changed, and how many went."""

    table: str
    rows: int
    changed: int
    removed: int


def write_tables(
    address: str, tables: Iterable[tuple[str, pa.Table]], *, schema: str = SCHEMA
) -> list[Written]:
    """Bring tables of `SHAPES`, by their names, to what is given, in one transaction.

    Of what only grows, what is there stays. Raises as `opened` does, and `UsageError` for a schema
    whose name is no plain word.
    """
    _check(schema)
    shapes = {shape.name: shape for shape in SHAPES}
    with opened(address) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        found = [_brought(cursor, schema, shapes[name], rows) for name, rows in tables]
        connection.commit()
    return found


def latest_transition(address: str, *, schema: str = SCHEMA) -> int:
    """The id of the last transition that was written there; -1: none. Raises as `write_tables`."""
    _check(schema)
    with opened(address) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT to_regclass('{schema}.transitions')")
        if cursor.fetchone()[0] is None:
            return -1
        cursor.execute(f"SELECT coalesce(max(id), -1) FROM {schema}.transitions")
        return int(cursor.fetchone()[0])


def _check(schema: str) -> None:
    if not (schema.isascii() and schema.isidentifier()):
        raise UsageError(f"{schema!r} is no name for a schema", hint="letters, digits and _ are")


def _brought(cursor: Any, schema: str, shape: Shape, rows: pa.Table) -> Written:
    for statement in _prepared(schema, shape):
        cursor.execute(statement)
    cursor.adbc_ingest(_staged(shape), rows.select(shape.names), mode="append", temporary=True)
    counts = [_done(cursor, statement) for statement in _merging(schema, shape)]
    changed, removed = counts[0], sum(counts[1:])
    cursor.execute(f"SELECT count(*) FROM {schema}.{shape.name}")
    return Written(shape.name, int(cursor.fetchone()[0]), changed, removed)


def _done(cursor: Any, statement: str) -> int:
    """How many rows a statement touched."""
    cursor.execute(f"WITH touched AS ({statement} RETURNING 1) SELECT count(*) FROM touched")
    return int(cursor.fetchone()[0])


def _staged(shape: Shape) -> str:
    return f"segue_staged_{shape.name}"


def _prepared(schema: str, shape: Shape) -> Iterator[str]:
    columns = ", ".join(f"{_quoted(name)} {kind}" for name, kind in shape.columns)
    key = _listed(shape.key)
    yield (
        f"CREATE TABLE IF NOT EXISTS {schema}.{shape.name} ({columns}, "
        f"written_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY ({key}))"
    )
    yield f"CREATE TEMPORARY TABLE {_staged(shape)} ({columns}) ON COMMIT DROP"


def _merging(schema: str, shape: Shape) -> Iterator[str]:
    """What brings a table to the staged rows: first what is new or changed, then what goes."""
    target, rest = f"{schema}.{shape.name}", shape.names[shape.keys :]
    names, key = _listed(shape.names), _listed(shape.key)
    insert = f"INSERT INTO {target} AS old ({names}) SELECT {names} FROM {_staged(shape)}"
    if shape.grows:
        yield f"{insert} ON CONFLICT ({key}) DO NOTHING"
        return
    sets = ", ".join(f"{_quoted(one)} = excluded.{_quoted(one)}" for one in rest)
    was = ", ".join(f"old.{_quoted(one)}" for one in rest)
    now = ", ".join(f"excluded.{_quoted(one)}" for one in rest)
    yield (
        f"{insert} ON CONFLICT ({key}) DO UPDATE SET {sets}, written_at = now()"
        f" WHERE ({was}) IS DISTINCT FROM ({now})"
    )
    same = " AND ".join(f"new.{_quoted(one)} = old.{_quoted(one)}" for one in shape.key)
    yield (
        f"DELETE FROM {target} AS old WHERE NOT EXISTS"
        f" (SELECT 1 FROM {_staged(shape)} AS new WHERE {same})"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(_quoted, names))


def _quoted(name: str) -> str:
    return f'"{name}"'
