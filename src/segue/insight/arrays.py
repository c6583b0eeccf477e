"""What insight looks at: when people were somewhere and when things happened, as flat arrays.

Both come in compressed-sparse-row form over P people: person i owns the half-open slice
`offsets[i]:offsets[i + 1]`, ascending in time. The arrays of the timeline fit as they are. Every
question below is asked for many (person, instant) pairs at once and answered by binary searches.
"""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segue.domain.instant import FOREVER

Int64s: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]


class Spans(Protocol):
    """Disjoint half-open stretches of time of each person.

    offsets: int64[P + 1]; start, end: int64[N] in ms. An end of FOREVER is open.
    """

    @property
    def offsets(self) -> Int64s:
        """Where the rows of each person begin, and the end of the last."""

    @property
    def start(self) -> Int64s:
        """When each stretch begins."""

    @property
    def end(self) -> Int64s:
        """When each stretch ends."""


class Occurrences(Protocol):
    """Instants at which something happened to each person.

    offsets: int64[P + 1]; at: int64[N] in ms, ascending within a person.
    """

    @property
    def offsets(self) -> Int64s:
        """Where the rows of each person begin, and the end of the last."""

    @property
    def at(self) -> Int64s:
        """When each of them happened."""


class Valued(Occurrences, Protocol):
    """Occurrences of which something was read.

    value: int64[N], in millionths where it is a number; known: bool[N] where there is a value
    (None: everywhere).
    """

    @property
    def value(self) -> Int64s | None:
        """What was read of each."""

    @property
    def known(self) -> Bools | None:
        """Where something was read."""


def people_in(rows: Spans | Occurrences) -> int:
    """P, the number of people."""
    return len(rows.offsets) - 1


def person_of(rows: Spans | Occurrences) -> Int64s:
    """The person index of each row, int64[N]."""
    people: Int64s = np.repeat(np.arange(people_in(rows)), np.diff(rows.offsets))
    return people


def rank(
    rows: Occurrences, person: Int64s, instant: Int64s, side: Literal["left", "right"]
) -> Int64s:
    """For each pair the index int64[Q] of the person's first row not before the instant ("left"),
    or after it ("right"); the end of the person's rows where there is none.

    person: int64[Q]; instant: int64[Q] in ms.
    """
    low, high = rows.offsets[person].copy(), rows.offsets[person + 1].copy()
    open_ = np.flatnonzero(low < high)
    while len(open_):
        middle = (low[open_] + high[open_]) >> 1
        at, wanted = rows.at[middle], instant[open_]
        before = at < wanted if side == "left" else at <= wanted
        low[open_[before]] = middle[before] + 1
        high[open_[~before]] = middle[~before]
        open_ = open_[low[open_] < high[open_]]
    return low


def count_within(rows: Occurrences, person: Int64s, after: Int64s, until: Int64s) -> Int64s:
    """How often it happened to each person in `(after, until]`, int64[Q]."""
    first = rank(rows, person, after, "right")
    found: Int64s = np.maximum(rank(rows, person, until, "right") - first, 0)
    return found


def first_after(rows: Occurrences, person: Int64s, instant: Int64s) -> Int64s:
    """When it first happened to each person after the instant, int64[Q] in ms; else FOREVER."""
    return _at(rows, rank(rows, person, instant, "right"), person)


def first_from(rows: Occurrences, person: Int64s, instant: Int64s) -> Int64s:
    """When it first happened to each person at or after the instant, int64[Q] in ms; else
    FOREVER."""
    return _at(rows, rank(rows, person, instant, "left"), person)


def last_until(rows: Occurrences, person: Int64s, instant: Int64s) -> Int64s:
    """When it last happened to each person at or before the instant, int64[Q] in ms; else -1."""
    place = rank(rows, person, instant, "right") - 1
    found = place >= rows.offsets[person]
    return np.where(found, rows.at[np.where(found, place, 0)] if len(rows.at) else -1, -1)


def holds(spans: Spans, person: Int64s, instant: Int64s) -> Bools:
    """Whether each person is inside one of their spans at the instant, bool[Q]."""
    begun = rank(_Starts(spans), person, instant, "right") - 1
    inside = begun >= spans.offsets[person]
    if len(spans.end):
        inside &= instant < spans.end[np.where(inside, begun, 0)]
    return inside


class _Starts:
    """The starts of spans as occurrences."""

    def __init__(self, spans: Spans) -> None:
        self.offsets, self.at = spans.offsets, spans.start


def _at(rows: Occurrences, place: Int64s, person: Int64s) -> Int64s:
    found = place < rows.offsets[person + 1]
    if not len(rows.at):
        return np.full(len(place), FOREVER)
    return np.where(found, rows.at[np.where(found, place, 0)], FOREVER)
