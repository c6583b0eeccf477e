"""Transitions as they are published: versions of segments, append-only rows, how far they go.

Everything here runs inside a transaction of whoever calls, and commits nothing.
"""

from __future__ import annotations

from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from segue.adapters.duckdb_store.tables import Inlet
from segue.adapters.statements import parsed
from segue.domain.live import Position, SegmentVersion

PUBLISHED: Final = pa.schema(
    [
        ("segment", pa.int32()),
        ("person", pa.int32()),
        ("entered", pa.bool_()),
        ("retracted", pa.bool_()),
        ("corrected", pa.bool_()),
        ("live", pa.bool_()),
        ("cause", pa.int8()),
        ("at", pa.int64()),
        ("ref", pa.int64()),
    ]
)
"""The columns of a table of transitions to publish; see `Transition`."""

_VERSIONS: Final = (
    "SELECT code, segment_id, version, fingerprint, since, until FROM segment_versions"
)
_NUMBERED: Final = PUBLISHED.append(pa.field("id", pa.int64()))
_PROGRESS: Final = ("ticked_at", "next_ref", "next_transition")
_UPDATE: Final = "UPDATE progress SET " + ", ".join(f"{name} = ${name}" for name in _PROGRESS)
_INSERT: Final = """
    INSERT INTO transitions BY NAME
    SELECT * RENAME ("at" AS true_at), $known_at::BIGINT AS known_at FROM segue_transitions
"""


def position(db: duckdb.DuckDBPyConnection) -> Position:
    """How far the transitions go."""
    query = (
        "SELECT ticked_at, next_ref, next_transition,"
        " (SELECT value FROM segue_meta WHERE key = 'evaluated_by') FROM progress"
    )
    return Position(*db.execute(query).fetchall()[0])


def evaluated(db: duckdb.DuckDBPyConnection, by: str) -> None:
    """Note by which version of Segue everybody was evaluated."""
    db.execute("DELETE FROM segue_meta WHERE key = 'evaluated_by'")
    db.execute("INSERT INTO segue_meta VALUES ('evaluated_by', ?)", [by])


def versions(db: duckdb.DuckDBPyConnection) -> list[SegmentVersion]:
    """The versions of segments that are in force, in the order in which they began."""
    rows = db.execute(f"{_VERSIONS} WHERE until IS NULL ORDER BY code").fetchall()
    return [SegmentVersion(*row) for row in rows]


def define(
    db: duckdb.DuckDBPyConnection, segment_id: str, fingerprint: str, *, since: int
) -> SegmentVersion:
    """Begin a version of a segment at the instant (ms), ending the one in force."""
    retire(db, segment_id, until=since)
    ((code, version),) = db.execute(
        "SELECT coalesce(max(code), -1) + 1,"
        " coalesce(max(version) FILTER (segment_id = ?), 0) + 1 FROM segment_versions",
        [segment_id],
    ).fetchall()
    found = SegmentVersion(code, segment_id, version, fingerprint, since)
    db.execute(
        "INSERT INTO segment_versions VALUES (?, ?, ?, ?, ?, NULL)",
        [code, segment_id, version, fingerprint, since],
    )
    return found


def retire(db: duckdb.DuckDBPyConnection, segment_id: str, *, until: int) -> None:
    """End the version of a segment that is in force, if any, at the instant (ms)."""
    db.execute(
        "UPDATE segment_versions SET until = ? WHERE segment_id = ? AND until IS NULL",
        [until, segment_id],
    )


class Progress:
    """How far the transitions go, and what takes them further: beside the row that says it, which
    `write` brings up to date. What was done since `keep` was last called, `undo` takes back."""

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db
        self._inlet = Inlet(db, "segue_transitions", _NUMBERED)
        ((*row,),) = db.execute(f"SELECT {', '.join(_PROGRESS)} FROM progress").fetchall()
        self._now = dict(zip(_PROGRESS, row, strict=True))
        self._kept = self._written = self._now

    def publish(self, transitions: pa.Table, *, known_at: int) -> int:
        """Append transitions (columns `PUBLISHED`), known from the instant (ms); the id of the
        first, the others have the ids after it."""
        first, count = int(self._now["next_transition"]), len(transitions)
        if count:
            ids = pa.array(np.arange(first, first + count, dtype=np.int64))
            rows = transitions.select(PUBLISHED.names).append_column("id", ids)
            with self._inlet.holding(rows):
                self._db.execute(parsed(_INSERT), {"known_at": known_at})
        self._now = {**self._now, "next_transition": first + count}
        return first

    @property
    def next_transition(self) -> int:
        """The id of the next transition."""
        return int(self._now["next_transition"])

    def went_on(self, count: int) -> None:
        """Note that so many transitions were appended by somebody else, with the next ids."""
        self._now = {**self._now, "next_transition": self.next_transition + count}

    def ticked(self, at: int, next_ref: int) -> None:
        """Note that everything up to the instant (ms), and every event with a smaller reference
        than `next_ref`, was evaluated."""
        self._now = {**self._now, "ticked_at": at, "next_ref": next_ref}

    def write(self) -> None:
        """Bring the row up to date."""
        if self._now != self._written:
            self._db.execute(parsed(_UPDATE), self._now)
            self._written = self._now

    def keep(self) -> None:
        """Make last what was done."""
        self._kept = self._now

    def undo(self) -> None:
        """Forget what was done since `keep`."""
        self._now = self._written = self._kept
