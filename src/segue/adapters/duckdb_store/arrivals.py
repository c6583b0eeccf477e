"""What came lately and of whom anything is known, in memory: asked before the file is read.

Most turns bring nothing that acting looks for, and most people have no delivery and no trait: then
no statement has to say so. All of it can be read from the file again; nothing is decided by it but
whether that is worth it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection
from typing import Final

import numpy as np

from segue.timeline.log import Bools, Int32s

MOST_TURNS: Final = 4_096
"""Turns whose names of events are remembered."""


class Arrivals:
    """The names of the events of the latest turns, by code. Threads may share it."""

    def __init__(self, next_ref: int) -> None:
        """`next_ref` is the reference after the last event so far."""
        self._since = self._next = next_ref
        self._turns: deque[tuple[int, frozenset[int]]] = deque()
        self._lock = threading.Lock()

    def keep(self, next_ref: int, names: Collection[int]) -> None:
        """Remember a turn whose events are committed: the codes of their names, and the reference
        after the last of them."""
        if next_ref == self._next:
            return
        with self._lock:
            self._turns.append((next_ref, frozenset(names)))
            self._next = next_ref
            while len(self._turns) > MOST_TURNS:
                self._since, _ = self._turns.popleft()

    def after(self, first: int) -> tuple[frozenset[int] | None, int]:
        """The codes of the names of the events with references from `first` on, and the reference
        after the last of all; None where that is not known any more."""
        with self._lock:
            if first < self._since:
                return None, self._next
            found: set[int] = set()
            for following, names in reversed(self._turns):
                if following <= first:
                    break
                found |= names
            return frozenset(found), self._next


class Marked:
    """Codes of distinct ids of which something is known, or was: those in the file, which `read`
    gives (int32, in any order) when somebody first asks, and those that came since."""

    def __init__(self, read: Callable[[], Int32s]) -> None:
        self._read = read
        self._stored: Bools | None = None
        self._since = np.zeros(0, np.bool_)

    def add(self, codes: Int32s) -> None:
        """Mark further ones, before what is known of them is committed or told of; one thread at a
        time."""
        if len(codes):
            self._since = _marked(self._since, codes)

    def among(self, codes: Collection[int]) -> list[int]:
        """Those of these that are marked."""
        stored = self._stored
        if stored is None:
            stored = self._stored = _marked(np.zeros(0, np.bool_), self._read())
        asked = np.fromiter(codes, np.int64, len(codes))
        found: list[int] = asked[_holds(stored, asked) | _holds(self._since, asked)].tolist()
        return found


def _marked(marks: Bools, codes: Int32s) -> Bools:
    """The marks with these codes among them."""
    most = int(codes.max(initial=-1)) + 1
    if most > len(marks):
        wider = np.zeros(most + most // 2, np.bool_)
        wider[: len(marks)] = marks
        marks = wider
    marks[codes] = True
    return marks


def _holds(marks: Bools, codes: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Bools:
    """Whether each code is marked."""
    if not len(marks):
        return np.zeros(len(codes), np.bool_)
    found: Bools = (codes < len(marks)) & marks[np.minimum(codes, len(marks) - 1)]
    return found
