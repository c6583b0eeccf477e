"""How long things take: Kaplan-Meier curves of people for whom it may not have happened yet.

Who was followed for 12 days and had not bought by then counts as "longer than 12 days", not as
"never" and not as nobody: the median is that of everybody, not only of those who bought. The
variance is Greenwood's (1926), the intervals are those of the log of the log, which stay within 0
and 1 (Kalbfleisch and Prentice 1980, as R's `conf.type = "log-log"`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from segue.insight.arrays import Bools, Floats, Int64s
from segue.insight.shares import LEVEL, Interval, Share

_ROUNDING: Final = 1e-9
"""By how much a curve may miss a share that it reaches exactly."""
_FARTHEST: Final = 50.0
"""The largest logarithm of a hazard ratio that is looked for."""


@dataclass(frozen=True, slots=True)
class Followed:
    """Of people to none of whom it happened: `times` int64[T], ascending (ms), and how many were
    followed for at least so long, `people` int64[T]."""

    times: Int64s = field(repr=False)
    people: Int64s = field(repr=False)

    @classmethod
    def counted(cls, times: Int64s, ended: Int64s) -> Followed:
        """Of how many were followed for exactly so long, `ended` int64[T]."""
        return cls(times, np.cumsum(ended[::-1])[::-1])

    def at_risk(self, after: int) -> int:
        """How many were followed for at least so long (ms)."""
        place = int(np.searchsorted(self.times, after, side="left"))
        return int(self.people[place]) if place < len(self.people) else 0


@dataclass(frozen=True, slots=True)
class Survival:
    """For how many it has not happened yet, by time since the start.

    `people` were followed, it happened to `happened` of them; `followed` is the longest time that
    anybody was followed (ms). The curve has a step at each of K durations: `steps` int64[K] in ms,
    ascending; from there on the share `surviving` float64[K] has still to wait, with Greenwood's
    standard error `error` float64[K] and a pointwise interval from `low` to `high` float64[K];
    `at_risk` int64[K] were waiting just before. Where it happened to nobody there is no step, and
    `quiet` says how many were followed for how long. `level` is that of the intervals.
    """

    people: int
    happened: int
    followed: int
    steps: Int64s = field(repr=False)
    surviving: Floats = field(repr=False)
    error: Floats = field(repr=False)
    low: Floats = field(repr=False)
    high: Floats = field(repr=False)
    at_risk: Int64s = field(repr=False)
    quiet: Followed | None = field(default=None, repr=False)
    level: float = LEVEL

    @classmethod
    def measured(cls, duration: Int64s, happened: Bools, level: float = LEVEL) -> Survival:
        """The curve of people, each of whom it happened to after `duration` int64[N] ms, or who
        were followed for so long without it (`happened` bool[N]).

        Raises `ValueError` where a duration is negative or the arrays differ in length.
        """
        duration, happened = _checked(duration, happened)
        if not happened.any():
            return flat(*np.unique(duration, return_counts=True), level)
        from statsmodels.duration.survfunc import SurvfuncRight

        curve = SurvfuncRight(duration, happened.astype(np.int64))
        surviving = np.asarray(curve.surv_prob, np.float64)
        error = np.nan_to_num(np.asarray(curve.surv_prob_se, np.float64))
        low, high = log_log(surviving, error, level)
        return cls(
            len(duration),
            int(happened.sum()),
            int(duration.max()),
            np.asarray(curve.surv_times, np.int64),
            surviving,
            error,
            low,
            high,
            np.asarray(curve.n_risk, np.int64),
            level=level,
        )

    @property
    def median(self) -> int | None:
        """After how long (ms) it has happened to half of the people; None: not reached."""
        return self.reached(0.5)

    def reached(self, share: float) -> int | None:
        """After how long (ms) it has happened to this share of the people; None: not reached in
        the time that they were followed."""
        place = np.flatnonzero(self.surviving <= 1 - share + _ROUNDING)
        return int(self.steps[place[0]]) if len(place) else None

    def reached_between(self, share: float) -> tuple[int | None, int | None]:
        """The ends of the interval of `reached` (Brookmeyer and Crowley 1982): when the curve's own
        interval is at the share first and when it is there as a whole (ms); None: not reached."""
        ends = []
        for edge in (self.low, self.high):
            place = np.flatnonzero(edge <= 1 - share + _ROUNDING)
            ends.append(int(self.steps[place[0]]) if len(place) else None)
        return ends[0], ends[1]

    def by(self, after: int) -> tuple[float, Interval] | None:
        """The share to whom it has happened at most `after` ms from the start, with its interval;
        None where nobody was followed that long and it had not happened to everybody.

        Before the first step the curve has no error of its own; that it happened to none of those
        who waited so long has Wilson's interval.
        """
        place = int(np.searchsorted(self.steps, after, side="right")) - 1
        ended = bool(len(self.surviving)) and float(self.surviving[-1]) == 0.0
        if not self.people or (after > self.followed and not ended):
            return None
        if place < 0:
            return self._none_yet(after)
        low, high = 1 - float(self.high[place]), 1 - float(self.low[place])
        return 1 - float(self.surviving[place]), Interval(low, high)

    def _none_yet(self, after: int) -> tuple[float, Interval] | None:
        waited = self.quiet.at_risk(after) if self.quiet else int(self.at_risk[0])
        interval = Share.measured(0, waited, self.level).interval
        return None if interval is None else (0.0, interval)


def flat(times: Int64s, ended: Int64s, level: float) -> Survival:
    """The curve of people to none of whom it happened, `ended` int64[T] of whom were followed for
    each of `times` int64[T] (ms, ascending): it has no step."""
    none, nowhere = np.empty(0), np.empty(0, np.int64)
    people, followed = int(ended.sum()), int(times[-1]) if len(times) else 0
    quiet = Followed.counted(times, ended)
    return Survival(people, 0, followed, nowhere, none, none, none, none, nowhere, quiet, level)


def _checked(duration: Int64s, happened: Bools) -> tuple[Int64s, Bools]:
    duration, happened = np.asarray(duration, np.int64), np.asarray(happened, np.bool_)
    if duration.shape != happened.shape:
        raise ValueError(f"{len(duration)} durations and {len(happened)} outcomes")
    if len(duration) and duration.min() < 0:
        raise ValueError(f"{duration.min()} ms is no duration")
    return duration, happened


def log_log(surviving: Floats, error: Floats, level: float) -> tuple[Floats, Floats]:
    """The interval of each step of a curve, float64[K] each; where nobody is left, from 0 to what
    it was at the step before."""
    from scipy.stats import norm

    inner = (surviving > 0) & (surviving < 1)
    low, high = surviving.copy(), surviving.copy()
    log = np.log(surviving[inner])
    spread = float(norm.ppf((1 + level) / 2)) * error[inner] / (surviving[inner] * log)
    ends = np.sort(np.vstack([np.exp(log * np.exp(spread)), np.exp(log * np.exp(-spread))]), axis=0)
    low[inner], high[inner] = ends
    if len(surviving) and surviving[-1] <= 0:
        high[-1] = high[-2] if len(high) > 1 else 1.0
    return low, high


# ------------------------------------------------------------------------------------ two groups


@dataclass(frozen=True, slots=True)
class LogRank:
    """Two groups' curves against each other.

    `p_value` is that of the log-rank test (Mantel 1966): the chance of curves as different, were
    the groups alike. `hazard_ratio` says how many times as fast it happens to the first group
    (Cox's partial likelihood with one indicator, ties after Breslow), with its interval (Wald's);
    both are None where it happened to one group only, or the groups were never at risk together.
    """

    p_value: float
    hazard_ratio: float | None
    interval: Interval | None


def compare(
    a_duration: Int64s,
    a_happened: Bools,
    b_duration: Int64s,
    b_happened: Bools,
    level: float = LEVEL,
) -> LogRank:
    """The first group against the second; durations int64[N] in ms and outcomes bool[N] as of
    `Survival.measured`, which says what it raises."""
    groups = [_checked(a_duration, a_happened), _checked(b_duration, b_happened)]
    if not all(len(duration) for duration, _ in groups) or not any(h.any() for _, h in groups):
        return LogRank(1.0, None, None)
    ratio = hazard_ratio(_table(groups[0], groups[1]), level)
    return LogRank(_p_value(groups), *(ratio if ratio is not None else (None, None)))


def _p_value(groups: list[tuple[Int64s, Bools]]) -> float:
    """1 where the groups were never at risk together, so that nothing varies."""
    from statsmodels.duration.survfunc import survdiff

    duration = np.concatenate([one for one, _ in groups])
    happened = np.concatenate([one for _, one in groups]).astype(np.int64)
    group = np.repeat([0, 1], [len(one) for one, _ in groups])
    try:
        with np.errstate(invalid="ignore", divide="ignore"):
            _, p_value = survdiff(duration, happened, group)
    except np.linalg.LinAlgError:
        return 1.0
    return float(p_value) if np.isfinite(p_value) else 1.0


@dataclass(frozen=True, slots=True)
class AtRisk:
    """At each instant at which it happened: to how many, and who was at risk, of both groups;
    float64[K] each. `first` is to how many of the first group it happened in all."""

    deaths: Floats
    a: Floats
    b: Floats
    first: int

    def score(self, beta: float) -> float:
        """The derivative of the log partial likelihood."""
        return self.first - float((self.deaths * self.leaning(beta)).sum())

    def leaning(self, beta: float) -> Floats:
        """The chance that it happens to somebody of the first group, at each instant."""
        weight = self.a * np.exp(beta)
        leaning: Floats = weight / (weight + self.b)
        return leaning


def _table(a: tuple[Int64s, Bools], b: tuple[Int64s, Bools]) -> AtRisk:
    instants, deaths = np.unique(np.concatenate([a[0][a[1]], b[0][b[1]]]), return_counts=True)
    first = int(a[1].sum())
    return AtRisk(
        deaths.astype(np.float64), _waiting(a[0], instants), _waiting(b[0], instants), first
    )


def _waiting(duration: Int64s, instants: Int64s) -> Floats:
    """How many of a group were at risk at each instant."""
    before = np.searchsorted(np.sort(duration), instants, side="left")
    return (len(duration) - before).astype(np.float64)


def hazard_ratio(risk: AtRisk, level: float) -> tuple[float, Interval] | None:
    """The hazard ratio of the first group with its interval, None where there is none: the root of
    the score, which falls with the ratio."""
    from scipy.optimize import brentq
    from scipy.stats import norm

    if risk.score(-_FARTHEST) <= _ROUNDING or risk.score(_FARTHEST) >= -_ROUNDING:
        return None
    beta = float(brentq(risk.score, -_FARTHEST, _FARTHEST, xtol=1e-12))
    leaning = risk.leaning(beta)
    information = float((risk.deaths * leaning * (1 - leaning)).sum())
    margin = float(norm.ppf((1 + level) / 2)) / information**0.5
    ends = Interval(float(np.exp(beta - margin)), float(np.exp(beta + margin)))
    return float(np.exp(beta)), ends
