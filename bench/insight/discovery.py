"""Discovery at size: 20 million events, 200 actions x 10 counts x 4 windows; beside pandas.

    python -m bench.insight.discovery [--people 1080000] [--record FILE]

The events are those of `worlds` with one action planted. What is timed is the whole question, from
the store on one DuckDB file to the words; then only the tables, from arrays. pandas makes the same
tables from a data frame that it holds in memory already, one grouping for each, as an analyst would
write it; as that takes long, it does so for every twentieth action and the time is multiplied.
Every table that it makes is compared.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from bench.insight.worlds import WINDOWS, Planted, world
from segue.bootstrap.engine import Engine
from segue.domain.instant import DAY
from segue.insight.landmarks import Done, Landmark, done_within, landmark
from segue.insight.trying import Compared, tried
from segue.services.insight.discovering import Asked, Prepared, prepare
from segue.services.insight.discovering_words import summary_words

ACTIONS = 200
COUNTS = 10
EVERY = 20
PLANTED = 7
PROJECT = "project: bench\ngoals: {reached: {event: reached, within: 14 days}}\n"


@dataclass(frozen=True)
class Spent:
    """Seconds, megabytes and sizes."""

    events: int
    people: int
    tries: int
    whole: float
    processor: float
    load: float
    memory: float
    reading: float
    tables: float
    pandas: float
    compared: int
    words: str


def made(folder: Path, people: int) -> int:
    """A workspace with the events in it; how many there are."""
    one = world(
        np.random.default_rng(1), people=people, actions=ACTIONS, planted={PLANTED: Planted(3.0)}
    )
    names = [f"event_{place:03}" for place in range(ACTIONS)]
    parts = [*zip(names, one.actions, strict=True), ("reached", one.behaviour.goal)]
    sizes = [len(rows.at) for _, rows in parts]
    person = np.concatenate([np.repeat(np.arange(people), np.diff(r.offsets)) for _, r in parts])
    code = np.repeat(np.arange(len(parts), dtype=np.int32), sizes)
    table = pa.table(
        {
            "person_id": pa.array([f"p{place:07}" for place in range(people)]).take(person),
            "event": pa.array([name for name, _ in parts]).take(code),
            "occurred_at": pa.array(np.concatenate([rows.at for _, rows in parts])).cast(
                pa.timestamp("ms", "UTC")
            ),
        }
    )
    pq.write_table(table, folder / "events.parquet")
    with Engine.create(folder / "bench", PROJECT) as engine:
        engine.import_files([folder / "events.parquet"])
    return len(table)


def measured(people: int) -> Spent:
    """Everything, in a temporary folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with ProcessPoolExecutor(1) as pool:  # what making takes is not discovery's
            events = pool.submit(made, folder, people).result()
        print(f"{events:,} events made", flush=True)
        with Engine.open(folder / "bench") as engine:
            start, used = time.perf_counter(), time.process_time()
            found = engine.insight().discover()
            words = summary_words(found)
            whole, processor = time.perf_counter() - start, time.process_time() - used
            load = os.getloadavg()[0]
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
            print(
                f"{whole:.1f} s, {processor:.1f} s of processors, {memory:,.0f} MB: {words}",
                flush=True,
            )
            one = engine.insight()
            start = time.perf_counter()
            ready = prepare(one.store, one.project, one.definitions, one.at, Asked())
            reading = time.perf_counter() - start
        start = time.perf_counter()
        ours = tables(ready, found.outcome.split)
        spent = time.perf_counter() - start
        theirs, compared = beside_pandas(ready, found.outcome.split, ours)
        return Spent(
            events,
            len(ready.past.first_seen),
            found.outcome.tries,
            whole,
            processor,
            load,
            memory,
            reading,
            spent,
            theirs,
            compared,
            words,
        )


def tables(ready: Prepared, split: int) -> list[tuple[Compared, list[Done]]]:
    """Every table and what follows from it, as `discover` makes them; who did what is kept."""
    windows = ready.question.windows
    starts, actions = ready.behaviour.starts, ready.actions
    overall = done_within(ready.behaviour.activity, starts, windows)
    by_action = [done_within(one, starts, windows) for one in actions]
    found = []
    for place, mark in enumerate(_marks(ready)):
        here = Compared.made(mark, starts, overall[place], split)
        did = [here.of(one[place]) for one in by_action]
        tried(here, did, COUNTS)
        found.append((here, did))
    return found


def _marks(ready: Prepared) -> list[Landmark]:
    one, question = ready.behaviour, ready.question
    return [
        landmark(
            one.starts,
            one.goal,
            one.counted,
            window=window,
            horizon=question.horizon,
            at=question.at,
        )
        for window in question.windows
    ]


def beside_pandas(
    ready: Prepared, split: int, ours: Sequence[tuple[Compared, list[Done]]]
) -> tuple[float, int]:
    """Seconds that pandas takes for all tables, and how many of them were compared."""
    frame = _frame(ready)
    start = ready.behaviour.starts.at
    begin = time.perf_counter()
    frame["passed"] = frame["at"] - frame.groupby("person")["at"].transform("min")
    inside = [
        frame[frame["passed"] <= window].groupby(["action", "person"]).size() for window in WINDOWS
    ]
    once = time.perf_counter() - begin
    each, compared = 0.0, 0
    for (here, did), sizes in zip(ours, inside, strict=True):
        people = pd.DataFrame(
            {
                "later": start[here.landmark.people] >= split,
                "stratum": here.stratum,
                "reached": here.landmark.reached,
            },
            index=here.landmark.people,
        )
        for action in range(0, len(did), EVERY):
            begin = time.perf_counter()
            found = _tables(people, sizes, action)
            each += time.perf_counter() - begin
            compared += _same(here, did[action], found)
    return once + each * EVERY, compared


def _frame(ready: Prepared) -> pd.DataFrame:
    """The events as pandas would hold them."""
    rows = ready.actions
    every = np.arange(len(ready.past.first_seen), dtype=np.int32)
    return pd.DataFrame(
        {
            "action": np.repeat(
                np.arange(len(rows), dtype=np.int16), [len(one.at) for one in rows]
            ),
            "person": np.concatenate([np.repeat(every, np.diff(one.offsets)) for one in rows]),
            "at": np.concatenate([one.at for one in rows]),
        }
    )


def _tables(people: pd.DataFrame, sizes: Any, action: int) -> list[Any]:
    """The tables of one action in one window, for each number of times."""
    times = sizes.loc[action].reindex(people.index, fill_value=0)
    return [
        people.assign(did=times >= least).groupby(["later", "stratum", "did", "reached"]).size()
        for least in range(1, COUNTS + 1)
    ]


def _same(here: Compared, did: Done, found: Sequence[Any]) -> int:
    """How many tables were compared; raises `AssertionError` where one differs."""
    ours = here.tables(did, COUNTS)
    cells = {(True, True): ours.tp, (True, False): ours.fp, (False, True): ours.fn}
    for least, table in enumerate(found):
        for (later, stratum, does, reached), count in table.items():
            mine = cells.get((does, reached), ours.tn)[int(later), least, stratum]
            assert mine == count, "a table differs"
    return len(found)


def record(one: Spent) -> str:
    """What was measured."""
    share = one.pandas / one.tables
    lines = [
        f"{one.events:,} events of {one.people:,} people; {ACTIONS} actions, {COUNTS} counts, ",
        f"{len(WINDOWS)} windows of up to {WINDOWS[-1] // DAY} days: {one.tries:,} tries\n",
        f"the whole question, from the file to the words: {one.whole:.1f} s ",
        f"({one.processor:.0f} s of processors; load of the machine {one.load:.0f}), ",
        f"{one.memory:,.0f} MB at most; of that reading {one.reading:.1f} s\n",
        f"all tables and their statistics: {one.tables:.1f} s; the tables alone in pandas: ",
        f"{one.pandas:,.0f} s (every {EVERY}th action timed), {share:.0f} times as long; ",
        f"{one.compared} tables compared, all equal\n",
        f"{one.words}\n",
    ]
    return "".join(f"- {line}\n" for line in "".join(lines).splitlines())


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print, or write, the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_080_000)
    parser.add_argument("--record", type=Path)
    given = parser.parse_args(arguments)
    text = record(measured(given.people))
    print(text)
    if given.record:
        given.record.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
