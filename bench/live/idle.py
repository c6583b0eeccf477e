"""What a server costs when nothing comes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from bench.live.server import Server
from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap.workspace import Workspace
from segue.domain.instant import DAY

FAR_YAML: Final = """\
segments:
  seen: {when: did visit within 30 days}
  returning: {when: did visit at least 2 times within 60 days}
  gone: {when: last visit more than 60 days ago}
"""
_AT_ONCE: Final = 250_000


@dataclass(frozen=True)
class Idle:
    """So many seconds without anything: processor seconds per second, how many people were due
    meanwhile, and the bytes of memory held."""

    what: str
    seconds: float
    share: float
    due: int
    resident: int


def idle(server: Server, what: str, seconds: float) -> Idle:
    """Leave a server alone."""
    cpu, due = server.cpu_seconds, server.counted("segue_people_evaluated_total")
    began = time.perf_counter()
    time.sleep(seconds)
    took = time.perf_counter() - began
    share = (server.cpu_seconds - cpu) / took
    due = server.counted("segue_people_evaluated_total") - due
    return Idle(what, took, share, int(due), server.resident)


def far(workspace: Workspace, people: int, now: int) -> Workspace:
    """A workspace of people who all have a timer, none of them within the next days."""
    workspace.create(FAR_YAML)
    store = DuckDBStore.open(workspace.store)
    try:
        for first in range(0, people, _AT_ONCE):
            count = min(_AT_ONCE, people - first)
            store.append(_visits(first, count, now), received_at=now)
    finally:
        store.close()
    return workspace


def _visits(first: int, count: int, now: int) -> pa.Table:
    """A visit each, 1 to 20 days ago."""
    names = [f"far-{place}" for place in range(first, first + count)]
    ago = DAY + (np.arange(first, first + count, dtype=np.int64) * 7919) % (19 * DAY)
    return pa.table(
        {
            "distinct_id": pa.array(names),
            "event": pa.array(["visit"] * count),
            "occurred_at": now - ago,
            "event_id": pa.array(names),
            "sequence": pa.nulls(count, pa.int64()),
            "properties": pa.array(["{}"] * count),
        }
    )
