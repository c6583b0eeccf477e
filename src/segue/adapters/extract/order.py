"""Event order over arrays: sorting by person and instant, and ranking the events that tie.

Sorting looks only at integers. Of events of one person at one instant, and only of those, the
sequence number and the event id are read, and the events ranked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.adapters.extract.relation import Relation
from segue.timeline.log import Bools, Int32s, Int64s

UNTIED = 2
"""The order key of an event that shares its instant with no other. Rank k of a tie is 4 k + 2, so
that a derived event fits directly before a stored one."""


@dataclass(frozen=True, slots=True)
class Events:
    """Events sorted by person, then instant: `row` int64[N] is where each stands in its scan,
    person int32[N], at int64[N], ref int64[N]."""

    row: Int64s
    person: Int32s
    at: Int64s
    ref: Int64s

    def __len__(self) -> int:
        return len(self.row)

    def taken(self, places: Int64s) -> Events:
        """The events at these places."""
        return Events(self.row[places], self.person[places], self.at[places], self.ref[places])


def sorted_events(person: Int32s, at: Int64s, ref: Int64s) -> Events:
    """Sort rows by person and instant; how those that tie stand among each other is not said."""
    order = _by_person_and_instant(person, at)
    return Events(order, person[order], at[order], ref[order])


def _by_person_and_instant(person: Int32s, at: Int64s) -> Int64s:
    if len(at) == 0:
        return np.empty(0, np.int64)
    base = int(at.min())
    width = (int(at.max()) - base).bit_length()
    if width + int(person.max()).bit_length() > 63:
        return np.lexsort((at, person))
    key = person.astype(np.int64) << width
    key |= at - base
    return np.argsort(key)


@dataclass(frozen=True, slots=True)
class Ranks:
    """Order keys of the events that tie: `refs` int64[T] ascending, `keys` int32[T]."""

    refs: Int64s
    keys: Int32s

    def of(self, refs: Int64s) -> Int32s:
        """The order keys of events by reference, `UNTIED` where an event does not tie."""
        keys = np.full(len(refs), UNTIED, np.int32)
        if len(self.refs):
            place = np.minimum(np.searchsorted(self.refs, refs), len(self.refs) - 1)
            found = self.refs[place] == refs
            keys[found] = self.keys[place[found]]
        return keys


NO_TIES: Final = Ranks(np.empty(0, np.int64), np.empty(0, np.int32))
"""The ranks where nothing is compared with anything."""


def rank_ties(relation: Relation, scans: Sequence[Events]) -> Ranks:
    """Rank every event that shares person and instant with another one of any of the scans."""
    refs, group = _tied(scans[0] if len(scans) == 1 else _joined(scans))
    if len(refs) == 0:
        return Ranks(refs, np.empty(0, np.int32))
    place = np.argsort(relation.in_order(refs))
    order = np.lexsort((place, group))
    begins = np.flatnonzero(np.diff(group[order], prepend=group.min() - 1))
    keys = np.empty(len(refs), np.int32)
    sizes = np.diff(np.append(begins, len(refs)))
    keys[order] = 4 * (np.arange(len(refs)) - np.repeat(begins, sizes)) + UNTIED
    return Ranks(refs, keys)


def ranks(relation: Relation, refs: Int64s) -> Int64s:
    """The places, from 0, of events by reference as `Relation.in_order` has them: int64[N] for refs
    int64[N]."""
    ranked = relation.in_order(np.unique(refs))
    by_ref = np.argsort(ranked)
    return by_ref[np.searchsorted(ranked, refs, sorter=by_ref)]


def in_event_order(events: Events, ranks: Ranks) -> tuple[Events, Int32s]:
    """The events in event order, ties by their ranks, and the order key of each, int32[N]."""
    keys = ranks.of(events.ref)
    if len(ranks.refs) == 0:
        return events, keys
    tied = np.flatnonzero(_touching(_same_as_next(events)))
    places = np.arange(len(events))
    places[tied] = tied[np.lexsort((keys[tied], events.at[tied], events.person[tied]))]
    return events.taken(places), keys[places]


def _joined(scans: Sequence[Events]) -> Events:
    person, at, ref = (
        np.concatenate([getattr(scan, name) for scan in scans]) for name in ("person", "at", "ref")
    )
    return sorted_events(person, at, ref)


def _tied(events: Events) -> tuple[Int64s, Int64s]:
    """The distinct refs of events that tie, and the number of the tie each belongs to."""
    same = _same_as_next(events)
    tied = np.flatnonzero(_touching(same))
    group = np.cumsum(np.concatenate(([True], ~same)))[tied]
    refs, first = np.unique(events.ref[tied], return_index=True)
    return refs, group[first].astype(np.int64)


def _same_as_next(events: Events) -> Bools:
    """Whether each event but the last shares person and instant with the next."""
    person, at = events.person, events.at
    same: Bools = (person[1:] == person[:-1]) & (at[1:] == at[:-1])
    return same


def _touching(same: Bools) -> Bools:
    """Whether an event is equal to a neighbour."""
    return np.concatenate((same, [False])) | np.concatenate(([False], same))


def offsets_of(person: NDArray[np.integer], people: int) -> Int64s:
    """Row offsets int64[people + 1] of rows that are sorted by person."""
    offsets = np.zeros(people + 1, np.int64)
    np.cumsum(np.bincount(person, minlength=people), out=offsets[1:])
    return offsets
