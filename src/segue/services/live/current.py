"""Who is in which segment now, in memory: for the look-up that other programs do at every request.

Everybody's memberships at the start are one sorted array; people who were looked at since have
their own rows in a dictionary, as bytes, which take a tenth of what objects do.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.domain.instant import FOREVER
from segue.services.live.span_table import SpanTable
from segue.timeline.log import Int32s, Int64s

_ROW: Final = struct.Struct("<iqq")
_ROWS: Final = np.dtype([("segment", "<i4"), ("since", "<i8"), ("until", "<i8")])


class CurrentMemberships:
    """The memberships that hold at the last turn, by codes of people and of segment versions."""

    def __init__(self, person: Int32s, spans: SpanTable, at: int) -> None:
        """Of everybody: `person` int32[P] ascending, and their spans at `at` (ms)."""
        self._person, self.people = person, len(person)
        self._offsets, self._rows = _members(len(person), spans, at)
        self._later: dict[int, bytes] = {}
        self._sizes = Counter(_counted(self._rows["segment"]))

    def replace(self, before: Int32s, after: Int32s, spans: SpanTable, at: int) -> None:
        """Put the memberships of the people `after` (with their spans) in the place of those of
        the people `before`, both int32 ascending."""
        old = b"".join(map(self._bytes, before.tolist()))
        self._sizes.subtract(_counted(np.frombuffer(old, _ROWS)["segment"]))
        offsets, rows = _members(len(after), spans, at)
        self._sizes.update(_counted(rows["segment"]))
        self.people += len(after) - len(before)
        data, bounds = rows.tobytes(), (offsets * _ROWS.itemsize).tolist()
        gone = np.setdiff1d(before, after, assume_unique=True)
        self._later.update(dict.fromkeys(gone.tolist(), b""))
        parts = (data[first:last] for first, last in pairwise(bounds))
        self._later.update(zip(after.tolist(), parts, strict=True))

    def of(self, person: int) -> Iterator[tuple[int, int, int | None]]:
        """Code, since and until (ms; None: without end) of each membership of a person."""
        for code, since, until in _ROW.iter_unpack(self._bytes(person)):
            yield code, since, until if until < FOREVER else None

    def size(self, segment: int) -> int:
        """How many people are in the segment."""
        return self._sizes[segment]

    def _bytes(self, person: int) -> bytes:
        later = self._later.get(person)
        if later is not None:
            return later
        # Of another type of number all codes would be copied, for every person who is asked about.
        place = int(self._person.searchsorted(np.int32(person)))
        if place == len(self._person) or self._person[place] != person:
            return b""
        return self._rows[self._offsets[place] : self._offsets[place + 1]].tobytes()


def _counted(segments: Int32s) -> dict[int, int]:
    codes, counts = np.unique(segments, return_counts=True)
    return dict(zip(codes.tolist(), counts.tolist(), strict=True))


def _members(people: int, spans: SpanTable, at: int) -> tuple[Int64s, NDArray[np.void]]:
    """The rows of members at an instant, by person, with the offsets of each person."""
    members = spans.members(at)
    order = np.argsort(members.person, kind="stable")
    rows = np.empty(len(members), _ROWS)
    rows["segment"], rows["since"] = members.segment[order], members.start[order]
    rows["until"] = members.end[order]
    return np.searchsorted(members.person[order], np.arange(people + 1)), rows
