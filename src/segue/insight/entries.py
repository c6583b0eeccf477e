"""Who entered, and what everybody else is compared from.

Members are taken as of their entry: each person once, by the first entry in a stretch of time.
Everybody else has no entry to start from, so each gets an instant in the same stretch: spread
evenly, from when they were first seen on, the same for all segments. Who is not in the segment at
that instant is compared, whatever they do later: choosing by the future would favour one side. A
person may so be looked at before they enter, and again when they do; the two outcomes tend to be
alike, which makes intervals of differences wider than they need be, never narrower.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from segue.domain.instant import FOREVER
from segue.insight.arrays import Bools, Int64s, Occurrences, Spans, first_after, person_of

_GOLDEN: Final = (5**0.5 - 1) / 2
"""Multiples of it, without their whole part, are spread evenly (Weyl)."""


@dataclass(frozen=True, slots=True)
class Stays:
    """Stays of people in one segment or in any of several, N rows; a row need not be the only one
    of its person.

    person: int64[N], ascending; start, end: int64[N] in ms. An end of FOREVER is open.
    """

    person: Int64s = field(repr=False)
    start: Int64s = field(repr=False)
    end: Int64s = field(repr=False)

    @classmethod
    def of(cls, spans: Spans) -> Stays:
        """The stays of one segment."""
        return cls(person_of(spans), spans.start, spans.end)

    def at(self, instant: int) -> Int64s:
        """Who is in at the instant, ascending person indices."""
        return _distinct(self.person[(self.start <= instant) & (instant < self.end)])

    def at_own(self, instant: Int64s) -> Int64s:
        """Who is in at an instant of their own, int64[P] in ms, ascending person indices."""
        own = instant[self.person]
        return _distinct(self.person[(self.start <= own) & (own < self.end)])

    def entered(self, after: int, until: int) -> Entries:
        """The first entry of each person in `(after, until]`."""
        rows = np.flatnonzero((self.start > after) & (self.start <= until))
        person = self.person[rows]
        if len(person):
            rows, person = rows[np.diff(person, prepend=-1) > 0], _distinct(person)
        return Entries(person, self.start[rows])


@dataclass(frozen=True, slots=True)
class Entries:
    """When each of N people entered: person int64[N] ascending indices, at int64[N] in ms."""

    person: Int64s = field(repr=False)
    at: Int64s = field(repr=False)

    def __len__(self) -> int:
        return len(self.person)


def joined(entries: list[Entries], people: int) -> Entries:
    """The first entry of each of `people` people into any of several segments."""
    first = np.full(people, FOREVER)
    for one in entries:
        first[one.person] = np.minimum(first[one.person], one.at)
    person = np.flatnonzero(first < FOREVER)
    return Entries(person, first[person])


def union(people: Sequence[Int64s]) -> Int64s:
    """Who is in any of several lists of person indices, ascending."""
    if len(people) == 1:
        return people[0]
    there = np.zeros(1 + max((int(one.max()) for one in people if len(one)), default=-1), np.bool_)
    for one in people:
        there[one] = True
    return np.flatnonzero(there)


def order_of(first_seen: Int64s) -> Int64s:
    """The place of each of P people among those who were seen, from 1 on, int64[P]."""
    return np.cumsum(first_seen < FOREVER)


def landmarks(order: Int64s, first_seen: Int64s, counted: Stays, after: int, until: int) -> Int64s:
    """An instant in `(after, until]` for each of P people who counts then, int64[P] in ms; FOREVER
    for who is not seen by then or does not count.

    first_seen: int64[P] in ms. Instants are a matter of the order of all who were seen (`order_of`,
    int64[P]: of everybody, of whom these may be some), so that nothing which happens later changes
    them.
    """
    share = np.modf(order * _GOLDEN)[0]
    begins = np.maximum(first_seen - 1, after)
    stretch = np.maximum(until - begins, 0)
    instant = np.where(
        begins < until, begins + 1 + np.floor(share * stretch).astype(np.int64), FOREVER
    )
    counts = np.zeros(len(instant), np.bool_)
    counts[counted.at_own(instant)] = True
    return np.where(counts, instant, FOREVER)


def reached(goal: Occurrences, person: Int64s, since: Int64s, within: int) -> Bools:
    """Who reached a goal in `(since, since + within]`, bool[Q]."""
    return first_after(goal, person, since) <= since + within


def _distinct(person: Int64s) -> Int64s:
    """Each person once, where they ascend."""
    return person[np.diff(person, prepend=-1) > 0] if len(person) else person
