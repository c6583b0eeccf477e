"""How well one thing that is known of people foretells another, and whether more of it helps.

Models are logistic, calibrated (Platt 1999, as scikit-learn has it), trained on people whose
outcome was known when the first of the others was asked about, and judged on those others. Between
two models the same people are compared. Intervals are percentiles of a paired bootstrap over the
people who judge (Efron & Tibshirani 1993).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.random import Generator

from segue.insight.arrays import Bools, Floats, Int64s
from segue.insight.shares import LEVEL, Interval

FEWEST: Final = 30
"""So many people with each outcome are needed to train, and to judge."""
EARLIER: Final = 0.6
"""The part of people, by when they are asked about, before the judges."""
RESAMPLES: Final = 400
_FOLDS: Final = 5
_RARE: Final = 10


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of N people: numbers float64[N, A], NaN where missing; codes int64[N, B], -1
    where missing."""

    numbers: Floats
    codes: Int64s

    def beside(self, other: Known) -> Known:
        """Both together."""
        return Known(
            np.column_stack([self.numbers, other.numbers]),
            np.column_stack([self.codes, other.codes]),
        )

    def of(self, people: Bools) -> Known:
        """Of some of the people."""
        return Known(self.numbers[people], self.codes[people])

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known of anybody."""
        return not (self.numbers.shape[1] or self.codes.shape[1])


@dataclass(frozen=True, slots=True)
class Split:
    """Who trains and who judges, bool[N] each; who does neither had an outcome that was not known
    at the instant `at` (ms), when the first judge is asked about."""

    at: int
    train: Bools
    judge: Bools


@dataclass(frozen=True, slots=True)
class Measured:
    """A number with its interval."""

    value: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Model:
    """How well a model foretells: the area under the ROC curve (the chance that of two people who
    come out differently the right one is named; 0.5 is guessing) and the log loss in nats (less is
    better)."""

    auc: Measured
    log_loss: Measured


@dataclass(frozen=True, slots=True)
class Foretold:
    """Models by name, judged on the same `judges` people, `reached` of whom reached the goal;
    `guess` is the log loss of telling everybody the share of those who trained. `gains` are the
    differences in AUC of each pair that was asked for, first minus second."""

    trained: int
    trained_reached: int
    judges: int
    reached: int
    between: int
    guess: float
    models: Mapping[str, Model]
    gains: Mapping[tuple[str, str], Measured]


@dataclass(frozen=True, slots=True)
class TooFew:
    """People of the rarer outcome where fewest are: of the `people` who train, or of those who
    judge. `compared` are all of whom the outcome is known, those who do neither included."""

    people: int
    rarer: int
    compared: int

    @property
    def needs(self) -> int | None:
        """About how many more people it takes, were they parted as these are; None where nobody
        came out the rarer way, which says nothing of how rare that is."""
        if not self.rarer:
            return None
        return round(self.compared * (FEWEST / self.rarer - 1))


def split_by_time(instant: Int64s, horizon: int) -> Split:
    """Train on the earlier, judge by the later: int64[N] in ms, when each person is asked about;
    their outcome is known `horizon` ms later."""
    at = int(np.quantile(instant, EARLIER)) if len(instant) else 0
    return Split(at, instant + horizon <= at, instant >= at)


def foretell(
    known: Mapping[str, Known],
    pairs: tuple[tuple[str, str], ...],
    reached: Bools,
    split: Split,
    *,
    chance: Generator,
    resamples: int = RESAMPLES,
) -> Foretold | TooFew:
    """How well each kind of knowledge foretells who reaches a goal, bool[N]. Randomness
    is that of `chance`.

    `TooFew` where fewer than `FEWEST` people of either outcome train or judge.
    """
    for people in (split.train, split.judge):
        yes, every = int(reached[people].sum()), int(people.sum())
        if min(yes, every - yes) < FEWEST:
            return TooFew(every, min(yes, every - yes), len(reached))
    truth = reached[split.judge]
    chances = {
        name: _chances(one.of(split.train), reached[split.train], one.of(split.judge), chance)
        for name, one in known.items()
    }
    weights = _drawn(len(truth), resamples, chance)
    aucs = {name: areas(told, truth, weights) for name, told in chances.items()}
    base = float(reached[split.train].mean())
    return Foretold(
        int(split.train.sum()),
        int(reached[split.train].sum()),
        len(truth),
        int(truth.sum()),
        int((~split.train & ~split.judge).sum()),
        float(losses(np.full(len(truth), base), truth).mean()),
        {
            name: Model(_measured(aucs[name]), _measured(_mean(losses(told, truth), weights)))
            for name, told in chances.items()
        },
        {(one, other): _measured(aucs[one] - aucs[other]) for one, other in pairs},
    )


def areas(score: Floats, truth: Bools, weights: Floats) -> Floats:
    """The area under the ROC curve for each of W weightings of N people, float64[W]; ties count
    half. score: float64[N]; weights: float64[W, N]."""
    order = np.argsort(score, kind="stable")
    first = np.flatnonzero(np.concatenate(([True], np.diff(score[order]) > 0)))
    found = np.empty(len(weights))
    for place, weight in enumerate(weights):
        mine = weight[order]
        right = np.add.reduceat(np.where(truth[order], mine, 0.0), first)
        wrong = np.add.reduceat(np.where(truth[order], 0.0, mine), first)
        below = np.cumsum(wrong) - wrong
        found[place] = (right * (below + wrong / 2)).sum() / (right.sum() * wrong.sum())
    return found


def losses(chance: Floats, truth: Bools) -> Floats:
    """The log loss of each person in nats, float64[N]."""
    found: Floats = -np.log(np.clip(np.where(truth, chance, 1 - chance), 1e-15, 1))
    return found


def _drawn(people: int, resamples: int, chance: Generator) -> Floats:
    """How often each person is drawn: everybody once first, then each resample."""
    drawn = chance.multinomial(people, np.full(people, 1 / people), resamples)
    return np.concatenate([np.ones((1, people)), drawn])


def _mean(values: Floats, weights: Floats) -> Floats:
    found: Floats = weights @ values / weights.sum(axis=1)
    return found


def _measured(found: Floats) -> Measured:
    """The first is that of all people, the others of resamples."""
    low, high = np.quantile(found[1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Measured(float(found[0]), Interval(float(low), float(high)))


def _chances(known: Known, reached: Bools, judges: Known, chance: Generator) -> Floats:
    """What a model that learnt from some people says of others, float64."""
    if known.is_empty:
        return np.full(len(judges.numbers), float(reached.mean()))
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        model = _untaught(known, int(chance.integers(0, 2**31))).fit(_table(known), reached)
        chances: Floats = model.predict_proba(_table(judges))[:, 1]
    return chances


def _table(known: Known) -> Any:
    return np.column_stack([known.numbers, known.codes])


def _untaught(known: Known, seed: int) -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = known.numbers.shape[1]
    every = numbers + known.codes.shape[1]
    scaled = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
    )
    chosen = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=_RARE)
    parts = ((scaled, slice(0, numbers)), (chosen, slice(numbers, every)))
    seen = make_column_transformer(*(one for one in parts if one[1].start < one[1].stop))
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    model = make_pipeline(seen, LogisticRegression(max_iter=1_000))
    return CalibratedClassifierCV(model, method="sigmoid", cv=folds)
