"""Times to an event of very many people, counted by the whole minute.

What `insight.survival` does one by one is done here by counting: a segment's counts, and those of
everybody else as the difference of two counts, so that comparing fifty segments with all others
costs the people in the segments, not fifty times everybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from segue.domain.instant import MINUTE
from segue.insight.arrays import Bools, Floats, Int64s
from segue.insight.shares import LEVEL
from segue.insight.survival import AtRisk, LogRank, Survival, flat, hazard_ratio, log_log
from segue.insight.tallies import Counts

UNIT: Final = MINUTE
"""What times are rounded down to, in ms."""


def waited(duration: Int64s, happened: Bools) -> Counts:
    """Counts of people to each of whom it happened after `duration` int64[N] ms, or who were
    followed for so long without it (bool[N]): of twice the units, and one more where it happened.
    """
    return Counts.of(2 * (duration // UNIT) + happened)


@dataclass(frozen=True, slots=True)
class Waits:
    """For how many people it happened, or following them ended without it, by how long it took.

    `happened`, `ended`: int64[K]; place k counts those of k units of `UNIT`. Only counts of as many
    places are compared.
    """

    happened: Int64s = field(repr=False)
    ended: Int64s = field(repr=False)

    @classmethod
    def of(cls, found: Counts) -> Waits:
        """Those of what `waited` counts."""
        return cls.each([found])[0]

    @classmethod
    def each(cls, found: Sequence[Counts]) -> list[Waits]:
        """Those of several groups, with as many places each."""
        size = 2 + max((int(one.values.max(initial=0)) for one in found), default=0)
        every = []
        for one in found:
            dense = np.zeros(size + size % 2, np.int64)
            dense[one.values] = one.counts
            every.append(cls(dense[1::2], dense[::2]))
        return every

    def without(self, other: Waits) -> Waits:
        """The counts of the others, where `other` are some of the same people."""
        return Waits(self.happened - other.happened, self.ended - other.ended)

    @property
    def at_risk(self) -> Int64s:
        """How many were still waiting just before each unit, int64[K]."""
        gone: Int64s = np.cumsum((self.happened + self.ended)[::-1])[::-1]
        return gone

    def survival(self, level: float = LEVEL) -> Survival:
        """The curve (Kaplan and Meier 1958, Greenwood 1926), as `Survival.measured` makes it of
        times that are rounded down."""
        steps = np.flatnonzero(self.happened)
        followed = np.flatnonzero(self.happened + self.ended)
        if not len(steps):
            return flat(followed * UNIT, self.ended[followed], level)
        deaths, risk = self.happened[steps].astype(np.float64), self.at_risk[steps]
        surviving = np.cumprod(1 - deaths / risk).astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            error = surviving * np.sqrt(np.cumsum(deaths / (risk * (risk - deaths))))
        error = np.nan_to_num(error).astype(np.float64)
        low, high = log_log(surviving, error, level)
        return Survival(
            int((self.happened + self.ended).sum()),
            int(self.happened.sum()),
            int(followed[-1]) * UNIT,
            steps * UNIT,
            surviving,
            error,
            low,
            high,
            risk,
            level=level,
        )

    def against(self, other: Waits, level: float = LEVEL) -> LogRank:
        """These people against others, as `survival.compare` finds of times rounded down."""
        steps = np.flatnonzero(self.happened + other.happened)
        mine, theirs = (one.at_risk[steps].astype(np.float64) for one in (self, other))
        deaths = (self.happened + other.happened)[steps].astype(np.float64)
        first = int(self.happened.sum())
        if not len(steps) or not mine[0] or not theirs[0]:
            return LogRank(1.0, None, None)
        ratio = hazard_ratio(AtRisk(deaths, mine, theirs, first), level)
        return LogRank(_log_rank(deaths, mine, theirs, first), *(ratio or (None, None)))


def _log_rank(deaths: Floats, mine: Floats, theirs: Floats, first: int) -> float:
    """The p-value of the log-rank test (Mantel 1966)."""
    from scipy.stats import chi2

    risk = mine + theirs
    expected = float((deaths * mine / risk).sum())
    tied = np.divide(risk - deaths, risk - 1, out=np.zeros_like(risk), where=risk > 1)
    variance = float((deaths * tied * mine * theirs / risk**2).sum())
    return float(chi2.sf((first - expected) ** 2 / variance, 1)) if variance > 0 else 1.0
