"""People who entered somewhere, and people like them who were not in at the same instant.

Balanced risk-set matching (Li, Propert and Rosenbaum, "Balanced risk set matching", JASA 2001):
whoever enters at an instant is compared with others who at that very instant were not in, and were
alike in what was known of them then. What somebody does later plays no part in who is compared: a
person may stand beside others before they enter themselves, and stays there when they do.

Alike means: first seen about as long ago, last active about as long ago, about as active in the
four weeks before (each within a factor, on a scale that begins at what is too little to matter) and
as many goals reached before, 0, 1 or more. Of those who are alike the nearest are taken.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from segue.domain.instant import DAY, FOREVER, HOUR
from segue.insight.arrays import (
    Bools,
    Floats,
    Int64s,
    Occurrences,
    Spans,
    count_within,
    holds,
    last_until,
    person_of,
)

CONTROLS: Final = 4
"""People at most with whom one entrant is compared."""
CANDIDATES: Final = 64
"""People who are looked at for one entrant, drawn by chance from those who may be alike."""
BEFORE: Final = 28 * DAY
"""How far back activity is counted."""
SCALES: Final = ("age", "recency", "activity", "goals")
"""What people are alike in: time since first seen and since last active, events in `BEFORE`, goals
reached before."""

_AGE, _RECENCY, _ACTIVITY, _GOALS = range(4)
_FLOORS: Final = np.array([DAY, HOUR, 1.0, 1.0])
"""What is too little to matter on each scale: a day, an hour, an event, a goal."""
_FACTORS: Final = np.array([2.0, 4.0, 2.0, 1.0])
"""The largest factor on each scale between people who are alike."""
_LONG_AGO: Final = 100 * 365 * DAY
"""The recency of who was never active."""
_MOST_GOALS: Final = 2


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of P people.

    `first_seen` int64[P] in ms (FOREVER: not seen); `inside` are the spans in which somebody is in,
    `counted` those in which they count at all; `activity` and `goals` are occurrences.
    """

    first_seen: Int64s = field(repr=False)
    inside: Spans = field(repr=False)
    counted: Spans = field(repr=False)
    activity: Occurrences = field(repr=False)
    goals: Occurrences = field(repr=False)

    def outside(self, person: Int64s, instant: Int64s) -> Bools:
        """Who counts and is not in at the instants, bool[Q]."""
        return holds(self.counted, person, instant) & ~holds(self.inside, person, instant)

    def scales(self, person: Int64s, instant: Int64s) -> Floats:
        """Where people stand on each of `SCALES` at instants, float64[4, Q]: logarithms, from 0 for
        what is too little to matter."""
        last = last_until(self.activity, person, instant)
        goals = count_within(self.goals, person, np.full(len(person), -1), instant)
        values = np.stack(
            [
                instant - self.first_seen[person],
                np.where(last < 0, _LONG_AGO, instant - last),
                1 + count_within(self.activity, person, instant - BEFORE, instant),
                1 + np.minimum(goals, _MOST_GOALS),
            ]
        )
        return np.asarray(np.log(np.maximum(values / _FLOORS[:, None], 1.0)), np.float64)


@dataclass(frozen=True, slots=True)
class Matched:
    """Who is compared with whom: M pairs, and how alike they are.

    `entrant` int64[M] are places among the entrants, ascending; `control` int64[M] the people that
    stand beside them. `before` and `after` are the standardised differences of means of entrants
    and others on each of `SCALES` (Austin 2009: below 0.1 is alike): `before` of people drawn by
    chance at the same instants, `after` of the matched; float64[4], NaN where there is nobody.
    `drawn_entrant` and `drawn` int64[D] are those who were drawn by chance.
    """

    entrants: int
    entrant: Int64s = field(repr=False)
    control: Int64s = field(repr=False)
    before: Floats
    after: Floats
    drawn_entrant: Int64s = field(repr=False)
    drawn: Int64s = field(repr=False)

    @property
    def found(self) -> Int64s:
        """The entrants, by their places, beside whom somebody stands: int64[F], ascending."""
        return np.unique(self.entrant)

    @property
    def people(self) -> int:
        """How many different people stand beside entrants."""
        return len(np.unique(self.control))


def match(known: Known, person: Int64s, instant: Int64s, *, seed: int) -> Matched:
    """Find people like the entrants, who were not in when these entered.

    person: int64[N]; instant: int64[N] in ms, when each enters. The same seed gives the same.
    """
    search = _Search(known, person, instant, np.random.default_rng(seed))
    pairs = search.nearest(*search.candidates())
    drawn = search.anybody()
    return Matched(
        len(person), *pairs, search.difference(*drawn), search.difference(*pairs), *drawn
    )


# --------------------------------------------------------------------------------------- candidates


@dataclass(frozen=True, slots=True)
class _Pool:
    """People by an instant at which something happened to them, ascending; int64[N] each."""

    at: Int64s
    person: Int64s

    @classmethod
    def of(cls, at: Int64s, person: Int64s) -> _Pool:
        """In the order of the instants."""
        order = np.argsort(at, kind="stable")
        return cls(at[order], person[order])

    def between(self, after: Int64s, until: Int64s) -> tuple[Int64s, Int64s]:
        """The places `[low, high)` of those to whom it happened in `(after, until]`, int64[Q]
        each."""
        low = np.searchsorted(self.at, after, side="right")
        return low, np.searchsorted(self.at, until, side="right")

    def some(
        self, low: Int64s, high: Int64s, most: int, generator: np.random.Generator
    ) -> tuple[Int64s, Int64s]:
        """So many of the people at the places `[low, high)` of each query, drawn by chance with
        repetition; all, where they are no more. Queries and people, int64[M] each."""
        size = (high - low)[:, None]
        turn = np.arange(most)[None, :]
        chance = (generator.random((len(low), most)) * size).astype(np.int64)
        place = low[:, None] + np.where(size > most, chance, turn)
        there = turn < size
        query = np.broadcast_to(np.arange(len(low))[:, None], place.shape)
        return query[there], self.person[place[there]]


class _Search:
    """The search for people like some entrants."""

    def __init__(
        self, known: Known, person: Int64s, instant: Int64s, generator: np.random.Generator
    ) -> None:
        self._known, self._person, self._instant = known, person, instant
        self._generator = generator
        self._by_age = _Pool.of(known.first_seen, np.arange(len(known.first_seen)))
        self._scales = known.scales(person, instant)

    def candidates(self) -> tuple[Int64s, Int64s]:
        """People who may be like each entrant: first seen, or else last active, about as long ago,
        whichever are fewer; each pair of entrant and person once."""
        events = self._recent_events()
        ages = self._by_age.between(*self._reach(_AGE))
        times = events.between(*self._reach(_RECENCY))
        by_age = (ages[1] - ages[0]) <= (times[1] - times[0])
        by_age |= self._scales[_RECENCY] > np.log(BEFORE / HOUR)
        found = []
        for pool, (low, high), rows in ((self._by_age, ages, by_age), (events, times, ~by_age)):
            chosen = np.flatnonzero(rows)
            query, control = pool.some(low[chosen], high[chosen], CANDIDATES, self._generator)
            found.append((chosen[query], control))
        entrant, control = (np.concatenate(side) for side in zip(*found, strict=True))
        people = max(len(self._known.first_seen), 1)
        pairs = np.unique(entrant * people + control)
        return pairs // people, pairs % people

    def anybody(self) -> tuple[Int64s, Int64s]:
        """For each entrant somebody who was outside too, whoever it is."""
        low, high = self._by_age.between(np.full(len(self._instant), -1), self._instant)
        entrant, control = self._by_age.some(low, high, _TRIES, self._generator)
        kept = self._may_stand(entrant, control)
        entrant, first = np.unique(entrant[kept], return_index=True)
        return entrant, control[kept][first]

    def nearest(self, entrant: Int64s, control: Int64s) -> tuple[Int64s, Int64s]:
        """Of the candidates those who are outside and alike: the nearest `CONTROLS` of each
        entrant."""
        kept = self._may_stand(entrant, control)
        entrant, control = entrant[kept], control[kept]
        apart = self._known.scales(control, self._instant[entrant]) - self._scales[:, entrant]
        alike = (np.abs(apart) <= np.log(_FACTORS)[:, None] + _ROUNDING).all(axis=0)
        entrant, control, apart = entrant[alike], control[alike], apart[:, alike]
        distance = ((apart / self._spread()[:, None]) ** 2).sum(axis=0)
        order = np.lexsort((control, distance, entrant))
        entrant, control = entrant[order], control[order]
        turn = np.arange(len(entrant)) - np.searchsorted(entrant, entrant, side="left")
        return entrant[turn < CONTROLS], control[turn < CONTROLS]

    def difference(self, entrant: Int64s, control: Int64s) -> Floats:
        """The standardised differences of means on each scale, every entrant weighing the same and
        so do the people beside each; the spread is that of both."""
        if not len(entrant):
            return np.full(len(SCALES), np.nan)
        found, counts = np.unique(entrant, return_counts=True)
        weight = np.repeat(1.0 / counts, counts) / len(found)
        other = self._known.scales(control, self._instant[entrant])
        mean = other @ weight
        mine = self._scales[:, found]
        variance = ((other - mean[:, None]) ** 2) @ weight
        spread = np.sqrt((mine.var(axis=1) + variance) / 2)
        difference = mine.mean(axis=1) - mean
        return np.where(
            np.abs(difference) < _ROUNDING, 0.0, difference / np.maximum(spread, _ROUNDING)
        )

    def _may_stand(self, entrant: Int64s, control: Int64s) -> Bools:
        """Who is somebody else, and outside when the entrant enters."""
        outside = self._known.outside(control, self._instant[entrant])
        somebody: Bools = outside & (control != self._person[entrant])
        return somebody

    def _spread(self) -> Floats:
        if not len(self._person):
            return np.ones(len(SCALES))
        return np.asarray(np.maximum(self._scales.std(axis=1), _ROUNDING))

    def _reach(self, scale: int) -> tuple[Int64s, Int64s]:
        """Between which instants, `(after, until]`, it happened to those who are alike on a scale
        of time."""
        mine, factor, floor = self._scales[scale], np.log(_FACTORS[scale]), _FLOORS[scale]
        longest = np.minimum(np.exp(mine + factor) * floor, float(_LONG_AGO))
        shortest = np.where(mine > factor, np.exp(mine - factor) * floor, 0.0)
        after = self._instant - np.ceil(longest).astype(np.int64) - 1
        return after, self._instant - shortest.astype(np.int64)

    def _recent_events(self) -> _Pool:
        """The activity before the entrants' instants, as far back as it tells recency."""
        at = self._known.activity.at
        first = self._instant.min(initial=FOREVER) - int(_FACTORS[_RECENCY]) * BEFORE
        rows = np.flatnonzero((at > first) & (at <= self._instant.max(initial=0)))
        return _Pool.of(at[rows], person_of(self._known.activity)[rows])


_TRIES: Final = 8
"""How often somebody is drawn who may turn out to be in."""
_ROUNDING: Final = 1e-9
"""What is no difference between logarithms."""
