"""Which features are used: by what share, how often, how many of them, and how soon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from segue.domain.instant import FOREVER
from segue.insight.arrays import Int64s, Occurrences, person_of
from segue.insight.entries import Entries
from segue.insight.shares import Mean
from segue.insight.standing import NOW, REST, SIDES, Standing, counted, standings_of, together
from segue.insight.tallies import Counts, Tally, counts, numbers
from segue.insight.waits import Waits, waited


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


def tallied(uses: Uses, everybody: Int64s, groups: Sequence[Users], at: int) -> dict[str, Counts]:
    """What `finished` tells it from: how the active members of each group use the features, against
    all others of `everybody` who is active; entrants are followed until `at` (ms). All person
    indices ascend."""
    features = uses.times.shape[1]
    shares = np.stack([counted(len(groups)) for _ in range(features)] or [counted(0)])
    depth = np.zeros((len(groups), features, _SUMS), np.int64)
    breadth = np.zeros((len(groups), _SUMS), np.int64)
    first = dict[str, Counts]()
    for group, users in enumerate(groups):
        times = uses.times[users.active]
        breadth[group] = _sums((times > 0).sum(axis=1) if features else times[:0].sum(axis=1))
        for place in range(features):
            using = times[:, place] > 0
            shares[place, NOW, group] = np.count_nonzero(using), len(using)
            depth[group, place] = _sums(times[using, place])
            first[_first(group, place)] = _first_use(uses.first[:, place], users.entries, at)
    for place, total in enumerate((uses.times[everybody] > 0).sum(axis=0).tolist()):
        shares[place, REST] = (total, len(everybody)) - shares[place, NOW]
    tables = {"shares": shares, "depth": depth, "breadth": breadth}
    return {**{name: Counts.table(one) for name, one in tables.items()}, **first}


def finished(tally: Tally, groups: int, features: int) -> list[Adoption]:
    """How the people whom the tally counts use so many features, of each of so many groups."""
    shares = [
        together(standings_of(one))
        for one in numbers(tally, "shares", (features, SIDES, groups, 2))
    ]
    depth = numbers(tally, "depth", (groups, features, _SUMS))
    breadth = numbers(tally, "breadth", (groups, _SUMS))

    def feature(group: int, place: int) -> Feature:
        waits = Waits.of(counts(tally, _first(group, place)))
        mean = Mean.measured(*depth[group, place].tolist())
        return Feature(shares[place][group], mean, waits.survival().median)

    return [
        Adoption(
            Mean.measured(*breadth[group].tolist()),
            tuple(feature(group, place) for place in range(features)),
        )
        for group in range(groups)
    ]


_SUMS: Final = 3
"""What a mean is made of: the sum, the sum of squares, how many."""


def _sums(values: Int64s) -> tuple[int, int, int]:
    return int(values.sum()), int((values**2).sum()), len(values)


def _first(group: int, feature: int) -> str:
    return f"first {group} {feature}"


def _first_use(first: Int64s, entries: Entries, at: int) -> Counts:
    """The time to first use, of those who had not used it when they entered."""
    used = first[entries.person]
    fresh = used > entries.at
    since, used = entries.at[fresh], used[fresh]
    return waited(np.minimum(used, at) - since, used <= at)
