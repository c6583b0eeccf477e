"""The journey of a million people over twenty million events, and what its parts take.

python -m bench.insight.journeys [--events 20000000] [--people 1000000] [--record FILE]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

import segue
from bench.generate import World, columns, write_parquet
from bench.insight.recording import recorded
from segue.bootstrap.insight import Insight
from segue.insight.journey import Scope, measure
from segue.insight.stopping import stopped
from segue.insight.ways import Period, Ways
from segue.services.insight.past import read_past
from segue.timeline.log import ACTIVITY
from segue.timeline.occurring import Wanted
from tests.insight.travelling import Travellers

STAGES = ("visitor", "tried", "regular", "customer")
PROJECT = """
journey:
  - {stage: visitor, when: everyone}
  - {stage: tried, when: did event_05}
  - {stage: regular, when: did event_05 at least 2 times within 14 days}
  - {stage: customer, when: did event_12 and not did event_20 since last event_12}
segments:
  weekly: {when: active on at least 3 days within 7 days}
"""
DAYS, WINDOW, SILENCE = (days * 86_400_000 for days in (60, 14, 7))

WORKERS = 2

T = TypeVar("T")


def lines(world: World) -> Iterator[str]:
    """What each step takes, the log being in a store."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "events.parquet"
        write_parquet(world, columns(world), file)
        with segue.Engine.create(Path(folder) / "shop", PROJECT) as engine:
            engine.import_files([file])
            file.unlink()
            insight = engine.insight()
            yield "| what | seconds |"
            yield "| --- | --- |"
            yield from _steps(insight)
            whole, found = _timed(
                lambda: insight.journey(days=60, window=WINDOW, segments=["weekly"], by_week=True)
            )
            yield f"| all of it, with a segment beside everybody, by week | {whole:.1f} |"
    assert found.everybody is not None
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    people = sum(one.people for one in found.everybody.stages)
    yield ""
    yield (
        f"{world.people:,} people, {world.events:,} events; {people:,} on a stage at the end, "
        f"{int(found.everybody.moves.sum()):,} steps; memory {memory:.1f} GB."
    )


def coverage_lines(runs: int) -> Iterator[str]:
    """How often the ranges hold the truth, for people who wait long and people who wait briefly."""
    yield "| people | go on in 14 days, in truth | runs | share's range holds it | curve's range |"
    yield "| --- | --- | --- | --- | --- |"
    for people, waiting in ((60, 30.0), (150, 30.0), (600, 30.0), (150, 5.0), (600, 300.0)):
        first = Travellers(0, people, waiting)
        with ProcessPoolExecutor(WORKERS) as pool:
            made = (Travellers(seed, people, waiting) for seed in range(runs))
            found = np.array(list(pool.map(Travellers.covered, made, chunksize=50)))
        share, curve = 100 * found.mean(axis=0)
        yield f"| {people} | {100 * first.truth:.1f} % | {runs:,} | {share:.1f} % | {curve:.1f} % |"


def _steps(insight: Insight) -> Iterator[str]:
    """Reading, then each measure on what was read."""
    ids = [f"journey.{stage}" for stage in STAGES]
    reading, past = _timed(
        lambda: read_past(insight.store, insight.definitions, insight.at, ids, [Wanted(ACTIVITY)])
    )
    yield f"| reading the log and evaluating four stages | {reading:.1f} |"
    joining, ways = _timed(
        lambda: Ways.joined([past.spans[one] for one in ids], past.counted, past.at)
    )
    yield f"| joining {len(ways.start):,} visits | {joining:.2f} |"
    scope = Scope(ways, Period(past.at - DAYS, past.at), WINDOW)
    measuring, _ = _timed(lambda: measure(scope))
    yield f"| conversion, curves, steps, places, 61 instants | {measuring:.1f} |"
    activity = past.occurred[Wanted(ACTIVITY)]
    stopping, _ = _timed(lambda: stopped(scope, SILENCE, activity, [activity]))
    yield f"| where people stop | {stopping:.1f} |"


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    begun = time.perf_counter()
    found = work()
    return time.perf_counter() - begun, found


def main() -> None:
    """Print, or write between the marks of a record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=4_000)
    parser.add_argument("--record", type=Path)
    given = parser.parse_args()
    speed = lines(World(events=given.events, people=given.people))
    text = "\n".join([*coverage_lines(given.runs), "", *speed])
    print(text)
    if given.record is not None:
        recorded(given.record, "journeys", "Journey", text)


if __name__ == "__main__":
    main()
