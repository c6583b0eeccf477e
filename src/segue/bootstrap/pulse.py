"""How a server is, from memory: its latest turns and how long they took, what arrived, and what the
log warned of. For people who look after it; programs read the metrics."""

from __future__ import annotations

import logging
import resource
import shutil
import sys
import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segue.bootstrap import environment
from segue.bootstrap.slow_turns import SLOW
from segue.domain.instant import MINUTE, SECOND
from segue.services.live.answers import Turned

TURNS_KEPT: Final = 5_000
SLOW_KEPT: Final = 20
WARNINGS_KEPT: Final = 50
_LONGEST: Final = 300
"""Of a warning so many characters are kept."""


@dataclass(frozen=True, slots=True)
class Beat:
    """One turn that did something: when (ms), how long it took and its parts (seconds), how many
    events, people and transitions, and how late the latest of what it published was (ms; None: it
    published nothing that may be acted upon)."""

    at: int
    seconds: float
    parts: Mapping[str, float]
    events: int
    people: int
    transitions: int
    late: int | None


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that the log warned of, or an error: when it was last said (ms), how serious it is,
    by what part of Segue, in words, and how often."""

    at: int
    level: str
    name: str
    text: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Recent:
    """The turns of a stretch of time: how many, the median and the longest (seconds; 0: none), the
    share of their time by part, events and transitions, and the largest lag (ms; None: nothing was
    published)."""

    turns: int
    median: float
    longest: float
    parts: Mapping[str, float]
    events: int
    transitions: int
    lag: int | None


@dataclass(frozen=True, slots=True)
class Room:
    """What is used and what is left: bytes of the store's file, of its write-ahead log and of the
    index kept for the next start, bytes free on that disk, and the most memory that the process
    took so far (bytes)."""

    file: int
    ahead: int
    index: int
    free: int
    memory: int


class Pulse(logging.Handler):
    """See the module. Threads may share it: it is told of turns, and listens to the log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.began_at = environment.now()
        self._guard = threading.Lock()
        self._turns: deque[Beat] = deque(maxlen=TURNS_KEPT)
        self._slow: deque[Beat] = deque(maxlen=SLOW_KEPT)
        self._warned: dict[tuple[str, str], Warned] = {}

    def turned(self, one: Turned) -> None:
        """Note what a turn did."""
        if not one.seconds:
            return
        took = sum(one.seconds.values())
        late = max(one.lateness, default=None)
        beat = Beat(one.at, took, one.seconds, one.events, one.people, len(one.transitions), late)
        with self._guard:
            self._turns.append(beat)
            if took >= SLOW:
                self._slow.append(beat)

    def emit(self, record: logging.LogRecord) -> None:
        """Note what the log says; the same words count as one."""
        kind = record.exc_info[0] if record.exc_info else None
        text = record.getMessage()[:_LONGEST] + (f" ({kind.__name__})" if kind else "")
        key = record.name, text
        with self._guard:
            before = self._warned.pop(key, None)
            times = 1 if before is None else before.times + 1
            at = round(record.created * SECOND)
            self._warned[key] = Warned(at, record.levelname.lower(), *key, times)
            while len(self._warned) > WARNINGS_KEPT:
                del self._warned[next(iter(self._warned))]

    def recent(self, now: int, within: int = 15 * MINUTE) -> Recent:
        """The turns of the last so many ms."""
        with self._guard:
            turns = [one for one in self._turns if one.at > now - within]
        parts: Counter[str] = Counter()
        for one in turns:
            parts.update(dict(one.parts))
        took = sorted(one.seconds for one in turns)
        whole = sum(took) or 1.0
        return Recent(
            len(turns),
            took[len(took) // 2] if took else 0.0,
            took[-1] if took else 0.0,
            {name: seconds / whole for name, seconds in parts.most_common()},
            sum(one.events for one in turns),
            sum(one.transitions for one in turns),
            max((one.late for one in turns if one.late is not None), default=None),
        )

    def slow(self) -> Sequence[Beat]:
        """The latest slow turns, latest first."""
        with self._guard:
            return list(self._slow)[::-1]

    def warned(self) -> Sequence[Warned]:
        """What the log warned of, latest first."""
        with self._guard:
            return list(self._warned.values())[::-1]


def room_of(store: Path, index: Path) -> Room:
    """What a store takes, and what is left."""
    unit = 1 if sys.platform == "darwin" else 1024
    return Room(
        _size(store),
        _size(store.with_name(f"{store.name}.wal")),
        sum(_size(one) for one in index.glob("*")) if index.is_dir() else _size(index),
        shutil.disk_usage(store.parent).free,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
