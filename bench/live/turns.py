"""What a turn costs: against how many people are dirty, and against how long the history is."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.live.world import Built, Past, person
from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap.kept_index import kept_index
from segue.services.live.answers import Turned
from segue.services.live.intake import MOST_AT_ONCE, Batch
from segue.services.live.live import Live

DIRTY: Final = (1, 10, 100, 1_000, 10_000)
"""How many people have a new event."""
ROUNDS: Final = 9
APART: Final = 60
"""Milliseconds from one turn to the next."""


@dataclass(frozen=True)
class Cost:
    """Turns over a history of `events` of `people`, with one event each of `dirty` people: the
    middle one of their milliseconds, the processor's milliseconds, and those of each part; how many
    people were evaluated, and how many transitions published, on average."""

    events: int
    people: int
    dirty: int
    ms: float
    cpu_ms: float
    parts: Mapping[str, float]
    evaluated: float
    transitions: float


def turns(built: Built, dirty: tuple[int, ...] = DIRTY, rounds: int = ROUNDS) -> list[Cost]:
    """Measure in this process, on a copy."""
    past = built.past
    with tempfile.TemporaryDirectory(dir=built.workspace.folder.parent) as folder:
        workspace = built.copy(Path(folder) / "turns")
        store = DuckDBStore.open(workspace.store)
        try:
            index = kept_index(workspace, store, past.definitions)
            live = Live.begin(store, past.definitions, built.end, index=index)
            run = _Run(live, past)
            run.several(10, 3)
            return [run.cost(size, rounds) for size in dirty]
        finally:
            store.close()


class _Run:
    """Turns on a clock of its own."""

    def __init__(self, live: Live, past: Past) -> None:
        self._live, self._past = live, past
        self._random = random.Random(past.events)
        self._names, self._codes = past.world.event_names, past.world.code_table
        self._now = live.ticked_at
        self._sent = 0

    def cost(self, dirty: int, rounds: int) -> Cost:
        done = self.several(dirty, rounds)
        parts = {
            name: 1000 * statistics.median(one.seconds.get(name, 0.0) for one, _, _ in done)
            for name in done[0][0].seconds
        }
        return Cost(
            self._past.events,
            self._past.people,
            dirty,
            statistics.median(wall for _, wall, _ in done),
            statistics.median(cpu for _, _, cpu in done),
            parts,
            statistics.fmean(one.people for one, _, _ in done),
            statistics.fmean(len(one.transitions) for one, _, _ in done),
        )

    def several(self, dirty: int, rounds: int) -> list[tuple[Turned, float, float]]:
        """Turns with their milliseconds, and those of the processor."""
        return [_timed(lambda: self._turn(dirty)) for _ in range(rounds)]

    def _turn(self, dirty: int) -> Callable[[], Turned]:
        self._now += APART
        now = self._now
        people = self._random.sample(range(self._past.people), dirty)
        assert dirty <= MOST_AT_ONCE
        self._live.submit(
            Batch(
                [person(one) for one in people],
                [self._names[self._codes[self._random.randrange(65_536)]] for _ in people],
                [now] * dirty,
                [self._event_id() for _ in people],
                [None] * dirty,
                ['{"amount":5}'] * dirty,
                now,
            )
        )
        return lambda: self._live.turn(now)

    def _event_id(self) -> str:
        self._sent += 1
        return f"turn-{self._sent}"


def _timed(prepare: Callable[[], Callable[[], Turned]]) -> tuple[Turned, float, float]:
    work = prepare()
    wall, cpu = time.perf_counter(), time.process_time()
    turned = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return turned, 1000 * wall, 1000 * cpu
