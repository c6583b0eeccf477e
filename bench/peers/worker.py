"""`python -m bench.peers.worker TASK`: one question to one peer, in this process alone.

Every finished stage is a line of JSON on standard output; whoever started this process watches the
clock. Nothing is timed here but the work itself.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from bench.generate import Columns
from bench.measure import instants
from bench.peers.asking import (
    CHANGE,
    HISTORY,
    REFRESH,
    Peer,
    Task,
    changes,
    digest_of_history,
    digest_of_members,
)
from bench.rival import Asked

_RESIDENT = "VmHWM:"


def main() -> None:
    """Answer, stage by stage."""
    asked = json.loads(sys.argv[1])
    task, path, memory = Task(**asked["task"]), Path(asked["log"]), asked["memory"]
    began = time.perf_counter()
    peer = _loaded(task, path, memory)
    _say(stage="load", seconds=time.perf_counter() - began)
    try:
        _ask(peer, task)
    finally:
        peer.close()


def _ask(peer: Peer, task: Task) -> None:
    last = 0
    answers: list[list[int]] = []
    for turn, last in enumerate(instants(task.world.end, task.rounds)):
        work = _work(peer, task, last, turn)
        gc.collect()
        began = time.perf_counter()
        found = work()
        _say(stage="cold" if turn == 0 else "warm", seconds=time.perf_counter() - began)
        answers.append(found)
    _say(stage="memory", mib=_peak(), answers=answers if task.ask != HISTORY else [])
    if task.ask == HISTORY:
        digest = digest_of_history(answers[-1])  # type: ignore[arg-type]
    else:
        digest = digest_of_members(peer.members(last), task.rules)
    _say(stage="answer", digest=digest)


def _work(peer: Peer, task: Task, at: int, turn: int) -> Callable[[], Any]:
    if task.ask == REFRESH:
        return partial(peer.counts, at)
    if task.ask == HISTORY:
        return partial(peer.history, at)
    assert task.ask == CHANGE
    return partial(peer.change, changes(task, at, turn), at)


def _loaded(task: Task, path: Path, memory: str) -> Peer:
    name, _, way = task.peer.partition(" ")
    fused = way == "fused"
    if name == "spark":
        from bench.peers.on_spark import SparkPeer  # noqa: PLC0415

        return SparkPeer(path, Asked(task.rules, 62), memory, fused=fused)
    log = _read(path)
    if name == "segue":
        from bench.peers.segue_peer import LivePeer, SeguePeer  # noqa: PLC0415

        return LivePeer(log, task) if task.ask == CHANGE else SeguePeer(log, task)
    asked = Asked(task.rules, _bits(log))
    if name in {"duckdb", "chdb"}:
        from bench.peers.databases import ChDBPeer, DuckDBPeer  # noqa: PLC0415

        kind = DuckDBPeer if name == "duckdb" else ChDBPeer
        return kind.load(log, asked, fused=fused)
    from bench.peers.frames import PandasPeer, PolarsPeer  # noqa: PLC0415

    return {"pandas": PandasPeer, "polars": PolarsPeer}[name](log, asked, fused=fused)


def _read(path: Path) -> Columns:
    table = pq.read_table(path)
    return Columns(*(table.column(name).to_numpy() for name in ("p", "e", "ts")))


def _bits(log: Columns) -> int:
    """Enough for the busiest person, with what changes may add."""
    pairs = (log.person.astype(np.int64) << 6) | log.event
    return int(np.bincount(pairs).max() + 100).bit_length()


def _peak() -> float | None:
    """The largest resident set (MiB) of this process and those that it started, each at its own
    peak; None where the kernel does not tell."""
    if not Path("/proc/self/status").exists():
        return None
    sizes = [_high_water(pid) for pid in {os.getpid(), *_descendants(os.getpid())}]
    return round(sum(sizes) / 1024, 1)


def _descendants(pid: int) -> Iterator[int]:
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            yield child
            yield from _descendants(child)


def _high_water(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(_RESIDENT)), 0)


def _say(**what: Any) -> None:
    print("@" + json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
