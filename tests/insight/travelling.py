"""People who travel a journey by chances that are known: what is measured can be held to them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from segue.domain.instant import DAY, FOREVER
from segue.insight.journey import Scope, measure
from segue.insight.ways import Period, Ways
from segue.timeline.spans import Spans

DAYS = 90
WINDOW = 14 * DAY


@dataclass(frozen=True)
class Travellers:
    """People who come all the time, wait for an exponential time of this mean (days) and go on; of
    late ones it is not known yet. `leaving` is the mean time after which they no longer count."""

    seed: int
    people: int = 150
    waiting: float = 30.0
    leaving: float = 200.0

    @property
    def truth(self) -> float:
        """The share of people who go on within the window."""
        return 1 - math.exp(-WINDOW / DAY / self.waiting)

    def scope(self) -> Scope:
        """What is known of them after `DAYS`."""
        chance = np.random.default_rng(self.seed)
        first = np.sort(chance.integers(1, DAYS * DAY, self.people))
        onward = first + 1 + (chance.exponential(self.waiting * DAY, self.people)).astype(np.int64)
        gone = first + 1 + (chance.exponential(self.leaving * DAY, self.people)).astype(np.int64)
        stages = [
            _each(first, np.minimum(onward, gone)),
            _some(onward, gone, onward < gone),
        ]
        ways = Ways.joined(stages, _each(first, gone), DAYS * DAY)
        return Scope(ways, Period(0, DAYS * DAY), WINDOW)

    def covered(self) -> tuple[bool, bool]:
        """Whether the ranges hold the truth: that of the share, and that of the curve."""
        stage = measure(self.scope()).stages[0]
        share, told = stage.onward[0], stage.next.by(WINDOW)
        assert share.interval is not None
        assert told is not None
        return self.truth in share.interval, self.truth in told[1]


def _each(start: np.ndarray, end: np.ndarray) -> Spans:
    return Spans(np.arange(len(start) + 1), start, end)


def _some(start: np.ndarray, end: np.ndarray, kept: np.ndarray) -> Spans:
    offsets = np.concatenate(([0], np.cumsum(kept)))
    return Spans(offsets, start[kept], np.where(end[kept] > DAYS * DAY, FOREVER, end[kept]))
