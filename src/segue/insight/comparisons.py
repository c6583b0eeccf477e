"""Two shares compared: by how much they differ, how sure that is, and what it would take to tell.

Whoever compares two shares of people does it here, so that a difference means the same on every
page. What is looked at every day while it grows is not for this: see `insight.lift`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.insight.lift import MOST_NEEDED, WORTH_KNOWING
from segue.insight.shares import LEVEL, Interval, Share

POWER: Final = 0.8
"""The chance with which a difference that is there shall be seen."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The share of `a` against that of `b`.

    `interval` is that of a - b (Newcombe 1998, hybrid score), None where one side has nobody;
    `ratio_interval` that of a / b (Katz 1978, logarithmic), None also where one side has no
    success. `p_value` is that of no difference (Agresti and Caffo 2000), 1.0 where there is nothing
    to compare: one comparison of many is told by its q-value, see `false_discovery`. `needs` is how
    many more people the smaller side needs, the other growing alike, until the difference would be
    told with a chance of `POWER`, were the truth as it looks now, or were the difference
    `WORTH_KNOWING` where less is seen; None where it is told already or `MOST_NEEDED` would not do.
    """

    a: Share
    b: Share
    interval: Interval | None
    ratio_interval: Interval | None
    p_value: float
    needs: int | None

    @classmethod
    def measured(
        cls, a: Share, b: Share, *, worth: float | None = None, level: float = LEVEL
    ) -> Difference:
        """Compare two shares of different people.

        `worth` is the least difference that matters, as a share; by default `WORTH_KNOWING` of what
        is seen in both together.
        """
        if not a.of or not b.of:
            return cls(a, b, None, None, 1.0, None)
        interval = _newcombe(a, b, level)
        told = 0.0 not in interval
        needs = None if told else _needs(a, b, worth, level)
        return cls(a, b, interval, _ratio(a, b, level), _chance(a, b), needs)

    @classmethod
    def each(
        cls, pairs: Sequence[tuple[Share, Share]], *, level: float = LEVEL
    ) -> list[Difference]:
        """Many comparisons at once; as `measured` makes them, only faster."""
        known = [(a, b) for a, b in pairs if a.of and b.of]
        found = iter(_each(known, level) if known else [])
        return [
            next(found) if a.of and b.of else cls(a, b, None, None, 1.0, None) for a, b in pairs
        ]

    @property
    def value(self) -> float | None:
        """The difference as measured, -1 to 1; None where one side has nobody."""
        if self.a.value is None or self.b.value is None:
            return None
        return self.a.value - self.b.value

    @property
    def ratio(self) -> float | None:
        """How many times as large a is as b; None where that is nothing or nobody."""
        return self.a.value / self.b.value if self.a.value is not None and self.b.value else None

    @property
    def is_told(self) -> bool:
        """Whether they differ for sure: the interval does not hold 0."""
        return self.interval is not None and 0.0 not in self.interval


def false_discovery(p_values: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """The q-values float64[K] of tests made together: the share of false findings to be expected
    among all that are no larger (Benjamini and Hochberg 1995)."""
    if not len(p_values):
        return np.zeros(0)
    from statsmodels.stats.multitest import multipletests

    adjusted: NDArray[np.float64] = multipletests(np.asarray(p_values), method="fdr_bh")[1]
    return adjusted


def needed_per_arm(
    base: float, difference: float, *, ratio: float = 1.0, level: float = LEVEL
) -> int | None:
    """How many people an arm needs for such a difference from a share of `base` to be told with a
    chance of `POWER`, the base having `ratio` times as many; None where `MOST_NEEDED` would not do.

    Raises `ValueError` unless base and base + difference are shares.
    """
    if not (0 <= base <= 1 and -1e-12 <= base + difference <= 1 + 1e-12):
        raise ValueError(f"{base} and {base + difference} are not both shares")
    if abs(difference) < 1e-12:
        return None
    other, pooled = base + difference, (base * (1 + ratio) + difference) / (1 + ratio)
    alike = math.sqrt(pooled * (1 - pooled) * (1 + 1 / ratio))
    apart = math.sqrt(max(0.0, other * (1 - other) + base * (1 - base) / ratio))
    needed = ((_quantile((1 + level) / 2) * alike + _quantile(POWER) * apart) / difference) ** 2
    return int(np.ceil(needed)) if needed <= MOST_NEEDED else None


@cache
def _quantile(share: float) -> float:
    """The standard normal quantile."""
    from scipy.stats import norm

    return float(norm.ppf(share))


def _each(pairs: Sequence[tuple[Share, Share]], level: float) -> Iterator[Difference]:
    """The comparisons of pairs that both have people, by the same functions over arrays."""
    from statsmodels.stats.proportion import confint_proportions_2indep, test_proportions_2indep

    sides = [getattr(one, key) for key in ("count", "of") for pair in pairs for one in pair]
    counts, people = np.array(sides, np.float64).reshape(2, -1, 2)
    given = counts[:, 0], people[:, 0], counts[:, 1], people[:, 1]
    with np.errstate(divide="ignore", invalid="ignore"):  # where there is no success no ratio
        low, high = confint_proportions_2indep(*given, method="newcomb", alpha=1 - level)
        least, most = confint_proportions_2indep(
            *given, compare="ratio", method="log", alpha=1 - level
        )
        chance = test_proportions_2indep(*given, method="agresti-caffo").pvalue
    for place, (a, b) in enumerate(pairs):
        interval = Interval(float(low[place]), float(high[place]))
        ratio = Interval(float(least[place]), float(most[place])) if a.count and b.count else None
        needs = None if 0.0 not in interval else _needs(a, b, None, level)
        yield Difference(a, b, interval, ratio, float(chance[place]), needs)


def _newcombe(a: Share, b: Share, level: float) -> Interval:
    from statsmodels.stats.proportion import confint_proportions_2indep

    low, high = confint_proportions_2indep(
        a.count, a.of, b.count, b.of, method="newcomb", alpha=1 - level
    )
    return Interval(float(low), float(high))


def _ratio(a: Share, b: Share, level: float) -> Interval | None:
    if not a.count or not b.count:
        return None
    from statsmodels.stats.proportion import confint_proportions_2indep

    low, high = confint_proportions_2indep(
        a.count, a.of, b.count, b.of, compare="ratio", method="log", alpha=1 - level
    )
    return Interval(float(low), float(high))


def _chance(a: Share, b: Share) -> float:
    from statsmodels.stats.proportion import test_proportions_2indep

    with np.errstate(divide="ignore", invalid="ignore"):  # it also divides the shares
        found = test_proportions_2indep(a.count, a.of, b.count, b.of, method="agresti-caffo")
    return float(found.pvalue)


def _needs(a: Share, b: Share, worth: float | None, level: float) -> int | None:
    """How many more the smaller side needs; see `Difference.needs`."""
    small, large = sorted((a, b), key=lambda one: (one.of, one.count))
    for supposed in _supposed(small, large, worth):
        rate = large.count / large.of
        difference = supposed if rate + supposed <= 1 else -supposed
        if rate + difference < 0:
            continue
        needed = needed_per_arm(rate, difference, ratio=large.of / small.of, level=level)
        if needed is not None and needed > small.of:
            return needed - small.of
    return None


def _supposed(small: Share, large: Share, worth: float | None) -> Iterator[float]:
    """The differences that further people are supposed to show, the likeliest to do first: as it
    looks now, or one worth knowing where less is seen."""
    seen = small.count / small.of - large.count / large.of
    pooled = (small.count + large.count) / (small.of + large.of)
    least = WORTH_KNOWING * pooled if worth is None else worth
    if abs(seen) < least:
        yield least if seen >= 0 else -least
    yield seen
