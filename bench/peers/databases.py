"""DuckDB and chDB: the quickest way that `bench` knows, and one query per segment."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from bench.duckdb_rival import DuckDB
from bench.generate import Columns
from bench.peers import sql
from bench.peers.asking import Members, Sums, UnaskableError
from bench.rival import BY_EVENT, ONE_BY_ONE, Asked, Way
from bench.rules import Rule

_FUSED = "a branch per event, only the windows it needs"


def _way(ways: Sequence[Way]) -> Way:
    return next(way for way in ways if way.layout == BY_EVENT and way.name == _FUSED)


def _arrow(events: Columns) -> pa.Table:
    return pa.table({"p": events.person, "e": events.event, "ts": events.at})


@dataclass(frozen=True)
class DuckDBPeer:
    """One table in memory, sorted by event, person and time."""

    engine: DuckDB
    fused: bool

    @classmethod
    def load(cls, log: Columns, asked: Asked, *, fused: bool) -> DuckDBPeer:
        """Bring the log into the table."""
        return cls(DuckDB.load(log, asked, (BY_EVENT,)), fused)

    def counts(self, at: int) -> Sequence[int]:
        if self.fused:
            return _way(self.engine.ways()).counts(at)
        return [
            self._row(f"SELECT count(*) FROM ({sql.people('by_event', rule, at)})")[0]
            for rule in self._rules
        ]

    def members(self, at: int) -> Members:
        if self.fused:
            return _way(self.engine.ways()).members(at)
        run = self.engine.connection.execute
        asked = {rule: sql.people("by_event", rule, at) for rule in self._rules}
        return {r: run(f"{text} ORDER BY p").fetchnumpy()["p"] for r, text in asked.items()}

    def history(self, at: int) -> Sequence[Sums]:
        if self.fused:
            raise UnaskableError
        return [self._row(sql.spans("by_event", rule, at)) for rule in self._rules]

    def change(self, events: Columns, at: int) -> Sequence[int]:
        self.engine.connection.register("new", _arrow(events))
        self.engine.connection.execute("INSERT INTO by_event SELECT p, e, ts FROM new")
        return self.counts(at)

    def close(self) -> None:
        self.engine.connection.close()

    @property
    def _rules(self) -> tuple[Rule, ...]:
        return self.engine.asked.rules

    def _row(self, text: str) -> Sums:
        (row,) = self.engine.connection.execute(text).fetchall()
        return row  # type: ignore[return-value]


@dataclass(frozen=True)
class ChDBPeer:
    """One MergeTree table in one part, sorted by event, person and time."""

    folder: tempfile.TemporaryDirectory[str]
    engine: object
    asked: Asked
    fused: bool

    @classmethod
    def load(cls, log: Columns, asked: Asked, *, fused: bool) -> ChDBPeer:
        """Bring the log into the table."""
        from bench.chdb_rival import ChDB  # noqa: PLC0415  (only where it is asked)

        folder = tempfile.TemporaryDirectory()
        return cls(folder, ChDB.load(log, asked, Path(folder.name), (BY_EVENT,)), asked, fused)

    def counts(self, at: int) -> Sequence[int]:
        return self._chosen.counts(at)

    def members(self, at: int) -> Members:
        return self._chosen.members(at)

    def history(self, at: int) -> Sequence[Sums]:
        if self.fused:
            raise UnaskableError
        return [
            self._row(sql.spans("b.by_event", rule, at, sql.lag_in_frame))
            for rule in self.asked.rules
        ]

    def change(self, events: Columns, at: int) -> Sequence[int]:
        new = _arrow(events)  # noqa: F841 (read by name)
        self._session.query("INSERT INTO b.by_event SELECT p, e, ts FROM Python(new)")
        return self.counts(at)

    def close(self) -> None:
        self.engine.close()  # type: ignore[attr-defined]
        self.folder.cleanup()

    @property
    def _chosen(self) -> Way:
        ways = self.engine.fused() if self.fused else self.engine.one_by_one()  # type: ignore[attr-defined]
        kind = [way for way in ways if way.layout == BY_EVENT]
        return _way(kind) if self.fused else next(w for w in kind if w.kind == ONE_BY_ONE)

    @property
    def _session(self):  # type: ignore[no-untyped-def]
        return self.engine.session  # type: ignore[attr-defined]

    def _row(self, text: str) -> Sums:
        found = str(self._session.query(text, "TabSeparated")).strip().split("\t")
        return tuple((0 if number == "\\N" else int(number)) for number in found)
