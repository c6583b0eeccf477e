"""Parity over many worlds: `python -m tests.live.run --worlds 1000 --seed 1 --processes 4`.

Each world goes through a live service with everything that may happen to it; what was published is
compared with the history of the same log again and again. `--record FILE` writes what was done.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.live.driver import Drive


def drive(seed: int) -> tuple[int, int, int, str]:
    """One world: its seed, comparisons made, transitions published, and what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        made = Drive(seed, Path(folder) / "world.duckdb", quantiles=seed % 3 == 0)
        wrong = ""
        try:
            made.run()
        except Exception as error:  # noqa: BLE001 - it is counted, with its seed
            wrong = f"{type(error).__name__}: {error}"[:500]
        published = made.store.position().next_transition
        made.end()
    return seed, made.checks, published, wrong


def main() -> int:
    """Drive the worlds; the exit code says whether all agreed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    began = time.monotonic()
    seeds = range(options.seed * 1_000_000, options.seed * 1_000_000 + options.worlds)
    checks = published = 0
    failed = []
    with ProcessPoolExecutor(options.processes) as pool:
        for seed, compared, transitions, wrong in pool.map(drive, seeds):
            checks, published = checks + compared, published + transitions
            if wrong:
                failed.append({"seed": seed, "error": wrong})
                sys.stderr.write(f"seed {seed}: {wrong}\n")
    found = {
        "command": f"python -m tests.live.run --worlds {options.worlds} --seed {options.seed}",
        "worlds": options.worlds,
        "comparisons": checks,
        "transitions": published,
        "failed": failed,
        "seconds": round(time.monotonic() - began),
    }
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    if options.record:
        options.record.write_text(json.dumps(found, indent=2) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
