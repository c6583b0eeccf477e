"""`python -m bench.peers`: Segue beside chDB, DuckDB, pandas, Polars and Spark SQL, in one run.

Every answer is compared; a figure whose answer is not Segue's is not shown, and the run
ends with 1.
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.metadata
import importlib.util
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from bench.generate import World, columns
from bench.measure import machine
from bench.peers.asking import Task
from bench.peers.charts import charts
from bench.peers.pages import filled, proof
from bench.peers.plan import Sizes, sizes_of, tasks
from bench.peers.record import FILE, DifferentRecordError, Record
from bench.peers.running import run
from tools.java import java_home

UNFINISHED: Final = 3
"""The exit code of a run that ended at its `--minutes`."""
PAGE: Final = Path("docs/benchmarks.md")
_PACKAGES: Final = {name: name for name in ("chdb", "pandas", "polars", "pyspark")}


@dataclass(frozen=True)
class Given:
    """What was asked for on the command line."""

    quick: bool
    without: tuple[str, ...]
    folder: Path | None
    minutes: float
    go_on: bool

    @property
    def sizes(self) -> Sizes:
        """How large everything is."""
        return sizes_of(quick=self.quick)


def main(arguments: Sequence[str] | None = None) -> int:
    """0: all done, all agree. 1: somebody disagrees or failed. 2: cannot begin. 3: not done yet."""
    given = _given(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the worker ends too
    missing = _missing(given.without)
    if missing:
        print(f"{missing}\nOr leave it out: --without NAME", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        try:
            record = _record(given, folder)
        except DifferentRecordError as error:
            print(error, file=sys.stderr)
            return 2
        left = _work(given, record, folder, Path(scratch))
        if left:
            print(f"{left} tasks are left; go on with --go-on", file=sys.stderr)
            return UNFINISHED
        return _finish(given, record)


def _work(given: Given, record: Record, folder: Path, scratch: Path) -> int:
    """Do what is left of the tasks, as long as there is time; how many are left then."""
    sizes, began = given.sizes, time.monotonic()
    waiting = [task for task in tasks(sizes, given.without) if not record.has(task)]
    for done, task in enumerate(waiting):
        if time.monotonic() - began > 60 * given.minutes:
            return len(waiting) - done
        _tell(f"{done + 1} of {len(waiting)}: {task.peer}, {task.ask}, {task.events:,} events, "
              f"{task.segments} segments")  # fmt: skip
        record.add(run(task, _log(task, scratch), sizes.limit, sizes.memory))
        record.write(folder)
    return 0


def _finish(given: Given, record: Record) -> int:
    print(proof(record))
    wrong = list(record.disagreements())
    for line in wrong:
        print(line, file=sys.stderr)
    if wrong:
        return 1
    if given.folder is not None:
        publish(record, given.folder)
    return 0


def publish(record: Record, folder: Path) -> None:
    """Write the record to be read, and the pictures and tables of the documentation around it."""
    (folder / "benchmarks.md").write_text(proof(record), encoding="utf-8")
    images = folder.parent / "images"
    if not images.is_dir():
        images = folder
    for name, picture in charts(record).items():
        (images / name).write_text(picture, encoding="utf-8")
    page = folder.parent / PAGE.name
    if page.is_file():
        page.write_text(filled(page.read_text(encoding="utf-8"), record), encoding="utf-8")


def _record(given: Given, folder: Path) -> Record:
    command = "python -m bench.peers" + " --quick" * given.quick
    command += "".join(f" --without {name}" for name in given.without)
    where = f"{machine()}, {_versions()}"
    today = dt.datetime.now(dt.UTC).date().isoformat()
    new = Record(where, command, given.quick, today)
    if not given.go_on or not (folder / FILE).exists():
        return new
    kept = Record.read(folder)
    kept.same_as(new)
    return kept


def _versions() -> str:
    names = [n for n in ("pandas", "polars", "pyspark") if importlib.util.find_spec(n)]
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)


def _missing(without: Sequence[str]) -> str | None:
    for name, package in _PACKAGES.items():
        known = name if name != "pyspark" else "spark"
        if known not in without and importlib.util.find_spec(package) is None:
            return f"{known} cannot be asked: the package {package} is missing (make bench-all)."
    if "spark" not in without:
        try:
            os.environ["JAVA_HOME"] = str(java_home())
        except LookupError as error:
            return str(error)
    return None


def _log(task: Task, scratch: Path) -> Path:
    """The log as a file of integers, sorted by person and time; made once."""
    world: World = task.world
    path = scratch / f"log-{world.events}-{world.people}.parquet"
    if not path.exists():
        log = columns(world)
        rows = pa.table({"p": log.person, "e": log.event, "ts": log.at})
        pq.write_table(rows, path, row_group_size=1_000_000)
    return path


def _given(arguments: Sequence[str] | None) -> Given:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="200,000 events, a few minutes")
    parser.add_argument("--without", action="append", default=[], metavar="NAME",
                        choices=["chdb", "duckdb", "pandas", "polars", "spark"])  # fmt: skip
    parser.add_argument("--record", type=Path, metavar="DIR",
                        help="keep it there; docs/proofs: fill the documentation")  # fmt: skip
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--go-on", action="store_true", help="continue the record that is there")
    given = parser.parse_args(arguments)
    return Given(given.quick, tuple(given.without), given.record, given.minutes, given.go_on)


def _tell(what: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
