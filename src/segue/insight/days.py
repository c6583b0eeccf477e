"""On which calendar days people were active: one bit per person and day.

Every question about days (engaged in a week, back on day 7, active on how many of 28) is then a
question about bits, and costs people, not events.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.domain.instant import FOREVER
from segue.insight.arrays import Bools, Int64s, Occurrences, people_in, person_of

Words = NDArray[np.uint64]

_WIDTH: Final = 64
_ONE: Final = np.uint64(1)


@dataclass(frozen=True, slots=True)
class Days:
    """D whole calendar days: day i is `(limits[i], limits[i + 1]]`, limits int64[D + 1] in ms."""

    limits: Int64s

    def __len__(self) -> int:
        return len(self.limits) - 1

    def of(self, instant: Int64s) -> Int64s:
        """The day of each instant, int64[Q]; -1 before the first, D after the last."""
        day: Int64s = np.searchsorted(self.limits, instant, side="left") - 1
        return day


@dataclass(frozen=True, slots=True)
class ActiveDays:
    """The days on which each of P people was active.

    `words` uint64[P, W] hold bit d % 64 of word d // 64 for day d of `days`; `last` int64[P] is the
    last such day (-1: none of them); `first` int64[P] is when each was first active at all (ms;
    FOREVER: never).
    """

    days: Days
    words: Words = field(repr=False)
    last: Int64s = field(repr=False)
    first: Int64s = field(repr=False)

    @classmethod
    def measured(cls, rows: Occurrences, days: Days) -> ActiveDays:
        """The days of occurrences."""
        people, width = people_in(rows), -(-len(days) // _WIDTH)
        words = np.zeros(people * width, np.uint64)
        kept = np.flatnonzero((rows.at > days.limits[0]) & (rows.at <= days.limits[-1]))
        person, day = person_of(rows)[kept], days.of(rows.at[kept])
        place = person * width + day // _WIDTH
        if len(place):
            starts = np.flatnonzero(np.diff(place, prepend=-1))
            bits = _ONE << (day % _WIDTH).astype(np.uint64)
            words[place[starts]] = np.bitwise_or.reduceat(bits, starts)
        last = np.full(people, -1)
        last[person] = day  # of several the last one stays
        return cls(days, words.reshape(people, width), last, _first(rows))

    def count(self, person: Int64s, first: int, until: int) -> Int64s:
        """On how many of the days from `first` up to, not including, `until` each person was
        active, int64[Q]. Days outside `days` have no activity."""
        found = np.zeros(len(person), np.int64)
        for word in range(self.words.shape[1]):
            mask = _mask(first - word * _WIDTH, until - word * _WIDTH)
            if mask:
                found += np.bitwise_count(self.words[person, word] & mask)
        return found

    def any(self, person: Int64s, first: int, until: int) -> Bools:
        """Who was active on any of the days from `first` up to, not including, `until`."""
        found = np.zeros(len(person), np.bool_)
        for word in range(self.words.shape[1]):
            mask = _mask(first - word * _WIDTH, until - word * _WIDTH)
            if mask:
                found |= (self.words[person, word] & mask) != 0
        return found

    def since(self, person: Int64s, day: Int64s) -> Words:
        """The 64 days from each person's own day int64[Q] on, uint64[Q]: bit 0 is that day, which
        must be one of `days`."""
        word, shift = day // _WIDTH, (day % _WIDTH).astype(np.uint64)
        found: Words = self.words[person, word] >> shift
        further = np.minimum(word + 1, self.words.shape[1] - 1)
        # A shift by 64 leaves a word as it is in C, so days that begin a word are left out.
        spills = (shift > 0) & (word + 1 < self.words.shape[1])
        back = np.where(spills, np.uint64(_WIDTH) - shift, np.uint64(0))
        rest = self.words[person, further] << back
        return found | np.where(spills, rest, np.uint64(0))


def _first(rows: Occurrences) -> Int64s:
    first = np.full(people_in(rows), FOREVER)
    some = np.flatnonzero(np.diff(rows.offsets))
    first[some] = rows.at[rows.offsets[some]]
    return first


def days_from(first: int, until: int) -> np.uint64:
    """The bits of the days from `first` up to, not including, `until`, of those that `since` gives;
    `until` is at most 64."""
    return _mask(first, until)


def _mask(first: int, until: int) -> np.uint64:
    low, high = max(first, 0), min(until, _WIDTH)
    return np.uint64(((1 << (high - low)) - 1) << low if high > low else 0)
