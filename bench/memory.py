"""How much memory Segue holds, and takes at most, in a process of its own.

What counts is the resident set of the process, as the kernel sees it: before (DuckDB with the
events in a table, everything imported), after reading the log into arrays, and its peak during
reading, a refresh and a whole history. What DuckDB allocates while it answers counts as Segue's.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import duckdb
import numpy as np
import pyarrow as pa

from bench.generate import World, columns
from bench.own import occurrences_in, project
from bench.rules import rules
from segue.adapters.extract import People, Relation, extract
from segue.timeline.evaluate import history, now, requests_of
from segue.timeline.log import Log, Occurrences

T = TypeVar("T")
_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Memory:
    """Bytes above the resident set before reading, per indexed occurrence."""

    occurrences: int
    arrays: float
    """The arrays themselves."""
    read: float
    """Resident after reading."""
    resident: float
    """Resident after a refresh, its answer let go."""
    reading: float
    """Peak while reading."""
    refresh: float
    """Peak of a refresh of all segments, its answer held."""
    history: float
    """Peak of the history of all segments, its answer held."""
    memberships: int
    """Spans in that history: two 64-bit instants each."""


def memory(world: World, segments: int, codes: int) -> Memory:
    """Measure in a new process. Works where the kernel tells (Linux)."""
    command = [sys.executable, "-m", "bench.memory", str(world.events), str(world.people)]
    answer = subprocess.run(
        [*command, str(segments), str(codes)], check=True, capture_output=True, text=True
    )
    return Memory(**json.loads(answer.stdout))


def measure(world: World, segments: int, codes: int) -> Memory:
    """Measure in this process, which should have done nothing else."""
    definitions = project(rules(segments, range(codes)), world)
    with _loaded(world) as connection:
        names = list(world.event_names)
        index = np.arange(world.people, dtype=np.int32)
        people = People([str(person) for person in index], index)
        relation = Relation(connection, "events", names)
        before = _settled()

        def read() -> Log:
            return extract(relation, people, requests_of(definitions), at=world.end)

        log, reading = _peak(read)
        read_size = _settled() - before
        outlooks, refresh = _peak(lambda: now(definitions, log, world.end + 1))
        del outlooks
        resident = _settled() - before
        spans, whole = _peak(lambda: history(definitions, log, world.end + 1))
    answers = [a for a in log.answers.values() if isinstance(a, Occurrences)]
    size = occurrences_in(log)
    arrays = sum(a.at.nbytes + a.offsets.nbytes for a in answers) + log.first_seen.nbytes
    return Memory(
        size,
        arrays / size,
        read_size / size,
        resident / size,
        (reading - before) / size,
        (refresh - before) / size,
        (whole - before) / size,
        sum(map(len, spans.values())),
    )


def _loaded(world: World) -> duckdb.DuckDBPyConnection:
    log = columns(world)
    connection = duckdb.connect()
    connection.register(
        "log", pa.table({"who": log.person, "name": log.event, "occurred_at": log.at})
    )
    connection.execute(
        "CREATE TABLE events AS SELECT who, name::INTEGER AS name, occurred_at FROM log"
    )
    connection.unregister("log")
    return connection


def _peak(work: Callable[[], T]) -> tuple[T, int]:
    """The answer, and the largest resident set meanwhile, in bytes."""
    _CLEAR.write_text("5")
    answer = work()
    return answer, _status("VmHWM")


def _settled() -> int:
    """The resident set in bytes, once freed memory went back to the system."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)
    return _status("VmRSS")


def _status(name: str) -> int:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


def main() -> None:
    """Print a measurement as JSON."""
    parser = argparse.ArgumentParser()
    for name in ("events", "people", "segments", "codes"):
        parser.add_argument(name, type=int)
    given = parser.parse_args()
    world = World(events=given.events, people=given.people)
    print(json.dumps(asdict(measure(world, given.segments, given.codes))))


if __name__ == "__main__":
    main()
