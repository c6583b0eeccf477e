"""The workspace that is served: a generated history, as long as asked for, ending just now.

Filling a store with millions of events takes minutes, so it is kept in a folder and copied for
whoever changes it. What is kept is a store after its first start: every segment is published.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from bench.generate import Columns, World, blocks
from bench.live.segments import SEGMENTS, TRAIT_EVENT, segments
from segue import __version__
from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap.kept_index import keep_index
from segue.bootstrap.workspace import Workspace
from segue.language.project import project_from, resolve
from segue.language.tree import Definitions
from segue.services.live.live import Live

Tell = Callable[[str], None]

IDENTIFIED: Final = 10
"""Every so-manieth person has traits."""
_ROWS: Final = 1_000_000
"""Events stored in one transaction, about."""
_NOTE: Final = "built.json"
_SHARED: Final = ".bin"


@dataclass(frozen=True)
class Past:
    """A history: how many events of how many people, in 90 days that end when it is made, and
    how many of the segments are kept exact over it: all, or every so-manieth."""

    events: int
    people: int
    segments: int = SEGMENTS

    @property
    def world(self) -> World:
        """The generated log that it is made of."""
        return World(events=self.events, people=self.people)

    @property
    def definitions(self) -> Definitions:
        """The segments."""
        return resolve(project_from({"segments": self._chosen}))

    @property
    def yaml(self) -> str:
        """The project file; JSON is YAML."""
        return json.dumps({"segments": self._chosen}, indent=1)

    @property
    def name(self) -> str:
        """What its folder is called."""
        few = f"-{self.segments}" if self.segments < SEGMENTS else ""
        return f"past-{self.events}-{self.people}{few}"

    @property
    def _chosen(self) -> dict[str, dict[str, str]]:
        every = list(segments(self.world.names).items())
        return dict(every[:: SEGMENTS // self.segments])


@dataclass(frozen=True)
class Built:
    """The kept workspace of a past, and what making it took: seconds to store the events, and for
    the first start, with the transitions that it published; `end` is when the history ends (ms)."""

    past: Past
    workspace: Workspace
    end: int
    stored_seconds: float
    started_seconds: float
    transitions: int

    @property
    def bytes(self) -> int:
        """The size of the store's file."""
        return self.workspace.store.stat().st_size

    def copy(self, folder: Path) -> Workspace:
        """A copy of it that may be changed, on the disk: what is written late would keep the disk
        from whoever is measured. The arrays of the index are never changed, and shared."""
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.workspace.folder, folder, copy_function=_copied)
        os.sync()
        return Workspace(folder)


def _copied(source: str, target: str) -> str:
    if not source.endswith(_SHARED):
        return shutil.copy2(source, target)
    os.link(source, target)
    return target


def person(index: int) -> str:
    """The distinct id of a person of the history."""
    return f"p{index:07}"


def built(past: Past, data: Path, tell: Tell) -> Built:
    """The kept workspace of a history, made where it is not there yet."""
    workspace = Workspace(data / past.name)
    note = workspace.folder / _NOTE
    if not note.exists():
        shutil.rmtree(workspace.folder, ignore_errors=True)
        tell(f"making a history of {past.events:,} events; it is kept in {data}")
        note.write_text(json.dumps(_make(past, workspace, tell)))
    return Built(past, workspace, **json.loads(note.read_text()))


def _make(past: Past, workspace: Workspace, tell: Tell) -> dict[str, float]:
    workspace.create(past.yaml)
    end = time.time_ns() // 1_000_000
    began = time.perf_counter()
    store = DuckDBStore.open(workspace.store)
    try:
        _fill(store, past, end, tell)
        stored = time.perf_counter() - began
        tell(f"stored in {stored:.0f} s; starting for the first time")
        live = Live.begin(store, past.definitions, end, version=__version__)
        started = time.perf_counter() - began - stored
        transitions = live.health().next_transition
        tell(f"started in {started:.0f} s, {transitions:,} transitions")
        keep_index(workspace, store, live.definitions, live.index)
    finally:
        store.close()
    return {
        "end": end,
        "stored_seconds": stored,
        "started_seconds": started,
        "transitions": transitions,
    }


def _fill(store: DuckDBStore, past: Past, end: int, tell: Tell) -> None:
    stored = 0
    for table in _tables(past.world, end - past.world.end):
        store.append(table, received_at=end)
        stored += len(table)
        tell(f"{stored:,} events")


def _tables(world: World, shift: int) -> Iterator[pa.Table]:
    """The log as a store takes it, about `_ROWS` at a time."""
    waiting: list[pa.Table] = []
    first = 0
    for block in blocks(world):
        waiting += [_events(block, world, first, shift), _traits(block, first, shift)]
        first += len(block)
        if sum(map(len, waiting)) >= _ROWS:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def _events(block: Columns, world: World, first: int, shift: int) -> pa.Table:
    places = np.arange(first, first + len(block))
    amounts = pa.array([f'{{"amount":{amount}}}' for amount in range(100)])
    names = pa.array(world.event_names)
    return _table(
        block.person,
        pa.DictionaryArray.from_arrays(pa.array(block.event.astype(np.int32)), names),
        block.at + shift,
        pa.array([f"e{place}" for place in places.tolist()]),
        pa.DictionaryArray.from_arrays(pa.array((places % 100).astype(np.int32)), amounts),
    )


def _traits(block: Columns, first: int, shift: int) -> pa.Table:
    """What some of the people are, said at their first event."""
    edges = np.flatnonzero(np.diff(block.person, prepend=-1))
    chosen = edges[block.person[edges] % IDENTIFIED == 0]
    plans = pa.array(['{"plan":"free"}', '{"plan":"pro"}'])
    plan = (block.person[chosen] // IDENTIFIED % 2).astype(np.int32)
    return _table(
        block.person[chosen],
        pa.array([TRAIT_EVENT] * len(chosen), pa.string()),
        block.at[chosen] + shift,
        pa.array([f"t{first + place}" for place in chosen.tolist()], pa.string()),
        pa.DictionaryArray.from_arrays(pa.array(plan), plans),
    )


def _table(
    people: np.ndarray, event: pa.Array, at: np.ndarray, event_id: pa.Array, properties: pa.Array
) -> pa.Table:
    first = int(people[0]) if len(people) else 0
    last = int(people[-1]) if len(people) else -1
    ids = pa.array([person(index) for index in range(first, last + 1)], pa.string())
    return pa.table(
        {
            "distinct_id": pa.DictionaryArray.from_arrays(pa.array(people - first), ids).cast(
                pa.string()
            ),
            "event": event.cast(pa.string()),
            "occurred_at": pa.array(at, pa.int64()),
            "event_id": event_id,
            "sequence": pa.nulls(len(at), pa.int64()),
            "properties": properties.cast(pa.string()),
        }
    )
