"""The long run: deliveries through the rules until a million were handed over, and an independent
reading of all their rows.

    python -m tests.acting.run --sends 1000000 --seed 1 --record docs/proofs/rules.json

Each world is a random project of its own over nine months with the changes of the clocks of four
zones in them. Exits 1 where any rule was broken.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import sys
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from tests.acting.checker import check
from tests.acting.drive import Drive
from tests.acting.world import random_world

SIZE = 20_000
"""Deliveries that come due in one world."""
SHOWN = 20


@dataclass
class Tally:
    """What a number of worlds amounted to; `seconds` were spent in the rules and around them."""

    worlds: int = 0
    deliveries: int = 0
    handed_over: int = 0
    tries: int = 0
    seconds: float = 0
    endings: Counter = field(default_factory=Counter)
    held: Counter = field(default_factory=Counter)
    broken: list = field(default_factory=list)

    def add(self, other):
        """Add what another tally counted."""
        self.worlds += other.worlds
        self.deliveries += other.deliveries
        self.handed_over += other.handed_over
        self.tries += other.tries
        self.seconds += other.seconds
        self.endings += other.endings
        self.held += other.held
        self.broken += other.broken


def one_world(seed, sends):
    """One world, run and checked."""
    world = random_world(seed, sends)
    drive = Drive(world)
    began = time.monotonic()
    rows = drive.run()
    seconds = time.monotonic() - began
    report = check(world, rows, drive.approved)
    return Tally(
        worlds=1,
        deliveries=report.rows,
        handed_over=sum(bool(row.tries) for row in rows),
        tries=sum(len(row.tries) for row in rows),
        seconds=seconds,
        endings=report.endings,
        held=report.held,
        broken=report.broken,
    )


def run(options):
    """Worlds in a row of seeds, on all processes, until so many deliveries were handed over."""
    whole, seed, running = Tally(), options.seed * 10**6, set()
    with ProcessPoolExecutor(options.processes) as pool:
        while whole.handed_over < options.sends or running:
            while whole.handed_over < options.sends and len(running) < options.processes:
                running.add(pool.submit(one_world, seed, SIZE))
                seed += 1
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for one in done:
                whole.add(one.result())
            print(
                f"{whole.handed_over} of {whole.deliveries} deliveries handed over, "
                f"{len(whole.broken)} broken",
                file=sys.stderr,
            )
    return whole


def record(options, whole, seconds):
    """What goes into the proofs."""
    endings = {}
    for (state, because), number in sorted(whole.endings.items()):
        endings.setdefault(state, {})[because or "all"] = number
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "command": (
            f"python -m tests.acting.run --sends {options.sends} --seed {options.seed}"
            f" --processes {options.processes}"
        ),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "seconds": round(seconds),
        "worlds": whole.worlds,
        "deliveries": whole.deliveries,
        "handed_over": whole.handed_over,
        "tries": whole.tries,
        "deliveries_per_second_and_process": round(whole.deliveries / whole.seconds),
        "rows_by_ending": endings,
        "waits_by_rule": dict(sorted(whole.held.items())),
        "broken": len(whole.broken),
        "shown": whole.broken[:SHOWN],
    }


def main():
    """Read the options, run, keep the record."""
    parser = argparse.ArgumentParser(description="a million sends, and no rule broken")
    parser.add_argument("--sends", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    began = time.monotonic()
    whole = run(options)
    text = json.dumps(record(options, whole, time.monotonic() - began), indent=2) + "\n"
    print(text, end="")
    if options.record is not None:
        options.record.write_text(text, encoding="utf-8")
    return 1 if whole.broken else 0


if __name__ == "__main__":
    sys.exit(main())
