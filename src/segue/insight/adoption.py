"""Which features are used: by what share, how often, how many of them, and how soon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from segue.domain.instant import FOREVER
from segue.insight.arrays import Bools, Int64s, Occurrences, person_of
from segue.insight.entries import Entries
from segue.insight.shares import Mean, Share
from segue.insight.standing import Standing, together
from segue.insight.waits import Waits


@dataclass(frozen=True, slots=True)
class Uses:
    """What P people did with F features: `times` int64[P, F] in a stretch of time, and `first`
    int64[P, F] when each was first used at all (ms; FOREVER: never)."""

    times: Int64s = field(repr=False)
    first: Int64s = field(repr=False)

    @classmethod
    def measured(cls, features: Sequence[Occurrences], people: int, after: int, until: int) -> Uses:
        """The uses of so many people in `(after, until]`."""
        times = np.zeros((people, len(features)), np.int64)
        first = np.full((people, len(features)), FOREVER)
        for place, rows in enumerate(features):
            kept = (rows.at > after) & (rows.at <= until)
            times[:, place] = np.bincount(person_of(rows)[kept], minlength=people)
            some = np.flatnonzero(np.diff(rows.offsets))
            first[some, place] = rows.at[rows.offsets[some]]
        return cls(times, first)


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature among active members: `share` uses it (against everybody else who is active),
    `depth` is how often those do; `median` is after how long (ms) half of those who entered without
    having used it used it first (None: not within the time they were followed)."""

    share: Standing
    depth: Mean
    median: int | None


@dataclass(frozen=True, slots=True)
class Adoption:
    """`breadth` is how many of the F features an active member uses; of no features it is of
    nobody."""

    breadth: Mean
    features: tuple[Feature, ...]


@dataclass(frozen=True, slots=True)
class Users:
    """Members who are active, and the entrants who are followed from their entry on."""

    active: Int64s = field(repr=False)
    entries: Entries = field(repr=False)


def adoption(uses: Uses, everybody: Int64s, groups: Sequence[Users], at: int) -> list[Adoption]:
    """How the active members of each group use the features, against all others of `everybody` who
    is active; entrants are followed until `at` (ms). All person indices ascend."""
    total = (uses.times[everybody] > 0).sum(axis=0)
    using = [uses.times[one.active] > 0 for one in groups]
    shares = [
        _shares([one[:, place] for one in using], int(total[place]), len(everybody))
        for place in range(len(total))
    ]
    return [
        Adoption(
            _mean(mine.sum(axis=1) if shares else np.zeros(0, np.int64)),
            tuple(
                Feature(
                    of_all[row],
                    _mean(uses.times[one.active[mine[:, place]], place]),
                    _median(uses.first[:, place], one.entries, at),
                )
                for place, of_all in enumerate(shares)
            ),
        )
        for row, (one, mine) in enumerate(zip(groups, using, strict=True))
    ]


def _shares(using: Sequence[Bools], total: int, everybody: int) -> list[Standing]:
    """Of each group who uses a feature, against the others of everybody who is active."""
    counts = [int(np.count_nonzero(one)) for one in using]
    mine = Share.each(counts, [len(one) for one in using])
    others = Share.each(
        [total - count for count in counts], [everybody - len(one) for one in using]
    )
    return together(Standing.each(mine, others, [None] * len(mine)))


def _mean(values: Int64s) -> Mean:
    squares = float((values.astype(np.float64) ** 2).sum())
    return Mean.measured(float(values.sum()), squares, len(values))


def _median(first: Int64s, entries: Entries, at: int) -> int | None:
    """The median time to first use, of those who had not used it when they entered."""
    used = first[entries.person]
    fresh = used > entries.at
    since, used = entries.at[fresh], used[fresh]
    if not len(since):
        return None
    longest = at - int(since.min())
    return Waits.counted(np.minimum(used, at) - since, used <= at, longest).survival().median
