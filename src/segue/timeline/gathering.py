"""The slices of some people's distinct ids, out of all readings of a log, put together.

A cell is one person's part of the answer to one request. Each reading of each distinct id gives a
piece of it. Cells are filled for many requests at once, and only what does not stand in event order
then is sorted. Where events of one person share an instant across readings or distinct ids, their
order keys do not compare, and new ones are made of their ranks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from segue.domain.instant import FOREVER
from segue.timeline.log import (
    Answer,
    Bools,
    Int32s,
    Int64s,
    Log,
    Nothing,
    Occurrences,
    TraitRequest,
    TraitWrites,
)
from segue.timeline.parts import Groups
from segue.timeline.readings import (
    Asked,
    Late,
    Layer,
    Members,
    SeenRun,
    View,
    first_seen,
    is_ordered,
    late_rows,
    occurrences_of,
    ranges,
    tied,
)
from segue.timeline.runs import UNTIED

Ranks: TypeAlias = Callable[[Int64s], Int64s]
"""The places of events, by reference, in the order that breaks ties: see `Turn.ranks`."""

S = TypeVar("S")
T = TypeVar("T")

_THREADS: Final = 4
_CELLS: Final = 1 << 17
"""At most so many pieces are put together at once; one request at a time where there are more."""
_BEFORE_ALL: Final = -1
_NONE: Final = np.empty(0, np.int64)
_DEFAULTS: Final[dict[str, tuple[int | bool, type[np.generic]]]] = {
    "at": (0, np.int64),
    "order": (UNTIED, np.int32),
    "value": (0, np.int64),
    "known": (True, np.bool_),
    "source": (-1, np.int64),
    "kind": (0, np.int8),
}
"""The columns of rows, with what stands where an answer has none."""


# ---------------------------------------------------------------------------------------- gathering


class Gathering:
    """Some people found in all readings of a log; see `GrowingLog.gather`."""

    def __init__(
        self,
        layers: Sequence[Layer],
        runs: Sequence[SeenRun],
        numbers: Mapping[Asked, int],
        people: Groups,
        *,
        mixed: Int32s,
        ranks: Ranks,
    ) -> None:
        self._members, self._runs, self._mixed = Members(people), runs, mixed
        self._views = [View(layer, self._members) for layer in layers]
        self._late = late_rows(runs, numbers, self._members)
        self._requests, self._ranks = list(numbers), ranks

    @cached_property
    def first_seen(self) -> Int64s:
        """When each person is first seen, int64[P]; FOREVER where they never are."""
        return first_seen(self._views, self._runs, self._members)

    def read_with(self, origin: int) -> tuple[Int64s, Int64s]:
        """The places of the requests (in the order of the log's numbers) that the reading with
        this number answers, and for which people (by index): int64[N] each."""
        return self._late.read_with(origin)

    def log(self, needed: Bools | None = None) -> Log:
        """The log of these people. Where not everything is `needed`, bool[R, P] by request (in the
        order of the log's numbers) and person, it is empty elsewhere, and answers only requests
        that are needed of somebody."""
        requests, late = self._requests, self._late
        if needed is not None:
            some = np.flatnonzero(needed.any(axis=1))
            requests, needed = [requests[place] for place in some.tolist()], needed[some]
            late = late.only(some, needed)
        view_of = {one: view for view in self._views for one in view.log.answers}
        floor = _floors(late, self._members, self._mixed)

        def chunk(places: slice) -> _Chunk:
            rows = late.of(places.start, places.stop)
            some = None if needed is None else needed[places]
            members = self._members
            return _Chunk(requests[places], view_of, rows, members, needed=some, floor=floor)

        chunks = _side_by_side(chunk, self._stretches(len(requests), needed))
        _break_ties(chunks, self._ranks)
        parts = _side_by_side(lambda one: list(one.answers()), chunks)
        answers = {one: answer for part in parts for one, answer in part}
        return Log(self.first_seen, answers, max(self._last_seen, *(c.latest for c in chunks)))

    @property
    def _last_seen(self) -> int:
        """The latest instant at which somebody is first seen."""
        seen = self.first_seen
        return int(seen[seen < FOREVER].max(initial=0))

    def _stretches(self, requests: int, needed: Bools | None) -> list[slice]:
        """Consecutive requests that are put together at once."""
        sizes = np.full(requests, len(self._members))
        if needed is not None:
            sizes = np.count_nonzero(needed, axis=1)
        found, first, size = [], 0, 0
        for place, more in enumerate(sizes.tolist()):
            if place > first and size + more > _CELLS:
                found.append(slice(first, place))
                first, size = place, 0
            size += more
        return [*found, slice(first, requests)]


def _side_by_side(do: Callable[[S], T], items: Sequence[S]) -> list[T]:
    """Apply to every item, several at once: NumPy lets go of the interpreter while it copies."""
    if len(items) == 1:
        return [do(items[0])]
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(do, items))


# ------------------------------------------------------------------------------------------- chunks


@dataclass(frozen=True, slots=True)
class _Pieces:
    """K pieces by cell: `cell`, `start` and `count` int64[K], and `member` int64[K], whose place
    among the distinct ids it is; -1 for a piece that consists of late rows."""

    cell: Int64s
    start: Int64s
    count: Int64s
    member: Int64s

    def with_late(self, late: Late) -> _Pieces:
        """These pieces and those of late rows, which come last in each cell."""
        if not len(late.cell):
            return self
        first = np.flatnonzero(np.diff(late.cell, prepend=-1))
        count = np.diff(first, append=len(late.cell))
        cell = late.cell[first]
        place = np.searchsorted(self.cell, cell, "right")
        return _Pieces(
            np.insert(self.cell, place, cell),
            np.insert(self.start, place, 0),
            np.insert(self.count, place, count),
            np.insert(self.member, place, -1),
        )

    @property
    def first(self) -> Int64s:
        """Where the rows of each piece begin when all are put together."""
        return np.cumsum(self.count) - self.count

    @property
    def unsure_cells(self) -> Int64s:
        """The cells that are not one piece that was read at once: their rows may not stand in event
        order."""
        unsure = self.member < 0
        unsure[1:] |= self.cell[1:] == self.cell[:-1]
        return np.unique(self.cell[unsure])

    @property
    def are_one_slice(self) -> bool:
        """Whether the rows of all pieces stand side by side."""
        follows = self.start[1:] == self.start[:-1] + self.count[:-1]
        return bool(np.all(follows) and np.all(self.member >= 0))


def _pieces(
    requests: Sequence[Asked],
    view_of: Mapping[Asked, View],
    members: Members,
    needed: Bools | None,
) -> _Pieces:
    """What the layers have of everybody, or only where it is `needed`, bool[requests, people]."""
    if needed is None:
        request = np.repeat(np.arange(len(requests)), len(members))
        member = np.tile(np.arange(len(members)), len(requests))
    else:
        request, member = np.nonzero(needed[:, members.person])
    bounds = np.searchsorted(request, np.arange(len(requests) + 1)).tolist()
    start, count = np.zeros((2, len(request)), np.int64)
    for one, (low, high) in zip(requests, pairwise(bounds), strict=True):
        occurrences = occurrences_of(view_of[one].log.answers[one])
        if len(occurrences):
            some = None if needed is None else member[low:high]
            start[low:high], count[low:high] = view_of[one].pieces(occurrences.offsets, some)
    places = np.flatnonzero(count)
    request, member = request[places], member[places]
    cell = request * members.people + members.person[member]
    return _Pieces(cell, start[places], count[places], member)


@dataclass(frozen=True, slots=True)
class _Suspects:
    """Rows of a chunk that may share an instant with something read at another time or under
    another id: `row` int64[N], person, at, ref and order, and `origin` int64[N], reading and id."""

    row: Int64s
    person: Int64s
    at: Int64s
    ref: Int64s
    order: Int32s
    origin: Int64s


class _Chunk:
    """The answers to some requests: cell c, that of person c % people and request c // people, has
    the rows `offsets[c]:offsets[c + 1]` of the columns."""

    def __init__(
        self,
        requests: Sequence[Asked],
        view_of: Mapping[Asked, View],
        late: Late,
        members: Members,
        *,
        needed: Bools | None,
        floor: Int64s | None,
    ) -> None:
        self._requests, self._people = requests, members.people
        self._answers = [view_of[one].log.answers[one] for one in requests]
        pieces = _pieces(requests, view_of, members, needed).with_late(late)
        cells = len(requests) * members.people
        totals = np.bincount(pieces.cell, pieces.count, cells).astype(np.int64)
        self._offsets = np.concatenate(([0], np.cumsum(totals)))
        self._unsure = pieces.unsure_cells
        self._fill(pieces, late)
        origins = [view_of[one].origin for one in requests]
        self.suspects = self._suspects(pieces, late, members, origins, floor)

    @property
    def latest(self) -> int:
        """The latest instant of all rows."""
        return int(self._columns.get("at", _NONE).max(initial=0))

    # ------------------------------------------------------------------------------- filling

    def _fill(self, pieces: _Pieces, late: Late) -> None:
        self._shared = len(self._requests) == 1 and pieces.are_one_slice
        if self._shared:
            first = int(pieces.start[0]) if len(pieces.start) else 0
            rows = slice(first, first + int(self._offsets[-1]))
            columns = _columns(self._answers[0])
            self._columns = {name: column[rows] for name, column in columns.items()}
            return
        places = ranges(pieces.start, pieces.count)
        self._columns = {}
        for i, answer in enumerate(self._answers):
            rows = self._rows(i)
            for name, column in _columns(answer).items():
                if len(column):
                    out = self._column(name, len(places))[rows]
                    np.take(column, places[rows], out=out, mode="clip")
        if len(late.cell):
            self._write_late(pieces, late)

    def _write_late(self, pieces: _Pieces, late: Late) -> None:
        came = pieces.member < 0
        where = ranges(pieces.first[came], pieces.count[came])
        for name in _DEFAULTS:
            self._column(name, int(self._offsets[-1]))[where] = getattr(late.rows, name)

    def _column(self, name: str, size: int) -> NDArray[Any]:
        if name not in self._columns:
            default, kind = _DEFAULTS[name]
            self._columns[name] = np.full(size, default, kind)
        return self._columns[name]

    def _rows(self, place: int) -> slice:
        """The rows of the request at this place."""
        low, high = place * self._people, (place + 1) * self._people
        return slice(int(self._offsets[low]), int(self._offsets[high]))

    # ---------------------------------------------------------------------------------- ties

    def _suspects(
        self,
        pieces: _Pieces,
        late: Late,
        members: Members,
        origins: Sequence[int],
        floor: Int64s | None,
    ) -> _Suspects | None:
        ordered = np.array([is_ordered(one) for one in self._requests], np.bool_)
        if floor is None or not ordered.any() or not self._offsets[-1]:
            return None
        request, person = np.divmod(pieces.cell, self._people)
        at, first, came = self._columns["at"], pieces.first, pieces.member < 0
        latest = at[first + pieces.count - 1]  # late rows are not in order yet
        some = np.flatnonzero(ordered[request] & (came | (latest >= floor[person])))
        piece = np.repeat(some, pieces.count[some])
        row = ranges(first[some], pieces.count[some])
        recent = at[row] >= floor[person[piece]]
        row, piece = row[recent], piece[recent]
        who, origin = members.whos[pieces.member[piece]], np.array(origins)[request[piece]]
        if came.any():
            nth = (np.cumsum(np.where(came, pieces.count, 0)) - pieces.count - first)[piece] + row
            of_late = came[piece]
            who[of_late] = late.rows.who[nth[of_late]]
            origin[of_late] = late.rows.origin[nth[of_late]]
        origin = (origin.astype(np.int64) << 32) | who
        ref, order = self._column("source", len(at)), self._column("order", len(at))
        return _Suspects(row, person[piece], at[row], ref[row], order[row], origin)

    def reorder(self, rows: Int64s, keys: Int32s) -> None:
        """Give rows other order keys."""
        self._own()
        self._column("order", int(self._offsets[-1]))[rows] = keys
        cells = np.searchsorted(self._offsets, rows, "right") - 1
        self._unsure = np.union1d(self._unsure, cells)

    def _own(self) -> None:
        """Copy columns that belong to the reading they came from."""
        if self._shared:
            self._columns = {name: column.copy() for name, column in self._columns.items()}
            self._shared = False

    def _sort(self) -> None:
        """Sort the rows of those cells that do not stand in event order."""
        start = self._offsets[self._unsure]
        count = self._offsets[self._unsure + 1] - start
        rows, cell = ranges(start, count), np.repeat(np.arange(len(count)), count)
        columns = (self._columns.get("at", _NONE), self._columns.get("order", _NONE))
        at, order = (column[rows] if len(column) else column for column in columns)
        back = at[1:] < at[:-1]
        if len(order):
            back |= (at[1:] == at[:-1]) & (order[1:] < order[:-1])
        back &= cell[1:] == cell[:-1]
        if not back.any():
            return
        self._own()
        wrong = np.zeros(len(count), np.bool_)
        wrong[cell[1:][back]] = True
        some = np.flatnonzero(wrong[cell])
        keys = (at[some], cell[some])
        ranked = some[np.lexsort((order[some], *keys) if len(order) else keys)]
        for column in self._columns.values():
            column[rows[some]] = column[rows[ranked]]

    # ------------------------------------------------------------------------------- answers

    def answers(self) -> Iterator[tuple[Asked, Answer]]:
        """The answers, in event order."""
        if len(self._unsure):
            self._sort()
        for place, one in enumerate(self._requests):
            yield one, self._answer(place, one)

    def _answer(self, place: int, request: Asked) -> Answer:
        rows = self._rows(place)
        low = place * self._people
        offsets = self._offsets[low : low + self._people + 1] - rows.start
        occurrences = Occurrences(
            offsets,
            self._part("at", rows),
            order=None
            if _is_trait(request) or not is_ordered(request)
            else self._part("order", rows),
            value=self._part("value", rows) if _reads(request) else None,
            known=self._known(rows) if _reads(request) else None,
            source=self._part("source", rows) if is_ordered(request) else None,
        )
        return (
            TraitWrites(occurrences, self._part("kind", rows))
            if _is_trait(request)
            else occurrences
        )

    def _part(self, name: str, rows: slice) -> NDArray[Any]:
        return self._column(name, int(self._offsets[-1]))[rows]

    def _known(self, rows: slice) -> Bools | None:
        known = self._columns.get("known")
        return None if known is None or known[rows].all() else known[rows]


def _columns(answer: Answer) -> dict[str, NDArray[Any]]:
    """The columns that an answer has."""
    found = occurrences_of(answer)
    columns = {name: getattr(found, name) for name in _DEFAULTS if name != "kind"}
    if isinstance(answer, TraitWrites):
        columns["kind"] = answer.kind
    return {name: column for name, column in columns.items() if column is not None}


def _is_trait(request: Asked) -> bool:
    return isinstance(request, TraitRequest)


def _reads(request: Asked) -> bool:
    return request.reading != Nothing()


# --------------------------------------------------------------------------------------------- ties


def _floors(late: Late, members: Members, mixed: Int32s) -> Int64s | None:
    """From when on each person's events may tie across readings or distinct ids, int64[people];
    None where nobody's do."""
    floor = np.full(members.people, FOREVER, np.int64)
    np.minimum.at(floor, late.cell[late.ordered] % max(late.people, 1), late.rows.at[late.ordered])
    floor[members.count > 1] = _BEFORE_ALL
    if len(mixed):
        floor[members.person[members.places_in(mixed)[1]]] = _BEFORE_ALL
    return floor if np.any(floor < FOREVER) else None


def _break_ties(chunks: Sequence[_Chunk], ranks: Ranks) -> None:
    """Give the events of each tie across readings or distinct ids order keys that compare."""
    suspected = [(chunk, chunk.suspects) for chunk in chunks]
    found = [(chunk, suspects) for chunk, suspects in suspected if suspects is not None]
    if not found:
        return
    person, at, ref, order, origin = (
        np.concatenate([getattr(suspects, name) for _, suspects in found])
        for name in ("person", "at", "ref", "order", "origin")
    )
    instants = np.unique(at, return_inverse=True)[1]
    key = person * (int(instants.max(initial=0)) + 1) + instants
    ties = tied(key, ref, order, origin)
    if not len(ties):
        return
    refs = np.unique(ref[ties])
    keys = np.full(len(ref), -1, np.int32)
    keys[ties] = (4 * ranks(refs) + UNTIED)[np.searchsorted(refs, ref[ties])]
    start = 0
    for chunk, suspects in found:
        mine = keys[start : start + len(suspects.row)]
        start += len(suspects.row)
        if np.any(mine >= 0):
            chunk.reorder(suspects.row[mine >= 0], mine[mine >= 0])
