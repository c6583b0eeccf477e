"""chDB (embedded ClickHouse) asked as well as we know how, on MergeTree tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from chdb.session import Session
from numpy.typing import NDArray

from bench.generate import Columns
from bench.rival import BY_EVENT, BY_PERSON, FUSED, ONE_BY_ONE, Asked, Packing, Way
from bench.rules import WINDOWS, Rule
from segue.domain.instant import DAY

Sql: TypeAlias = Callable[[int], str]
Member: TypeAlias = Callable[[Rule], str]

BY_PERSON_EVENT = "person, event"
_TABLES = {
    BY_PERSON: ("b.by_person", "p, ts"),
    BY_PERSON_EVENT: ("b.by_person_event", "p, e, ts"),
    BY_EVENT: ("b.by_event", "e, p, ts"),
}
_IN_ORDER = " SETTINGS optimize_aggregation_in_order = 1"


@dataclass(frozen=True)
class ChDB:
    """A session that holds the log in three MergeTree tables, each merged into one part."""

    session: Session
    asked: Asked

    @classmethod
    def load(
        cls, log: Columns, asked: Asked, folder: Path, layouts: Sequence[str] = tuple(_TABLES)
    ) -> ChDB:
        """Bring the log into tables, outside any clock: one for each layout."""
        session = Session(str(folder))
        session.query("CREATE DATABASE b")
        arrow = pa.table({"p": log.person, "e": log.event, "ts": log.at})  # noqa: F841 (read by name)
        for table, order in map(_TABLES.__getitem__, layouts):
            columns = "(p Int32, e Int8, ts Int64)"
            session.query(f"CREATE TABLE {table} {columns} ENGINE = MergeTree ORDER BY ({order})")
            session.query(f"INSERT INTO {table} SELECT p, e, ts FROM Python(arrow)")
            session.query(f"OPTIMIZE TABLE {table} FINAL")
        return cls(session, asked)

    def close(self) -> None:
        """Release the session's folder."""
        self.session.close()

    def one_by_one(self) -> list[Way]:
        """`GROUP BY person HAVING count() >= n`, one query per segment."""
        return [self._having(layout) for layout in _TABLES]

    def fused(self) -> list[Way]:
        """Every way tried to ask for all segments at once."""
        found = [self._filtered(BY_PERSON_EVENT)]
        for layout in _TABLES:
            found.append(self._grouped(layout, packed=False, settings=""))
            if self.asked.packing.fits:
                found.append(self._grouped(layout, packed=True, settings=""))
                if layout != BY_PERSON:
                    found.append(self._grouped(layout, packed=True, settings=_IN_ORDER))
        found += [self._by_event(BY_EVENT, settings) for settings in ("", _IN_ORDER)]
        return found

    # ------------------------------------------------------------------------------------- the ways

    def _having(self, layout: str) -> Way:
        table, _ = _TABLES[layout]

        def people(rule: Rule, at: int) -> str:
            return (
                f"SELECT p FROM {table} WHERE e = {rule.code} AND ts > {at - rule.window} "
                f"AND ts <= {at} GROUP BY p HAVING count() >= {rule.times}"
            )

        def counts(at: int) -> list[int]:
            return [
                int(self._text(f"SELECT count() FROM ({people(rule, at)})"))
                for rule in self.asked.rules
            ]

        def members(at: int) -> Mapping[Rule, NDArray[np.int32]]:
            return {rule: self._people(people(rule, at)) for rule in self.asked.rules}

        return Way("chDB", "GROUP BY person HAVING", layout, ONE_BY_ONE, counts, members)

    def _filtered(self, layout: str) -> Way:
        def grouped(at: int) -> str:
            sums = ", ".join(
                f"countIf(e = {r.code} AND ts > {at - r.window}) >= {r.times} AS {r.id}"
                for r in self.asked.rules
            )
            relevant = self.asked.relevant(at)
            return f"SELECT p, {sums} FROM {_TABLES[layout][0]} WHERE {relevant} GROUP BY p"

        name = "one conditional count per segment, GROUP BY person"
        return self._way(name, layout, grouped, lambda rule: rule.id, "")

    def _grouped(self, layout: str, *, packed: bool, settings: str) -> Way:
        packing = self.asked.packing

        def grouped(at: int) -> str:
            sums = (
                f"sum({_weight(packing, at)}) AS k"
                if packed
                else ", ".join(f"countIf(ts > {at - d * DAY}) AS c{d}" for d in WINDOWS)
            )
            table = _TABLES[layout][0]
            return f"SELECT p, e, {sums} FROM {table} WHERE {self.asked.relevant(at)} GROUP BY p, e"

        def member(rule: Rule) -> str:
            count = _field(packing, rule.days) if packed else f"c{rule.days}"
            return f"e = {rule.code} AND {count} >= {rule.times}"

        sums = "one packed sum" if packed else "a conditional count per window"
        name = f"{sums}, GROUP BY person, event" + (", in order" if settings else "")
        return self._way(name, layout, grouped, member, settings)

    def _by_event(self, layout: str, settings: str) -> Way:
        """One branch per event: only its longest window is read, only its windows are counted."""
        packings = {c: Packing(self.asked.windows(c), self.asked.bits) for c in self.asked.codes}
        table = _TABLES[layout][0]

        def branch(code: int, at: int) -> str:
            packing = packings[code]
            sums = f"sum({_weight(packing, at)}) AS k"
            if not packing.fits:
                sums = ", ".join(f"countIf(ts > {at - d * DAY}) AS c{d}" for d in packing.windows)
            return (
                f"SELECT p, {sums} FROM {table} WHERE e = {code} "
                f"AND ts > {at - packing.windows[-1] * DAY} AND ts <= {at} GROUP BY p"
            )

        def member(rule: Rule) -> str:
            packing = packings[rule.code]
            count = _field(packing, rule.days) if packing.fits else f"c{rule.days}"
            return f"{count} >= {rule.times}"

        def counts(at: int) -> list[int]:
            branches = []
            for code in self.asked.codes:
                sizes = ", ".join(f"countIf({member(rule)})" for rule in self.asked.of(code))
                branches.append(f"SELECT {code} AS e, [{sizes}] AS n FROM ({branch(code, at)})")
            text = self._text(" UNION ALL ".join(branches) + settings)
            lines = (line.split("\t") for line in text.splitlines())
            left = {int(code): iter(sizes.strip("[]").split(",")) for code, sizes in lines}
            return [int(next(left[rule.code])) for rule in self.asked.rules]

        def members(at: int) -> Mapping[Rule, NDArray[np.int32]]:
            return {
                rule: self._people(f"SELECT p FROM ({branch(rule.code, at)}) WHERE {member(rule)}")
                for rule in self.asked.rules
            }

        name = "a branch per event, only the windows it needs" + (", in order" if settings else "")
        return Way("chDB", name, layout, FUSED, counts, members)

    # ------------------------------------------------------------------------------------- asking

    def _way(self, name: str, layout: str, grouped: Sql, member: Member, settings: str) -> Way:
        def counts(at: int) -> list[int]:
            sizes = ", ".join(f"countIf({member(rule)})" for rule in self.asked.rules)
            return [
                int(n) for n in self._text(f"SELECT {sizes} FROM ({grouped(at)}){settings}").split()
            ]

        def members(at: int) -> Mapping[Rule, NDArray[np.int32]]:
            self.session.query("DROP TABLE IF EXISTS b.grouped")
            self.session.query(f"CREATE TABLE b.grouped ENGINE = Memory AS {grouped(at)}")
            return {
                rule: self._people(f"SELECT p FROM b.grouped WHERE {member(rule)}")
                for rule in self.asked.rules
            }

        return Way("chDB", name, layout, FUSED, counts, members)

    def _text(self, sql: str) -> str:
        return str(self.session.query(sql, "TabSeparated")).strip()

    def _people(self, sql: str) -> NDArray[np.int32]:
        raw = self.session.query(f"SELECT p FROM ({sql}) ORDER BY p", "RowBinary").bytes()
        return np.frombuffer(raw, np.int32)


def _weight(packing: Packing, at: int) -> str:
    steps = ", ".join(f"ts > {low}, toInt64({weight})" for low, weight in packing.steps(at))
    return f"multiIf({steps}, 0)"


def _field(packing: Packing, days: int) -> str:
    shift, mask = packing.field(days)
    return f"bitAnd(bitShiftRight(k, {shift}), {mask})"
