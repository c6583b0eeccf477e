"""Tallies of people that add up: what is counted of some of them, wherever they are.

A figure of everybody is finished from the tallies of parts of them, whole people each, in any
order and with the same result: all that is kept is whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from segue.insight.arrays import Bools, Int64s


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
    def waits(cls, duration: Int64s, happened: Bools) -> Counts:
        """How long people waited (ms), and whether it happened then."""
        values, counts = np.unique(2 * duration + happened, return_counts=True)
        return cls(values, counts)


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


def waits(tally: Tally, what: str) -> tuple[Int64s, Bools]:
    """How long people waited (ms), shortest first, and whether it happened then: one entry each."""
    if what not in tally:
        return np.empty(0, np.int64), np.empty(0, np.bool_)
    each = np.repeat(tally[what].values, tally[what].counts)
    return each // 2, each % 2 == 1


def named(prefix: str, tally: Tally) -> dict[str, Counts]:
    """The same counts, under names that begin so."""
    return {f"{prefix}/{what}": counts for what, counts in tally.items()}


def under(prefix: str, tally: Tally) -> dict[str, Counts]:
    """Of the counts, those of `named`, under their own names."""
    start = f"{prefix}/"
    return {what[len(start) :]: one for what, one in tally.items() if what.startswith(start)}
