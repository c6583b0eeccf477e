"""Timers: who must be looked at again at which instant, because time alone will change something.

The instant of each person stands in one array, by their code. The order in which they come is kept
in a few queues, each much longer than the next one: timers that are set together become one, and
queues of similar length are merged. An entry whose person has another timer by now is void.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from segue.domain.instant import FOREVER
from segue.timeline.log import Bools, Int32s, Int64s

_MERGING: Final = 8
"""A queue that is not this many times as long as the next one is merged with it."""
_STEP: Final = 256
"""So many entries at the head of a queue are looked at in one go."""


@dataclass(slots=True)
class _Queue:
    """Entries by instant (`instant` int64[N] ascending, `person` int32[N]), used up to a place."""

    instant: Int64s
    person: Int32s
    used: int = 0

    def __len__(self) -> int:
        return len(self.instant) - self.used


class Due:
    """Timers of people, by the codes of their ids."""

    def __init__(self, person: Int32s, instant: Int64s) -> None:
        """Timers of `person` int32[P] at `instant` int64[P] (ms; FOREVER: none)."""
        self._at = np.full(0, FOREVER, np.int64)
        self._queues: list[_Queue] = []
        self.set(person, instant)

    def set(self, person: Int32s, instant: Int64s) -> None:
        """Set the timers of these different people anew; FOREVER: none."""
        self._make_room(int(person.max(initial=-1)) + 1)
        changed = self._at[person] != instant
        person, instant = person[changed], instant[changed]
        self._at[person] = instant
        some = np.flatnonzero(instant < FOREVER)
        if len(some):
            self._enqueue(person[some], instant[some])

    def _make_room(self, codes: int) -> None:
        if codes > len(self._at):
            more = np.full(max(codes, 2 * len(self._at)), FOREVER, np.int64)
            more[: len(self._at)] = self._at
            self._at = more

    def _enqueue(self, person: Int32s, instant: Int64s) -> None:
        size = len(person)
        while self._queues and len(self._queues[-1]) <= _MERGING * size:
            earlier = self._queues.pop()
            person = np.concatenate([earlier.person[earlier.used :], person])
            instant = np.concatenate([earlier.instant[earlier.used :], instant])
            size = len(person)
        kept = np.flatnonzero(self._is_valid(person, instant))
        kept = kept[_first_of_each(person[kept], len(self._at))]
        kept = kept[np.argsort(instant[kept], kind="stable")]
        self._queues.append(_Queue(instant[kept], person[kept]))

    def _is_valid(self, person: Int32s, instant: Int64s) -> Bools:
        valid: Bools = self._at[person] == instant
        return valid

    def of(self, person: Int32s) -> Int64s:
        """The timers of these people, int64[P]; FOREVER where they have none."""
        self._make_room(int(person.max(initial=-1)) + 1)
        return self._at[person]

    def everybody(self) -> tuple[Int32s, Int64s]:
        """Who has a timer, int32[D] ascending, and when, int64[D] (ms)."""
        person = np.flatnonzero(self._at < FOREVER)
        return person.astype(np.int32), self._at[person]

    def __len__(self) -> int:
        """How many timers are kept, void ones among them."""
        return sum(map(len, self._queues))

    def next(self) -> int | None:
        """The earliest timer (ms); None where there is none."""
        for queue in self._queues:
            self._tidy(queue)
        self._queues = [queue for queue in self._queues if len(queue)]
        return min((int(queue.instant[queue.used]) for queue in self._queues), default=None)

    def _tidy(self, queue: _Queue) -> None:
        """Use up the void entries at the head of a queue."""
        while len(queue):
            head = slice(queue.used, queue.used + _STEP)
            valid = self._is_valid(queue.person[head], queue.instant[head])
            if valid.any():
                queue.used += int(valid.argmax())
                return
            queue.used += len(valid)

    def until(self, instant: int, most: int) -> tuple[int, Int32s]:
        """Who is due up to an instant, int32 ascending, and that instant: the given one, or an
        earlier one where already `most` people are due by then. They stay due until their timers
        are set anew."""
        found = [np.empty(0, np.int32)]
        for queue in self._queues:
            last = int(np.searchsorted(queue.instant, instant, "right"))
            rows = slice(queue.used, last)
            valid = self._is_valid(queue.person[rows], queue.instant[rows])
            found.append(queue.person[rows][valid])
        people = np.unique(np.concatenate(found))
        if len(people) > most:
            at = self._at[people]
            last = int(np.partition(at, most - 1)[most - 1])
            if last < int(at.max()):
                return last, people[at <= last]
        return instant, people


def _first_of_each(person: Int32s, codes: int) -> Bools:
    """Which entries are the first ones of their people."""
    places = np.arange(len(person))
    first = np.empty(codes, np.int64)
    first[person[::-1]] = places[::-1]
    found: Bools = first[person] == places
    return found
