"""Segue: arrays for refresh and history, and the live loop on a durable store for changes."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.generate import BEGIN, Columns, Index
from bench.own import log_of, project
from bench.peers.asking import Members, Sums, Task, UnaskableError
from segue.adapters.duckdb_store import DuckDBStore
from segue.services.live.intake import Batch
from segue.services.live.live import Live
from segue.timeline.evaluate import history, now
from segue.timeline.spans import Spans

_ROWS = 1_000_000


class SeguePeer:
    """Occurrences in memory, sorted by person and instant."""

    def __init__(self, log: Columns, task: Task) -> None:
        self._rules = task.rules
        self._definitions = project(self._rules, task.world)
        self._log = log_of(_indexed(log, task), task.world)

    def counts(self, at: int) -> Sequence[int]:
        found = now(self._definitions, self._log, at)
        return [int(found[rule.id].holds.sum()) for rule in self._rules]

    def members(self, at: int) -> Members:
        found = now(self._definitions, self._log, at)
        return {r: np.flatnonzero(found[r.id].holds).astype(np.int32) for r in self._rules}

    def history(self, at: int) -> Sequence[Sums]:
        found = history(self._definitions, self._log, at)
        return [_sums(found[rule.id].until(at)) for rule in self._rules]

    def change(self, events: Columns, at: int) -> Sequence[int]:  # noqa: ARG002
        raise UnaskableError

    def close(self) -> None:
        del self._log


def _indexed(log: Columns, task: Task) -> Index:
    by_code = {}
    for code in sorted({rule.code for rule in task.rules}):
        here = np.flatnonzero(log.event == code)
        sizes = np.bincount(log.person[here], minlength=task.people)
        by_code[code] = np.concatenate(([0], np.cumsum(sizes))), log.at[here]
    return Index(log.at[np.flatnonzero(np.diff(log.person, prepend=-1))], by_code)


def _sums(spans: Spans) -> Sums:
    return (
        len(spans),
        int(spans.person.sum()),
        int((spans.start - BEGIN).sum()),
        int((spans.end - BEGIN).sum()),
    )


class LivePeer:
    """What `segue serve` runs: a turn stores the events, evaluates whom they change, publishes
    every transition and commits; sizes are there afterwards."""

    def __init__(self, log: Columns, task: Task) -> None:
        self._rules, self._names = task.rules, task.world.event_names
        self._definitions = project(self._rules, task.world)
        self._folder = tempfile.TemporaryDirectory()
        self._store = DuckDBStore.open(Path(self._folder.name) / "segue.db")
        for first in range(0, len(log), _ROWS):
            self._store.append(self._table(log, first), received_at=task.world.end)
        self._live = Live.begin(self._store, self._definitions, task.world.end)
        self._store.prepare()
        self._sent = 0

    def counts(self, at: int) -> Sequence[int]:
        self._live.turn(at)
        sizes = {one.segment_id: one.size for one in self._live.segments()}
        return [sizes[rule.id] for rule in self._rules]

    def members(self, at: int) -> Members:
        names = [rule.id for rule in self._rules]
        codes, spans = self._live.spans(self._definitions, names, at)
        ids = self._store.person_ids(codes)
        people = np.array([int(str(one)[1:]) for one in ids], np.int32)
        return {rule: np.sort(people[spans[rule.id].holds(at)]) for rule in self._rules}

    def history(self, at: int) -> Sequence[Sums]:  # noqa: ARG002
        raise UnaskableError

    def change(self, events: Columns, at: int) -> Sequence[int]:
        size = len(events)
        self._sent += size
        self._live.submit(
            Batch(
                [f"p{one:07}" for one in events.person.tolist()],
                [self._names[code] for code in events.event.tolist()],
                events.at.tolist(),
                [f"new-{self._sent - place}" for place in range(size)],
                [None] * size,
                ["{}"] * size,
                at,
            )
        )
        return self.counts(at)

    def close(self) -> None:
        self._store.close()
        self._folder.cleanup()

    def _table(self, log: Columns, first: int) -> pa.Table:
        part = slice(first, first + _ROWS)
        people = [f"p{one:07}" for one in log.person[part].tolist()]
        codes = pa.array(log.event[part].astype(np.int32))
        names = pa.DictionaryArray.from_arrays(codes, pa.array(self._names))
        size = len(people)
        return pa.table(
            {
                "distinct_id": pa.array(people, pa.string()),
                "event": names.cast(pa.string()),
                "occurred_at": pa.array(log.at[part], pa.int64()),
                "event_id": pa.array([f"e{place}" for place in range(first, first + size)]),
                "sequence": pa.nulls(size, pa.int64()),
                "properties": pa.array(["{}"] * size, pa.string()),
            }
        )
