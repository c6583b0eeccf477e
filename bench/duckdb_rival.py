"""DuckDB asked as well as we know how, on integer columns in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bench.generate import Columns
from bench.measure import cores
from bench.rival import BY_EVENT, BY_PERSON, FUSED, Asked, Packing, Way
from bench.rules import WINDOWS, Rule
from segue.domain.instant import DAY

Sql: TypeAlias = Callable[[int], str]
Member: TypeAlias = Callable[[Rule], str]

_TABLES = {BY_PERSON: "by_person", BY_EVENT: "by_event"}


@dataclass(frozen=True)
class DuckDB:
    """A connection that holds the log twice: `by_person` and `by_event`, sorted, as integers."""

    connection: duckdb.DuckDBPyConnection
    asked: Asked

    @classmethod
    def load(cls, log: Columns, asked: Asked, layouts: Sequence[str] = tuple(_TABLES)) -> DuckDB:
        """Bring the log into tables, outside any clock: one for each layout."""
        connection = duckdb.connect(config={"threads": cores()})
        connection.register("log", pa.table({"p": log.person, "e": log.event, "ts": log.at}))
        for layout in layouts:
            order = "p, e, ts" if layout == BY_PERSON else "e, p, ts"
            connection.execute(
                f"CREATE TABLE {_TABLES[layout]} AS SELECT * FROM log ORDER BY {order}"
            )
        connection.unregister("log")
        return cls(connection, asked)

    def ways(self) -> list[Way]:
        """Every way tried."""
        found = [self._filtered(BY_PERSON)]
        for layout in (BY_PERSON, BY_EVENT):
            found.append(self._grouped(layout, "p, e", packed=False))
            if self.asked.packing.fits:
                found.append(self._grouped(layout, "p, e", packed=True))
                found.append(self._grouped(layout, "p * 64 + e", packed=True))
            found.append(self._by_event(layout))
        return found

    # ------------------------------------------------------------------------------------- the ways

    def _filtered(self, layout: str) -> Way:
        def grouped(at: int) -> str:
            sums = ", ".join(
                f"count(*) FILTER (e = {r.code} AND ts > {at - r.window}) >= {r.times} AS {r.id}"
                for r in self.asked.rules
            )
            relevant = self.asked.relevant(at)
            return f"SELECT p, {sums} FROM {_TABLES[layout]} WHERE {relevant} GROUP BY p"

        return self._way("one filtered count per segment, GROUP BY person", layout, grouped, _named)

    def _grouped(self, layout: str, key: str, *, packed: bool) -> Way:
        packing = self.asked.packing

        def grouped(at: int) -> str:
            sums = (
                f"sum({_weight(packing, at)})::BIGINT AS k"
                if packed
                else ", ".join(f"count_if(ts > {at - d * DAY}) AS c{d}" for d in WINDOWS)
            )
            keys = "p, e" if key == "p, e" else f"{key} AS pe"
            inner = (
                f"SELECT {keys}, {sums} FROM {_TABLES[layout]} "
                f"WHERE {self.asked.relevant(at)} GROUP BY {key}"
            )
            return (
                inner if key == "p, e" else f"SELECT *, pe >> 6 AS p, pe & 63 AS e FROM ({inner})"
            )

        def member(rule: Rule) -> str:
            count = _field(packing, rule.days) if packed else f"c{rule.days}"
            return f"e = {rule.code} AND {count} >= {rule.times}"

        sums = "one packed sum" if packed else "a conditional count per window"
        name = f"{sums}, GROUP BY {'person, event' if key == 'p, e' else 'one integer key'}"
        return self._way(name, layout, grouped, member)

    def _by_event(self, layout: str) -> Way:
        """One branch per event: only its longest window is read, only its windows are counted."""
        packings = {c: Packing(self.asked.windows(c), self.asked.bits) for c in self.asked.codes}

        def branch(code: int, at: int) -> str:
            packing = packings[code]
            sums = f"sum({_weight(packing, at)})::BIGINT AS k"
            if not packing.fits:
                sums = ", ".join(f"count_if(ts > {at - d * DAY}) AS c{d}" for d in packing.windows)
            return (
                f"SELECT p, {sums} FROM {_TABLES[layout]} WHERE e = {code} "
                f"AND ts > {at - packing.windows[-1] * DAY} AND ts <= {at} GROUP BY p"
            )

        def member(rule: Rule) -> str:
            packing = packings[rule.code]
            count = _field(packing, rule.days) if packing.fits else f"c{rule.days}"
            return f"{count} >= {rule.times}"

        def counts(at: int) -> list[int]:
            branches = []
            for code in self.asked.codes:
                rules = self.asked.of(code)
                sizes = ", ".join(f"count_if({member(rule)})" for rule in rules)
                branches.append(f"SELECT {code} AS e, [{sizes}] AS n FROM ({branch(code, at)})")
            found = dict(self.connection.execute(" UNION ALL ".join(branches)).fetchall())
            left = {code: iter(sizes) for code, sizes in found.items()}
            return [next(left[rule.code]) for rule in self.asked.rules]

        def members(at: int) -> Mapping[Rule, NDArray[np.int32]]:
            return {
                rule: self._people(f"({branch(rule.code, at)})", member(rule))
                for rule in self.asked.rules
            }

        name = "a branch per event, only the windows it needs"
        return Way("DuckDB", name, layout, FUSED, counts, members)

    # ------------------------------------------------------------------------------------- asking

    def _way(self, name: str, layout: str, grouped: Sql, member: Member) -> Way:
        def counts(at: int) -> list[int]:
            sizes = ", ".join(f"count_if({member(rule)})" for rule in self.asked.rules)
            row = self.connection.execute(f"SELECT {sizes} FROM ({grouped(at)})").fetchone()
            assert row is not None
            return list(row)

        def members(at: int) -> Mapping[Rule, NDArray[np.int32]]:
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE grouped AS {grouped(at)}")
            return {rule: self._people("grouped", member(rule)) for rule in self.asked.rules}

        return Way("DuckDB", name, layout, FUSED, counts, members)

    def _people(self, source: str, member: str) -> NDArray[np.int32]:
        sql = f"SELECT p::INTEGER AS p FROM {source} WHERE {member} ORDER BY p"
        people: NDArray[np.int32] = self.connection.execute(sql).fetchnumpy()["p"]
        return people


def _named(rule: Rule) -> str:
    return rule.id


def _weight(packing: Packing, at: int) -> str:
    steps = " ".join(f"WHEN ts > {low} THEN {weight}::BIGINT" for low, weight in packing.steps(at))
    return f"CASE {steps} END"


def _field(packing: Packing, days: int) -> str:
    shift, mask = packing.field(days)
    return f"((k >> {shift}) & {mask})"
