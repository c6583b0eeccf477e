"""People who do things by chance and sometimes enter a segment: by chance too, or to some effect."""

from __future__ import annotations

import numpy as np

from segue.domain.instant import DAY, FOREVER, HOUR, MINUTE
from segue.insight.backtest import Contrast, Entries, contrast
from segue.insight.matching import Known
from segue.timeline.log import Occurrences
from segue.timeline.spans import Spans

WINDOW = 7 * DAY
AT = 200 * DAY


def spans_of(people: list[list[tuple[int, int]]]) -> Spans:
    rows = [span for spans in people for span in spans]
    return Spans(
        np.cumsum([0, *map(len, people)]).astype(np.int64),
        np.array([start for start, _ in rows], np.int64),
        np.array([end for _, end in rows], np.int64),
    )


def occurrences_of(people: list[list[int]]) -> Occurrences:
    every = [at for instants in people for at in sorted(instants)]
    return Occurrences(
        np.cumsum([0, *map(len, people)]).astype(np.int64), np.array(every, np.int64)
    )


def known_of(
    *,
    first: list[int],
    inside: list[list[tuple[int, int]]],
    activity: list[list[int]],
    goals: list[list[int]],
    counted: list[list[tuple[int, int]]] | None = None,
) -> Known:
    everybody = [[(start, FOREVER)] for start in first] if counted is None else counted
    return Known(
        np.array(first, np.int64),
        spans_of(inside),
        spans_of(everybody),
        occurrences_of(activity),
        occurrences_of(goals),
    )


class World:
    """People who do things by chance, and sometimes enter: by chance, or by what they do."""

    def __init__(self, seed: int, people: int = 400, effect: float = 0.0, keen: bool = False):
        generator = np.random.default_rng(seed)
        self.first = generator.integers(0, 60 * DAY, people).tolist()
        pace = np.where(generator.random(people) < 0.5, 3, 40) if keen else np.full(people, 12)
        self.activity: list[list[int]] = []
        self.inside: list[list[tuple[int, int]]] = []
        self.goals: list[list[int]] = []
        for person, first in enumerate(self.first):
            number = generator.poisson(pace[person])
            done = [first, *(first + generator.integers(0, AT - first, number)).tolist()]
            self.activity.append(sorted(set(done)))
            chance = 0.02 if keen else 0.05
            lately = [at for at in self.activity[-1] if at > 100 * DAY]
            entered = [at for at in lately if generator.random() < chance]
            self.inside.append([(at, at + 10 * MINUTE) for at in _apart(entered)])
            rate = 0.002 * pace[person] if keen else 0.02
            goals = [
                int(at + generator.integers(1, DAY))
                for at in self.activity[-1]
                if generator.random() < rate
            ]
            for at, _ in self.inside[-1][:1]:
                if generator.random() < effect:
                    goals.append(int(at + generator.integers(1, WINDOW)))
            self.goals.append(sorted(set(goals)))

    @property
    def known(self) -> Known:
        return known_of(
            first=self.first, inside=self.inside, activity=self.activity, goals=self.goals
        )

    def contrast(self) -> Contrast:
        known = self.known
        entries = Entries.within(known.inside, 100 * DAY, AT)  # type: ignore[arg-type]
        return contrast(known, entries, np.random.default_rng(1), window=WINDOW, at=AT)


def _apart(instants: list[int]) -> list[int]:
    """Those at least an hour after the one before."""
    kept: list[int] = []
    for at in instants:
        if not kept or at >= kept[-1] + HOUR:
            kept.append(at)
    return kept
