"""Points: occurrences of a block of people in key form, in event order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from segue.timeline.intervals import KEY_BITS, person_of
from segue.timeline.log import AFTER_EVENTS, Bools, Int32s, Int64s, Occurrences

S = TypeVar("S", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Points:
    """Occurrences of P people: `key` int64[N] ascending; person i owns
    `offsets[i]:offsets[i + 1]`. The other arrays are those of `Occurrences`."""

    offsets: Int64s
    key: Int64s
    order: Int32s | None = None
    value: Int64s | None = None
    known: Bools | None = None
    source: Int64s | None = None

    def __len__(self) -> int:
        return len(self.key)

    @property
    def people(self) -> int:
        """P, the number of people."""
        return len(self.offsets) - 1

    def only(self, kept: Bools) -> Points:
        """The points where `kept` bool[N] is true."""
        if kept.all():
            return self
        counts = np.concatenate(([0], np.cumsum(kept)))
        return Points(
            counts[self.offsets],
            self.key[kept],
            rows(self.order, kept),
            rows(self.value, kept),
            rows(self.known, kept),
            rows(self.source, kept),
        )

    def with_values(self) -> Points:
        """Only the points whose value is known."""
        return self if self.known is None else replace(self.only(self.known), known=None)


def rows(array: NDArray[S] | None, kept: Bools | slice) -> NDArray[S] | None:
    """Rows of an array that may not be there."""
    return None if array is None else array[kept]


def points_from(occurrences: Occurrences) -> Points:
    """Pack a block's occurrences into keys."""
    offsets = occurrences.offsets
    keys = np.repeat(np.arange(occurrences.people) << KEY_BITS, offsets[1:] - offsets[:-1])
    keys += occurrences.at
    return Points(
        offsets,
        keys,
        occurrences.order,
        occurrences.value,
        occurrences.known,
        occurrences.source,
    )


def points_at(keys: Int64s, people: int) -> Points:
    """Points at instants that are not events (ascending keys, each counted once)."""
    order = np.full(len(keys), AFTER_EVENTS, np.int32)
    return Points(offsets_of(keys, people), keys, order)


def offsets_of(keys: Int64s, people: int) -> Int64s:
    """The row offsets int64[P + 1] of ascending keys."""
    return np.searchsorted(keys, np.arange(people + 1, dtype=np.int64) << KEY_BITS)


def orders(points: Points) -> Int32s:
    """The order keys of points that were asked for as ordered."""
    assert points.order is not None, "these points were read without their event order"
    return points.order


def flags(points: Points) -> Bools:
    """Which points were read as 1."""
    assert points.value is not None, "these points were read without their values"
    read: Bools = points.value == 1
    return read


def joined(parts: Sequence[Points]) -> Points:
    """Several sets of points as one, in event order."""
    if len(parts) == 1:
        return parts[0]
    key = np.concatenate([part.key for part in parts])
    order = None
    if all(part.order is not None for part in parts):
        order = np.concatenate([orders(part) for part in parts])
    rank = np.argsort(key, kind="stable") if order is None else np.lexsort((order, key))
    return Points(
        sum(part.offsets for part in parts),  # type: ignore[arg-type]
        key[rank],
        None if order is None else order[rank],
        _gathered([part.value for part in parts], rank),
        _known(parts, rank),
        _gathered([part.source for part in parts], rank),
    )


def before(points: Points, marks: Points) -> Int64s:
    """For each mark, the index of the first point not before it in event order, int64[marks]."""
    return _rank(points, marks, "left")


def through(points: Points, marks: Points) -> Int64s:
    """For each mark, the index of the first point after it in event order, int64[marks]."""
    return _rank(points, marks, "right")


def _rank(points: Points, marks: Points, side: str) -> Int64s:
    low = np.searchsorted(points.key, marks.key, "left")
    high = np.searchsorted(points.key, marks.key, "right")
    tied = np.flatnonzero(low < high)
    if len(tied):
        # Only here does the order within one instant matter: (instant, order) as one number.
        shared, mark_rank = np.unique(marks.key[tied], return_inverse=True)
        near = np.flatnonzero(np.isin(points.key, shared))
        point_rank = np.searchsorted(shared, points.key[near])
        place = np.searchsorted(
            (point_rank << 32) + orders(points)[near],
            (mark_rank << 32) + orders(marks)[tied],
            side,  # type: ignore[call-overload]
        )
        low[tied] += place - np.searchsorted(point_rank, mark_rank, "left")
    return low


def same_person(left: Int64s, right: Int64s) -> Bools:
    """Whether two keys belong to one person, elementwise."""
    same: Bools = person_of(left) == person_of(right)
    return same


def _gathered(arrays: Sequence[Int64s | None], rank: Int64s) -> Int64s | None:
    present = [array for array in arrays if array is not None]
    return np.concatenate(present)[rank] if len(present) == len(arrays) else None


def _known(parts: Sequence[Points], rank: Int64s) -> Bools | None:
    if all(part.known is None for part in parts):
        return None
    known = [np.ones(len(p), np.bool_) if p.known is None else p.known for p in parts]
    return np.concatenate(known)[rank]
