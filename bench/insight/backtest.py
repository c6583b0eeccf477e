"""A backtest of one condition over twenty million events of a million people, and how often the
ranges of its comparison hold.

    python -m bench.insight.backtest [--events 20000000] [--people 1000000] [--runs 800]
        [--workers 3] [--only ranges speed] [--record FILE]
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

import segue
from bench.generate import World, columns, write_parquet
from bench.insight.recording import recorded
from segue.services.acting.simulate import Fate
from segue.services.insight.backtesting import Backtest, Question, backtest
from segue.services.insight.past import read_past
from tests.insight.entering import World as Entering

WHEN = "did event_05 at least 2 times within 7 days and did not event_20 within 14 days"
TITLES = {"ranges": "Backtest: ranges of the comparison", "speed": "Backtest: speed"}
PROJECT = """
goals:
  won: {event: event_12, within: 7 days}
segments:
  weekly: {when: active on at least 3 days within 7 days}
  silent: {when: inactive for 14 days}
  keen: {when: did event_05 at least 2 times within 14 days}
messaging:
  caps: [{at_most: 2, within: 7 days}]
"""


# -------------------------------------------------------------------------------------------- speed


def speed_lines(world: World) -> Iterator[str]:
    """How long it takes, the log being in a store."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "events.parquet"
        write_parquet(world, columns(world), file)
        with segue.Engine.create(Path(folder) / "shop", PROJECT) as engine:
            engine.import_files([file])
            file.unlink()
            insight = engine.insight()
            begun, busy = time.perf_counter(), time.process_time()
            found = backtest(insight.store, insight.project, insight.at, Question(when=WHEN))
            whole = time.perf_counter() - begun, time.process_time() - busy
            begun, busy = time.perf_counter(), time.process_time()
            read_past(insight.store, insight.definitions, insight.at, ["keen"])
            one = time.perf_counter() - begun, time.process_time() - busy
    yield from _told(world, found, whole, one)


def _told(
    world: World, found: Backtest, whole: tuple[float, float], one: tuple[float, float]
) -> Iterator[str]:
    """`whole` and `one` are seconds by the clock, and of the processor."""
    contrast = found.contrast
    assert contrast is not None
    yield f"`{WHEN}`, {world.events:,} events of {world.people:,} people, {os.cpu_count()} cores."
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    yield f"| whole backtest | **{whole[0]:.1f} s** |"
    yield f"| of the processor, all cores together | {whole[1]:.1f} s |"
    yield f"| for scale: one segment read and evaluated, no more | {one[0]:.1f} s, {one[1]:.1f} s |"
    yield f"| load of the machine meanwhile, by others too | {os.getloadavg()[1]:.0f} |"
    yield f"| entries, of people | {found.entries:,}, {found.entrants:,} |"
    yield f"| variations of its thresholds evaluated | {len(found.varied) - 1} |"
    matched = contrast.matched
    yield f"| entrants drawn to be matched | {matched.entrants:,} of {contrast.entrants.of:,} |"
    yield f"| of them, beside whom somebody stands | {len(matched.found):,} |"
    yield f"| largest standardised difference, anybody | {_most(matched.before)} |"
    yield f"| largest standardised difference, people alike | {_most(matched.after)} |"
    yield f"| messages simulated | {found.messages.count(Fate.MESSAGED):,} |"
    yield f"| memory of the process at most | {_memory():.1f} GB |"


def _most(differences: np.ndarray) -> str:
    return f"{np.abs(differences).max():.2f}"


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


# ----------------------------------------------------------------------------------------- coverage


def _run(seed: int, people: int, keen: bool, effect: float) -> tuple[bool, float]:
    found = Entering(seed, people=people, keen=keen, effect=effect).contrast()
    return found.is_told, found.difference or 0.0


def coverage_lines(runs: int, workers: int) -> Iterator[str]:
    """How often something is told where there is nothing, and where there is something."""
    yield "| world | people | runs | mean difference | told |"
    yield "| --- | --- | --- | --- | --- |"
    cases = (
        ("nothing; everybody alike", 300, False, 0.0),
        ("nothing; keen people enter, and reach the goal, more often", 300, True, 0.0),
        ("nothing; keen people enter, and reach the goal, more often", 1_000, True, 0.0),
        ("entering brings a fifth to the goal", 300, False, 0.2),
    )
    for place, (name, people, keen, effect) in enumerate(cases):
        seeds = range(10_000 * (place + 1), 10_000 * (place + 1) + runs)
        run = partial(_run, people=people, keen=keen, effect=effect)
        with ProcessPoolExecutor(workers) as pool:
            done = list(pool.map(run, seeds, chunksize=8))
        told = np.mean([one for one, _ in done])
        mean = np.mean([value for _, value in done])
        yield f"| {name} | {people:,} | {runs} | {100 * mean:+.2f} points | {100 * told:.1f} % |"


def main() -> None:
    """Print, or write between the marks of a record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=800)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=TITLES, default=list(TITLES))
    parser.add_argument("--record", type=Path)
    given = parser.parse_args()
    parts: dict[str, Callable[[], Iterator[str]]] = {
        "ranges": lambda: coverage_lines(given.runs, given.workers),
        "speed": lambda: speed_lines(World(events=given.events, people=given.people)),
    }
    for part in given.only:
        command = f"`python -m bench.insight.backtest --only {part}`"
        text = "\n".join([*parts[part](), "", command])
        print(text)
        if given.record is not None:
            recorded(given.record, f"backtest-{part}", TITLES[part], text)


if __name__ == "__main__":
    main()
