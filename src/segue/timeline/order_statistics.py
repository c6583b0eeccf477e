"""The k-th smallest of amounts that lie in many parts, exactly, in two passes over the parts.

First every part gives a sample of its amounts with their places in it. Together the samples tell
two amounts between which the wanted one must lie: the `Bracket`. Then every part counts what lies
below the bracket and lists what lies inside, which is little, and the wanted one is counted off.
(Munro and Paterson, Selection and sorting with limited storage, 1980.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from segue.timeline.exact import Integers
from segue.timeline.log import Int64s

SAMPLED: Final = 128
"""Amounts in a sample, about: with parts of sixteen thousand people, as many as then lie inside the
bracket."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Different amounts in ascending order, `numerator[i] / denominator[i]`, and how many amounts
    there are up to each, int64."""

    numerator: Integers
    denominator: Int64s
    upto: Int64s

    @property
    def size(self) -> int:
        """How many amounts there are."""
        return int(self.upto[-1]) if len(self.upto) else 0

    def values(self) -> list[Fraction]:
        """The amounts, for comparing those of several parts."""
        pairs = zip(self.numerator.tolist(), self.denominator.tolist(), strict=True)
        return [Fraction(n, d) for n, d in pairs]

    def at(self, places: Int64s) -> Amounts:
        """Some of them; what lies between is counted up to the next."""
        return Amounts(self.numerator[places], self.denominator[places], self.upto[places])


@dataclass(frozen=True, slots=True)
class Bracket:
    """The wanted amount lies above `above` (None: anywhere) and at or below `upto`, and has the
    `place` among all, from 0."""

    above: Fraction | None
    upto: Fraction
    place: int


@dataclass(frozen=True, slots=True)
class Inside:
    """What a part has in a bracket: the amounts inside, and how many there are below."""

    below: int
    amounts: Amounts


def in_order(numerator: Integers, denominator: Int64s) -> Amounts:
    """Amounts in any order, as a part keeps them."""
    if not len(numerator):
        return Amounts(numerator, denominator, np.empty(0, np.int64))
    whole = numerator if (denominator == 1).all() else numerator // denominator
    # Two different remainders r/n with n < 2^26 differ by more than a double's rounding.
    rest = np.zeros(len(whole))
    if whole is not numerator:
        rest = ((numerator - whole * denominator) / denominator).astype(np.float64)
    order = _order(whole, rest)
    whole, rest = whole[order], rest[order]
    last = np.ones(len(order), np.bool_)
    last[:-1] = (whole[1:] != whole[:-1]) | (rest[1:] != rest[:-1])
    places = np.flatnonzero(last)
    kept = order[places]
    return Amounts(numerator[kept], denominator[kept], places + 1)


def sampled(amounts: Amounts, most: int = SAMPLED) -> Amounts:
    """A sample of about so many, evenly by how many amounts lie between, the last one in it."""
    if len(amounts.upto) <= most:
        return amounts
    wanted = np.linspace(1, amounts.size, most).astype(np.int64)
    return amounts.at(np.unique(np.searchsorted(amounts.upto, wanted)))


def bracket(samples: Sequence[Amounts], place: int) -> Bracket:
    """Where the amount with this place among all must lie, given a sample of every part."""
    parts = [(one.values(), one.upto.tolist()) for one in samples if one.size]
    values = sorted({value for part, _ in parts for value in part})
    least, most = (np.zeros(len(values), np.int64) for _ in range(2))
    index = {value: i for i, value in enumerate(values)}
    for part, upto in parts:
        borders = np.array([index[value] for value in part])
        known = np.concatenate(([0], upto))
        reached = np.searchsorted(borders, np.arange(len(values)), "right")
        least += known[reached]
        most += np.where(
            reached < len(part), known[np.minimum(reached + 1, len(part))] - 1, known[-1]
        )
    upto_place = int(np.searchsorted(least, place + 1, "left"))
    below = np.flatnonzero(most[:upto_place] <= place)
    above = values[int(below[-1])] if len(below) else None
    return Bracket(above, values[upto_place], place)


def inside(amounts: Amounts, found: Bracket) -> Inside:
    """What a part has in the bracket."""
    first = 0 if found.above is None else _reached(amounts, found.above)
    last = _reached(amounts, found.upto)
    below = int(amounts.upto[first - 1]) if first else 0
    some = amounts.at(np.arange(first, last))
    return Inside(below, Amounts(some.numerator, some.denominator, some.upto - below))


def chosen(found: Bracket, parts: Sequence[Inside]) -> Fraction:
    """The wanted amount, given what every part has in its bracket."""
    counts: dict[Fraction, int] = {}
    for part in parts:
        times = np.diff(part.amounts.upto, prepend=0).tolist()
        for value, count in zip(part.amounts.values(), times, strict=True):
            counts[value] = counts.get(value, 0) + count
    left = found.place - sum(part.below for part in parts)
    for value in sorted(counts):
        left -= counts[value]
        if left < 0:
            return value
    raise ValueError("the amount is not in its bracket: the parts are not those that were sampled")


def _reached(amounts: Amounts, limit: Fraction) -> int:
    """How many of the different amounts are at or below the limit."""
    first, last = 0, len(amounts.upto)
    while first < last:
        middle = (first + last) // 2
        n, d = int(amounts.numerator[middle]), int(amounts.denominator[middle])
        if n * limit.denominator <= limit.numerator * d:
            first = middle + 1
        else:
            last = middle
    return first


def _order(whole: Integers, rest: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Int64s:
    if whole.dtype != object:
        return np.lexsort((rest, whole))
    pairs = list(zip(whole.tolist(), rest.tolist(), strict=True))
    return np.array(sorted(range(len(pairs)), key=pairs.__getitem__), np.int64)
