"""Which features are used: by what share, how often, how many of them, and how soon."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from segue.domain.instant import FOREVER
from segue.insight.arrays import Int64s, Occurrences, people_in, person_of
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
    def measured(cls, features: Sequence[Occurrences], after: int, until: int) -> Uses:
        """The uses in `(after, until]`."""
        people = people_in(features[0]) if features else 0
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
    """`breadth` is how many of the F features an active member uses."""

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
    found = [_adoption(uses, one, total, len(everybody), at) for one in groups]
    shares = [together([one.features[place].share for one in found]) for place in range(len(total))]
    return [
        replace(one, features=tuple(_with(one.features, [row[place] for row in shares])))
        for place, one in enumerate(found)
    ]


def _with(features: Sequence[Feature], shares: Sequence[Standing]) -> Iterator[Feature]:
    for feature, share in zip(features, shares, strict=True):
        yield replace(feature, share=share)


def _adoption(uses: Uses, users: Users, total: Int64s, everybody: int, at: int) -> Adoption:
    times = uses.times[users.active]
    using = times > 0
    count, people = using.sum(axis=0), len(users.active)

    def feature(place: int) -> Feature:
        mine = Share.measured(int(count[place]), people)
        others = Share.measured(int(total[place] - count[place]), everybody - people)
        depth = _mean(times[using[:, place], place])
        median = _median(uses.first[:, place], users.entries, at)
        return Feature(Standing.measured(mine, others, None), depth, median)

    features = tuple(feature(place) for place in range(times.shape[1]))
    return Adoption(_mean(using.sum(axis=1)), features)


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
