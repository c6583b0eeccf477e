"""What a segment would have done: who entered, how long they stayed, and what they did afterwards,
against people like them who were not in at the same instants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from segue.insight.arrays import Bools, Floats, Int64s, Occurrences, Spans, first_after, person_of
from segue.insight.comparisons import Difference
from segue.insight.lift import FEWEST
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
    """A share, or a difference of shares, of `rows` comparisons that rest on `people` people.

    `interval` allows for people who appear several times; None where there are too few who reached
    the goal, or did not, for it to be about normal (see `lift.FEWEST`).
    """

    value: float | None
    rows: int
    people: int
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Contrast:
    """What entrants did afterwards, against people like them.

    `entrants` is the share of all entrants with a whole window behind them who reached the goal
    within it, each person at their first entry. `compared` is the same of those beside whom
    somebody like them stands, `alike` that of the people beside them, `anybody` that of people
    drawn by chance at the same instants. `difference` is `compared` less `alike`; `needs` is about
    how many more entrants would tell it (None: told, or none would). `too_young` entrants have no
    whole window behind them yet and are left out. `sampled`: of so many entrants `matched` looks at
    a part only, drawn by chance.
    """

    entrants: Share
    too_young: int
    sampled: bool
    compared: Estimate
    alike: Estimate
    anybody: Estimate
    difference: Estimate
    needs: int | None
    matched: Matched = field(repr=False)

    @property
    def is_told(self) -> bool:
        """Whether entrants and people like them differ for sure."""
        interval = self.difference.interval
        return interval is not None and 0.0 not in interval


def contrast(known: Known, entries: Entries, *, window: int, at: int, seed: int) -> Contrast:
    """Compare the entrants with people like them by whether they reach the goal (the occurrences
    `known.goals`) in the `window` ms after the entry, `(e, e + window]`."""
    firsts = entries.first()
    whole = firsts.only(firsts.start <= at - window)
    chosen = _sampled(whole, seed)
    matched = match(known, chosen.person, chosen.start, seed=seed)
    rows = _Rows.of(known.goals, chosen, matched, window)
    compared, alike, anybody, difference = rows.estimates()
    count = int(_reach(known.goals, whole.person, whole.start, window).sum())
    found = Contrast(
        Share.measured(count, len(whole)),
        len(firsts) - len(whole),
        len(chosen) < len(whole),
        compared,
        alike,
        anybody,
        difference,
        None,
        matched,
    )
    return found if found.is_told else _needing(found)


def _needing(found: Contrast) -> Contrast:
    """With how many more entrants it takes."""
    sides = [
        Share.measured(round((one.value or 0.0) * one.rows), one.rows)
        for one in (found.compared, found.alike)
    ]
    return replace(found, needs=Difference.measured(*sides).needs)


def _sampled(entries: Entries, seed: int) -> Entries:
    if len(entries) <= MOST_ENTRANTS:
        return entries
    generator = np.random.default_rng(seed)
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
        found = matched.found
        entrant = np.concatenate([found, matched.entrant, matched.drawn_entrant])
        sizes = [len(found), len(matched.entrant), len(matched.drawn)]
        person = np.concatenate([chosen.person[found], matched.control, matched.drawn])
        beside = np.bincount(matched.entrant, minlength=len(chosen))
        weight = [np.ones(sizes[0]), 1.0 / beside[matched.entrant], np.ones(sizes[2])]
        reached = _reach(goals, person, chosen.start[entrant], window)
        return cls(np.repeat(np.arange(_GROUPS), sizes), person, reached, np.concatenate(weight))

    def estimates(self) -> list[Estimate]:
        """The share of each group, and the first less the second."""
        value, spread = self._fitted()
        shares = [self._estimate([one], value[one], spread[one, one]) for one in range(_GROUPS)]
        variance = spread[0, 0] + spread[1, 1] - 2 * spread[0, 1]
        return [*shares, self._estimate([0, 1], value[0] - value[1], variance)]

    def _estimate(self, groups: Sequence[int], value: float, variance: float) -> Estimate:
        """Of these groups; `rows` and `people` are those of the first."""
        rows = int(np.count_nonzero(self.group == groups[0]))
        people = len(np.unique(self.person[self.group == groups[0]]))
        if np.isnan(value):
            return Estimate(None, rows, people, None)
        if not (variance > 0 and all(self._is_normal(one) for one in groups)):
            return Estimate(float(value), rows, people, None)
        from scipy.stats import norm

        margin = float(norm.ppf((1 + LEVEL) / 2)) * float(variance) ** 0.5
        least = 0.0 if len(groups) == 1 else -1.0
        interval = Interval(max(least, value - margin), min(1.0, value + margin))
        return Estimate(float(value), rows, people, interval)

    def _is_normal(self, group: int) -> bool:
        reached = self.reached[self.group == group]
        return bool(min(np.count_nonzero(reached), np.count_nonzero(~reached)) >= FEWEST)

    def _fitted(self) -> tuple[Floats, Floats]:
        """The weighted share of each group, float64[3], and their covariance, float64[3, 3], robust
        to people who stand in several rows (Liang and Zeger 1986); NaN of who is not there."""
        there = np.unique(self.group)
        value, spread = np.full(_GROUPS, np.nan), np.full((_GROUPS, _GROUPS), np.nan)
        if len(np.unique(self.person)) <= len(there):
            return value, spread
        from statsmodels.regression.linear_model import WLS

        member = (self.group[:, None] == there).astype(np.float64)
        model = WLS(self.reached.astype(np.float64), member, weights=self.weight)
        fitted = model.fit(cov_type="cluster", cov_kwds={"groups": self.person})
        value[there], spread[np.ix_(there, there)] = fitted.params, fitted.cov_params()
        return value, spread
