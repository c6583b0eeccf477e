"""A finished experiment: what each arm did to each outcome, and whether to everybody alike.

People are compared by the arm that they were assigned to. The experiment is over and looked at
once, so the intervals are those of one look (while it runs: `insight.lift`). An effect in a group
of people alone is no finding; that groups differ is tested first, over all groups that were tried.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segue.insight.arrays import Bools, Floats
from segue.insight.comparisons import Difference, false_discovery
from segue.insight.lift import Split, check_split
from segue.insight.shares import LEVEL, Interval, Mean, Share

Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Effect:
    """An arm against the control in one outcome.

    Of an outcome that people reach or do not, `treated` and `control` are shares and `interval` is
    Newcombe's; of an amount they are means and it is Welch's. `value` is treated minus control.
    `error` is its standard error; `q_value` is the p-value among those of all arms and outcomes.
    Where one side has nobody there is no `interval`. `needs` as of `Difference` (of shares only).
    """

    arm: str
    outcome: str
    treated: Share | Mean
    control: Share | Mean
    value: float
    error: float
    interval: Interval | None
    p_value: float
    needs: int | None = None
    q_value: float = 1.0

    @property
    def is_told(self) -> bool:
        """Whether there surely is an effect, among all arms and outcomes."""
        told = self.interval is not None and 0.0 not in self.interval
        return told and self.q_value < 1 - LEVEL


@dataclass(frozen=True, slots=True)
class Part:
    """The effect among the people of one group."""

    group: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class Variation:
    """Whether an arm does the same to all groups of people.

    `p_value` is the chance of effects as different, did it do the same to all (Cochran's Q);
    `q_value` is that among all variations that were looked at. `apart` is the largest effect of a
    group less the smallest, with its interval, which says nothing where `is_told` is not so: the
    extremes of several groups always lie apart.
    """

    by: str
    arm: str
    outcome: str
    parts: tuple[Part, ...]
    p_value: float
    apart: float
    interval: Interval
    q_value: float = 1.0

    @property
    def is_told(self) -> bool:
        """Whether groups surely differ, among all that were looked at."""
        return self.q_value < 1 - LEVEL

    @property
    def largest(self) -> Part:
        """The group in which the effect is largest."""
        return max(self.parts, key=lambda one: one.effect.value)

    @property
    def smallest(self) -> Part:
        """The group in which the effect is smallest."""
        return min(self.parts, key=lambda one: one.effect.value)


@dataclass(frozen=True, slots=True)
class Experiment:
    """What an experiment came to. `people` is by arm, the control first; `split` says whether they
    were assigned in equal parts, as is supposed unless shares are given."""

    control: str
    people: Mapping[str, int]
    split: Split
    effects: tuple[Effect, ...]
    variations: tuple[Variation, ...]


@dataclass(frozen=True, slots=True)
class Grouping:
    """Groups that N people belong to: their names, and the place of each person's, int64[N]."""

    by: str
    names: tuple[str, ...]
    code: Codes


def experiment(
    arms: Sequence[str],
    arm: Codes,
    outcomes: Mapping[str, Floats],
    groupings: Sequence[Grouping] = (),
    shares: Sequence[float] | None = None,
) -> Experiment:
    """Measure an experiment of N people.

    `arms` are the names, the control first; `arm` int64[N] is the place of each person's.
    `outcomes` are float64[N]: of 0 and 1 only, or amounts. `shares`: in which proportions people
    were assigned (None: alike). Raises `ValueError` where lengths differ or there are no two arms.
    """
    if len(arms) < 2:
        raise ValueError("an experiment has a control and at least one other arm")
    if any(len(one) != len(arm) for one in (*outcomes.values(), *(g.code for g in groupings))):
        raise ValueError("every outcome and grouping needs a value for every person")
    people = np.bincount(arm, minlength=len(arms)).tolist()
    everybody = np.ones(len(arm), np.bool_)
    effects = [
        _effect((arms, arm, place), name, values, everybody)
        for name, values in outcomes.items()
        for place in range(1, len(arms))
    ]
    variations = [
        found
        for name, values in outcomes.items()
        for place in range(1, len(arms))
        for grouping in groupings
        if (found := _variation((arms, arm, place), name, values, grouping)) is not None
    ]
    return Experiment(
        arms[0],
        dict(zip(arms, people, strict=True)),
        check_split(people, shares or [1.0] * len(arms)),
        _with_q(effects),
        _varied_with_q(variations),
    )


Arm = tuple[Sequence[str], Codes, int]
"""The names of all arms, the place of each person's, and the place of the one looked at."""


def _effect(arm: Arm, outcome: str, values: Floats, among: Bools) -> Effect:
    names, code, place = arm
    treated, control = values[among & (code == place)], values[among & (code == 0)]
    if _is_binary(values):
        return _of_shares(names[place], outcome, treated, control)
    return _of_means(names[place], outcome, treated, control)


def _is_binary(values: Floats) -> bool:
    return bool(np.isin(values, (0.0, 1.0)).all())


def _of_shares(arm: str, outcome: str, treated: Floats, control: Floats) -> Effect:
    a, b = (Share.measured(int(one.sum()), len(one)) for one in (treated, control))
    found = Difference.measured(a, b)
    error = math.hypot(_share_error(a), _share_error(b))
    value = np.nan if found.value is None else found.value
    return Effect(arm, outcome, a, b, value, error, found.interval, found.p_value, found.needs)


def _share_error(one: Share) -> float:
    """The standard error, of a share a little drawn to the middle: that of none is not nothing
    (Agresti and Caffo 2000)."""
    share = (one.count + 1) / (one.of + 2)
    return math.sqrt(share * (1 - share) / (one.of + 2))


def _of_means(arm: str, outcome: str, treated: Floats, control: Floats) -> Effect:
    a, b = (
        Mean.measured(float(one.sum()), float((one**2).sum()), len(one))
        for one in (treated, control)
    )
    if min(len(treated), len(control)) < 2:
        return Effect(arm, outcome, a, b, np.nan, np.nan, None, 1.0)
    from scipy.stats import ttest_ind

    value = float(treated.mean() - control.mean())
    error = math.hypot(*(one.std(ddof=1) / len(one) ** 0.5 for one in (treated, control)))
    if error == 0:
        return Effect(arm, outcome, a, b, value, error, None, 1.0)
    found = ttest_ind(treated, control, equal_var=False)
    low, high = found.confidence_interval(LEVEL)
    interval = Interval(float(low), float(high))
    return Effect(arm, outcome, a, b, value, error, interval, float(found.pvalue))


def _variation(arm: Arm, outcome: str, values: Floats, grouping: Grouping) -> Variation | None:
    """None where fewer than two groups have people in both arms."""
    effects = [
        Part(name, _effect(arm, outcome, values, grouping.code == place))
        for place, name in enumerate(grouping.names)
    ]
    parts = tuple(one for one in effects if one.effect.interval is not None)
    if len(parts) < 2:
        return None
    largest = max(parts, key=lambda one: one.effect.value).effect
    smallest = min(parts, key=lambda one: one.effect.value).effect
    apart = largest.value - smallest.value
    margin = _margin() * math.hypot(largest.error, smallest.error)
    return Variation(
        grouping.by,
        arm[0][arm[2]],
        outcome,
        parts,
        _heterogeneity(parts),
        apart,
        Interval(apart - margin, apart + margin),
    )


def _margin() -> float:
    from scipy.stats import norm

    return float(norm.ppf((1 + LEVEL) / 2))


def _heterogeneity(parts: Sequence[Part]) -> float:
    """The p-value of Cochran's Q (1954)."""
    from statsmodels.stats.meta_analysis import combine_effects

    effects = np.array([one.effect.value for one in parts])
    errors = np.array([one.effect.error for one in parts])
    with np.errstate(divide="ignore", invalid="ignore"):  # it also makes what nobody asks for
        return float(combine_effects(effects, errors**2).test_homogeneity().pvalue)


def _with_q(effects: Sequence[Effect]) -> tuple[Effect, ...]:
    q_values = false_discovery([one.p_value for one in effects]).tolist()
    return tuple(replace(one, q_value=q) for one, q in zip(effects, q_values, strict=True))


def _varied_with_q(found: Sequence[Variation]) -> tuple[Variation, ...]:
    q_values = false_discovery([one.p_value for one in found]).tolist()
    return tuple(replace(one, q_value=q) for one, q in zip(found, q_values, strict=True))
