"""Who is in which segment now, in memory: for the look-up that other programs do at every request.

Everybody's memberships at the start are one sorted array; people who were looked at since have
their own rows in a dictionary, as bytes, which take a tenth of what objects do.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import groupby, islice, pairwise
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from segue.domain.instant import FOREVER
from segue.services.live.focus import Focus, among
from segue.services.live.kept import KeptStanding
from segue.services.live.span_table import SpanTable
from segue.timeline.log import Int32s, Int64s
from segue.timeline.readings import ranges

_ROW: Final = struct.Struct("<iqq")
_ROWS: Final = np.dtype([("segment", "<i4"), ("since", "<i8"), ("until", "<i8")])
_NAMES: Final = ("segment", "since", "until")
_PART: Final = 1 << 15
"""So many people are looked through at first."""


class CurrentMemberships:
    """The memberships that hold at the last turn, by codes of people and of segment versions."""

    def __init__(self, person: Int32s, offsets: Int64s, rows: NDArray[np.void]) -> None:
        """Of everybody: `person` int32[P] ascending, with the rows `offsets[i]:offsets[i + 1]`."""
        self._person, self.people = person, len(person)
        self._offsets, self._rows = offsets, rows
        self._later: dict[int, bytes] = {}
        self._sizes = Counter(_counted(self._rows["segment"]))

    @classmethod
    def of_everybody(cls, person: Int32s, spans: SpanTable, at: int) -> Self:
        """From everybody's spans at `at` (ms); `person` int32[P] ascending."""
        return cls(person, *_members(len(person), spans, at))

    @classmethod
    def restored(cls, kept: KeptStanding) -> Self:
        """As they were kept."""
        rows = np.empty(len(kept.segment), _ROWS)
        for name in _NAMES:
            rows[name] = getattr(kept, name)
        return cls(kept.person, kept.offsets, rows)

    def everybody(self) -> tuple[Int32s, Int64s, dict[str, NDArray[Any]]]:
        """People int32[P] ascending, offsets int64[P + 1] and the columns of their rows."""
        first = ~np.isin(self._person, np.fromiter(self._later, np.int32, len(self._later)))
        person = np.concatenate(
            [self._person[first], np.fromiter(self._later, np.int32, len(self._later))]
        )
        counts = [len(data) // _ROWS.itemsize for data in self._later.values()]
        base = np.diff(self._offsets)
        kept = self._rows[np.repeat(first, base)]
        rows = np.concatenate([kept, np.frombuffer(b"".join(self._later.values()), _ROWS)])
        count = np.concatenate([base[first], np.array(counts, np.int64)])
        owner = np.repeat(np.arange(len(person)), count)
        order = np.argsort(person, kind="stable")
        place = np.argsort(np.argsort(order)[owner], kind="stable")
        offsets = np.concatenate([[0], np.cumsum(count[order])])
        return person[order], offsets, {name: rows[name][place] for name in _NAMES}

    def replace(
        self,
        before: Int32s,
        after: Int32s,
        spans: SpanTable,
        at: int,
        focus: Focus | None = None,
    ) -> None:
        """Put the memberships of the people `after` (with their spans) in the place of those of
        the people `before`, both int32 ascending. What is not in `focus` stands as it is."""
        whose, old = self._rows_of(before)
        if focus is None:
            offsets, rows = _members(len(after), spans, at)
        else:
            stays = among(before, after)[whose]
            whose = np.searchsorted(after, before)[whose[stays]]
            offsets, rows = _with_standing(spans.members(at), whose, old[stays], focus)
        self._sizes.subtract(_counted(old["segment"]))
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

    def inside(
        self, segments: Sequence[int], before: int | None, most: int
    ) -> list[tuple[int, int, int | None]]:
        """Who is in all of these segments (codes; at least one): at most so many people with codes
        below `before` (None: any), descending, with since and until (ms; None: without end) of
        their stay in the first one."""
        found = list(islice(self._inside(segments, before), most))
        stays = ((code, self._stay(code, segments[0])) for code in found)
        return [(code, *stay) for code, stay in stays if stay is not None]

    def _inside(self, segments: Sequence[int], before: int | None) -> Iterator[int]:
        """The codes of the people, descending; whoever was looked at since is looked up anew."""
        wanted = set(segments)
        limit = int(self._person[-1]) + 1 if before is None and len(self._person) else before
        later = [code for code in list(self._later) if before is None or code < before]
        read = self._read_inside(segments, 0 if limit is None else limit)
        merged = merge(read, sorted(later, reverse=True), reverse=True)
        return (code for code, _ in groupby(merged) if wanted <= {one for one, *_ in self.of(code)})

    def _read_inside(self, segments: Sequence[int], before: int) -> Iterator[int]:
        """The same of the memberships at the start, a part of the people at a time: the fewer are
        inside, the larger it gets."""
        last, size = int(np.searchsorted(self._person, before)), _PART
        while last > 0:
            first = max(last - size, 0)
            bounds = self._offsets[first : last + 1]
            rows = self._rows["segment"][bounds[0] : bounds[-1]]
            inside = np.ones(last - first, bool)
            for segment in segments:
                places = np.flatnonzero(rows == segment) + bounds[0]
                there = np.zeros(last - first, bool)
                there[np.searchsorted(bounds, places, "right") - 1] = True
                inside &= there
            yield from self._person[first:last][inside][::-1].tolist()
            last, size = first, 4 * size

    def _stay(self, person: int, segment: int) -> tuple[int, int | None] | None:
        stays = ((since, until) for code, since, until in self.of(person) if code == segment)
        return next(stays, None)

    def leaving(self, until: int) -> dict[int, int]:
        """How many leave each segment (code) by an instant (ms), if nothing more happens; segments
        that nobody leaves are not there."""
        later = self._later.copy()
        now = np.frombuffer(b"".join(later.values()), _ROWS)
        codes = np.fromiter(later, np.int32, len(later))
        place = np.searchsorted(self._person, codes[among(codes, self._person)])
        start, end = self._offsets[place], self._offsets[place + 1]
        found = Counter(_due(self._rows, until))
        found.subtract(_due(self._rows[ranges(start, end - start)], until))
        found.update(_due(now, until))
        return {segment: count for segment, count in found.items() if count}

    def soonest(self, segment: int, most: int) -> list[tuple[int, int, int]]:
        """Who leaves a segment (code) first, if nothing more happens, at most so many: person,
        since and until (ms); who would stay without end is not among them."""
        later = self._later.copy()
        places = np.flatnonzero(
            (self._rows["segment"] == segment) & (self._rows["until"] < FOREVER)
        )
        owner = self._person[np.searchsorted(self._offsets, places, "right") - 1]
        rows = self._rows[places]
        stands = ~np.isin(owner, np.fromiter(later, np.int32, len(later)))
        found = list(_soonest(owner[stands], rows[stands], most))
        now = np.frombuffer(b"".join(later.values()), _ROWS)
        counts = [len(data) // _ROWS.itemsize for data in later.values()]
        whose = np.repeat(np.fromiter(later, np.int32, len(later)), counts)
        leaves = (now["segment"] == segment) & (now["until"] < FOREVER)
        found += _soonest(whose[leaves], now[leaves], most)
        return sorted(found, key=lambda one: (one[2], one[0]))[:most]

    def size(self, segment: int) -> int:
        """How many people are in the segment."""
        return self._sizes[segment]

    def _rows_of(self, people: Int32s) -> tuple[Int64s, NDArray[np.void]]:
        """The rows of these people in any order, and by index whose each one is."""
        rows = [self._later.get(code) for code in people.tolist()]
        counts = np.array([0 if one is None else len(one) // _ROWS.itemsize for one in rows], int)
        since = np.frombuffer(b"".join(one for one in rows if one), _ROWS)
        first = np.array([i for i, one in enumerate(rows) if one is None], int)
        first = first[among(people[first], self._person)]
        place = np.searchsorted(self._person, people[first])
        start, count = self._offsets[place], self._offsets[place + 1] - self._offsets[place]
        whose = np.concatenate([np.repeat(np.arange(len(people)), counts), np.repeat(first, count)])
        return whose, np.concatenate([since, self._rows[ranges(start, count)]])

    def _bytes(self, person: int) -> bytes:
        later = self._later.get(person)
        if later is not None:
            return later
        # NumPy's own search would let go of the interpreter: see `Directory.person_code`.
        place = bisect_left(self._person, person)
        if place == len(self._person) or self._person[place] != person:
            return b""
        return self._rows[self._offsets[place] : self._offsets[place + 1]].tobytes()


def _soonest(person: Int32s, rows: NDArray[np.void], most: int) -> Iterator[tuple[int, int, int]]:
    """The rows that end first, with whose they are, by when and by person."""
    until = rows["until"]
    if len(until) > most:  # the rest need not be sorted
        near = until <= np.partition(until, most)[most]
        person, rows, until = person[near], rows[near], until[near]
    first = np.lexsort((person, until))[:most]
    columns = (person[first], rows["since"][first], rows["until"][first])
    yield from zip(*(one.tolist() for one in columns), strict=True)


def _due(rows: NDArray[np.void], until: int) -> dict[int, int]:
    return _counted(rows["segment"][rows["until"] <= until])


def _counted(segments: Int32s) -> dict[int, int]:
    counts = np.bincount(segments)
    codes = np.flatnonzero(counts)
    return dict(zip(codes.tolist(), counts[codes].tolist(), strict=True))


def _with_standing(
    members: SpanTable, whose: Int64s, rows: NDArray[np.void], focus: Focus
) -> tuple[Int64s, NDArray[np.void]]:
    """The rows of members with those rows that are not in focus, by person, in the order of the
    segments, with the offsets of each person."""
    rank = focus.rank
    stands = ~focus.pairs[rank[rows["segment"]], whose]
    rows = np.concatenate([rows[stands], _rows(members)])
    person = np.concatenate([whose[stands], members.person])
    order = np.argsort(person * len(rank) + rank[rows["segment"]], kind="stable")
    people = focus.pairs.shape[1]
    return np.searchsorted(person[order], np.arange(people + 1)), rows[order]


def _rows(members: SpanTable) -> NDArray[np.void]:
    rows = np.empty(len(members), _ROWS)
    rows["segment"], rows["since"], rows["until"] = members.segment, members.start, members.end
    return rows


def _members(people: int, spans: SpanTable, at: int) -> tuple[Int64s, NDArray[np.void]]:
    """The rows of members at an instant, by person, with the offsets of each person."""
    members = spans.members(at)
    order = np.argsort(members.person, kind="stable")
    return np.searchsorted(members.person[order], np.arange(people + 1)), _rows(members)[order]
