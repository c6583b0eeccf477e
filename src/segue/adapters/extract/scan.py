"""Requests that look into properties: one scan for all requests about the same event names.

Each distinct filter and reading is one column of the scan, guarded by the names it applies to; an
event that no filter of the scan wants is left out by the scan itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segue.adapters.extract import values
from segue.adapters.extract.filters import FilterCompiler
from segue.adapters.extract.names import NameCodes
from segue.adapters.extract.order import Events, sorted_events
from segue.adapters.extract.relation import Few, People, Relation
from segue.adapters.extract.sql import Binder, all_of, any_of
from segue.language.tree import Filter, Pattern
from segue.timeline.log import (
    Bools,
    Code,
    InstantOf,
    Int64s,
    IsAmong,
    Nothing,
    Number,
    Reading,
    Satisfies,
)
from segue.timeline.parts import Codebook

Codes = frozenset[int]


@dataclass(frozen=True, slots=True)
class Rows:
    """What a scan found: the events, and one Arrow column per compiled expression."""

    events: Events
    columns: dict[str, pa.ChunkedArray]

    def truth(self, column: str) -> Bools:
        """A column of 0 and 1, by event."""
        found: Bools = self.columns[column].to_numpy().astype(np.bool_)[self.events.row]
        return found


@dataclass(slots=True)
class Scan:
    """One statement over the events of some names, with one column per distinct expression."""

    names: NameCodes
    codes: Codes
    zone: str
    binder: Binder = field(default_factory=Binder)
    expressions: dict[str, str] = field(default_factory=dict)
    wanted: set[str] = field(default_factory=set)

    def select(self, pattern: Pattern) -> str | None:
        """The column that says whether the pattern matches; None where every row does."""
        condition = self.matches(pattern)
        self.wanted.add(condition or "true")
        return self.column(f"({condition})::UTINYINT") if condition else None

    def matches(self, pattern: Pattern) -> str | None:
        """The SQL of whether the pattern matches a row; None where it always does."""
        compiler = FilterCompiler(self.binder, self.zone)
        terms = []
        for codes, where in self.names.alternatives(pattern):
            named = None if codes >= self.codes else self.binder.among("name", codes & self.codes)
            if where is None and named is None:
                return None
            condition = None if where is None else compiler.condition(where)
            terms.append(
                f"CASE WHEN {named} THEN {condition} ELSE false END"
                if named and condition
                else named or condition or "true"
            )
        return any_of(terms)

    def read(self, reading: Reading) -> str | None:
        """The column of a reading; None where there is nothing to read."""
        match reading:
            case Nothing():
                return None
            case Number(path):
                return self.column(values.number_of(self._property(path)))
            case Code(path):
                return self.column(values.code_of(self._property(path)))
            case InstantOf(path):
                value = self._property(path)
                return self.column(values.instant_of(value, self.binder, self.zone))
            case Satisfies(condition):
                return self.truth(condition)
            case IsAmong(pattern):
                return self.column(f"({self.matches(pattern) or 'true'})::BIGINT")

    def truth(self, condition: Filter) -> str:
        """The column that says whether a filter holds."""
        return self.column(FilterCompiler(self.binder, self.zone).condition(condition))

    def column(self, expression: str) -> str:
        """The name of the column of an expression; equal expressions share one."""
        return self.expressions.setdefault(expression, f"c{len(self.expressions)}")

    def run(self, relation: Relation, people: People | Few, at: int | None) -> Rows:
        """Read the rows of people who are asked about."""
        conditions = [self.binder.among("name", self.codes)]
        if at is not None:
            conditions.append(f"occurred_at <= {self.binder.bind(at)}::BIGINT")
        if "true" not in self.wanted:
            conditions.append(any_of(sorted(self.wanted)))
        columns = [f"{text} AS {name}" for text, name in self.expressions.items()]
        selected = ", ".join(["who", "occurred_at", "ref", *columns])
        table = relation.table(
            f"SELECT {selected} FROM {relation.source} WHERE {all_of(conditions)}",
            self.binder.values,
        )
        return _rows(table, people)

    def _property(self, path: tuple[str, ...]) -> str:
        return values.property_at(path, self.binder)


def _rows(table: pa.Table, people: People | Few) -> Rows:
    person = people.of(table["who"].to_numpy())
    if people.are_partial:
        known = person >= 0
        table, person = table.filter(pa.array(known)), person[known]
    columns = {name: table[name] for name in table.column_names[3:]}
    instants, refs = table["occurred_at"].to_numpy(), table["ref"].to_numpy()
    return Rows(sorted_events(person, instants, refs), columns)


def integers(column: pa.ChunkedArray) -> tuple[Int64s, Bools | None]:
    """A nullable integer column as int64[N] (0 where unknown) and where it is known."""
    if column.null_count == 0:
        return column.to_numpy().astype(np.int64, copy=False), None
    known = column.is_valid().to_numpy()
    return pc.fill_null(column, 0).to_numpy().astype(np.int64, copy=False), known


def codes(
    columns: Sequence[pa.ChunkedArray], codebook: Codebook | None = None
) -> list[tuple[Int64s, Bools | None]]:
    """Text columns as codes that are equal across all of them exactly where the texts are, and
    across all that the codebook ever coded where there is one."""
    encoded = [column.dictionary_encode() for column in columns]
    chunks = [chunk for column in encoded for chunk in column.chunks]
    if not chunks:
        return [(np.empty(0, np.int64), None) for _ in columns]
    unified = pa.chunked_array(chunks).unify_dictionaries()
    kept = None if codebook is None else codebook.encode(unified.chunk(0).dictionary.to_pylist())
    answers, start = [], 0
    for column in encoded:
        part = unified.chunks[start : start + column.num_chunks]
        start += column.num_chunks
        found, known = integers(pa.chunked_array([chunk.indices for chunk in part], pa.int32()))
        answers.append((found if kept is None else _lasting(kept, found, known), known))
    return answers


def _lasting(kept: Int64s, found: Int64s, known: Bools | None) -> Int64s:
    """The codes that a codebook gave to the texts of a dictionary; 0 where nothing is known."""
    if known is None:
        return kept[found]
    return np.where(known, kept[found], 0) if len(kept) else np.zeros(len(found), np.int64)
