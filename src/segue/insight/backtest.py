"""What a segment would have done: who entered, how long they stayed, and what they did afterwards,
against people like them who were not in at the same instants."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.random import Generator

from segue.insight.arrays import Bools, Floats, Int64s, Occurrences, Spans, first_after, person_of
from segue.insight.comparisons import Difference
from segue.insight.matching import Known, Matched, match
from segue.insight.shares import LEVEL, Interval, Share
from segue.insight.survival import Survival

MOST_ENTRANTS: Final = 20_000
"""Entrants who are compared with others; of more so many are drawn by chance."""


@dataclass(frozen=True, slots=True)
class Entries:
    """Stays that begin in a period, N in all: of whom, from when, until when (FOREVER: open);
    int64[N] each, by person, then time."""

    person: Int64s
    start: Int64s
    end: Int64s

    @classmethod
    def within(cls, spans: Spans, after: int, until: int) -> Entries:
        """The stays that begin in `(after, until]` (ms)."""
        kept = (spans.start > after) & (spans.start <= until)
        return cls(person_of(spans)[kept], spans.start[kept], spans.end[kept])

    def __len__(self) -> int:
        return len(self.person)

    def first(self) -> Entries:
        """The first one of each person."""
        _, places = np.unique(self.person, return_index=True)
        return self.only(places)

    def only(self, which: Bools | Int64s) -> Entries:
        """Those at these places."""
        return Entries(self.person[which], self.start[which], self.end[which])

    def dwell(self, at: int) -> Survival:
        """How long they last; those that are open at the instant last longer than so far."""
        return Survival.measured(np.minimum(self.end, at) - self.start, self.end <= at)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share of `rows` people at instants, who are `people` different people.

    `interval` is Wilson's for as many different people as would tell as much (`worth`): less where
    the same people stand in several rows. None where there is nobody.
    """

    value: float | None
    rows: int
    people: int
    worth: float
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Contrast:
    """What entrants did afterwards, against people like them.

    `entrants` is the share of all entrants with a whole window behind them who reached the goal
    within it, each person at their first entry. `compared` is the same of those beside whom
    somebody like them stands, `alike` that of the people beside them, `anybody` that of people
    drawn by chance at the same instants. `difference` is `compared` less `alike`, `interval` its
    range (see `difference_range`; None: nobody was alike); `needs` is about how many more entrants
    would tell it (None: told, or none would). `too_young` entrants have no whole window behind them
    yet and are left out. `sampled`: of so many entrants `matched` looks at
    a part only, drawn by chance.
    """

    entrants: Share
    too_young: int
    sampled: bool
    compared: Estimate
    alike: Estimate
    anybody: Estimate
    interval: Interval | None
    needs: int | None
    matched: Matched = field(repr=False)

    @property
    def difference(self) -> float | None:
        """The difference as measured; None where nobody was alike."""
        if self.compared.value is None or self.alike.value is None:
            return None
        return self.compared.value - self.alike.value

    @property
    def is_told(self) -> bool:
        """Whether entrants and people like them differ for sure."""
        return self.interval is not None and 0.0 not in self.interval


def contrast(
    known: Known, entries: Entries, generator: Generator, *, window: int, at: int
) -> Contrast:
    """Compare the entrants with people like them by whether they reach the goal (the occurrences
    `known.goals`) in the `window` ms after the entry, `(e, e + window]`. The generator draws whom
    to look at."""
    firsts = entries.first()
    whole = firsts.only(firsts.start <= at - window)
    chosen = _sampled(whole, generator)
    matched = match(known, chosen.person, chosen.start, generator)
    rows = _Rows.of(known.goals, chosen, matched, window)
    (compared, alike, anybody), together = rows.estimates()
    count = int(_reach(known.goals, whole.person, whole.start, window).sum())
    interval = difference_range(compared, alike, together)
    told = interval is not None and 0.0 not in interval
    return Contrast(
        Share.measured(count, len(whole)),
        len(firsts) - len(whole),
        len(chosen) < len(whole),
        compared,
        alike,
        anybody,
        interval,
        None if told else _needs(compared, alike),
        matched,
    )


def difference_range(a: Estimate, b: Estimate, together: float) -> Interval | None:
    """The range of a less b, whose errors correlate so much (`together`): from the ranges of both
    (MOVER: Zou and Donner, "Construction of confidence limits about effect measures", Statistics in
    Medicine 2008, section 2; without correlation it is Newcombe's hybrid score interval, 1998)."""
    if a.value is None or b.value is None or a.interval is None or b.interval is None:
        return None
    between = a.value - b.value
    low = _reaching(a.value - a.interval.low, b.interval.high - b.value, together)
    high = _reaching(a.interval.high - a.value, b.value - b.interval.low, together)
    return Interval(max(-1.0, between - low), min(1.0, between + high))


def _reaching(one: float, other: float, together: float) -> float:
    return math.sqrt(max(0.0, one * one + other * other - 2 * together * one * other))


def _needs(a: Estimate, b: Estimate) -> int | None:
    """How many more entrants would tell, as of two shares of so many different people."""
    sides = [
        Share.measured(round((one.value or 0.0) * one.worth), max(1, round(one.worth)))
        for one in (a, b)
    ]
    return Difference.measured(*sides).needs


def _sampled(entries: Entries, generator: Generator) -> Entries:
    if len(entries) <= MOST_ENTRANTS:
        return entries
    return entries.only(np.sort(generator.permutation(len(entries))[:MOST_ENTRANTS]))


def _reach(goals: Occurrences, person: Int64s, instant: Int64s, window: int) -> Bools:
    """Who reaches the goal in `(instant, instant + window]`, bool[Q]."""
    reached: Bools = first_after(goals, person, instant) <= instant + window
    return reached


# ------------------------------------------------------------------------------- the three shares

_GROUPS: Final = 3
"""Entrants who are compared, people like them, people drawn by chance."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """One row per entrant who is compared and per person beside one; N in all.

    group: int64[N], 0 to 2; person: int64[N]; reached: bool[N]; weight: float64[N], such that
    everybody beside an entrant weighs as much as the entrant.
    """

    group: Int64s
    person: Int64s
    reached: Bools
    weight: Floats

    @classmethod
    def of(cls, goals: Occurrences, chosen: Entries, matched: Matched, window: int) -> _Rows:
        found, beside, drawn = matched.found, matched.beside, matched.drawn
        sizes = [len(found), len(beside), len(drawn)]
        person = np.concatenate([chosen.person[found], beside.person, drawn.person])
        instant = np.concatenate([chosen.start[found], beside.at, drawn.at])
        mates = np.bincount(beside.entrant, minlength=len(chosen))
        weight = [np.ones(sizes[0]), 1.0 / mates[beside.entrant], np.ones(sizes[2])]
        reached = _reach(goals, person, instant, window)
        return cls(np.repeat(np.arange(_GROUPS), sizes), person, reached, np.concatenate(weight))

    def estimates(self) -> tuple[list[Estimate], float]:
        """The share of each group; and how much the errors of the first two correlate, as some
        people stand on both sides."""
        values, covariance = self._fitted()
        variances = np.diagonal(covariance)
        scale = float(np.sqrt(variances[0] * variances[1]))
        together = float(covariance[0, 1]) / scale if scale > 0 else 0.0
        found = [self._estimate(one, values[one], variances[one]) for one in range(_GROUPS)]
        return found, min(max(together, -1.0), 1.0)

    def _estimate(self, group: int, value: float, variance: float) -> Estimate:
        mine = self.group == group
        rows, people = int(np.count_nonzero(mine)), len(np.unique(self.person[mine]))
        if not rows:
            return Estimate(None, 0, 0, 0.0, None)
        from statsmodels.stats.proportion import proportion_confint

        value = min(max(float(value), 0.0), 1.0)
        spread = value * (1 - value)
        worth = float(min(rows, spread / variance)) if variance > 0 < spread else float(people)
        low, high = proportion_confint(value * worth, worth, alpha=1 - LEVEL, method="wilson")
        return Estimate(value, rows, people, worth, Interval(float(low), float(high)))

    def _fitted(self) -> tuple[Floats, Floats]:
        """The weighted share of each group, float64[3], and their covariance, float64[3, 3], robust
        to people who stand in several rows (Liang and Zeger 1986); 0 where nothing varies."""
        there = np.unique(self.group)
        values, covariance = np.zeros(_GROUPS), np.zeros((_GROUPS, _GROUPS))
        if not len(there):
            return values, covariance
        from statsmodels.regression.linear_model import WLS

        member = (self.group[:, None] == there).astype(np.float64)
        model = WLS(self.reached.astype(np.float64), member, weights=self.weight)
        values[there] = model.fit().params
        if len(np.unique(self.person)) > len(there):
            # By the order of these people, so that how many others there are changes no digit.
            people = np.unique(self.person, return_inverse=True)[1]
            fitted = model.fit(cov_type="cluster", cov_kwds={"groups": people})
            covariance[np.ix_(there, there)] = fitted.cov_params()
        return values, covariance
