"""A small measurement of the engine on this machine, on generated events."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from segue.bootstrap.engine import Engine
from segue.domain.instant import DAY
from segue.services.standing import Standing

NAMES: Final = 46
DAYS: Final = 90
START: Final = 1_767_225_600_000
"""2026-01-01T00:00:00Z."""
_WINDOWS: Final = (1, 7, 14, 30, 90)
_SEGMENTS: Final = 50
_REPEATS: Final = 5

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured: sizes, and seconds of each part. `refresh` is the median of several, at
    advancing instants; it answers every segment for everybody, truth and leaving instant."""

    rows: int
    people: int
    segments: int
    importing: float
    reading: float
    refresh: float
    history: float
    memberships: int


def measure(rows: int, people: int, *, tick: Callable[[str], None]) -> Measured:
    """Import generated events into a workspace in a temporary folder, and time the engine on it.

    `tick` is told what is being measured.
    """
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events.parquet"
        tick("Generating")
        parquet.write_table(generated(rows, people), events)
        with Engine.create(Path(folder) / "bench", definitions()) as engine:
            tick("Importing")
            importing, _ = _timed(lambda: engine.import_files([events]))
            tick("Reading")
            end = START + DAYS * DAY
            reading, standing = _timed(lambda: engine.standing(end + _REPEATS))
            tick("Refreshing")
            refreshes = [_refresh(standing, end + step) for step in range(1, _REPEATS + 1)]
            tick("History")
            history, memberships = _timed(lambda: engine.history(end).num_rows)
            return Measured(
                rows,
                engine.extent().people,
                _SEGMENTS,
                importing,
                reading,
                float(np.median(refreshes)),
                history,
                memberships,
            )


def generated(rows: int, people: int, seed: int = 1) -> pa.Table:
    """Events of so many people in 90 days, 46 names with a heavy tail, in no order."""
    chance = np.random.default_rng(seed)
    weights = 1 / np.arange(1, NAMES + 1) ** 1.2
    names = pa.array([f"event_{index:02}" for index in range(NAMES)])
    ids = pa.array([f"person-{index:07}" for index in range(people)])
    event = chance.choice(NAMES, rows, p=weights / weights.sum())
    person = (chance.power(0.6, rows) * people).astype(np.int64)
    at = START + chance.integers(0, DAYS * DAY, rows)
    return pa.table(
        {
            "person_id": ids.take(pa.array(person)),
            "event": names.take(pa.array(event)),
            "occurred_at": pa.array(at).cast(pa.timestamp("ms", "UTC")),
        }
    )


def definitions() -> str:
    """Fifty segments: so many times within so many days, over sixteen events."""
    cases = [
        (index, times, days)
        for index, times, days in product(range(16), (1, 3), _WINDOWS)
        if (index + times + days) % 3
    ]
    lines = [
        f"  s{place:02}: {{when: did event_{index:02} at least {times} times within {days} days}}"
        for place, (index, times, days) in enumerate(cases[:_SEGMENTS])
    ]
    return "\n".join(["project: bench", "segments:", *lines, ""])


def _refresh(standing: Standing, at: int) -> float:
    return _timed(lambda: standing.at(at))[0]


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result
