"""`python -m bench.live`: the live service under load, beside what a generator sends it."""

from __future__ import annotations

import argparse
import importlib.metadata
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bench.live.idle import Idle, far, idle
from bench.live.latency import Steady, latency
from bench.live.load import load
from bench.live.periods import PEOPLE, day
from bench.live.record import Found, write
from bench.live.report import (
    built_table,
    day_table,
    day_targets,
    idle_table,
    idle_targets,
    latency_table,
    latency_targets,
    latency_text,
    load_table,
    load_targets,
    restart_table,
    restart_targets,
    turn_parts_table,
    turns_table,
    turns_targets,
)
from bench.live.restart import CASES, restarts
from bench.live.segments import SEGMENTS
from bench.live.server import served
from bench.live.turns import DIRTY, turns
from bench.live.world import Past, built
from bench.measure import machine
from bench.report import targets_table
from segue.bootstrap.workspace import Workspace

_VERSIONS: Final = ("uvicorn", "uvloop", "httptools", "fastapi", "starlette", "msgspec")


@dataclass(frozen=True)
class Plan:
    """What to run, on which histories; `loads` are events per request and connections."""

    past: Past
    histories: tuple[Past, ...]
    sections: tuple[str, ...]
    seconds: float
    steady: Steady
    loads: tuple[tuple[int, int], ...]
    dirty: tuple[int, ...]
    rounds: int
    restarts: tuple[tuple[bool, bool], ...]
    people_of_day: int
    data: Path
    record: Path | None


def main(arguments: list[str] | None = None) -> int:
    """Print the tables, and write the record where one is wanted; 1 where a target is missed."""
    given = sys.argv[1:] if arguments is None else arguments
    plan = _plan(given)
    found = run(plan, tell=_tell)
    targets = [target for section in found for target in section.targets]
    print(targets_table(targets))
    if plan.record is not None:
        command = " ".join(["python -m bench.live", *_shown(given)])
        write(plan.record, command, f"{machine()}, {_versions()}", found)
        _tell(f"recorded in {plan.record}")
    return 0 if all(target.met for target in targets) else 1


def run(plan: Plan, *, tell: Callable[[str], None]) -> list[Found]:
    """Run the sections; each is printed as soon as it is known."""
    found = []
    print(f"# Segue, live\n\n{machine()}, {_versions()}\n", flush=True)
    plan.data.mkdir(parents=True, exist_ok=True)
    for name in plan.sections:
        tell(name)
        for one in _SECTIONS[name](plan, tell):
            print(f"## {one.title}\n\n{one.text}\n", flush=True)
            found.append(one)
    return found


# --------------------------------------------------------------------------------------- sections


def _load(plan: Plan, tell: Callable[[str], None]) -> Iterator[Found]:
    """Load, latency and idleness, of one server."""
    made = built(plan.past, plan.data, tell)
    with (
        tempfile.TemporaryDirectory(dir=plan.data) as folder,
        served(made.copy(Path(folder) / "load")) as server,
    ):
        load(server, plan.past, *plan.loads[0], min(plan.seconds, 5.0))  # warms up
        loads = []
        for size, connections in plan.loads:
            tell(f"{size} events per request on {connections} connections")
            loads.append(load(server, plan.past, size, connections, plan.seconds))
        yield Found("load", "Load", load_table(loads), load_targets(loads))
        tell(f"latency at {plan.steady.events:,.0f} events/s")
        seen = latency(server, plan.past, plan.steady)
        text = f"{latency_text(seen, plan.steady)}\n\n{latency_table(seen)}"
        yield Found("latency", "Latency", text, latency_targets(seen))


def _idle(plan: Plan, tell: Callable[[str], None]) -> Iterator[Found]:
    seconds = 2 * plan.seconds
    found: list[Idle] = []
    with tempfile.TemporaryDirectory(dir=plan.data) as folder:
        people = plan.past.people
        tell(f"{people:,} people with timers far away")
        workspace = far(Workspace(Path(folder) / "far"), people, time.time_ns() // 1_000_000)
        with served(workspace) as server:
            time.sleep(min(plan.seconds, 10.0))
            found.append(idle(server, f"{people:,} people with timers days away", seconds))
        made = built(plan.past, plan.data, tell)
        with served(made.copy(Path(folder) / "near")) as server:
            load(server, plan.past, *plan.loads[0], min(plan.seconds, 5.0))
            time.sleep(min(plan.seconds, 10.0))
            found.append(idle(server, "the history above, after load", seconds))
    yield Found("idle", "Idle", idle_table(found), idle_targets(found))


def _turns(plan: Plan, tell: Callable[[str], None]) -> Iterator[Found]:
    made = [built(past, plan.data, tell) for past in plan.histories]
    tell("turns over each history")
    costs = turns(made, plan.dirty, plan.rounds)
    text = f"{turns_table(costs)}\n\nOver the longest:\n\n{turn_parts_table(costs)}"
    yield Found("turns", "Turns", text, turns_targets(costs))
    text = built_table(made)
    yield Found("histories", "Histories", text, [])


def _restart(plan: Plan, tell: Callable[[str], None]) -> Iterator[Found]:
    made = built(plan.past, plan.data, tell)
    with tempfile.TemporaryDirectory(dir=plan.data) as folder:
        found = restarts(made.copy(Path(folder) / "restart"), plan.past, plan.restarts)
    yield Found("restart", "Restart", restart_table(found), restart_targets(found))


def _day(plan: Plan, tell: Callable[[str], None]) -> Iterator[Found]:  # noqa: ARG001
    found = day(plan.people_of_day)
    yield Found("day", "A day, beside periodic jobs", day_table(found), day_targets(found))


_SECTIONS: Final = {
    "load": _load,
    "turns": _turns,
    "restart": _restart,
    "idle": _idle,
    "day": _day,
}


# ------------------------------------------------------------------------------------------- plan


def _plan(arguments: list[str]) -> Plan:
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__)
    number = _number
    parser.add_argument("--events", type=number, default=20_000_000, help="of history")
    parser.add_argument("--people", type=number, default=1_000_000)
    parser.add_argument(
        "--history", type=number, action="append", help="a length for the turns; may be repeated"
    )
    parser.add_argument(
        "--segments", type=int, default=SEGMENTS, choices=(5, 10, 25, SEGMENTS), help="of the 50"
    )
    parser.add_argument("--seconds", type=float, default=30.0, help="of each load")
    parser.add_argument(
        "--rate", type=float, default=Steady.events, help="steady events per second"
    )
    parser.add_argument("--batch", type=int, default=Steady.size, help="events per steady request")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each size")
    parser.add_argument("--day", type=number, default=PEOPLE, help="people of the compared day")
    parser.add_argument("--only", choices=tuple(_SECTIONS), action="append")
    parser.add_argument("--data", type=Path, help="folder that keeps the histories")
    parser.add_argument("--record", type=Path, help="file to write the record to")
    parser.add_argument("--quick", action="store_true", help="small sizes, some seconds each")
    given = parser.parse_args(arguments)
    data = given.data or Path(tempfile.gettempdir()) / "segue-bench-live"
    past = Past(given.events, given.people, given.segments)
    histories = _histories(tuple(given.history or (2_000_000, given.events)), past)
    plan = Plan(
        past,
        histories,
        tuple(given.only or _SECTIONS),
        given.seconds,
        Steady(events=given.rate, size=given.batch, seconds=given.seconds),
        ((100, 16), (100, 64), (1, 64), (1, 512)),
        DIRTY,
        given.rounds,
        CASES,
        given.day,
        data,
        given.record,
    )
    return quick(plan) if given.quick else plan


def _histories(events: tuple[int, ...], past: Past) -> tuple[Past, ...]:
    """Histories of so many events of as many people each; before them the shortest of so few people
    that each has done as much as in the longest."""
    shortest, longest = min(events), max(events)
    alike = replace(past, events=shortest, people=past.people * shortest // longest)
    return (alike, *(replace(past, events=each) for each in events))


def quick(plan: Plan) -> Plan:
    """The same in small: to see whether it runs, not how fast."""
    return replace(
        plan,
        past=Past(60_000, 6_000),
        histories=_histories((20_000, 60_000), Past(60_000, 6_000)),
        seconds=1.0,
        steady=Steady(events=200.0, probes=10.0, lookups=20.0, seconds=1.0, warm_up=0.5),
        loads=((100, 4), (1, 16)),
        dirty=(1, 10, 100),
        rounds=3,
        restarts=CASES[::3],
        people_of_day=100,
    )


def _number(text: str) -> int:
    """A count, also as 20e6."""
    return int(float(text))


def _shown(arguments: list[str]) -> list[str]:
    """The arguments without the folders of this machine."""
    shown = []
    for place, one in enumerate(arguments):
        if one not in ("--data", "--record") and arguments[place - 1] not in ("--data", "--record"):
            shown.append(one)
    return shown


def _versions() -> str:
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _VERSIONS)


def _tell(what: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(str(error))
