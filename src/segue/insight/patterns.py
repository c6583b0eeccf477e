"""Groups of people who behave alike, where there are any.

People are points; groups are those of k-means (scikit-learn). Their number is the largest at which
every group comes back when people are drawn anew (the mean Jaccard index of each group over
bootstrap resamples, Hennig 2007: 0.75 and more is stable), and which are tighter than groups of
people who have none: one cloud with the same variances and correlations (Huang, Liu, Yuan & Marron
2015); people spread evenly along the same axes, so that a part of a scale is no group (Tibshirani,
Walther & Hastie 2001); and the same features of people at random, so that a threshold on one
feature is none.
"There are no stable groups" is an answer.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.random import Generator

from segue.insight.arrays import Floats, Int64s
from segue.insight.features import Feature

STABLE: Final = 0.75
"""From which mean Jaccard index on a group counts as one that is really there."""
FEWEST: Final = 100
"""People with fewer than so many others have no groups that could be told."""
_SMALLEST: Final = 0.02
_SAMPLE: Final = 2_000
_STARTS: Final = 3
_LEVEL: Final = 0.05
_TIGHTER: Final = 0.95
"""No real cloud is quite normal: a difference of less than a twentieth is no finding."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of looking for so many groups.

    jaccard: how well each group comes back in resamples, ascending; within: which part of the
    variance is left inside the groups; by_chance: the least that groupless people gave, of each of
    the three kinds. `smallest` is the share of people in the smallest group.
    """

    number: int
    jaccard: tuple[float, ...]
    within: float
    by_chance: tuple[float, float, float]
    smallest: float

    @property
    def is_stable(self) -> bool:
        """Whether every group comes back."""
        return self.jaccard[0] >= STABLE and self.smallest >= _SMALLEST

    @property
    def is_real(self) -> bool:
        """Whether they are clearly tighter than groupless people's."""
        return self.within < _TIGHTER * min(self.by_chance)


@dataclass(frozen=True, slots=True)
class Groups:
    """Which group each of N people is in, int64[N] from 0, largest group first; `number` 0: there
    are no stable groups, and everybody is in group 0. `tried` says why."""

    label: Int64s
    number: int
    tried: tuple[Tried, ...]

    @property
    def found(self) -> Tried | None:
        """How sure the groups are; None where there are none."""
        return next((one for one in self.tried if one.number == self.number), None)


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to look: resamples per number of groups, groupless worlds of each kind, and the
    most groups that are looked for."""

    resamples: int = 25
    worlds: int = 20
    most: int = 8


def standardised(features: Sequence[Feature]) -> Floats:
    """People as points, float64[N, D]: every feature on its scale, with variance 1; features that
    are the same for everybody are left out."""
    columns = np.column_stack([one.scaled() for one in features])
    spread = columns.std(axis=0)
    kept: Floats = (columns - columns.mean(axis=0))[:, spread > 0] / spread[spread > 0]
    return kept


def mixed(features: Sequence[Feature]) -> Floats:
    """People as points by what they do, float64[N, D]: the roots of the parts, as they are."""
    points: Floats = np.column_stack([one.scaled() for one in features])
    return points


def group(
    points: Floats,
    chance: Generator,
    *,
    number: int | None = None,
    effort: Effort = Effort(),
    tell: Callable[[int, int], None] = lambda _done, _of: None,
) -> Groups:
    """The groups among N people, float64[N, D]. `tell` hears how far it is: rounds done, of all.

    Randomness is that of `chance`. Of many people a sample decides the number, unless one is asked
    for; then `found` says whether there are so many.
    """
    people = len(points)
    nobody = Groups(np.zeros(people, np.int64), 0, ())
    if people < FEWEST or points.shape[1] == 0:
        return nobody
    sample = points if people <= _SAMPLE else points[chance.permutation(people)[:_SAMPLE]]
    tried = []
    numbers = range(2, effort.most + 1) if number is None else (number,)
    for done, wanted in enumerate(numbers):
        tell(done, len(numbers))
        tried.append(_try(sample, wanted, chance, effort))
    tell(len(numbers), len(numbers))
    good = [one.number for one in tried if one.is_stable and one.is_real]
    chosen = max(good, default=0) if number is None else number
    label = _labels(points, chosen, chance) if chosen else nobody.label
    return Groups(label, chosen, tuple(tried))


def _try(points: Floats, number: int, chance: Generator, effort: Effort) -> Tried:
    model = _model(points, number, chance)
    label = model.labels_
    size = np.bincount(label, minlength=number)
    found = np.zeros((effort.resamples, number))
    for row in found:
        drawn = points[chance.integers(0, len(points), len(points))]
        row[:] = _returned(label, _model(drawn, number, chance).predict(points), number)
    return Tried(
        number,
        tuple(sorted(float(one) for one in found.mean(axis=0))),
        _within(points, model),
        (
            _least(_one_cloud, points, number, chance, effort.worlds),
            _least(_at_random, points, number, chance, effort.worlds),
            _least(_evenly, points, number, chance.spawn(1)[0], effort.worlds),
        ),
        float(size.min() / len(points)),
    )


def _labels(points: Floats, number: int, chance: Generator) -> Int64s:
    """The group of everybody, the largest group first."""
    label = _model(points, number, chance, starts=10).labels_
    order = np.argsort(-np.bincount(label, minlength=number), kind="stable")
    place = np.empty(number, np.int64)
    place[order] = np.arange(number)
    named: Int64s = place[label]
    return named


def _model(points: Floats, number: int, chance: Generator, starts: int = _STARTS) -> Any:
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    state = int(chance.integers(0, 2**31))
    # So little work is slower on several cores, above all busy ones.
    with threadpool_limits(1), warnings.catch_warnings():
        # People who are all alike in fewer ways than groups are asked for make empty groups: these
        # never come back, and so are never reported.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return KMeans(number, n_init=starts, random_state=state).fit(points)


def _returned(label: Int64s, again: Int64s, number: int) -> Floats:
    """The Jaccard index of each group with the one that is most like it, float64[number]."""
    both = np.zeros((number, number))
    np.add.at(both, (label, again), 1)
    either = both.sum(axis=1)[:, None] + both.sum(axis=0)[None, :] - both
    best: Floats = (both / np.maximum(either, 1)).max(axis=1)
    return best


def _within(points: Floats, model: Any) -> float:
    return float(model.inertia_ / ((points - points.mean(axis=0)) ** 2).sum())


_World = Callable[[Floats, Generator], Floats]


def _least(world: _World, points: Floats, number: int, chance: Generator, worlds: int) -> float:
    """What is left inside the groups of groupless people: the lower 5 % of so many worlds."""
    found = []
    for _ in range(worlds):
        made = world(points, chance)
        found.append(_within(made, _model(made, number, chance)))
    return float(np.quantile(found, _LEVEL))


def _one_cloud(points: Floats, chance: Generator) -> Floats:
    """One normal cloud with the covariance of the points."""
    covariance = np.cov(points, rowvar=False).reshape(points.shape[1], -1)
    return chance.multivariate_normal(points.mean(axis=0), covariance, len(points), method="eigh")


def _evenly(points: Floats, chance: Generator) -> Floats:
    """Evenly spread along the principal axes of the points, with the same variances."""
    covariance = np.cov(points, rowvar=False).reshape(points.shape[1], -1)
    variance, axes = np.linalg.eigh(covariance)
    half = np.sqrt(3 * np.maximum(variance, 0.0))
    found: Floats = points.mean(axis=0) + chance.uniform(-half, half, points.shape) @ axes.T
    return found


def _at_random(points: Floats, chance: Generator) -> Floats:
    """Every feature as it is, but of people who have nothing to do with each other."""
    return chance.permuted(points, axis=0)
