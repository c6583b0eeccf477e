"""Intervals of a block of people, and their algebra: and, or, not, k of n, delayed.

Inside a block (at most `BLOCK` people) a person and an instant are packed into one integer, the key
`person << 47 | instant`, so that an operation on everybody is one operation on flat sorted arrays.
An interval never leaves its person: it ends at the latest at that person's FOREVER.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from segue.domain.instant import FOREVER
from segue.timeline.log import Bools, Int64s

KEY_BITS: Final = 47
BLOCK: Final = (1 << 16) - 1
"""Most people in a block: 16 bits of person and 47 of instant fill a signed 64-bit key, and the key
after the last person must fit as well."""
INSTANT_MASK: Final = (1 << KEY_BITS) - 1


def person_of(keys: Int64s) -> Int64s:
    """The person index of each key."""
    return keys >> KEY_BITS


def instant_of(keys: Int64s) -> Int64s:
    """The instant of each key, in ms."""
    instants: Int64s = keys & INSTANT_MASK
    return instants


def key_of(person: Int64s, instant: Int64s | int) -> Int64s:
    """Pack person indexes and instants (0 to FOREVER) into keys."""
    packed: Int64s = (person << KEY_BITS) + instant
    return packed


def never(keys: Int64s) -> Int64s:
    """The key of FOREVER of each key's person."""
    return (keys & ~INSTANT_MASK) + FOREVER


def later(keys: Int64s, duration: int) -> Int64s:
    """Each key moved later by a duration, at most to FOREVER."""
    moved_keys: Int64s = np.minimum(keys + duration, never(keys))
    return moved_keys


def earlier(keys: Int64s, duration: int) -> Int64s:
    """Each key moved earlier by a duration, at least to just before the person's instant 0."""
    moved_keys: Int64s = np.maximum(keys - duration, (keys & ~INSTANT_MASK) - 1)
    return moved_keys


def distinct_keys(parts: Sequence[Int64s]) -> Int64s:
    """All the keys, ascending, each once. (`numpy.unique` takes several hundred times as long.)"""
    keys = sorted_keys(parts)
    fresh = np.ones(len(keys), np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=fresh[1:])
    return keys[fresh]


def sorted_keys(parts: Sequence[Int64s]) -> Int64s:
    """All the keys, ascending."""
    keys = np.concatenate(parts) if parts else np.empty(0, np.int64)
    keys.sort(kind="stable")  # a few sorted runs: merging them is nearly free
    return keys


@dataclass(frozen=True, slots=True)
class Intervals:
    """Half-open intervals `[start, end)` as keys: sorted, disjoint, maximal, none empty."""

    start: Int64s
    end: Int64s

    def __len__(self) -> int:
        return len(self.start)


def nothing() -> Intervals:
    """No interval at all."""
    return Intervals(np.empty(0, np.int64), np.empty(0, np.int64))


def merged(start: Int64s, end: Int64s) -> Intervals:
    """Intervals of ascending starts and ascending ends: empty ones vanish, touching ones merge."""
    kept = start < end
    if not kept.all():
        start, end = start[kept], end[kept]
    apart = np.ones(len(start) + 1, np.bool_)
    np.greater(start[1:], end[:-1], out=apart[1:-1])
    if apart.all():
        return Intervals(start, end)
    return Intervals(start[apart[:-1]], end[apart[1:]])


def where_true(at: Int64s, truth: Bools) -> Intervals:
    """Intervals of a step function: `truth[i]` holds from key `at[i]` to the person's next key."""
    until = never(at)
    if len(at) > 1:
        until[:-1] = np.minimum(until[:-1], at[1:])
    return merged(at[truth], until[truth])


def covered(
    plus: Sequence[Intervals], minus: Sequence[Intervals] = (), *, at_least: int = 1
) -> Intervals:
    """Where the number of `plus` intervals that hold, less that of `minus`, is at least so many.

    At an instant with m falls up to it the level is at least k exactly where the rise number m + k
    has come: so the k-th next rise pairs with each fall, in one pass over both sorted.
    """
    rises = sorted_keys([i.start for i in plus] + [i.end for i in minus])
    falls = sorted_keys([i.end for i in plus] + [i.start for i in minus])
    if len(rises) < at_least:
        return nothing()
    return merged(rises[at_least - 1 :], falls[: len(falls) - at_least + 1])


def union(terms: Sequence[Intervals]) -> Intervals:
    """Where at least one of them holds."""
    return terms[0] if len(terms) == 1 else covered(terms)


def intersection(terms: Sequence[Intervals]) -> Intervals:
    """Where all of them hold."""
    return terms[0] if len(terms) == 1 else covered(terms, at_least=len(terms))


def without(whole: Intervals, part: Intervals) -> Intervals:
    """Where `whole` holds and `part` does not; `part` may reach outside `whole`."""
    return covered([whole], [intersection([whole, part])])


def delayed(intervals: Intervals, duration: int) -> Intervals:
    """Each `[s, e)` becomes `[s + D, e)`: what has held for at least D."""
    start = later(intervals.start, duration)
    kept = start < intervals.end
    return Intervals(start[kept], intervals.end[kept])


def from_key(intervals: Intervals, floor: int) -> Intervals:
    """What of the intervals lies at or after the instant `floor`, of every person."""
    start = np.maximum(intervals.start, (intervals.start & ~INSTANT_MASK) + floor)
    kept = start < intervals.end
    return Intervals(start[kept], intervals.end[kept])
