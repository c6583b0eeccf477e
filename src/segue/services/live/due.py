"""Timers: who must be looked at again at which instant, because time alone will change something.

Everybody's first timers stand in one sorted array with a place up to which they are used; those set
later stand in a heap. Setting a person's timer anew makes the earlier one void; once many are void,
all that count go into one array again.
"""

from __future__ import annotations

import heapq
from typing import Final

import numpy as np

from segue.domain.instant import FOREVER
from segue.timeline.log import Int32s, Int64s

_MOST_VOID: Final = 1 << 16
"""Void timers that may always be kept, beside as many as there are people."""


class Due:
    """Timers of people, by the codes of their ids."""

    def __init__(self, person: Int32s, instant: Int64s) -> None:
        """Timers of `person` int32[P] at `instant` int64[P] (ms; FOREVER: none)."""
        self._arrange(person, instant)

    def _arrange(self, person: Int32s, instant: Int64s) -> None:
        some = np.flatnonzero(instant < FOREVER)
        order = some[np.argsort(instant[some], kind="stable")]
        self._person, self._instant = person[order], instant[order]
        self._used = 0
        self._heap: list[tuple[int, int]] = []
        self._later: dict[int, int] = {}

    def set(self, person: Int32s, instant: Int64s) -> None:
        """Set the timers of these people anew; FOREVER: none."""
        for code, at in zip(person.tolist(), instant.tolist(), strict=True):
            if self._later.get(code) != at:
                self._later[code] = at
                if at < FOREVER:
                    heapq.heappush(self._heap, (at, code))
        people = len(self._person) - self._used + len(self._later)
        if len(self._heap) > _MOST_VOID + 2 * people:
            self._settle()

    def _settle(self) -> None:
        """Let go of all timers that are void."""
        self._arrange(*self.everybody())

    def everybody(self) -> tuple[Int32s, Int64s]:
        """Who has a timer, int32[D], and when, int64[D] (ms; FOREVER: never)."""
        count = len(self._later)
        person = np.fromiter(self._later, np.int32, count)
        instant = np.fromiter(self._later.values(), np.int64, count)
        first, at = self._person[self._used :], self._instant[self._used :]
        kept = ~np.isin(first, person)
        return np.concatenate([first[kept], person]), np.concatenate([at[kept], instant])

    def __len__(self) -> int:
        """How many timers are kept, void ones among them."""
        return len(self._person) - self._used + len(self._heap)

    def next(self) -> int | None:
        """The earliest timer (ms); None where there is none."""
        while self._heap and self._later.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        while self._used < len(self._person) and int(self._person[self._used]) in self._later:
            self._used += 1
        first = int(self._instant[self._used]) if self._used < len(self._instant) else FOREVER
        earliest = min(first, self._heap[0][0] if self._heap else FOREVER)
        return None if earliest >= FOREVER else earliest

    def until(self, instant: int, most: int) -> tuple[int, Int32s]:
        """Who is due up to an instant, int32 ascending, and that instant: the given one, or an
        earlier one where already `most` people are due by then. They stay due until their timers
        are set anew."""
        found: dict[int, int] = {}
        last = instant
        while (at := self.next()) is not None and at <= instant:
            if len(found) >= most and at > last:
                instant = last
                break
            last = at
            found[self._pop(at)] = at
        for code, at in found.items():
            self._later[code] = at
            heapq.heappush(self._heap, (at, code))
        return instant, np.array(sorted(found), np.int32)

    def _pop(self, at: int) -> int:
        """The person of an earliest timer, which is at that instant."""
        if self._heap and self._heap[0][0] == at:
            return heapq.heappop(self._heap)[1]
        self._used += 1
        return int(self._person[self._used - 1])
