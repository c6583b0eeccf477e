"""A server that is killed while it takes over a run: all of the run is there afterwards, or nothing."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from segue.adapters.duckdb_store import DuckDBStore
from tests.live.process import Server
from tests.live.runs_folder import PEOPLE, SPANS, Runs

PROJECT = """\
project: shop
segments:
  buyers: {when: did buy}
"""
MEMBERS = 200_000
KILLS = (0.05, 0.15, 0.3, 0.5, 0.8, 1.2)
"""Seconds after the run is published."""


def tables(first: int, count: int, at: int) -> tuple[pa.Table, pa.Table]:
    who = pa.array([f"person {n}" for n in range(first, first + count)])
    entered = pa.array(np.arange(at, at + count, dtype=np.int64))
    nothing = pa.nulls(count, pa.int64())
    segment = pa.array(["buyers"] * count)
    spans = pa.table([segment, who, entered, nothing], schema=SPANS)
    return spans, pa.table([who, entered, nothing], schema=PEOPLE)


def stored(folder: Path) -> tuple[str | None, int, int]:
    """The run that is adopted, how many transitions are there, and how many people are inside."""
    store = DuckDBStore.open(folder / "segue.duckdb")
    try:
        run = store.adopted_run()
        with store._reading() as now_:
            ((people,),) = now_.db.execute(
                "SELECT count(DISTINCT person) FROM boundaries"
            ).fetchall()
            ((ids,),) = now_.db.execute("SELECT count(DISTINCT id) FROM transitions").fetchall()
        count = store.count_transitions()
        assert ids == count == store.position().next_transition
        return (None if run is None else run.run), count, people
    finally:
        store.close()


def test_a_kill_while_adopting_leaves_nothing_half(tmp_path: Path) -> None:
    runs = Runs(tmp_path / "runs", PROJECT)
    at = int(time.time() * 1000) - 3_600_000
    first = runs.publish_tables(at + 10, *tables(0, 10, at))
    server = Server(tmp_path / "shop", PROJECT, options=["--memberships", str(runs.folder)])
    server.start()
    while server.ready()[1]["people"] < 10:
        time.sleep(0.05)
    server.kill()
    assert stored(server.folder) == (first, 10, 10)
    second = runs.publish_tables(at + 2 * MEMBERS, *tables(10, MEMBERS, at + 100))
    whole = (second, MEMBERS + 10, MEMBERS + 10)
    for seconds in KILLS:
        server.start()
        time.sleep(seconds)
        server.kill()
        assert stored(server.folder) in ((first, 10, 10), whole)
    server.start()
    while server.ready()[1]["people"] < MEMBERS + 10:
        time.sleep(0.05)
    time.sleep(0.5)
    (size,) = (one["size"] for one in server.ask("segments")["segments"])
    assert size == MEMBERS + 10
    assert server.stop() == 0
    assert stored(server.folder) == whole
