"""`python -m bench.spark.busy`: somebody who did millions of things, in one task."""

from __future__ import annotations

import argparse
import importlib.metadata
import sys
import tempfile
from pathlib import Path
from typing import Final

import numpy as np

from bench.generate import Columns
from bench.live.record import Found, write
from bench.measure import machine
from bench.report import Target, table, targets_table
from bench.spark.job import MODULE, job_of
from bench.spark.processes import measured
from bench.spark.same import assert_same
from bench.spark.world import Given, asked, world_of, write_log
from segue.domain.instant import DAY

_OTHERS: Final = 1_000
_GIB: Final = 2**30
_MEMORY: Final = 3
"""What an executor may take, in GiB: that of the clusters of the benchmarks."""


def main(arguments: list[str] | None = None) -> int:
    """Print the table, and write the record where one is wanted; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.spark.busy", description=__doc__)
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 5_000_000])
    parser.add_argument("--data", type=Path, help="a folder for files while it runs")
    parser.add_argument("--record", type=Path, help="write the record into this file")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=given.data) as folder:
        found = _found(given.events, Path(folder))
    print(f"## {found.title}\n\n{found.text}\n\n{targets_table(found.targets)}")
    if given.record is not None:
        sizes = " ".join(map(str, given.events))
        where = f"{machine()}, PySpark {importlib.metadata.version('pyspark')}"
        command = f"python -m bench.spark.busy --events {sizes}"
        write(given.record, command, where, [found], title="One person in one task")
    return 0


def _found(sizes: list[int], folder: Path) -> Found:
    rows = [
        (what, f"{size:,}", *_taken(size, properties, folder / f"{what}-{size}"))
        for what, properties in (("names and instants", False), ("properties too", True))
        for size in sizes
    ]
    text = (
        f"One person with so many events beside {_OTHERS:,} others with one each, 20 segments, one"
        " worker with one core. Memory is that of all processes at their common peak; the cluster"
        f" alone takes about 1.7 GiB of it, and an executor of Java may take {_MEMORY} GiB."
        " The members are those that one machine finds."
    )
    head = ("asked about", "events of the person", "seconds", "peak memory")
    agreed = Target("the same members", "all", "all", True)
    return Found("busy", "One person in one task", f"{text}\n\n{table(head, rows)}", [agreed])


def _taken(size: int, properties: bool, folder: Path) -> tuple[str, str]:
    """Seconds and memory of Spark, after its answer was compared."""
    folder.mkdir()
    world = world_of(size)
    dice = np.random.default_rng(size)
    people = np.concatenate([np.zeros(size), np.arange(1, 1 + _OTHERS)]).astype(np.int32)
    at = np.sort(world.end - dice.integers(0, 90 * DAY, len(people)))
    log = Columns(people, dice.integers(0, 10, len(people)).astype(np.int8), at)
    write_log(world, log, folder / "events.parquet")
    files = (str(folder / "events.parquet"),)
    given = Given(files, asked(world, properties=properties), world.end)
    jobs = {
        way: measured(MODULE, job_of(way, given, out=str(folder / way), cores=1, events=size), 1)
        for way in ("here", "spark")
    }
    assert_same(str(folder / "here"), str(folder / "spark"))
    spark = jobs["spark"]
    return f"{float(spark.said['seconds']):.0f}", f"{spark.peak / _GIB:.1f} GiB"


if __name__ == "__main__":
    sys.exit(main())
