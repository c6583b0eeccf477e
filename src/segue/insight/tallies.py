"""Tallies of people that add up: what is counted of some of them, wherever they are.

A figure of everybody is finished from the tallies of parts of them, whole people each, in any
order and with the same result: all that is kept is whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from segue.insight.arrays import Int64s

_SPARSE: Final = 16
"""Values that are so many times as large as there are many are sorted, not counted by place."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each value was counted: `values` int64[K], ascending, and `counts` int64[K]."""

    values: Int64s = field(repr=False)
    counts: Int64s = field(repr=False)

    @classmethod
    def added(cls, values: Int64s, counts: Int64s) -> Counts:
        """Counts of values that may stand there more than once."""
        distinct, place = np.unique(values, return_inverse=True)
        sums = np.zeros(len(distinct), np.int64)
        np.add.at(sums, place, counts)
        kept = sums != 0
        return cls(distinct[kept], sums[kept])

    @classmethod
    def table(cls, numbers: Int64s) -> Counts:
        """The numbers of an array of any shape, by their place in it."""
        flat = np.asarray(numbers, np.int64).ravel()
        places = np.flatnonzero(flat)
        return cls(places, flat[places])

    @classmethod
    def of(cls, values: Int64s) -> Counts:
        """How often each of the values stands there; none is below 0."""
        if int(values.max(initial=0)) > _SPARSE * len(values):
            return cls(*np.unique(values, return_counts=True))
        counts = np.bincount(values)
        distinct = np.flatnonzero(counts)
        return cls(distinct, counts[distinct])

    @property
    def each(self) -> Int64s:
        """Every value as often as it was counted, ascending."""
        return np.repeat(self.values, self.counts)

    def total(self, power: int = 1) -> int:
        """The sum of that power of every value: for 0, how many there are."""
        return int((self.values**power * self.counts).sum())


NONE: Final = Counts(np.empty(0, np.int64), np.empty(0, np.int64))
"""Counts of nothing."""
Tally = Mapping[str, Counts]
"""Counts by what was counted."""


def added(tallies: Iterable[Tally]) -> dict[str, Counts]:
    """The tally of all the people of several."""
    parts: dict[str, list[Counts]] = {}
    for tally in tallies:
        for what, counts in tally.items():
            parts.setdefault(what, []).append(counts)
    return {
        what: Counts.added(
            np.concatenate([one.values for one in every]),
            np.concatenate([one.counts for one in every]),
        )
        for what, every in parts.items()
    }


def numbers(tally: Tally, what: str, shape: Sequence[int]) -> Int64s:
    """The array that `Counts.table` was made of; zeros where nothing was counted."""
    found = np.zeros(int(np.prod(shape)), np.int64)
    if what in tally:
        found[tally[what].values] = tally[what].counts
    return found.reshape(shape)


def counts(tally: Tally, what: str) -> Counts:
    """What was counted under a name; of nothing, nothing."""
    return tally.get(what, NONE)


def named(prefix: str, tally: Tally) -> dict[str, Counts]:
    """The same counts, under names that begin so."""
    return {f"{prefix}/{what}": counts for what, counts in tally.items()}


def under(prefix: str, tally: Tally) -> dict[str, Counts]:
    """Of the counts, those of `named`, under their own names."""
    start = f"{prefix}/"
    return {what[len(start) :]: one for what, one in tally.items() if what.startswith(start)}
