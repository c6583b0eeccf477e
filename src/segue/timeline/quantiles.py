"""Quantiles: the threshold of `top P% by AMOUNT`, on a grid of instants, for a whole population.

A threshold is a pure function of the log up to a grid instant (every midnight of the project's
zone), so live, evaluate and history see the same one. It is an exact rational, as amounts are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from segue.domain.instant import FOREVER
from segue.language.tree import Comparison, Side, Which
from segue.timeline.calendar import midnights_between
from segue.timeline.exact import Integers, compare, product
from segue.timeline.intervals import (
    INSTANT_MASK,
    KEY_BITS,
    Intervals,
    instant_of,
    key_of,
    person_of,
    where_true,
)
from segue.timeline.log import Bools, Int64s
from segue.timeline.measures import Steps
from segue.timeline.points import Points

_BEYOND: Final = {Side.TOP: Comparison.GE, Side.BOTTOM: Comparison.LE}


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From `grid[k]` (ms, ascending) to the next grid instant, and for good after the last, the
    threshold is `numerator[k] / denominator[k]`; nobody is in where not `exists[k]`."""

    grid: Int64s
    numerator: Integers
    denominator: Int64s
    exists: Bools


def grid_of(first_seen: Int64s, at: int, zone: str) -> Int64s:
    """The grid up to `at`: midnights of the zone, from the day of the first event on."""
    seen = first_seen[first_seen < FOREVER]
    if not len(seen) or seen.min() > at:
        return np.empty(0, np.int64)
    grid = midnights_between(zone, int(seen.min()), at)
    return grid[grid <= at]


def ages(points: Points, which: Which, seen: Int64s) -> Steps:
    """The age of the latest (first) point, as an amount that does not change with time: the
    negated instant. The older, the higher, as with the age itself."""
    at = np.union1d(seen, points.key)
    first = points.offsets[person_of(at)]
    reached = np.searchsorted(points.key, at, "right")
    has = reached > first
    index = np.where(has, first if which is Which.FIRST else reached - 1, 0)
    instants = instant_of(points.key[index]) if len(points) else np.zeros(len(at), np.int64)
    return Steps(at, -instants, np.ones(len(at), np.int64), has, has)


def thresholds(
    side: Side,
    percent: Decimal,
    blocks: Sequence[tuple[Steps, Intervals | None]],
    grid: Int64s,
) -> Thresholds:
    """The thresholds of a population given as blocks: the amounts of their people, and when each is
    excluded from the ranking."""
    found = [
        _threshold(side, percent, (_amounts_at(steps, out, int(g)) for steps, out in blocks))
        for g in grid
    ]
    numerators = np.array([n for n, _, _ in found], object)
    if all(abs(n) < FOREVER << 16 for n, _, _ in found):
        numerators = numerators.astype(np.int64)
    denominators = np.array([d for _, d, _ in found], np.int64)
    return Thresholds(grid, numerators, denominators, np.array([e for _, _, e in found], np.bool_))


def beyond(side: Side, steps: Steps, limits: Thresholds, seen: Int64s) -> Intervals:
    """Where a person has the amount, at or beyond the threshold of the latest grid instant."""
    if not len(limits.grid):
        return where_true(steps.at[:0], steps.has[:0])
    at = np.union1d(steps.at, _grid_keys(seen, limits.grid))
    index = np.searchsorted(limits.grid, instant_of(at), "right") - 1
    here = steps.sampled(at)
    truth = compare(
        product([here.numerator, limits.denominator[index]]),
        _BEYOND[side],
        product([limits.numerator[index], here.denominator]),
    )
    return where_true(at, truth & here.has & here.some & (index >= 0) & limits.exists[index])


def _grid_keys(seen: Int64s, grid: Int64s) -> Int64s:
    """The grid of each person from first seen on."""
    start = np.searchsorted(grid, instant_of(seen), "left")
    counts = len(grid) - start
    first = np.repeat(np.cumsum(counts) - counts, counts)
    index = np.arange(counts.sum()) - first + np.repeat(start, counts)
    keys: Int64s = np.repeat(seen & ~INSTANT_MASK, counts) + grid[index]
    return keys


def _amounts_at(steps: Steps, out: Intervals | None, instant: int) -> tuple[Integers, Int64s]:
    """The amounts, as numerators and denominators, of the people of a block who have one then."""
    people = np.unique(person_of(steps.at))
    keys = key_of(people, instant)
    keys = keys[
        np.searchsorted(steps.at, keys, "right") > np.searchsorted(steps.at, people << KEY_BITS)
    ]
    here = steps.sampled(keys)
    kept = here.has & here.some
    if out is not None:
        began = np.searchsorted(out.start, keys, "right")
        kept &= began == np.searchsorted(out.end, keys, "right")
    return here.numerator[kept], here.denominator[kept]


def _threshold(
    side: Side, percent: Decimal, parts: Iterable[tuple[Integers, Int64s]]
) -> tuple[int, int, bool]:
    numerators, denominators = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    size = len(numerators)
    if not size:
        return 0, 1, False
    top, bottom = (percent / Decimal(100)).as_integer_ratio()
    place = min(max(-(-size * top // bottom), 1), size) - 1
    if side is Side.TOP:
        place = size - 1 - place
    chosen = _ranked(numerators, denominators, place)
    return int(numerators[chosen]), int(denominators[chosen]), True


def _ranked(numerators: Integers, denominators: Int64s, place: int) -> int:
    """The index of the amount at a place of the ascending order."""
    if (denominators == 1).all() and numerators.dtype != object:
        return int(np.argpartition(numerators, place)[place])
    whole = numerators // denominators
    # Two different remainders r/n with n < 2^26 differ by more than a double's rounding.
    part = ((numerators - whole * denominators) / denominators).astype(np.float64)
    return int(np.lexsort((part, whole))[place])
