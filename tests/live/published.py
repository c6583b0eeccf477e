"""What a store published, beside what its log says: the whole of it, and from exported files."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.instant import format_instant
from segue.domain.live import Transition
from segue.language.project import load_project

Boundaries = Counter[tuple[str, str, str, int]]
"""Segment, person, which end, instant (ms)."""


@dataclass(frozen=True)
class Published:
    """All transitions of a store and what they come to, up to the instant of the last turn."""

    ticked_at: int
    transitions: list[Transition]
    standing: Boundaries
    wrongs: list[str]


def published(path: Path) -> Published:
    """What a store that nobody holds has published; `wrongs` says what came twice or never was."""
    store = DuckDBStore.open(path / "segue.duckdb", timezone=_zone(path))
    try:
        versions = {one.segment_id: one.version for one in store.versions()}
        transitions = store.transitions(after=-1, limit=100_000_000)
        ticked_at = store.position().ticked_at
    finally:
        store.close()
    standing, wrongs = net_of(transitions, versions)
    return Published(ticked_at or 0, transitions, standing, wrongs)


def net_of(
    transitions: Sequence[Transition], versions: Mapping[str, int]
) -> tuple[Boundaries, list[str]]:
    """What was published of the versions in force (by segment) and not taken back; and what came
    twice, or was taken back though it never came."""
    ids = [one.id for one in transitions]
    wrongs = [] if ids == sorted(set(ids)) else ["the ids do not ascend"]
    net: Boundaries = Counter()
    for one in transitions:
        if versions.get(one.segment_id) == one.version:
            key = (one.segment_id, one.person_id, one.boundary.value, one.at)
            net[key] += -1 if one.retracted else 1
            if net[key] not in {0, 1}:
                wrongs.append(f"published or taken back twice: {one}")
    return +net, wrongs


def history_of_export(folder: Path, at: int) -> Boundaries:
    """The history up to an instant, by processes that know nothing but an exported file."""
    events, memberships = folder / "events.parquet", folder / "history.parquet"
    _segue("export", "events", str(events), "--workspace", str(folder))
    definitions = str(folder / "segue.yaml")
    told = ("--events", str(events), "--definitions", definitions, "--at", format_instant(at))
    _segue("history", *told, "--out", str(memberships))
    return boundaries(pq.read_table(memberships).to_pylist())


def history_of_store(folder: Path, at: int) -> Boundaries:
    """The history up to an instant, by a process that reads the store."""
    memberships = folder / "history.parquet"
    told = ("--workspace", str(folder), "--at", format_instant(at))
    _segue("history", *told, "--out", str(memberships))
    return boundaries(pq.read_table(memberships).to_pylist())


def boundaries(memberships: list[dict]) -> Boundaries:
    """The ends of memberships."""
    found: Boundaries = Counter()
    for row in memberships:
        key = row["segment_id"], row["person_id"]
        found[(*key, "entered", _ms(row["entered_at"]))] += 1
        if row["left_at"] is not None:
            found[(*key, "left", _ms(row["left_at"]))] += 1
    return found


def stored_ids(folder: Path) -> Counter[str]:
    """How often each event id stands in the exported events."""
    column = pq.read_table(folder / "events.parquet", columns=["event_id"])["event_id"]
    return Counter(column.to_pylist())


def differences(found: Boundaries, expected: Boundaries, most: int = 20) -> list[str]:
    """What is published though it never was, and what was though it is not published."""
    more = [f"published, but it never was: {one}" for one in sorted(found - expected)]
    less = [f"not published: {one}" for one in sorted(expected - found)]
    shown = [*more[:most], *less[:most]]
    hidden = len(more) + len(less) - len(shown)
    return [*shown, f"and {hidden} more"] if hidden else shown


def _zone(folder: Path) -> str:
    return load_project(folder / "segue.yaml").timezone


def _segue(*words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "segue", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _ms(moment) -> int:
    return round(moment.timestamp() * 1000)
