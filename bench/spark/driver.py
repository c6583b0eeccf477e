"""`python -m bench.spark.driver`: a log many times the driver's memory, and what passes the driver.

What does is read out of Spark's own event log: the results of tasks, which go to the driver, and
the blocks that it broadcasts.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.live.record import Found, write
from bench.measure import machine
from bench.report import Target, table, targets_table
from bench.spark.job import MODULE, job_of
from bench.spark.processes import Measured, measured
from bench.spark.world import size_of, world_of, written

_MIB: Final = 2**20
_TIMES: Final = 10
"""So many times the driver's memory the log is to be."""
_RESULT: Final = 1 * _MIB
"""What the largest result of a task may be: a batch of events alone is larger."""
_BROADCAST: Final = 8 * _MIB
"""What may be broadcast in all: code and plans."""


@dataclass(frozen=True)
class Passed:
    """Bytes that passed the driver: of the largest result of a task and of all `tasks`, and of
    the largest broadcast and of all `broadcasts`; and the bytes that tasks read from files and
    passed to each other."""

    tasks: int
    largest_result: int
    results: int
    broadcasts: int
    largest_broadcast: int
    broadcast: int
    read: int
    shuffled: int


def passed(folder: Path) -> Passed:
    """What the event log in the folder says."""
    results, blocks, read, shuffled = [], dict[str, dict[str, int]](), 0, 0
    for one in _events(folder):
        if one["Event"] == "SparkListenerTaskEnd" and one.get("Task Metrics"):
            metrics = one["Task Metrics"]
            results.append(int(metrics["Result Size"]))
            read += int(metrics["Input Metrics"]["Bytes Read"])
            shuffled += int(metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"])
        if one["Event"] == "SparkListenerBlockUpdated":
            _note(one["Block Updated Info"], blocks)
    sizes = [sum(pieces.values()) for pieces in blocks.values()]
    return Passed(
        tasks=len(results),
        largest_result=max(results, default=0),
        results=sum(results),
        broadcasts=len(sizes),
        largest_broadcast=max(sizes, default=0),
        broadcast=sum(sizes),
        read=read,
        shuffled=shuffled,
    )


def _events(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        if path.name.startswith((".", "appstatus")):
            continue
        with path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def _note(block: dict[str, Any], blocks: dict[str, dict[str, int]]) -> None:
    """A piece of a broadcast, as it was sent (not the value that was made of the pieces)."""
    kind, _, rest = str(block["Block ID"]).partition("_")
    number, _, piece = rest.partition("_")
    if kind == "broadcast" and piece:
        size = int(block["Memory Size"]) + int(block["Disk Size"])
        pieces = blocks.setdefault(number, {})
        pieces[piece] = max(size, pieces.get(piece, 0))


# -------------------------------------------------------------------------------------- the record


def main(arguments: list[str] | None = None) -> int:
    """Print the table, and write the record where one is wanted; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.spark.driver", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000_000)
    parser.add_argument("--memory", type=int, default=512, help="of the driver, in MiB")
    parser.add_argument("--cores", type=int, default=4)
    parser.add_argument("--data", type=Path, help="a folder for files while it runs")
    parser.add_argument("--record", type=Path, help="write the record into this file")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=given.data) as folder:
        found = looked_at(given.events, given.memory, given.cores, Path(folder))
    print(f"## {found.title}\n\n{found.text}\n\n{targets_table(found.targets)}")
    if given.record is not None:
        command = f"python -m bench.spark.driver --events {given.events} --memory {given.memory}"
        where = f"{machine()}, PySpark {importlib.metadata.version('pyspark')}"
        write(given.record, command, where, [found], title="What passes Spark's driver")
    return 0 if all(target.met for target in found.targets) else 1


def looked_at(events: int, memory: int, cores: int, folder: Path) -> Found:
    """Evaluate so many events with a driver of so many MiB, and read what Spark wrote of it."""
    world = world_of(events)
    given = written(world, folder / "events")
    log = folder / "log"
    log.mkdir()
    job = {
        "cores": cores,
        "events": events,
        "settings": {
            "spark.driver.memory": f"{memory}m",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": log.as_uri(),
            "spark.eventLog.compress": "false",
            "spark.eventLog.logBlockUpdates.enabled": "true",
        },
    }
    done = measured(MODULE, job_of("spark", given, out=str(folder / "out"), **job), cores)
    seen = passed(log)
    times = size_of(given.files)[1] / (memory * _MIB)
    text = (
        f"{world.events:,} events of {world.people:,} people, {times:.2g} times the memory of the"
        f" driver ({memory} MiB) as plain columns; {done.said['members']:,} members written by"
        f" the workers in {done.said['seconds']:.0f} seconds. Out of Spark's event log:"
    )
    return Found("driver", "The driver", f"{text}\n\n{_table(seen, done)}", _targets(seen, times))


def _table(seen: Passed, done: Measured) -> str:
    rows = [
        ("read from files by tasks", _size(seen.read), ""),
        ("passed between tasks", _size(seen.shuffled), ""),
        ("results of tasks, to the driver", _size(seen.results), _size(seen.largest_result)),
        ("broadcast by the driver", _size(seen.broadcast), _size(seen.largest_broadcast)),
        ("memory of all processes", _size(done.peak), ""),
    ]
    head = (f"of {seen.tasks:,} tasks and {seen.broadcasts:,} broadcasts", "in all", "the largest")
    return table(head, rows)


def _targets(seen: Passed, times: float) -> list[Target]:
    return [
        Target("the log, in memories of the driver", f">= {_TIMES}", f"{times:.2g}", times >= 10),
        Target(
            "the largest result of a task",
            f"< {_size(_RESULT)}",
            _size(seen.largest_result),
            0 < seen.largest_result < _RESULT,
        ),
        Target(
            "everything that was broadcast",
            f"< {_size(_BROADCAST)}",
            _size(seen.broadcast),
            0 < seen.broadcast < _BROADCAST,
        ),
    ]


def _size(count: int) -> str:
    return f"{count / _MIB:.1f} MiB" if count >= _MIB // 10 else f"{count / 1024:.1f} KiB"


if __name__ == "__main__":
    sys.exit(main())
