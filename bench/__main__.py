"""`python -m bench`: Segue beside DuckDB and chDB, in one run, every answer compared."""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.cold import cold
from bench.generate import World, columns, write_parquet
from bench.growth import growth
from bench.measure import machine
from bench.memory import memory
from bench.refresh import refresh
from bench.report import (
    Target,
    cold_table,
    cold_targets,
    growth_table,
    growth_targets,
    memory_table,
    memory_targets,
    refresh_table,
    refresh_targets,
    targets_table,
)
from bench.rules import rules

_SECTIONS: Final = ("refresh", "growth", "cold", "memory")


@dataclass(frozen=True)
class Plan:
    """What to run."""

    world: World
    segments: int
    codes: range
    rounds: int
    chdb: bool
    sections: tuple[str, ...]
    large: int


def main(arguments: list[str] | None = None) -> int:
    """Print the tables; 1 where a target is missed, else 0."""
    plan = _plan(arguments)
    print(f"# Segue, measured\n\n{machine()}\n")
    targets: list[Target] = []
    for text, found in _run(plan):
        print(f"{text}\n", flush=True)
        targets += found
    print(targets_table(targets))
    return 0 if all(target.met for target in targets) else 1


def _run(plan: Plan) -> Iterator[tuple[str, list[Target]]]:
    world, codes = plan.world, plan.codes
    if "refresh" in plan.sections:
        _tell("refresh, in turns with the rivals")
        found = refresh(world, plan.segments, codes, plan.rounds, chdb=plan.chdb)
        yield refresh_table(found, world), refresh_targets(found)
    if "growth" in plan.sections:
        points = growth(world, codes, plan.rounds, _tell, large=plan.large)
        yield growth_table(points), growth_targets(points, world)
    if "cold" in plan.sections:
        _tell("cold, from a Parquet file")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "events.parquet"
            write_parquet(world, columns(world), path)
            seen = cold(world, rules(plan.segments, codes), path, min(plan.rounds, 3))
        yield cold_table(seen), cold_targets(seen)
    if "memory" in plan.sections:
        _tell("memory, in a process of its own")
        held = memory(world, plan.segments, len(codes))
        yield memory_table(held), memory_targets(held)


def _plan(arguments: list[str] | None) -> Plan:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--events", type=int, default=World.events)
    parser.add_argument("--people", type=int, default=World.people)
    parser.add_argument("--segments", type=int, default=50)
    parser.add_argument(
        "--first", type=int, default=0, help="most frequent event that is asked for"
    )
    parser.add_argument("--step", type=int, default=1, help="ask for every so-manieth event")
    parser.add_argument(
        "--rounds", type=int, default=7, help="repetitions, each at a later instant"
    )
    parser.add_argument("--large", type=int, default=0, help="also so many events, Segue alone")
    parser.add_argument("--only", choices=_SECTIONS, action="append")
    parser.add_argument("--no-chdb", action="store_true", help="DuckDB as the only rival")
    parser.add_argument("--quick", action="store_true", help="1 million events, 11,000 people")
    given = parser.parse_args(arguments)
    world = World(events=given.events, people=given.people)
    if given.quick:
        world = World(events=1_000_000, people=11_000)
    sections = tuple(given.only or _SECTIONS)
    if not Path("/proc/self/clear_refs").exists():
        sections = tuple(s for s in sections if s != "memory")
    chdb = not given.no_chdb and importlib.util.find_spec("chdb") is not None
    codes = range(given.first, given.first + 16 * given.step, given.step)
    return Plan(world, given.segments, codes, given.rounds, chdb, sections, given.large)


def _tell(what: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
