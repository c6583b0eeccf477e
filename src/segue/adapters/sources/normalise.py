"""Rows of any columns into events: one SQL statement per batch, every name of a column bound.

Columns are called `c0`, `c1`, … in the statement. A time is RFC 3339 or a date (without a zone: in
the layout's), a timestamp, or a number: from 10^11 milliseconds since 1970, below seconds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.types as kinds

from segue.adapters.extract.sql import Binder
from segue.adapters.extract.values import text_instant, utc_of_local
from segue.adapters.sources.batch import Layout
from segue.domain.errors import UsageError
from segue.domain.instant import EARLIEST, LATEST
from segue.language.activity import DERIVED_EVENTS

_SPACE: Final = "' ' || chr(9) || chr(10) || chr(13)"


def normalise(
    db: duckdb.DuckDBPyConnection, table: pa.Table, roles: Mapping[str, str], layout: Layout
) -> pa.Table:
    """Read each row by the roles of its columns, in order: the columns of `EVENTS` (`event_id` null
    where there is none) and `reason`, null where the row is an event."""
    statement = _Statement(table.schema, roles, layout)
    db.register("segue_raw", table.rename_columns([f"c{i}" for i in range(table.num_columns)]))
    try:
        return db.sql(statement.text(), params=statement.binder.values).to_arrow_table()
    finally:
        db.unregister("segue_raw")


def check_format(db: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    """Raise `UsageError` where the layout's time format is no `strptime` format."""
    if layout.time_format is not None:
        try:
            db.execute("SELECT try_strptime('', ?)", [layout.time_format]).fetchall()
        except duckdb.InvalidInputException as error:
            raise UsageError(
                f"{layout.time_format!r} is no time format: {error}",
                hint="Like strptime's: '%d.%m.%Y %H:%M'.",
            ) from error


@dataclass(frozen=True)
class _Statement:
    """The statement for rows of one schema."""

    schema: pa.Schema
    roles: Mapping[str, str]
    layout: Layout
    binder: Binder = field(default_factory=Binder)

    def text(self) -> str:
        """The whole statement."""
        given = self._given()
        return (
            "SELECT distinct_id, event, occurred_at, event_id, sequence, "
            f"'{{' || concat_ws(',', {self._parts()}) || '}}' AS properties,"
            f" {self._reason()} AS reason FROM (SELECT *,"
            f" {self._text('person_id')} AS distinct_id,"
            f" {self._event()} AS event,"
            f" {self._occurred_at()} AS occurred_at,"
            f" nullif({self._text('event_id')}, '') AS event_id,"
            f" try_cast({self._text('sequence')} AS BIGINT) AS sequence,"
            f" {given} AS given"
            " FROM segue_raw)"
        )

    def _event(self) -> str:
        if "event" in self.roles or self.layout.event_name is None:
            return self._text("event")
        return f"{self.binder.bind(self.layout.event_name)}::VARCHAR"

    def _given(self) -> str:
        """The properties of a column of their own: text of a JSON object, or a struct or map."""
        cell = self._cell("properties")
        if cell is None:
            return "NULL::VARCHAR"
        kind = self._kind("properties")
        text = f"to_json({cell})" if kinds.is_struct(kind) or kinds.is_map(kind) else cell
        return f"trim({text}::VARCHAR, {_SPACE})"

    def _parts(self) -> str:
        """The members of the properties as JSON text, each NULL where there is none."""
        parts = [
            f"{self.binder.bind(json.dumps(name) + ':')} || {_json(f'c{place}', kind)}"
            for place, (name, kind) in enumerate(
                zip(self.schema.names, self.schema.types, strict=True)
            )
            if name not in self.roles.values() and not kinds.is_null(kind)
        ]
        given = "nullif(trim(given[2:-2], " + _SPACE + "), '')"
        return ", ".join([*parts, given])

    def _reason(self) -> str:
        derived = ", ".join(f"'{name}'" for name in sorted(DERIVED_EVENTS))
        when, sequence = self._cell("occurred_at"), self._text("sequence")
        return (
            "CASE WHEN coalesce(trim(distinct_id), '') = '' THEN 'no person_id'"
            " WHEN coalesce(trim(event), '') = '' THEN 'no event'"
            f" WHEN event IN ({derived}) THEN 'derived events are computed, never stored'"
            f" WHEN {when} IS NULL OR {when}::VARCHAR = '' THEN 'no occurred_at'"
            " WHEN occurred_at IS NULL THEN 'occurred_at is no instant'"
            f" WHEN occurred_at NOT BETWEEN {EARLIEST} AND {LATEST}"
            " THEN 'occurred_at is not within the years 1970 to 2200'"
            f" WHEN sequence IS NULL AND {sequence} <> '' THEN 'sequence is no integer'"
            " WHEN given <> '' AND NOT coalesce(json_valid(given) AND given[1] = '{', false)"
            " THEN 'properties is no JSON object' END"
        )

    def _cell(self, role: str) -> str | None:
        if role not in self.roles:
            return None
        return f"c{self.schema.get_field_index(self.roles[role])}"

    def _kind(self, role: str) -> pa.DataType:
        return self.schema.field(self.roles[role]).type

    def _text(self, role: str) -> str:
        """A cell as text; a whole float without its fraction, NaN as nothing."""
        cell = self._cell(role)
        if cell is None:
            return "NULL::VARCHAR"
        if not kinds.is_floating(self._kind(role)):
            return f"{cell}::VARCHAR"
        whole = f"abs({cell}) < 1e15 AND {cell} = floor({cell})"
        return (
            f"CASE WHEN isnan({cell}) THEN NULL WHEN {whole} THEN {cell}::BIGINT::VARCHAR"
            f" ELSE {cell}::VARCHAR END"
        )

    def _occurred_at(self) -> str:
        cell, kind = self._cell("occurred_at"), self._kind("occurred_at")
        assert cell is not None
        if kinds.is_timestamp(kind) or kinds.is_date(kind):
            if kinds.is_timestamp(kind) and kind.tz is not None:
                return f"epoch_ms({cell}::TIMESTAMPTZ)"
            fine = kinds.is_timestamp(kind) and kind.unit == "ns"
            local = f"epoch_ns({cell}) // 1000000" if fine else f"epoch_ms({cell}::TIMESTAMP)"
            return utc_of_local(local, self.binder, self.layout.timezone)
        if kinds.is_integer(kind):
            return _since_1970(f"{cell}::HUGEINT")
        if kinds.is_floating(kind) or kinds.is_decimal(kind):
            return _since_1970(f"{cell}::DOUBLE")
        return self._written(f"trim({cell}::VARCHAR, {_SPACE})")

    def _written(self, text: str) -> str:
        """A time as text."""
        zone = self.layout.timezone
        if self.layout.time_format is not None:
            read = f"try_strptime({text}, {self.binder.bind(self.layout.time_format)})"
            if "%z" in self.layout.time_format.lower():
                return f"epoch_ms({read}::TIMESTAMPTZ)"
            return utc_of_local(f"epoch_ms({read}::TIMESTAMP)", self.binder, zone)
        rfc = f"regexp_replace({text}, ' ?UTC$', 'Z')"
        return (
            f"CASE WHEN regexp_full_match({text}, '-?[0-9]+')"
            f" THEN {_since_1970(f'try_cast({text} AS HUGEINT)')}"
            f" WHEN regexp_full_match({text}, '[0-9]+[.][0-9]+')"
            f" THEN {_since_1970(f'try_cast({text} AS DOUBLE)')}"
            f" ELSE {text_instant(rfc, self.binder, zone)} END"
        )


def _since_1970(number: str) -> str:
    milliseconds = f"CASE WHEN {number} >= 100000000000 THEN {number} ELSE {number} * 1000 END"
    return f"try_cast(floor(greatest(-1, least({LATEST + 1}, {milliseconds}))) AS BIGINT)"


def _json(cell: str, kind: pa.DataType) -> str:
    """A cell as JSON text; NULL where it is missing, as NaN and infinities are."""
    if kinds.is_floating(kind):
        return f"CASE WHEN isfinite({cell}) THEN to_json({cell})::VARCHAR END"
    if kinds.is_decimal(kind):
        return f"{cell}::VARCHAR"
    if kinds.is_timestamp(kind):
        local, mark = (
            (f"{cell}::TIMESTAMP", "")
            if kind.tz is None
            else (f"timezone('UTC', {cell}::TIMESTAMPTZ)", "Z")
        )
        return f"""'"' || strftime({local}, '%Y-%m-%dT%H:%M:%S.%g') || '{mark}"'"""
    return f"to_json({cell})::VARCHAR"
