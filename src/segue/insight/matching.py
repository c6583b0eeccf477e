"""People who entered somewhere, and people like them who were not in at the time.

Balanced risk-set matching (Li, Propert and Rosenbaum, "Balanced risk set matching", JASA 2001):
whoever enters is compared with others who were not in then, and were alike in what was known of
them then. What somebody does later plays no part in who is compared: a person may stand beside
others before they enter themselves, and stays there when they do.

Then is the very instant of the entry, where time made somebody enter. Who is just active when they
enter is compared with others who were just as active: at an event of their own in the day before.
Somebody who does something is more likely to do the next thing than somebody who is asleep, and
that is not what the segment is about.

Alike means: first seen about as long ago, last active about as long ago, about as active in the
four weeks before (each within a factor, on a scale that begins at what is too little to matter) and
as many goals reached before, 0, 1 or more. Of those who are alike the nearest are taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.random import Generator

from segue.domain.instant import DAY, FOREVER, MINUTE
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
_FLOORS: Final = np.array([DAY, 5 * MINUTE, 1.0, 1.0])
"""What is too little to matter on each scale: a day, five minutes, an event, a goal."""
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
class Others:
    """Other people who stand for entrants, M in all, by entrant.

    entrant: int64[M], places among the entrants, ascending; person: int64[M]; at: int64[M] in ms,
    the instant at which they are looked at.
    """

    entrant: Int64s = field(repr=False)
    person: Int64s = field(repr=False)
    at: Int64s = field(repr=False)

    def __len__(self) -> int:
        return len(self.entrant)

    def only(self, which: Bools | Int64s) -> Others:
        """Those at these places."""
        return Others(self.entrant[which], self.person[which], self.at[which])


@dataclass(frozen=True, slots=True)
class Matched:
    """Who is compared with whom, and how alike they are.

    `beside` are the people that stand beside entrants; `drawn`, at most one for each entrant, were
    not in either when they entered, whoever they are. `before` and `after` are the standardised
    differences of means of entrants and others on each of `SCALES` (Austin 2009: below 0.1 is
    alike): `before` of those drawn, `after` of those beside; float64[4], NaN where there is nobody.
    """

    entrants: int
    beside: Others
    drawn: Others
    before: Floats
    after: Floats

    @property
    def found(self) -> Int64s:
        """The entrants, by their places, beside whom somebody stands: int64[F], ascending."""
        return np.unique(self.beside.entrant)


def match(known: Known, person: Int64s, instant: Int64s, generator: Generator) -> Matched:
    """Find people like the entrants, who were not in when these entered.

    person: int64[N]; instant: int64[N] in ms, when each enters. The generator draws whom to look
    at: one of the same seed gives the same.
    """
    search = _Search(known, person, instant, generator)
    beside, drawn = search.nearest(search.candidates()), search.anybody()
    return Matched(len(person), beside, drawn, search.difference(drawn), search.difference(beside))


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
        self, low: Int64s, high: Int64s, most: int, generator: Generator
    ) -> tuple[Int64s, Int64s]:
        """So many of the places `[low, high)` of each query, drawn by chance with repetition; all,
        where they are no more. Queries and places, int64[M] each."""
        size = (high - low)[:, None]
        turn = np.arange(most)[None, :]
        chance = (generator.uniform(size=(len(low), most)) * size).astype(np.int64)
        place = low[:, None] + np.where(size > most, chance, turn)
        there = turn < size
        query = np.broadcast_to(np.arange(len(low))[:, None], place.shape)
        return query[there], place[there]


class _Search:
    """The search for people like some entrants."""

    def __init__(self, known: Known, person: Int64s, instant: Int64s, generator: Generator) -> None:
        self._known, self._person, self._instant = known, person, instant
        self._generator = generator
        self._by_age = _Pool.of(known.first_seen, np.arange(len(known.first_seen)))
        self._by_event = self._recent_events()
        self._scales = known.scales(person, instant)

    def candidates(self) -> Others:
        """People who may be like each entrant: who were active in the day before entrants who are
        just active; beside the others those first seen, or else last active, about as long ago,
        whichever are fewer."""
        busy = self._scales[_RECENCY] == 0
        ages = self._by_age.between(*self._reach(_AGE))
        times = self._by_event.between(*self._reach(_RECENCY))
        old = self._scales[_RECENCY] > np.log(BEFORE / _FLOORS[_RECENCY])
        by_age = ~busy & (old | ((ages[1] - ages[0]) <= (times[1] - times[0])))
        day = self._by_event.between(self._instant - DAY, self._instant)
        return _joined(
            [
                self._some(self._by_event, day, busy, at_events=True),
                self._some(self._by_age, ages, by_age),
                self._some(self._by_event, times, ~busy & ~by_age),
            ]
        )

    def anybody(self) -> Others:
        """For each entrant somebody who was outside too, whoever it is."""
        places = self._by_age.between(np.full(len(self._instant), -1), self._instant)
        everybody = np.ones(len(self._instant), np.bool_)
        drawn = self._some(self._by_age, places, everybody, most=_TRIES)
        drawn = drawn.only(self._may_stand(drawn))
        return drawn.only(np.unique(drawn.entrant, return_index=True)[1])

    def nearest(self, others: Others) -> Others:
        """Of the candidates those who are outside and alike: the nearest `CONTROLS` of each
        entrant, nobody twice."""
        others = others.only(self._may_stand(others))
        apart = self._known.scales(others.person, others.at) - self._scales[:, others.entrant]
        alike = (np.abs(apart) <= np.log(_FACTORS)[:, None] + _ROUNDING).all(axis=0)
        others, apart = others.only(alike), apart[:, alike]
        distance = ((apart / self._spread()[:, None]) ** 2).sum(axis=0)
        order = np.lexsort((others.at, others.person, distance, others.entrant))
        others = others.only(order)
        pairs = others.entrant * max(len(self._known.first_seen), 1) + others.person
        others = others.only(np.sort(np.unique(pairs, return_index=True)[1]))
        turn = np.arange(len(others)) - np.searchsorted(others.entrant, others.entrant, side="left")
        return others.only(turn < CONTROLS)

    def difference(self, others: Others) -> Floats:
        """The standardised differences of means on each scale, every entrant weighing the same and
        so do the people beside each; the spread is that of both."""
        if not len(others):
            return np.full(len(SCALES), np.nan)
        found, counts = np.unique(others.entrant, return_counts=True)
        weight = np.repeat(1.0 / counts, counts) / len(found)
        theirs, mine = self._known.scales(others.person, others.at), self._scales[:, found]
        mean = theirs @ weight
        variance = ((theirs - mean[:, None]) ** 2) @ weight
        spread = np.sqrt((mine.var(axis=1) + variance) / 2)
        difference = mine.mean(axis=1) - mean
        return np.where(
            np.abs(difference) < _ROUNDING, 0.0, difference / np.maximum(spread, _ROUNDING)
        )

    def _some(
        self,
        pool: _Pool,
        places: tuple[Int64s, Int64s],
        rows: Bools,
        *,
        most: int = CANDIDATES,
        at_events: bool = False,
    ) -> Others:
        """Some of the people at the places of a pool, for the entrants in these rows; looked at
        when these enter, or at the events by which they stand in the pool."""
        low, high = places
        chosen = np.flatnonzero(rows)
        query, place = pool.some(low[chosen], high[chosen], most, self._generator)
        entrant = chosen[query]
        at = pool.at[place] if at_events else self._instant[entrant]
        return Others(entrant, pool.person[place], at)

    def _may_stand(self, others: Others) -> Bools:
        """Who is somebody else, and outside when looked at."""
        outside = self._known.outside(others.person, others.at)
        somebody: Bools = outside & (others.person != self._person[others.entrant])
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


def _joined(parts: Sequence[Others]) -> Others:
    """By entrant."""
    every = Others(
        np.concatenate([one.entrant for one in parts]),
        np.concatenate([one.person for one in parts]),
        np.concatenate([one.at for one in parts]),
    )
    return every.only(np.argsort(every.entrant, kind="stable"))


_TRIES: Final = 8
"""How often somebody is drawn who may turn out to be in."""
_ROUNDING: Final = 1e-9
"""What is no difference between logarithms."""
