"""The long run: compare engine and oracle on generated worlds until enough pairs were compared.

    python -m tests.fuzz.run --pairs 1000000 --seed 1 --processes 4 > record.json

Prints a JSON record of what was compared; exits 1 where they disagreed, with the smallest worlds
that show it in the record.
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

import duckdb
import numpy as np

from tests.fuzz.compare import compare, plain_log
from tests.fuzz.coverage import conditions_in
from tests.fuzz.report import assert_agrees
from tests.fuzz.stores import stored_log
from tests.fuzz.worlds import random_world

BATCH = 10
SHOWN = 20


@dataclass
class Tally:
    """What a number of worlds amounted to."""

    worlds: int = 0
    conditions: int = 0
    pairs: int = 0
    comparisons: int = 0
    events: int = 0
    nodes: Counter = field(default_factory=Counter)
    failures: list = field(default_factory=list)

    def add(self, other):
        """Add what another tally counted."""
        self.worlds += other.worlds
        self.conditions += other.conditions
        self.pairs += other.pairs
        self.comparisons += other.comparisons
        self.events += other.events
        self.nodes += other.nodes
        self.failures += other.failures


def batch(first, count, people, direct):
    """Compare some worlds in a row of seeds."""
    read = plain_log if direct else stored_log
    tally = Tally()
    for seed in range(first, first + count):
        _one(tally, seed, people, read)
    return tally


def _one(tally, seed, people, read):
    case = random_world(seed, people=people)
    known = {}

    def reading(one):
        known["people"], log = read(one)
        return known["people"], log

    try:
        if compare(case, reading):
            assert_agrees(case, read, seed)
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs in the record
        tally.failures.append(f"seed {seed}: {type(error).__name__}: {error}")
    pairs = len(known.get("people", ())) * len(case.definitions.segments)
    tally.worlds += 1
    tally.conditions += len(case.definitions.segments)
    tally.pairs += pairs
    tally.comparisons += 2 * pairs * len(case.ats)
    tally.events += len(case.events)
    for segment in case.definitions.segments:
        tally.nodes.update(type(node).__name__ for node in conditions_in(segment.condition))


def run(options):
    """Start batches on all processes until there are enough pairs."""
    whole, next_seed, running = Tally(), options.seed * 10**9, set()
    with ProcessPoolExecutor(options.processes) as pool:
        while whole.pairs < options.pairs or running:
            while whole.pairs < options.pairs and len(running) < 2 * options.processes:
                running.add(pool.submit(batch, next_seed, BATCH, options.people, options.direct))
                next_seed += BATCH
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for one in done:
                whole.add(one.result())
            print(f"{whole.pairs} pairs, {len(whole.failures)} failures", file=sys.stderr)
    return whole


def record(options, whole, seconds):
    """What goes into the proofs."""
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "command": f"python -m tests.fuzz.run {' '.join(sys.argv[1:])}",
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "duckdb": duckdb.__version__,
        },
        "log": "read by the oracle" if options.direct else "read from an event store in memory",
        "seconds": round(seconds),
        "worlds": whole.worlds,
        "conditions": whole.conditions,
        "events": whole.events,
        "pairs": whole.pairs,
        "histories_and_outlooks_compared": whole.comparisons,
        "nodes_by_type": dict(sorted(whole.nodes.items())),
        "failures": len(whole.failures),
        "shown": whole.failures[:SHOWN],
    }


def main():
    """Read the options, run, print the record."""
    parser = argparse.ArgumentParser(description="compare engine and oracle for a long time")
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--people", type=int, default=24)
    parser.add_argument("--direct", action="store_true", help="without the event store")
    options = parser.parse_args()
    began = time.monotonic()
    whole = run(options)
    print(json.dumps(record(options, whole, time.monotonic() - began), indent=2))
    return 1 if whole.failures else 0


if __name__ == "__main__":
    sys.exit(main())
