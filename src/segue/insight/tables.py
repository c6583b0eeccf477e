"""Many 2x2 tables at once: how much more often people who did something reached a goal.

A table counts people who did it and reached the goal (`tp`), did it and did not (`fp`), did not and
reached it all the same (`fn`), and neither (`tn`). Everything is in closed form over arrays of
tables, so that thousands cost one pass; the tests hold each to the library that takes one table at
a time. A figure that a table cannot give (somebody must be on both sides of it) is NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from segue.insight.arrays import Floats, Int64s
from segue.insight.shares import LEVEL

FEWEST_EXPECTED: Final = 5.0
"""Below this many people expected in a cell (Cochran 1954) a p-value is exact, not by χ²."""


@dataclass(frozen=True, slots=True)
class Estimates:
    """One estimate per table with its interval, float64 of the tables' shape; NaN: cannot tell."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Tables:
    """2x2 tables, int64 of any one shape."""

    tp: Int64s
    fp: Int64s
    fn: Int64s
    tn: Int64s

    @classmethod
    def counted(cls, exposed: Int64s, both: Int64s, people: Int64s, reached: Int64s) -> Tables:
        """Out of how many did it, how many of those reached the goal, and how many there are and
        reached it in all; each is broadcast against the others.

        Raises `ValueError` where that is no table.
        """
        tables = cls(both, exposed - both, reached - both, people - exposed - reached + both)
        if any(np.any(cell < 0) for cell in tables.cells):
            raise ValueError("no table has fewer than nobody in a cell")
        return tables

    @property
    def cells(self) -> tuple[Int64s, Int64s, Int64s, Int64s]:
        """All four."""
        return self.tp, self.fp, self.fn, self.tn

    @property
    def exposed(self) -> Int64s:
        """How many did it."""
        return self.tp + self.fp

    @property
    def others(self) -> Int64s:
        """How many did not."""
        return self.fn + self.tn

    @property
    def reached(self) -> Int64s:
        """How many reached the goal."""
        return self.tp + self.fn

    @property
    def people(self) -> Int64s:
        """How many there are."""
        return self.exposed + self.others

    # ------------------------------------------------------------------------------- the effects

    def risk_difference(self, level: float = LEVEL) -> Estimates:
        """Share who reached it of those who did, minus that of those who did not; the interval is
        Newcombe's hybrid of two Wilson intervals (1998, his method 10)."""
        (a, a_low, a_high), (b, b_low, b_high) = (
            _wilson(self.tp, self.exposed, level),
            _wilson(self.fn, self.others, level),
        )
        value = a - b
        low = value - np.hypot(a - a_low, b_high - b)
        return Estimates(value, low, value + np.hypot(a_high - a, b - b_low))

    def risk_ratio(self, level: float = LEVEL) -> Estimates:
        """The ratio of the two shares; the interval by its logarithm (Katz et al. 1978)."""
        tp, fn = _floats(self.tp), _floats(self.fn)
        with np.errstate(all="ignore"):
            value = tp / self.exposed / (fn / self.others)
            variance = 1 / tp - 1 / self.exposed + 1 / fn - 1 / self.others
        return _by_logarithm(value, variance, level)

    def odds_ratio(self, level: float = LEVEL) -> Estimates:
        """The ratio of the odds; the interval by its logarithm (Woolf 1955)."""
        tp, fp, fn, tn = map(_floats, self.cells)
        with np.errstate(all="ignore"):
            value = tp * tn / (fp * fn)
            variance = 1 / tp + 1 / fp + 1 / fn + 1 / tn
        return _by_logarithm(value, variance, level)

    def phi(self, level: float = LEVEL) -> Estimates:
        """φ, the correlation of doing it and reaching the goal (Matthews's coefficient); the
        interval by the delta method for multinomial counts (Bishop, Fienberg and Holland 1975,
        11.3) on Fisher's z. A φ of 1 or -1 has no interval."""
        value = self._phi()
        with np.errstate(all="ignore"):
            error = np.sqrt(self._phi_variance(value)) / (1 - value * value)
            middle = np.arctanh(value)
            margin = _quantile(level) * error
            return Estimates(value, np.tanh(middle - margin), np.tanh(middle + margin))

    def phi_max(self) -> Floats:
        """The largest φ, in the direction of this one, that the margins leave room for: how many
        did it and how many reached the goal bound what any table could show."""
        did = self.exposed / _some(self.people)
        reached = self.reached / _some(self.people)
        same = np.where(self.covariance < 0, 1 - reached, reached)
        with np.errstate(all="ignore"):
            odds = did / (1 - did) / (same / (1 - same))
        odds = np.where(np.isfinite(odds), _nonzero(odds), np.nan)
        return np.asarray(np.sqrt(np.minimum(odds, 1 / odds)))

    def phi_share(self, level: float = LEVEL) -> Estimates:
        """φ / φ_max: how much of what its margins leave room for; the margins taken as given."""
        most, phi = self.phi_max(), self.phi(level)
        with np.errstate(all="ignore"):
            return Estimates(
                phi.value / most,
                np.maximum(phi.low / most, -1.0),
                np.minimum(phi.high / most, 1.0),
            )

    def p_values(self) -> Floats:
        """The chance of tables at least as uneven if doing it had nothing to do with the goal:
        Pearson's χ², and the doubled tail of the hypergeometric distribution (Fisher's exact test)
        where a cell is expected to have fewer than `FEWEST_EXPECTED`. 1 where nothing can vary."""
        from scipy.stats import chi2

        phi = np.nan_to_num(self._phi())
        by_square: Floats = np.asarray(chi2.sf(phi * phi * self.people, 1))
        fewest = self._fewest_expected()
        scarce = (fewest > 0) & (fewest < FEWEST_EXPECTED)
        return np.where(scarce, _exact(self, scarce), by_square)

    # ---------------------------------------------------------------------------------- of those

    @property
    def covariance(self) -> Floats:
        """Its sign says whether those who did it reached the goal more often (+) or less (-)."""
        return _floats(self.tp) * self.tn - _floats(self.fp) * self.fn

    def _phi(self) -> Floats:
        margins = np.sqrt(_floats(self.exposed) * self.others) * np.sqrt(
            _floats(self.reached) * (self.fp + self.tn)
        )
        with np.errstate(all="ignore"):
            value: Floats = self.covariance / margins
        return np.clip(value, -1, 1)

    def _phi_variance(self, phi: Floats) -> Floats:
        """Of φ, by the delta method; the margins' own unevenness is what widens it."""
        people = _some(self.people)
        did, reached = self.exposed / people, self.reached / people
        did_spread, reached_spread = did * (1 - did), reached * (1 - reached)
        skew = (2 * did - 1) * (2 * reached - 1) / np.sqrt(did_spread * reached_spread)
        tilt = (2 * did - 1) ** 2 / did_spread + (2 * reached - 1) ** 2 / reached_spread
        square = phi * phi
        variance = 1 - square + phi * (1 + square / 2) * skew - 0.75 * square * tilt
        return np.asarray(np.maximum(variance, 0) / people)

    def _fewest_expected(self) -> Floats:
        did = np.minimum(self.exposed, self.others)
        reached = np.minimum(self.reached, self.people - self.reached)
        return np.asarray(did * _floats(reached) / np.maximum(self.people, 1))


# ------------------------------------------------------------------------------- tables in strata


@dataclass(frozen=True, slots=True)
class Stratified:
    """The same tables within strata of people who are alike: `strata` have the shape [..., S], and
    every figure has the shape [...]. All are Mantel and Haenszel's (1959)."""

    strata: Tables

    def risk_difference(self, level: float = LEVEL) -> Estimates:
        """The common difference of the shares; the interval by Sato's variance (1989), which holds
        for few large strata and for many small ones."""
        t = self.strata
        people = np.maximum(t.people, 1)
        weight = _floats(t.exposed) * t.others / people
        within = (_floats(t.tp) * t.others - _floats(t.fn) * t.exposed) / people
        total = weight.sum(-1)
        p = (
            _floats(t.exposed) ** 2 * t.fn
            - _floats(t.others) ** 2 * t.tp
            + _floats(t.exposed) * t.others * (t.others - t.exposed) / 2
        ) / _floats(people) ** 2
        q = (_floats(t.tp) * t.tn + _floats(t.fn) * t.fp) / (2 * people)
        with np.errstate(all="ignore"):
            value = within.sum(-1) / total
            margin = _quantile(level) * np.sqrt(value * p.sum(-1) + q.sum(-1)) / total
        return Estimates(value, value - margin, value + margin)

    def risk_ratio(self, level: float = LEVEL) -> Estimates:
        """The common ratio of the shares (Greenland and Robins 1985)."""
        t = self.strata
        people = np.maximum(t.people, 1)
        up, down = _floats(t.tp) * t.others / people, _floats(t.fn) * t.exposed / people
        spread = (
            _floats(t.exposed) * t.others * t.reached - _floats(t.tp) * t.fn * people
        ) / _floats(people) ** 2
        with np.errstate(all="ignore"):
            value = up.sum(-1) / down.sum(-1)
            variance = spread.sum(-1) / (up.sum(-1) * down.sum(-1))
        return _by_logarithm(value, variance, level)

    def odds_ratio(self, level: float = LEVEL) -> Estimates:
        """The common ratio of the odds (Robins, Breslow and Greenland 1986)."""
        t = self.strata
        people = np.maximum(t.people, 1)
        up, down = _floats(t.tp) * t.tn / people, _floats(t.fp) * t.fn / people
        along, across = (t.tp + t.tn) / people, (t.fp + t.fn) / people
        ups, downs = up.sum(-1), down.sum(-1)
        with np.errstate(all="ignore"):
            variance = (
                (along * up).sum(-1) / ups**2
                + (along * down + across * up).sum(-1) / (ups * downs)
                + (across * down).sum(-1) / downs**2
            ) / 2
            value = ups / downs
        return _by_logarithm(value, variance, level)

    def by_chance(self) -> tuple[Floats, Floats]:
        """How many who did it would reach the goal if it had nothing to do with it within any
        stratum, and the standard deviation of that; all margins taken as given."""
        t = self.strata
        people = np.maximum(t.people, 1)
        expected = _floats(t.exposed) * t.reached / people
        failing = (t.people - t.reached) / np.maximum(t.people - 1, 1)
        variance = expected * t.others / people * failing
        return expected.sum(-1), np.sqrt(variance.sum(-1))

    def room(self) -> Floats:
        """How far at least the margins let the count of successes lie from what chance gives, to
        either side: at 5 or more the deviation is about normal (Mantel and Fleiss 1980)."""
        t = self.strata
        expected, _ = self.by_chance()
        fewest = np.maximum(0, t.reached - t.others).sum(-1)
        most = np.minimum(t.exposed, t.reached).sum(-1)
        return np.asarray(np.minimum(expected - fewest, most - expected))

    def deviation(self) -> Floats:
        """How many standard deviations more of those who did it reached the goal than by chance; 0
        where nothing can vary. Its square is the Cochran-Mantel-Haenszel statistic without
        correction."""
        expected, spread = self.by_chance()
        excess = self.strata.tp.sum(-1) - expected
        return np.where(spread > 0, excess / np.where(spread > 0, spread, 1), 0.0)

    def p_values(self) -> Floats:
        """By the Cochran-Mantel-Haenszel test without correction; 1 where nothing can vary."""
        return two_sided(self.deviation())


def two_sided(deviation: Floats) -> Floats:
    """The chance of a normal deviate at least so many standard deviations off, to either side."""
    from scipy.stats import norm

    return np.asarray(2 * norm.sf(np.abs(deviation)))


# ------------------------------------------------------------------------------------- the pieces


def _floats(counts: Int64s) -> Floats:
    """Products of counts would wrap."""
    return np.asarray(counts, np.float64)


def _nonzero(values: Floats) -> Floats:
    return np.where(values == 0, np.nan, values)


def _some(people: Int64s) -> Floats:
    return _nonzero(_floats(people))


def _quantile(level: float) -> float:
    from scipy.stats import norm

    return float(norm.ppf((1 + level) / 2))


def _wilson(count: Int64s, of: Int64s, level: float) -> tuple[Floats, Floats, Floats]:
    """Shares with Wilson's interval (1927)."""
    z, people = _quantile(level), _some(of)
    share = count / people
    shrink = 1 + z * z / people
    centre = (share + z * z / (2 * people)) / shrink
    margin = z / shrink * np.sqrt(share * (1 - share) / people + (z / (2 * people)) ** 2)
    return share, np.maximum(centre - margin, 0), np.minimum(centre + margin, 1)


def _by_logarithm(value: Floats, variance: Floats, level: float) -> Estimates:
    """A ratio with the interval of its logarithm; NaN unless it is between nothing and for ever."""
    known = np.isfinite(value) & (value > 0) & np.isfinite(variance)
    safe = np.where(known, value, np.nan)
    stretch = np.exp(_quantile(level) * np.sqrt(np.where(known, variance, np.nan)))
    return Estimates(safe, safe / stretch, safe * stretch)


def _exact(tables: Tables, chosen: np.typing.NDArray[np.bool_]) -> Floats:
    """The doubled smaller tail of the hypergeometric distribution, where chosen; else 1."""
    from scipy.stats import hypergeom

    found = np.ones(np.shape(chosen))
    place = np.flatnonzero(chosen)

    def take(cell: Int64s) -> Int64s:
        return np.broadcast_to(cell, np.shape(chosen)).ravel()[place]

    drawn: tuple[Int64s, ...] = (take(tables.people), take(tables.exposed), take(tables.reached))
    tail: Callable[..., Floats] = hypergeom.cdf
    fewer, more = tail(take(tables.tp), *drawn), hypergeom.sf(take(tables.tp) - 1, *drawn)
    found.ravel()[place] = np.minimum(2 * np.minimum(fewer, more), 1)
    return found
