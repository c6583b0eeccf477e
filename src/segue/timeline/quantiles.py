"""Quantiles: the threshold of `top P% by AMOUNT`, on a grid of instants, for a whole population.

A threshold is a pure function of the log up to a grid instant (every midnight of the project's
zone), so live, evaluate and history see the same one. It is an exact rational, as amounts are.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
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
    Intervals,
    distinct_keys,
    instant_of,
    never,
    nothing,
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
    at = distinct_keys([seen, points.key])
    first = points.offsets[person_of(at)]
    reached = np.searchsorted(points.key, at, "right")
    has = reached > first
    index = np.where(has, first if which is Which.FIRST else reached - 1, 0)
    instants = instant_of(points.key[index]) if len(points) else np.zeros(len(at), np.int64)
    return Steps(at, -instants, np.ones(len(at), np.int64), has, has)


@dataclass(frozen=True, slots=True)
class Ranking:
    """When the amounts of a block of people change, as a grid sees it: from the grid instant
    `place[i]` on, person `person[i]` has the amount `numerator[i] / denominator[i]` and is ranked
    where `ranked[i]`. Ascending by person, then place; at most one per person and place."""

    people: int
    place: Int64s
    person: Int64s
    numerator: Integers
    denominator: Int64s
    ranked: Bools


def ranking(people: int, steps: Steps, out: Intervals | None, grid: Int64s) -> Ranking:
    """The changes of a block's amounts, given when its people are excluded from the ranking."""
    ranked = steps.has & steps.some
    if out is not None:
        steps = steps.sampled(distinct_keys([steps.at, out.start, out.end]))
        began = np.searchsorted(out.start, steps.at, "right")
        inside = began > np.searchsorted(out.end, steps.at, "right")
        ranked = steps.has & steps.some & ~inside
    place = np.searchsorted(grid, instant_of(steps.at), "left")
    person = person_of(steps.at)
    last = np.ones(len(place), np.bool_)
    last[:-1] = (place[1:] != place[:-1]) | (person[1:] != person[:-1])
    kept = np.flatnonzero(last & (place < len(grid)))
    return Ranking(
        people,
        place[kept],
        person[kept],
        steps.numerator[kept],
        steps.denominator[kept],
        ranked[kept],
    )


def thresholds(side: Side, percent: Decimal, blocks: Sequence[Ranking], grid: Int64s) -> Thresholds:
    """The thresholds of a population given as blocks."""
    found = list(_over_time(side, percent, together(blocks), len(grid)))
    numerators = np.array([n for n, _, _ in found], object)
    if all(abs(n) < FOREVER << 16 for n, _, _ in found):
        numerators = numerators.astype(np.int64)
    denominators = np.array([d for _, d, _ in found], np.int64)
    return Thresholds(grid, numerators, denominators, np.array([e for _, _, e in found], np.bool_))


def together(blocks: Sequence[Ranking]) -> Ranking:
    """The blocks as one, by place."""
    people = np.cumsum([0, *(block.people for block in blocks)])
    place = np.concatenate([block.place for block in blocks])
    order = np.argsort(place, kind="stable")
    return Ranking(
        int(people[-1]),
        place[order],
        np.concatenate([b.person + first for b, first in zip(blocks, people, strict=False)])[order],
        np.concatenate([block.numerator for block in blocks])[order],
        np.concatenate([block.denominator for block in blocks])[order],
        np.concatenate([block.ranked for block in blocks])[order],
    )


def _over_time(
    side: Side, percent: Decimal, changes: Ranking, places: int
) -> Iterator[tuple[int, int, bool]]:
    """The threshold at each grid instant, carrying everybody's amount from one to the next."""
    found = 0, 1, False
    for amounts in amounts_over_time(changes, places):
        if amounts is not None:
            found = _threshold(side, percent, *amounts)
        yield found


def amounts_over_time(changes: Ranking, places: int) -> Iterator[tuple[Integers, Int64s] | None]:
    """The numerators and denominators of all amounts that are ranked, at each place of the grid;
    None where they are those of the place before. `changes` are in the order of their places."""
    numerator = np.zeros(changes.people, changes.numerator.dtype)
    denominator = np.ones(changes.people, np.int64)
    ranked = np.zeros(changes.people, np.bool_)
    starts = np.searchsorted(changes.place, np.arange(places + 1))
    for first, last in itertools.pairwise(starts.tolist()):
        if first == last:
            yield None
            continue
        person = changes.person[first:last]
        numerator[person] = changes.numerator[first:last]
        denominator[person] = changes.denominator[first:last]
        ranked[person] = changes.ranked[first:last]
        yield numerator[ranked], denominator[ranked]


def beyond(side: Side, steps: Steps, limits: Thresholds, seen: Int64s) -> Intervals:
    """Where a person has the amount, at or beyond the threshold of the latest grid instant.

    Everybody's instants of the grid are many, so a few people are looked at at a time.
    """
    if not len(limits.grid) or not len(seen):
        return nothing()
    people = max(_INSTANTS // len(limits.grid), 1)
    parts = []
    for first in range(0, len(seen), people):
        some = seen[first : first + people]
        end = seen[first + people] if first + people < len(seen) else never(seen[-1:])[0]
        rows = slice(*np.searchsorted(steps.at, (some[0], end)))
        parts.append(_beyond(side, steps.rows(rows), limits, some))
    return Intervals(
        np.concatenate([part.start for part in parts]), np.concatenate([part.end for part in parts])
    )


_INSTANTS: Final = 1 << 20
"""How many grid instants of people are in memory at once, about."""


def _beyond(side: Side, steps: Steps, limits: Thresholds, seen: Int64s) -> Intervals:
    at = distinct_keys([steps.at, _grid_keys(seen, limits.grid)])
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


def _threshold(
    side: Side, percent: Decimal, numerators: Integers, denominators: Int64s
) -> tuple[int, int, bool]:
    if not len(numerators):
        return 0, 1, False
    chosen = _ranked(numerators, denominators, place_among(side, percent, len(numerators)))
    return int(numerators[chosen]), int(denominators[chosen]), True


def place_among(side: Side, percent: Decimal, size: int) -> int:
    """Where the amount that is the threshold stands among so many in ascending order, from 0."""
    top, bottom = (percent / Decimal(100)).as_integer_ratio()
    place = min(max(-(-size * top // bottom), 1), size) - 1
    return size - 1 - place if side is Side.TOP else place


def _ranked(numerators: Integers, denominators: Int64s, place: int) -> int:
    """The index of the amount at a place of the ascending order: by its whole part, and among those
    that share the whole part at that place by the fraction."""
    whole = numerators if (denominators == 1).all() else numerators // denominators
    chosen = np.partition(whole, place)[place]
    tied = np.flatnonzero(whole == chosen)
    if whole is numerators:
        return int(tied[0])
    rest = (numerators[tied] - whole[tied] * denominators[tied]) / denominators[tied]
    # Two different remainders r/n with n < 2^26 differ by more than a double's rounding.
    rank = np.argsort(rest.astype(np.float64), kind="stable")
    return int(tied[rank[place - int((whole < chosen).sum())]])
