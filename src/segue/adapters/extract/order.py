"""Event order over arrays: sorting by person and instant, and ranking the events that tie.

Sorting looks only at integers. Of events of one person at one instant, and only of those, the
sequence number and the event id are read, and the events ranked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from segue.adapters.extract.relation import Relation
from segue.timeline.log import Bools, Int32s, Int64s

UNTIED = 2
"""The order key of an event that shares its instant with no other. Rank k of a tie is 4 k + 2, so
that a derived event fits directly before a stored one."""


def by_person_and_instant(person: Int32s, at: Int64s) -> Int64s:
    """The permutation that sorts rows by person, then instant; stable."""
    if len(at) == 0:
        return np.empty(0, np.int64)
    base = int(at.min())
    width = (int(at.max()) - base).bit_length()
    if width + int(person.max()).bit_length() > 63:
        return np.lexsort((at, person))
    key = person.astype(np.int64) << width
    key |= at - base
    return np.argsort(key, kind="stable")


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


def rank_ties(relation: Relation, scans: Sequence[tuple[Int32s, Int64s, Int64s]]) -> Ranks:
    """Rank every event that shares person and instant with another one of any of the scans, each of
    them (person int32[N], at int64[N], ref int64[N])."""
    refs, group = _tied(*(np.concatenate(parts) for parts in zip(*scans, strict=True)))
    if len(refs) == 0:
        return Ranks(refs, np.empty(0, np.int32))
    tied = pa.table({"ref": refs, "tie": group})
    relation.connection.register("segue_tied", tied)
    try:
        ranked = relation.table(
            "SELECT ref, (4 * row_number() OVER (PARTITION BY tie"
            " ORDER BY sequence NULLS FIRST, event_id, ref) - 2)::INTEGER AS key"
            f" FROM {relation.source} JOIN segue_tied USING (ref) ORDER BY ref",
            {},
        )
    finally:
        relation.connection.unregister("segue_tied")
    return Ranks(ranked["ref"].to_numpy(), ranked["key"].to_numpy())


def _tied(person: Int32s, at: Int64s, ref: Int64s) -> tuple[Int64s, Int64s]:
    """The distinct refs of rows that tie, and the number of the tie each belongs to."""
    order = by_person_and_instant(person, at)
    same = _same_as_next(person[order], at[order])
    member = np.flatnonzero(_touching(same))
    group = np.cumsum(np.concatenate(([True], ~same)))[member]
    refs, first = np.unique(ref[order[member]], return_index=True)
    return refs, group[first].astype(np.int64)


def in_event_order(person: Int32s, at: Int64s, key: Int32s | None) -> Int64s:
    """The permutation that sorts rows by person, instant and, where given, order key."""
    order = by_person_and_instant(person, at)
    if key is None or not np.any(key != UNTIED):
        return order
    member = np.flatnonzero(_touching(_same_as_next(person[order], at[order])))
    rows = order[member]
    order[member] = rows[np.lexsort((key[rows], at[rows], person[rows]))]
    return order


def _same_as_next(person: Int32s, at: Int64s) -> Bools:
    """Of sorted rows, whether each but the last shares person and instant with the next."""
    same: Bools = (person[1:] == person[:-1]) & (at[1:] == at[:-1])
    return same


def _touching(same: Bools) -> Bools:
    """Whether a row is equal to a neighbour."""
    return np.concatenate((same, [False])) | np.concatenate(([False], same))


def offsets_of(person: NDArray[np.integer], people: int) -> Int64s:
    """Row offsets int64[people + 1] of rows that are sorted by person."""
    offsets = np.zeros(people + 1, np.int64)
    np.cumsum(np.bincount(person, minlength=people), out=offsets[1:])
    return offsets
