"""Where does everybody stand, in every segment? Segue and its rivals, in turns."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from bench.duckdb_rival import DuckDB
from bench.generate import Columns, World, columns, index
from bench.measure import Clock, Timing, instants
from bench.own import log_of, occurrences_in, project
from bench.rival import BY_EVENT, ONE_BY_ONE, Asked, Way
from bench.rules import Rule, rules
from segue.language.tree import Definitions
from segue.timeline.evaluate import history, now
from segue.timeline.log import Int32s, Log
from segue.timeline.outlook import Outlook
from segue.timeline.spans import Spans

Outlooks = Mapping[str, Outlook]

_ROUNDS_ONE_BY_ONE = 3
"""Repetitions of what takes many seconds each."""


@dataclass(frozen=True)
class Row:
    """How long one way took."""

    engine: str
    name: str
    layout: str
    kind: str
    timing: Timing


@dataclass(frozen=True)
class Refresh:
    """Segue's time, that with `entered_at`, that of every way of every rival, and the sizes."""

    own: Timing
    entered_at: Timing
    rivals: tuple[Row, ...]
    segments: int
    members: int
    occurrences: int

    def best(self, kind: str, *, engine: str | None = None, any_layout: bool = False) -> Row | None:
        """The rival of a kind with the least median; sorted by person unless any layout will do."""
        rows = [
            row
            for row in self.rivals
            if row.kind == kind
            and (engine is None or row.engine == engine)
            and (any_layout or row.layout != BY_EVENT)
        ]
        return min(rows, key=lambda row: row.timing.median, default=None)


def refresh(
    world: World, segments: int, codes: Sequence[int], rounds: int, *, chdb: bool
) -> Refresh:
    """Time everybody's refresh. In each round every rival is asked once, each time about a later
    instant, and right before it Segue about the same: what else the machine does falls on both.
    Every answer is compared."""
    chosen = rules(segments, codes)
    definitions = project(chosen, world)
    log = log_of(index(world, codes), world)
    own, entered = Clock(), Clock()
    with rivals(columns(world), chosen, chdb=chdb) as ways:
        clocks = [Clock() for _ in ways]
        later = iter(instants(world.end, (rounds + 2) * len(ways)))
        for turn in range(rounds + 1):
            for way, clock in zip(ways, clocks, strict=True):
                if way.kind == ONE_BY_ONE and turn > _ROUNDS_ONE_BY_ONE:
                    continue
                at = next(later)
                found = own.time(partial(now, definitions, log, at))
                sizes = [int(found[rule.id].holds.sum()) for rule in chosen]
                _same_sizes(way, clock.time(partial(way.counts, at)), sizes)
        for way, at in zip(ways, later, strict=False):
            _same_members(way, way.members(at), now(definitions, log, at))
    for at in instants(world.end, 2):
        entered.time(partial(_with_entry, definitions, log, at))
    rows = [
        Row(way.engine, way.name, way.layout, way.kind, clock.timing)
        for way, clock in zip(ways, clocks, strict=True)
    ]
    timings = own.timing, entered.timing
    return Refresh(*timings, tuple(rows), segments, sum(sizes), occurrences_in(log))


@contextmanager
def rivals(log: Columns, chosen: Sequence[Rule], *, chdb: bool) -> Iterator[list[Way]]:
    """Every way of every rival, loaded with the log."""
    asked = Asked(tuple(chosen), _bits(log))
    duck = DuckDB.load(log, asked)
    try:
        if not chdb:
            yield duck.ways()
            return
        from bench.chdb_rival import ChDB  # noqa: PLC0415  (only where it is installed)

        with tempfile.TemporaryDirectory() as folder:
            house = ChDB.load(log, asked, Path(folder))
            try:
                yield [*duck.ways(), *house.fused(), *house.one_by_one()]
            finally:
                house.close()
    finally:
        duck.connection.close()


def _with_entry(definitions: Definitions, log: Log, at: int) -> dict[str, Spans]:
    """Of every segment, the spans that hold at the instant: when each member entered and leaves."""
    return {name: spans.at(at) for name, spans in history(definitions, log, at).items()}


def _bits(log: Columns) -> int:
    largest = np.bincount((log.person.astype(np.int64) << 6) | log.event).max()
    return int(largest).bit_length()


def _same_sizes(way: Way, found: Sequence[int], expected: Sequence[int]) -> None:
    if list(found) != list(expected):
        raise AssertionError(f"{way.engine} ({way.name}, {way.layout}) counts other members")


def _same_members(way: Way, found: Mapping[Rule, Int32s], own: Outlooks) -> None:
    for rule, people in found.items():
        if not np.array_equal(people, np.flatnonzero(own[rule.id].holds)):
            raise AssertionError(f"{way.engine} ({way.name}) has other members of {rule.id}")
