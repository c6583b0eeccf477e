"""The record: every result, written after each, so that a run that ends early loses nothing."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.peers.asking import Task
from bench.peers.plan import Sizes, sizes_of
from bench.peers.running import Result

FILE: Final = "benchmarks.json"


class DifferentRecordError(ValueError):
    """A record cannot be continued: it was made with other sizes, or on another machine."""


@dataclass
class Record:
    """Where and how it ran, and what came of each task."""

    machine: str
    command: str
    quick: bool
    date: str
    results: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def sizes(self) -> Sizes:
        """What was asked."""
        return sizes_of(quick=self.quick)

    def has(self, task: Task) -> bool:
        """Whether the task was done."""
        return _key(task) in self.results

    def add(self, result: Result) -> None:
        """Keep a result."""
        self.results[_key(result.task)] = {
            "load": result.load,
            "cold": result.cold,
            "warm": result.warm,
            "mib": result.mib,
            "digest": result.digest,
            "answers": result.answers,
            "slow": result.slow,
            "failed": result.failed,
            "limit": result.limit,
        }

    def of(self, peer: str, ask: str, events: int, segments: int) -> Cell | None:
        """What one peer took for one question; None where it was not asked."""
        task = Task(peer, ask, events, self.sizes.people, segments, self.sizes.rounds)
        found = self.results.get(_key(task))
        own = self.results.get(_key(Task(**{**task.as_dict(), "peer": "segue"})), {})
        return Cell(found, own) if found else None

    def disagreements(self) -> Iterator[str]:
        """Every task whose answers are not those of Segue, or that ended early."""
        for key, found in self.results.items():
            own = self.results.get("segue|" + key.partition("|")[2], {})
            if found["failed"]:
                yield f"{key}: {found['failed']}"
            elif found["digest"] and not Cell(found, own).agrees:
                yield f"{key}: other answers than Segue's"

    def write(self, folder: Path) -> None:
        """Keep it."""
        folder.mkdir(parents=True, exist_ok=True)
        waiting = folder / f".{FILE}"
        waiting.write_text(json.dumps(vars(self), indent=1) + "\n", encoding="utf-8")
        waiting.replace(folder / FILE)

    @classmethod
    def read(cls, folder: Path) -> Record:
        """The record that was kept."""
        return cls(**json.loads((folder / FILE).read_text(encoding="utf-8")))

    def same_as(self, other: Record) -> None:
        """Raises `DifferentRecordError` where the two are of different runs."""
        for name in ("machine", "quick"):
            if getattr(self, name) != getattr(other, name):
                raise DifferentRecordError(
                    f"the record was made with another {name}: {getattr(self, name)}; "
                    "begin a new one, without --go-on"
                )


@dataclass(frozen=True)
class Cell:
    """A result beside Segue's answer to the same question."""

    found: Mapping[str, Any]
    own: Mapping[str, Any]

    @property
    def agrees(self) -> bool:
        """Whether every answer is Segue's. No answer is none."""
        digest = self.found["digest"]
        same = digest is not None and digest == self.own.get("digest")
        return bool(same and self.found["answers"] == self.own.get("answers"))

    @property
    def warm(self) -> float | None:
        """The middle one of the later answers (s); None where it may not be shown."""
        return statistics.median(self.found["warm"]) if self.agrees else None

    @property
    def is_slow(self) -> bool:
        """Whether an answer took longer than the limit."""
        return self.found["slow"] in {"cold", "warm"}

    def said(self, name: str) -> str:
        """A time as tables have it."""
        if self.is_slow and (name != "load") and (name, self.found["slow"]) != ("cold", "warm"):
            return f"more than {self.found['limit']:g} s"
        if not self.agrees:
            return "—"
        value = self.warm if name == "warm" else self.found[name]
        return seconds(value)

    @property
    def memory(self) -> str:
        """The peak, as tables have it."""
        return f"{self.found['mib']:,.0f}" if self.agrees and self.found["mib"] else "—"


def seconds(value: float) -> str:
    """A time, in milliseconds below one second."""
    return f"{1000 * value:.1f} ms" if value < 1 else f"{value:.2f} s"


def _key(task: Task) -> str:
    return f"{task.peer}|{task.ask}|{task.events}|{task.people}|{task.segments}|{task.rounds}"
