"""High-impact actions: what people do early that goes along with reaching a goal later.

Every action is tried at every number of times within every window. At the landmark at which a
window ends, those who did it so often are compared with those who did not, by what happens strictly
afterwards, and among people who are equally active in all: a common difference over strata of their
whole activity in the same window. The whole activity, not that of other events: of two people who
did equally much, one more of this is one less of something else, so that mere activity cannot pass
for an effect (it is what is sufficient for the rate of a Poisson process; other events alone leave
part of it over).

What is found must hold four times: beyond chance over everything that was tried (false discovery
rate, Benjamini and Hochberg 1995), beyond the largest deviation that chance makes anywhere
(`permuting`), among people who are alike in activity, and once more among people who started later,
at whom nobody had looked. The first figures were picked for being large and are as a rule too large
(the winner's curse); the later ones are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from segue.insight.arrays import Bools, Floats, Int64s, Occurrences, Spans
from segue.insight.comparisons import POWER, false_discovery
from segue.insight.landmarks import Done, Landmark, LeftOut, Starts, done_within, landmark
from segue.insight.permuting import Dealing, largest_by_chance, rounds_for
from segue.insight.shares import Interval, Share
from segue.insight.tables import Estimates, Tables, two_sided
from segue.insight.trying import (
    EARLIER_PART,
    LATER_PART,
    WORKERS,
    Compared,
    Tried,
    stacked,
    tried,
)

Q: Final = 0.05
"""The share of false findings that is accepted, and the chance of any by accident."""
EARLIER: Final = 0.6
"""The share of people, by their start, among whom is searched; the later rest confirms."""
LEAST_ROOM: Final = 5.0
"""A test is made where the margins leave successes so much room to either side; see
`Stratified.room`."""
TYPICAL: Final = 0.1
"""The share of people who do the action for which the smallest visible effect is told."""


class Verdict(IntEnum):
    """What became of a test, from the least to the most that can be said."""

    TOO_FEW = 0
    """Too few people did it, or did not, for anything to be seen: it was not tried."""
    BY_CHANCE = 1
    """No more than chance does somewhere among so many tries."""
    ACTIVITY = 2
    """People who did it do differ, but not from others who are as active in all."""
    TURNED = 3
    """Those who did it differ one way from the others, and the other way from those who are as
    active: who does more of this does less of what matters."""
    NOT_AGAIN = 4
    """It was seen, and not seen again among people who started later."""
    TOO_FEW_LATER = 5
    """It was seen, and there are too few people who started later to see it again."""
    FOUND = 6
    """It was seen beyond chance, and again among people who started later."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: the windows (ms, ascending), how many times at most, the horizon of the goal
    after a landmark (ms), and the instant up to which anything is known (ms)."""

    windows: tuple[int, ...]
    most: int
    horizon: int
    at: int


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What is known of P people: when their time begins, everything they did (`activity`), when
    they reached the goal, and the spans in which they count."""

    starts: Starts
    activity: Occurrences
    goal: Occurrences
    counted: Spans


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its interval; None where it cannot be told."""

    value: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Contrast:
    """Those who did it against the others: shares who reached the goal, and their comparisons as
    they are. `adjusted` is the difference, `adjusted_odds` the odds ratio among people who are
    equally active in all."""

    did: Share
    others: Share
    difference: Estimate
    ratio: Estimate
    odds: Estimate
    phi: Estimate
    phi_share: Estimate
    adjusted: Estimate
    adjusted_odds: Estimate

    @property
    def coverage(self) -> float:
        """The share of people who did it."""
        return self.did.of / (self.did.of + self.others.of)


@dataclass(frozen=True, slots=True)
class Finding:
    """The test of an action that deviates most among the people who started earlier.

    action: its place; times and window (ms): how often within how long; earlier: where it was
    looked for; later: where it was looked at again; deviation: in standard deviations, adjusted;
    q_value over everything tried; family: the chance of so large a deviation anywhere.
    """

    action: int
    times: int
    window: int
    verdict: Verdict
    earlier: Contrast
    later: Contrast
    deviation: float
    q_value: float
    family: float

    @property
    def is_found(self) -> bool:
        """Whether it passed everything."""
        return self.verdict == Verdict.FOUND

    @property
    def raises(self) -> bool:
        """Whether those who did it reached the goal more often than others as active."""
        return self.deviation > 0


@dataclass(frozen=True, slots=True)
class Population:
    """The people compared at the end of one window (ms): how many in all, how many of them started
    earlier, the share of those who reached the goal, and who is left out."""

    window: int
    people: int
    earlier: int
    reached: Share
    left_out: LeftOut


@dataclass(frozen=True, slots=True)
class Grid:
    """Every test: windows by actions by times, all arrays [W, K, C]. `difference` is the adjusted
    one among the earlier (NaN: none), `coverage` the share of them who did it, `deviation` in
    standard deviations, `verdict` int8 (see `Verdict`)."""

    difference: Floats
    coverage: Floats
    deviation: Floats
    verdict: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was asked, tried and found.

    split: people who started before this instant (ms) are the earlier ones; tries: how many tests
    were made; rounds: how often outcomes were dealt anew; threshold: the deviation
    that anything must pass; best: the best test of every action that was tried, the most telling
    first; smallest: the difference that would have been found with a chance of `POWER` for an
    action that `TYPICAL` of the people do, None where there is nobody.
    """

    question: Question
    populations: tuple[Population, ...]
    split: int
    tries: int
    rounds: int
    threshold: float
    best: tuple[Finding, ...]
    grid: Grid
    smallest: float | None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What passed everything."""
        return tuple(one for one in self.best if one.is_found)

    @property
    def looked_at(self) -> tuple[Finding, ...]:
        """What was tried and did not pass."""
        return tuple(one for one in self.best if not one.is_found)


def discover(
    question: Question, behaviour: Behaviour, actions: Sequence[Occurrences], chance: Generator
) -> Discovery:
    """Try every action at every number of times in every window; no action may be part of the goal.

    `chance` deals the outcomes anew. Raises `ValueError` where the question has no windows, or not
    in ascending order.
    """
    if not question.windows or list(question.windows) != sorted(set(question.windows)):
        raise ValueError("the windows of a question ascend")
    starts, windows = behaviour.starts, question.windows
    marks = [_landmark(question, behaviour, window) for window in windows]
    split = _split(starts, marks)
    overall = done_within(behaviour.activity, starts, windows)
    compared = [
        Compared.made(mark, starts, one, split) for mark, one in zip(marks, overall, strict=True)
    ]
    with ThreadPoolExecutor(WORKERS) as pool:
        by_action = list(pool.map(lambda one: done_within(one, starts, windows), actions))
    done = [[here.of(one[place]) for one in by_action] for place, here in enumerate(compared)]
    tests = _Tests.made(compared, done, question.most)
    return _concluded(question, compared, tests, split, _chance(compared, done, tests, chance))


def _landmark(question: Question, behaviour: Behaviour, window: int) -> Landmark:
    one, (horizon, at) = behaviour, (question.horizon, question.at)
    return landmark(one.starts, one.goal, one.counted, window=window, horizon=horizon, at=at)


def _split(starts: Starts, marks: Sequence[Landmark]) -> int:
    """The start that parts the earlier from the later: of the people of the longest window that
    still has half as many as the shortest."""
    most = max(len(mark.people) for mark in marks)
    people = [mark.people for mark in marks if 2 * len(mark.people) >= most][-1]
    return int(np.quantile(starts.at[people], EARLIER, method="higher")) if most else 0


# --------------------------------------------------------------------------------- every test made


@dataclass(frozen=True, slots=True)
class _Tests:
    """All tests: `tables`, `adjusted`, … [2, W, K, C] as in `Tried`; `tried` bool[W, K, C]."""

    all: Tried
    tried: Bools

    @classmethod
    def made(
        cls, compared: Sequence[Compared], done: Sequence[Sequence[Done]], most: int
    ) -> _Tests:
        """Test at every landmark."""
        found = [tried(*one, most) for one in zip(compared, done, strict=True)]
        together = stacked(found)
        return cls(together, together.room[EARLIER_PART] >= LEAST_ROOM)


@dataclass(frozen=True, slots=True)
class _Chance:
    """The largest deviations by chance alone, ascending."""

    largest: Floats

    def of(self, deviation: Floats) -> Floats:
        """The chance of a deviation so large anywhere."""
        beyond = len(self.largest) - np.searchsorted(self.largest, np.abs(deviation), "left")
        return np.asarray((1 + beyond) / (1 + len(self.largest)))

    @property
    def threshold(self) -> float:
        """What a deviation must pass."""
        return float(np.quantile(self.largest, 1 - Q, method="higher"))


def _chance(
    compared: Sequence[Compared], done: Sequence[Sequence[Done]], tests: _Tests, chance: Generator
) -> _Chance:
    """Deal the outcomes of the earlier anew."""
    dealings = []
    for place, (here, did) in enumerate(zip(compared, done, strict=True)):
        earlier = ~here.later
        rank = (np.cumsum(earlier) - 1).astype(np.int32)
        kept = [earlier[one.people] for one in did]
        dealings.append(
            Dealing(
                here.stratum[earlier],
                here.landmark.reached[earlier],
                [Done(rank[d.people[k]], d.times[k]) for d, k in zip(did, kept, strict=True)],
                tests.all.expected[EARLIER_PART, place],
                tests.all.spread[EARLIER_PART, place],
                tests.tried[place],
            )
        )
    rounds = rounds_for(dealings)
    return _Chance(np.sort(largest_by_chance(dealings, rounds, chance)))


# ---------------------------------------------------------------------------------- what they tell


@dataclass(frozen=True, slots=True)
class _Told:
    """What each test tells, arrays [W, K, C]."""

    q_value: Floats
    family: Floats
    verdict: NDArray[np.int8]

    @classmethod
    def by(cls, tests: _Tests, chance: _Chance) -> _Told:
        """Judge every test."""
        found = tests.all
        q_value = _q_values(two_sided(found.deviation[EARLIER_PART]), tests.tried)
        plain = Tables(*(cell[EARLIER_PART] for cell in found.tables.cells))
        differs = _q_values(plain.p_values(), tests.tried) <= Q
        family = chance.of(found.deviation[EARLIER_PART])
        verdict = np.select(
            [
                ~tests.tried,
                (q_value > Q) | (family > Q),
                plain.covariance * found.deviation[EARLIER_PART] < 0,
                found.room[LATER_PART] < LEAST_ROOM,
                _again(found),
            ],
            [
                np.int8(Verdict.TOO_FEW),
                np.where(differs, Verdict.ACTIVITY, Verdict.BY_CHANCE).astype(np.int8),
                np.int8(Verdict.TURNED),
                np.int8(Verdict.TOO_FEW_LATER),
                np.int8(Verdict.FOUND),
            ],
            np.int8(Verdict.NOT_AGAIN),
        )
        return cls(q_value, family, verdict)


def _q_values(p_values: Floats, tried_: Bools) -> Floats:
    """Over all tests that were made; 1 for the others."""
    found = np.ones(p_values.shape)
    found[tried_] = false_discovery(p_values[tried_])
    return found


def _again(found: Tried) -> Bools:
    """Whether the later differ in the same direction, their interval without 0."""
    later, upwards = found.adjusted, found.deviation[EARLIER_PART] > 0
    return np.asarray(np.where(upwards, later.low[LATER_PART] > 0, later.high[LATER_PART] < 0))


def _concluded(
    question: Question, compared: Sequence[Compared], tests: _Tests, split: int, chance: _Chance
) -> Discovery:
    told = _Told.by(tests, chance)
    populations = tuple(_population(one) for one in compared)
    tries = int(np.count_nonzero(tests.tried))
    exposed = tests.all.tables.exposed[EARLIER_PART]
    grid = Grid(
        tests.all.adjusted.value[EARLIER_PART],
        exposed / np.maximum(tests.all.tables.people[EARLIER_PART], 1),
        tests.all.deviation[EARLIER_PART],
        told.verdict,
    )
    return Discovery(
        question,
        populations,
        split,
        tries,
        len(chance.largest),
        chance.threshold,
        _best(question, tests, told),
        grid,
        _smallest(populations, chance.threshold) if tries else None,
    )


def _population(one: Compared) -> Population:
    mark = one.landmark
    reached = Share.measured(int(np.count_nonzero(mark.reached)), len(mark.people))
    earlier = int(np.count_nonzero(~one.later))
    return Population(mark.window, len(mark.people), earlier, reached, mark.left_out)


def _smallest(populations: Sequence[Population], threshold: float) -> float | None:
    """See `Discovery.smallest`: it must be seen by the earlier and by the later."""
    from scipy.stats import norm

    each = float(norm.ppf(np.sqrt(POWER)))
    found = []
    for one in populations:
        parts = one.earlier, one.people - one.earlier
        if min(parts) and one.reached.value:
            spread = np.sqrt(
                one.reached.value * (1 - one.reached.value) / (TYPICAL * (1 - TYPICAL))
            )
            limits = threshold, float(norm.ppf(1 - Q / 2))
            seen = [
                (limit + each) * spread / np.sqrt(people)
                for limit, people in zip(limits, parts, strict=True)
            ]
            found.append(float(max(seen)))
    return min(found, default=None)


# ---------------------------------------------------------------------------------- the best tests


def _best(question: Question, tests: _Tests, told: _Told) -> tuple[Finding, ...]:
    """Of each action that was tried, the test that deviates most among the earlier; of those that
    can be seen again, where there is one."""
    found = tests.all
    size = np.where(tests.tried, np.abs(found.deviation[EARLIER_PART]), -1.0)
    size += np.where(tests.tried & (found.room[LATER_PART] >= LEAST_ROOM), 1e6, 0.0)
    windows, actions, counts = size.shape
    flat = size.transpose(1, 0, 2).reshape(actions, windows * counts)
    place = flat.argmax(axis=1)
    which = np.flatnonzero(flat.max(axis=1, initial=-1) >= 0)
    window, times = np.divmod(place[which], question.most)
    chosen = (window, which, times)
    sides = [
        _contrasts(
            Tables(*(cell[part][chosen] for cell in found.tables.cells)),
            _at(found.adjusted, part, chosen),
            _at(found.odds, part, chosen),
        )
        for part in (EARLIER_PART, LATER_PART)
    ]
    best = [
        Finding(
            int(k),
            int(c) + 1,
            question.windows[w],
            Verdict(int(told.verdict[w, k, c])),
            earlier,
            later,
            float(found.deviation[EARLIER_PART, w, k, c]),
            float(told.q_value[w, k, c]),
            float(told.family[w, k, c]),
        )
        for w, k, c, earlier, later in zip(window, which, times, *sides, strict=True)
    ]
    return tuple(sorted(best, key=_rank))


def _rank(one: Finding) -> tuple[float, ...]:
    """Found ones first, those that raise the share before those that lower it."""
    return (-one.verdict, not one.raises, -abs(one.deviation), one.action)


def _at(every: Estimates, part: int, chosen: tuple[Int64s, ...]) -> Estimates:
    return Estimates(*(one[part][chosen] for one in (every.value, every.low, every.high)))


def _contrasts(tables: Tables, adjusted: Estimates, odds: Estimates) -> list[Contrast]:
    shares = zip(
        map(_share, tables.tp.tolist(), tables.exposed.tolist()),
        map(_share, tables.fn.tolist(), tables.others.tolist()),
        strict=True,
    )
    figures = [
        tables.risk_difference(),
        tables.risk_ratio(),
        tables.odds_ratio(),
        tables.phi(),
        tables.phi_share(),
        adjusted,
        odds,
    ]
    estimates = zip(*map(_estimates, figures), strict=True)
    return [Contrast(*sides, *rest) for sides, rest in zip(shares, estimates, strict=True)]


def _share(count: int, of: int) -> Share:
    return Share.measured(count, of)


def _estimates(figures: Estimates) -> list[Estimate]:
    rows = zip(*(one.tolist() for one in (figures.value, figures.low, figures.high)), strict=True)
    return [_estimate(*row) for row in rows]


def _estimate(value: float, low: float, high: float) -> Estimate:
    known = np.isfinite(low) and np.isfinite(high)
    return Estimate(value if np.isfinite(value) else None, Interval(low, high) if known else None)
