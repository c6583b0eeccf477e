"""What everybody is asked, and how answers are compared."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from bench.generate import Columns, World
from bench.rules import Rule, rules

CODES: Final = range(16)
"""The events that are asked for: the most frequent ones."""
CHANGED: Final = 1_000
"""People who do something between two refreshes."""

REFRESH: Final = "refresh"
HISTORY: Final = "history"
CHANGE: Final = "change"

Members = Mapping[Rule, NDArray[np.int32]]
Sums = tuple[int, int, int, int]
"""Of one segment's spans: how many, and the sums of their people, beginnings and ends."""


class UnaskableError(Exception):
    """A peer cannot be asked this."""


class Peer(Protocol):
    """One engine, loaded with the log, asked in one way."""

    def counts(self, at: int) -> Sequence[int]:
        """How many are in each segment at the instant (ms)."""

    def members(self, at: int) -> Members:
        """Who is in each segment, sorted."""

    def history(self, at: int) -> Sequence[Sums]:
        """Every span of everybody in every segment. Raises `UnaskableError`."""

    def change(self, events: Columns, at: int) -> Sequence[int]:
        """Take new events in, and say how many are in each segment then."""

    def close(self) -> None:
        """Let go of everything."""


@dataclass(frozen=True)
class Task:
    """One question to one peer, answered in a process of its own."""

    peer: str
    ask: str
    events: int
    people: int
    segments: int
    rounds: int

    @property
    def world(self) -> World:
        """The log."""
        return World(events=self.events, people=self.people)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The segments."""
        return rules(self.segments, CODES)

    @property
    def question(self) -> tuple[str, int, int, int]:
        """What peers have to agree on."""
        return self.ask, self.events, self.people, self.segments

    def as_dict(self) -> dict[str, Any]:
        """For the record."""
        return asdict(self)


def changes(task: Task, at: int, turn: int) -> Columns:
    """One event each of some people, right before the instant: the same for everybody."""
    world = task.world
    rng = np.random.default_rng([world.seed, 3, turn])
    size = min(CHANGED, world.people)
    people = np.sort(rng.choice(world.people, size, replace=False)).astype(np.int32)
    events = world.code_table[rng.integers(0, 65536, size, dtype=np.uint16)]
    return Columns(people, events, np.full(size, at - 1, np.int64))


def digest_of_members(found: Members, asked: Sequence[Rule]) -> str:
    """Equal where every segment has the same members."""
    digest = hashlib.sha256()
    for rule in asked:
        people = np.ascontiguousarray(found[rule], np.int32)
        digest.update(len(people).to_bytes(8, "little"))
        digest.update(people.tobytes())
    return digest.hexdigest()


def digest_of_history(found: Sequence[Sums]) -> str:
    """Equal where the spans of every segment have equal sums."""
    lines = "\n".join(" ".join(str(int(number or 0)) for number in sums) for sums in found)
    return hashlib.sha256(lines.encode()).hexdigest()
