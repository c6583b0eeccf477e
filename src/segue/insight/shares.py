"""Shares of people, with intervals that say how sure they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

LEVEL: Final = 0.95
"""The confidence level of every interval, unless told otherwise."""


_ROUNDING: Final = 1e-12
"""A spread of values that is a smaller part of their squares comes from rounding."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A range with its ends."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        """Whether the value lies in it."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `of` people. `interval` is Wilson's (1927), None where there is nobody."""

    count: int
    of: int
    interval: Interval | None

    @classmethod
    def measured(cls, count: int, of: int, level: float = LEVEL) -> Share:
        """The share with its interval at a level. Raises `ValueError` unless `0 <= count <= of`."""
        if not 0 <= count <= of:
            raise ValueError(f"{count} of {of} is no share")
        if of == 0:
            return cls(count, of, None)
        from statsmodels.stats.proportion import proportion_confint

        low, high = proportion_confint(count, of, alpha=1 - level, method="wilson")
        return cls(count, of, Interval(float(low), float(high)))

    @classmethod
    def each(
        cls, counts: Sequence[int], people: Sequence[int], level: float = LEVEL
    ) -> list[Share]:
        """Many shares at once, `counts[i]` of `people[i]`; as `measured` makes them, only faster.

        Raises `ValueError` where one is none.
        """
        known = [place for place, of in enumerate(people) if of]
        found = [cls(count, of, None) for count, of in zip(counts, people, strict=True)]
        if any(not 0 <= one.count <= one.of for one in found):
            raise ValueError("a count beyond its people is no share")
        if not known:
            return found
        from statsmodels.stats.proportion import proportion_confint

        count, of = (np.array([given[i] for i in known], float) for given in (counts, people))
        low, high = proportion_confint(count, of, alpha=1 - level, method="wilson")
        for place, *ends in zip(known, low.tolist(), high.tolist(), strict=True):
            found[place] = cls(found[place].count, found[place].of, Interval(*ends))
        return found

    @property
    def value(self) -> float | None:
        """The share itself, 0 to 1; None where there is nobody."""
        return self.count / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of `of` values with Student's interval; None where that cannot be told: of fewer
    than two values, and of values that are all alike, which say nothing of how others differ."""

    value: float | None
    of: int
    interval: Interval | None

    @classmethod
    def measured(cls, total: float, squares: float, of: int, level: float = LEVEL) -> Mean:
        """The mean out of the sum of the values and the sum of their squares."""
        if of == 0:
            return cls(None, 0, None)
        mean = total / of
        spread = squares - of * mean * mean
        if of == 1 or spread <= _ROUNDING * squares:
            return cls(mean, of, None)
        from scipy.stats import t

        margin = float(t.ppf((1 + level) / 2, of - 1)) * (spread / (of - 1) / of) ** 0.5
        return cls(mean, of, Interval(mean - margin, mean + margin))
