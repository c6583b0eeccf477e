"""Parquet files as a log, read where they are: no store in between, where none is needed.

Rows without ids all count, so where no condition looks at anything but who, what and when, three
columns say everything and nothing has to be kept. `ParquetLog.open` finds out whether that is so;
where any row would be rejected, renamed or merged with another, the answer is None, and the events
have to be imported.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import duckdb
import numpy as np

from segue.adapters.connecting import connected
from segue.adapters.extract import (
    LINK_EVENTS,
    People,
    Relation,
    extract,
    is_plain,
)
from segue.adapters.sources import Layout
from segue.adapters.sources.shapes import is_posthog, is_segment
from segue.domain.errors import InputError
from segue.domain.instant import EARLIEST, LATEST
from segue.domain.ports import ReadLog
from segue.language.activity import DERIVED_EVENTS
from segue.timeline.log import Log, Request, TraitRequest

_PERSON_TYPES: Final = frozenset({"VARCHAR", "TINYINT", "SMALLINT", "INTEGER", "BIGINT"})
_ZONED: Final = "TIMESTAMP WITH TIME ZONE"
_ZONELESS: Final = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
_WHOLE: Final = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT"})
_LOOKED_INTO: Final = frozenset({*LINK_EVENTS, *DERIVED_EVENTS})
"""Events that link people, or that no file may hold."""


@dataclass(frozen=True)
class ParquetLog:
    """A log of who did what when, coded but not copied into a store. Close it when done."""

    connection: duckdb.DuckDBPyConnection
    ids: Sequence[str]
    names: Sequence[str]
    last_at: int

    @classmethod
    def open(cls, files: Sequence[str | Path], layout: Layout) -> Self | None:
        """The log of these Parquet files; None where they have to be imported to be understood.

        Raises `InputError` where a file is no Parquet file.
        """
        if not files or not all(Path(file).suffix == ".parquet" for file in files):
            return None
        if layout.time_format is not None or not all(Path(file).is_file() for file in files):
            return None
        connection = connected()
        found = cls._coded(connection, [str(file) for file in files], layout)
        if found is None:
            connection.close()
        return found

    @classmethod
    def _coded(
        cls, connection: duckdb.DuckDBPyConnection, files: list[str], layout: Layout
    ) -> Self | None:
        try:
            raw = connection.read_parquet(files, union_by_name=True)
            kinds = dict(zip(raw.columns, map(str, raw.types), strict=True))
            selected = _selected(kinds, layout)
            if selected is None:
                return None
            raw.project(*selected).create_view("rows")
            return cls._of_rows(connection)
        except duckdb.Error as error:
            connection.close()
            raise InputError(
                f"{', '.join(files)} cannot be read as Parquet: {error}",
                hint="Check that the file is whole.",
            ) from error

    @classmethod
    def _of_rows(cls, connection: duckdb.DuckDBPyConnection) -> Self | None:
        extremes = connection.sql(
            "SELECT min(occurred_at), max(occurred_at), count(*) - count(occurred_at),"
            " bool_and(is_harmless) FROM rows"
        ).fetchall()
        first, last, timeless, harmless = extremes[0]
        if first is None or timeless or not harmless or first < EARLIEST or last > LATEST:
            return None
        names = _coded(connection, "event", "name")
        if any(name is None or not name.strip() or name in _LOOKED_INTO for name in names):
            return None
        ids = _coded(connection, "person_id", "who")
        if any(one is None or not one.strip() for one in ids):
            return None
        connection.execute(
            "CREATE TABLE events AS SELECT who, name, occurred_at FROM rows"
            " JOIN whos USING (person_id) JOIN names USING (event)"
        )
        return cls(connection, ids, names, last)

    def read(
        self,
        requests: Collection[Request | TraitRequest],
        *,
        at: int | None = None,
        not_activity: Collection[str] = (),
    ) -> ReadLog[Log]:
        """See `EventStore.read`. Every request must be one that `answers` says yes to."""
        people = People(self.ids, np.arange(len(self.ids), dtype=np.int32))
        relation = Relation(self.connection, "events", self.names)
        return ReadLog(
            self.ids, extract(relation, people, requests, at=at, not_activity=not_activity)
        )

    @staticmethod
    def answers(requests: Collection[Request | TraitRequest]) -> bool:
        """Whether the requests ask for nothing but who, what and when."""
        return all(isinstance(one, Request) and is_plain(one) for one in requests)

    def close(self) -> None:
        """Forget the events."""
        self.connection.close()


def _selected(kinds: Mapping[str, str], layout: Layout) -> list[Any] | None:
    """The three columns in their canonical forms, and whether the properties of a row need not be
    looked at; None where they need reading into."""
    names = list(kinds)
    if not layout.columns and (is_posthog(names) or is_segment(names)):
        return None
    role = {name: layout.columns.get(name, name) for name in _ROLES}
    person, event, when = (kinds.get(role[name]) for name in _NEEDED)
    typed = person in _PERSON_TYPES and event == "VARCHAR"
    if not typed or not _harmless(kinds, role):
        return None
    if when != _ZONED and not (when in _ZONELESS and layout.timezone == "UTC"):
        return None
    column = {name: duckdb.ColumnExpression(role[name]) for name in _NEEDED}
    instant = duckdb.FunctionExpression("epoch_ms", column["occurred_at"])
    texts = kinds.get(role["properties"]) in _TEXTS
    looked = _OBJECT.format(_quoted(role["properties"])) if texts else "true"
    return [
        column["person_id"].cast("VARCHAR").alias("person_id"),
        column["event"].alias("event"),
        instant.alias("occurred_at"),
        duckdb.SQLExpression(looked).alias("is_harmless"),
    ]


_TEXTS: Final = frozenset({"VARCHAR", "JSON"})
_OBJECT: Final = """
    coalesce(json_valid({0}) AND {0}[1] = '{{'
        AND NOT contains({0}, '"$set') AND NOT contains({0}, '"$unset'), true)
"""
"""Whether properties are an object, and without a member that could be traits."""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


_NEEDED: Final = ("person_id", "event", "occurred_at")
_ROLES: Final = (*_NEEDED, "event_id", "sequence", "properties")


def _harmless(kinds: Mapping[str, str], role: Mapping[str, str]) -> bool:
    """Whether no id makes two rows one, and no other column can be the reason of a rejection, but
    for what stands in the text of properties."""
    sequence, properties = (kinds.get(role[name]) for name in ("sequence", "properties"))
    return (
        role["event_id"] not in kinds
        and (sequence is None or sequence in _WHOLE)
        and (properties is None or properties in _TEXTS or properties.startswith(("STRUCT", "MAP")))
    )


def _coded(connection: duckdb.DuckDBPyConnection, column: str, code: str) -> list[str]:
    """Give every text of a column a code, in the order of the texts; the texts by code."""
    table = {"name": "names", "who": "whos"}[code]
    connection.execute(
        f"CREATE TABLE {table} AS SELECT {column}, row_number() OVER (ORDER BY {column})"
        f"::INTEGER - 1 AS {code} FROM (SELECT DISTINCT {column} FROM rows)"
    )
    found = connection.table(table).order(code).to_arrow_table()[column].to_pylist()
    return list(found)
