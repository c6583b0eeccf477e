"""`python -m bench.spark.scaling`: one machine and Spark with 1, 2 and 4 cores over the same files,
and runs that take up what is new.

Everything is asked on the same cores of the same machine, and every answer is compared.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bench.generate import World
from bench.live.record import Found, write
from bench.measure import cores as cores_here
from bench.measure import machine
from bench.report import Target, table, targets_table
from bench.spark.job import MODULE, job_of
from bench.spark.processes import Measured, measured
from bench.spark.same import assert_same
from bench.spark.world import Given, asked, grown, later, size_of, world_of, written

SHARES: Final = (0.001, 0.01, 0.1)
_SECTIONS: Final = ("cores", "properties", "runs")
_FEWER: Final = 5
"""So many times fewer events where one machine has to import them first."""
_GIB: Final = 2**30
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How many events, on how many cores, which sections, and where files may lie."""

    events: int
    cores: tuple[int, ...]
    shares: tuple[float, ...]
    sections: tuple[str, ...]
    data: Path | None
    record: Path | None


@dataclass(frozen=True)
class Row:
    """One way to ask one thing, and what it took."""

    way: str
    cores: int
    found: Measured

    @property
    def seconds(self) -> float:
        return float(self.found.said["seconds"])


def main(arguments: list[str] | None = None) -> int:
    """Print the tables, and write the record where one is wanted; 1 where a promise is broken."""
    given = sys.argv[1:] if arguments is None else arguments
    plan = _plan(given)
    where = f"{machine()}, PySpark {importlib.metadata.version('pyspark')}"
    found = []
    with tempfile.TemporaryDirectory(dir=plan.data) as folder:
        for one in _sections(plan, Path(folder)):
            print(f"## {one.title}\n\n{one.text}\n", flush=True)
            found.append(one)
    targets = [target for one in found for target in one.targets]
    print(targets_table(targets))
    if plan.record is not None:
        command = f"python -m bench.spark.scaling --events {plan.events}"
        write(plan.record, command, where, found, title="Segue on Spark")
    return 0 if all(target.met for target in targets) else 1


def _sections(plan: Plan, folder: Path) -> Iterator[Found]:
    world = world_of(plan.events)
    _tell(f"{world.events:,} events of {world.people:,} people as files")
    given = written(world, folder / "events")
    if "cores" in plan.sections:
        yield _cores("cores", "More cores", plan, world, given, folder)
    if "runs" in plan.sections:
        yield _runs(plan, world, given, folder)
    if "properties" in plan.sections:
        fewer = world_of(plan.events // _FEWER)
        given = written(fewer, folder / "fewer")
        question = replace(given, definitions=asked(fewer, properties=True))
        yield _cores("properties", "With properties", plan, fewer, question, folder)


# ------------------------------------------------------------------------------------ more cores


def _cores(name: str, title: str, plan: Plan, world: World, given: Given, folder: Path) -> Found:
    rows = _all_ways(plan, world, given, folder / name)
    packed, plain = size_of(given.files)
    text = (
        f"{world.events:,} events of {world.people:,} people in {len(given.files)} files of"
        f" Parquet ({packed / _GIB:.2f} GiB, {plain / _GIB:.2f} GiB as plain columns),"
        f" {len(given.definitions['segments'])} segments."
        " Spark's driver, master and workers share the cores that are named; the start of the"
        " cluster is not counted. Memory is that of all processes at their common peak."
        f" {_ASKED[name]}"
    )
    return Found(name, title, f"{text}\n\n{_cores_table(rows)}", _cores_targets(name, rows))


_ASKED: Final = {
    "cores": "The segments ask who did what when: one machine reads three columns where they are.",
    "properties": "The segments look into properties: one machine imports the events first.",
}


def _all_ways(plan: Plan, world: World, given: Given, folder: Path) -> list[Row]:
    ways = [("here", one) for one in (1, max(plan.cores))] + [("spark", n) for n in plan.cores]
    rows = []
    for way, cores in dict.fromkeys(ways):
        _tell(f"{folder.name}: {way} on {cores}")
        out = folder / f"{way}-{cores}"
        job = job_of(way, given, out=str(out), cores=cores, events=world.events)
        rows.append(Row(way, cores, measured(MODULE, job, cores)))
        first = folder / f"{rows[0].way}-{rows[0].cores}"
        if out != first:
            assert_same(str(first), str(out))
    return rows


def _cores_table(rows: list[Row]) -> str:
    head = ("engine", "cores", "seconds", "peak memory", "speed-up", "efficiency")
    names = {"here": "one machine", "spark": "Spark"}
    lines = []
    for row in rows:
        faster = _alone(rows, row.way).seconds / row.seconds
        share = faster * _alone(rows, row.way).cores / row.cores
        memory = f"{row.found.peak / _GIB:.2f} GiB"
        taken = (f"{row.seconds:.1f}", memory, f"{faster:.2f}", f"{share:.0%}")
        lines.append((names[row.way], str(row.cores), *taken))
    return table(head, lines)


def _cores_targets(name: str, rows: list[Row]) -> list[Target]:
    """What the most cores gain, of Spark; that all agree was compared before."""
    spark = [row for row in rows if row.way == "spark"]
    most = max(spark, key=lambda row: row.cores)
    faster = _alone(rows, "spark").seconds / most.seconds
    wanted = 0.6 * most.cores / _alone(rows, "spark").cores
    promise = f"speed-up of Spark on {most.cores} cores, {name}"
    return [
        Target(f"the same members, whatever the engine, {name}", "all", "all", True),
        Target(promise, f">= {wanted:.1f} ×", f"{faster:.2f} ×", faster >= wanted),
    ]


def _alone(rows: Sequence[Row], way: str) -> Row:
    """The row with the fewest cores."""
    return min((row for row in rows if row.way == way), key=lambda row: row.cores)


# ------------------------------------------------------------------------------------------- runs


def _runs(plan: Plan, world: World, given: Given, folder: Path) -> Found:
    """A first run; then, each from a copy of its folder, one for what came since."""
    first = _run(plan, given, folder, "first", None)
    found = [("the first run: everybody", first)]
    news: list[tuple[str, Given]] = [
        (
            f"new events of {share:.1%} of people",
            grown(given, world, share, folder / f"new-{share}.parquet"),
        )
        for share in plan.shares
    ]
    news.append(("a day later, no new events", later(given)))
    for i, (what, grew) in enumerate(news):
        found.append((what, _run(plan, grew, folder, f"news-{i}", folder / "runs-first")))
    lines = [_run_line(what, row, first) for what, row in found]
    head = ("what is new", "people evaluated", "of people", "seconds", "of the first run")
    text = (
        f"{world.events:,} events on {first.cores} cores. People for whom time alone changes"
        " something are evaluated too. The members after every run are those that one machine"
        " finds in all files."
    )
    agreed = Target("the same members after every run", "all", "all", True)
    return Found("runs", "What is new", f"{text}\n\n{table(head, lines)}", [agreed])


def _run(plan: Plan, given: Given, folder: Path, name: str, before: Path | None) -> Row:
    _tell(f"run: {name}")
    runs, cores = folder / f"runs-{name}", max(plan.cores)
    if before is not None:
        shutil.copytree(before, runs)
    job = {"cores": cores, "events": plan.events, "runs": str(runs)}
    ways = {
        way: measured(MODULE, job_of(way, given, out=str(folder / f"{way}-{name}"), **job), cores)
        for way in ("run", "here")
    }
    assert_same(str(folder / f"run-{name}"), str(folder / f"here-{name}"))
    if before is not None:
        shutil.rmtree(runs)
    return Row("run", cores, ways["run"])


def _run_line(what: str, row: Row, first: Row) -> tuple[str, ...]:
    people, everybody = row.found.said["evaluated"], row.found.said["people"]
    shares = (f"{people / everybody:.1%}", f"{row.seconds:.1f}")
    return (what, f"{people:,}", *shares, f"{row.seconds / first.seconds:.0%}")


# -------------------------------------------------------------------------------------- arguments


def _plan(arguments: list[str]) -> Plan:
    parser = argparse.ArgumentParser(prog="python -m bench.spark.scaling", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000_000)
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--shares", type=float, nargs="+", default=list(SHARES))
    parser.add_argument("--only", choices=_SECTIONS, nargs="+", default=list(_SECTIONS))
    parser.add_argument("--data", type=Path, help="a folder for files while it runs")
    parser.add_argument("--record", type=Path, help="write the record into this file")
    given = parser.parse_args(arguments)
    cores = tuple(sorted({one for one in given.cores if one <= cores_here()}))
    shares, sections = tuple(given.shares), tuple(given.only)
    return Plan(given.events, cores, shares, sections, given.data, given.record)


def _tell(what: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
