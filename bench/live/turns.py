"""What a turn costs: against how many people are dirty, and against how long the history is."""

from __future__ import annotations

import contextlib
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.live.world import Built, Past, person
from segue import __version__
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


def turns(
    built: Sequence[Built], dirty: tuple[int, ...] = DIRTY, rounds: int = ROUNDS
) -> list[Cost]:
    """Measure in this process, on copies; one history after the other in every round, as the
    machine is not equally fast all the time."""
    with contextlib.ExitStack() as stack:
        runs = [stack.enter_context(_begun(one)) for one in built]
        for run in runs:
            run.several(10, 3)
        costs = []
        for size in dirty:
            done = [[one for run in runs for one in run.several(size, 1)] for _ in range(rounds)]
            costs += [run.cost(size, one) for run, *one in zip(runs, *done, strict=True)]
        return costs


@contextlib.contextmanager
def _begun(built: Built) -> Iterator[_Run]:
    """A copy of a history, ready to turn."""
    past = built.past
    with tempfile.TemporaryDirectory(dir=built.workspace.folder.parent) as folder:
        workspace = built.copy(Path(folder) / "turns")
        store = DuckDBStore.open(workspace.store)
        try:
            index = kept_index(workspace, store, past.definitions)
            live = Live.begin(store, past.definitions, built.end, index=index, version=__version__)
            store.prepare()
            yield _Run(live, past)
        finally:
            store.close()


_Timed = tuple[Turned, float, float]
"""A turn, its milliseconds, and those of the processor."""


class _Run:
    """Turns on a clock of its own."""

    def __init__(self, live: Live, past: Past) -> None:
        self._live, self._past = live, past
        self._random = random.Random(past.events)
        self._names, self._codes = past.world.event_names, past.world.code_table
        self._now = live.ticked_at
        self._sent = 0

    def cost(self, dirty: int, done: Sequence[_Timed]) -> Cost:
        """What turns with so many dirty people cost."""
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

    def several(self, dirty: int, rounds: int) -> list[_Timed]:
        """Turns with so many dirty people."""
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


def _timed(prepare: Callable[[], Callable[[], Turned]]) -> _Timed:
    work = prepare()
    wall, cpu = time.perf_counter(), time.process_time()
    turned = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return turned, 1000 * wall, 1000 * cpu
