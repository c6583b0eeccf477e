"""The slices of some people's distinct ids, out of all readings of a log, put together.

A cell is one person's part of the answer to one request. Each reading of each distinct id gives a
piece of it. Cells are filled for many requests at once, and only what does not stand in event order
then is sorted. Where events of one person share an instant across readings or distinct ids, their
order keys do not compare, and new ones are made of their ranks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
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
    Request,
    TraitRequest,
    TraitWrites,
)
from segue.timeline.parts import Groups, Part
from segue.timeline.runs import NO_ROWS, UNTIED, Rows, Run, rows_of

Ranks: TypeAlias = Callable[[Int64s], Int64s]
"""The places of events, by reference, in the order that breaks ties: see `Turn.ranks`."""
Asked: TypeAlias = Request | TraitRequest

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


# ------------------------------------------------------------------------------------ what is kept


@dataclass(frozen=True, slots=True)
class Layer:
    """A reading of everybody, but for the distinct ids `gone` (int32, ascending), for which it no
    longer speaks; `origin` numbers it among the readings."""

    part: Part
    gone: Int32s
    origin: int

    def without(self, whos: Int32s) -> Layer:
        """The layer that does not speak for these distinct ids either."""
        return replace(self, gone=np.union1d(self.gone, whos))

    def forgetting(self, requests: Collection[Asked]) -> Layer:
        """The layer without the answers to these requests."""
        log = self.part.log
        kept = {one: answer for one, answer in log.answers.items() if one not in requests}
        return replace(self, part=replace(self.part, log=replace(log, answers=kept)))


def tied_between(layers: Sequence[Layer]) -> Int32s:
    """The distinct ids with different events of one instant in ordered answers of different layers
    (perhaps some more)."""
    found = [
        (layer, one)
        for layer in layers
        for request, answer in layer.part.log.answers.items()
        if is_ordered(request) and len(one := occurrences_of(answer))
    ]
    if len({layer.origin for layer, _ in found}) < 2:
        return np.empty(0, np.int32)
    rows = Rows.joined([rows_of(0, one, la.part.whos, la.origin) for la, one in found])
    # Who and when as one number: two that are equal by chance only cost time later.
    key = rows.at.astype(np.uint64) ^ rows.who.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return np.unique(rows.who[_tied(key, rows.source, rows.order, rows.origin)])


def is_ordered(request: Asked) -> bool:
    """Whether the answers to the request stand in event order with others."""
    return isinstance(request, TraitRequest) or request.ordered


def occurrences_of(answer: Answer) -> Occurrences:
    """The occurrences of an answer."""
    return answer.writes if isinstance(answer, TraitWrites) else answer


# ---------------------------------------------------------------------------------------- gathering


@dataclass(frozen=True, slots=True)
class SeenRun:
    """A run that only people with indexes from `since` on see."""

    run: Run
    since: int = 0


def gathered(
    layers: Sequence[Layer],
    runs: Sequence[SeenRun],
    numbers: Mapping[Asked, int],
    people: Groups,
    *,
    mixed: Int32s,
    ranks: Ranks,
) -> Log:
    """The log of some people: see `GrowingLog.gather`."""
    members = Members(people)
    views = [_View(layer, members) for layer in layers]
    view_of = {one: view for view in views for one in view.log.answers}
    late = late_rows(runs, numbers, members)
    floor = _floors(late, members, mixed)
    requests = list(numbers)
    size = max(1, _CELLS // max(len(members), 1))

    def chunk(low: int) -> _Chunk:
        rows = late.of(low, low + size)
        return _Chunk(requests[low : low + size], view_of, rows, members, floor)

    chunks = _side_by_side(chunk, range(0, len(requests), size))
    _break_ties(chunks, ranks)
    parts = _side_by_side(lambda one: list(one.answers()), chunks)
    answers = {one: answer for part in parts for one, answer in part}
    return Log(_first_seen(views, runs, members), answers)


def _side_by_side(do: Callable[[S], T], items: Sequence[S]) -> list[T]:
    """Apply to every item, several at once: NumPy lets go of the interpreter while it copies."""
    if len(items) == 1:
        return [do(items[0])]
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(do, items))


class Members:
    """The distinct ids of people: `person` int64[M] is whose each of `whos` int32[M] is."""

    def __init__(self, groups: Groups) -> None:
        self.people = len(groups)
        self.whos = groups.whos
        self.count = np.diff(groups.offsets)
        self.person = np.repeat(np.arange(self.people), self.count)

    def __len__(self) -> int:
        return len(self.whos)

    def places_in(self, whos: Int32s) -> tuple[Int64s, Bools]:
        """Where each distinct id stands among others, which ascend, and whether it does."""
        if len(whos) == 0:
            return np.zeros(len(self), np.int64), np.zeros(len(self), np.bool_)
        if whos[-1] == len(whos) - 1:  # all codes from 0 on
            place = self.whos.astype(np.int64)
            found = place < len(whos)
            return np.where(found, place, 0), found
        place = np.minimum(np.searchsorted(whos, self.whos), len(whos) - 1)
        return place, whos[place] == self.whos


class _View:
    """A layer as some distinct ids see it: the place of each in it, int64[M], and whether it has
    one."""

    def __init__(self, layer: Layer, members: Members) -> None:
        self.log, self.origin = layer.part.log, layer.origin
        self.place, self.found = members.places_in(layer.part.whos)
        if len(layer.gone):
            self.found &= ~members.places_in(layer.gone)[1]
        self.all_found = bool(self.found.all())

    def pieces(self, offsets: Int64s) -> tuple[Int64s, Int64s]:
        """Where the rows of each distinct id begin, and how many there are."""
        start = offsets[self.place]
        count = offsets[1:][self.place] - start
        return start, count if self.all_found else np.where(self.found, count, 0)


@dataclass(frozen=True, slots=True)
class Late:
    """Rows out of runs by cell: `cell` int64[N] is the place of the request times the number of
    people, plus the person; `ordered` bool[N] those that stand in event order with others."""

    rows: Rows
    cell: Int64s
    ordered: Bools
    people: int

    def of(self, low: int, high: int) -> Late:
        """The rows of the requests with places from `low` up to `high`, counted from `low`."""
        first, last = np.searchsorted(self.cell, (low * self.people, high * self.people))
        places = np.arange(first, last)
        cell = self.cell[places] - low * self.people
        return Late(self.rows.taken(places), cell, self.ordered[places], self.people)


def late_rows(runs: Sequence[SeenRun], numbers: Mapping[Asked, int], members: Members) -> Late:
    """The rows of these people; the requests have their places in the order of `numbers`."""
    found = [(NO_ROWS, np.empty(0, np.int64))]
    found += [_taken(run, members) for run in runs]
    rows = Rows.joined([part for part, _ in found])
    person = np.concatenate([whose for _, whose in found])
    count = max(numbers.values(), default=0) + 1
    place_of, ordered = np.zeros(count, np.int64), np.zeros(count, np.bool_)
    for place, (request, number) in enumerate(numbers.items()):
        place_of[number], ordered[number] = place, is_ordered(request)
    cell = place_of[rows.request] * members.people + person
    order = np.argsort(cell, kind="stable")
    rows = rows.taken(order)
    return Late(rows, cell[order], ordered[rows.request], members.people)


def _taken(seen: SeenRun, members: Members) -> tuple[Rows, Int64s]:
    run = seen.run
    place, found = _places(seen, members)
    place, person = place[found], members.person[found]
    start = run.offsets[place]
    count = run.offsets[place + 1] - start
    return run.rows.taken(ranges(start, count)), np.repeat(person, count)


def _places(seen: SeenRun, members: Members) -> tuple[Int64s, Bools]:
    """Where each distinct id stands in the run, and whether its person sees it there."""
    place, found = members.places_in(seen.run.whos)
    return place, found & (members.person >= seen.since) if seen.since else found


def ranges(start: Int64s, count: Int64s) -> Int64s:
    """The numbers from each start on, so many of each, one range after the other."""
    end = np.cumsum(count)
    total = int(end[-1]) if len(end) else 0
    found: Int64s = np.arange(total) + np.repeat(start - (end - count), count)
    return found


def _first_seen(views: Sequence[_View], runs: Sequence[SeenRun], members: Members) -> Int64s:
    seen = np.full(members.people, FOREVER, np.int64)
    for view in views:
        if len(view.log.first_seen):
            whose = members.person[view.found]
            np.minimum.at(seen, whose, view.log.first_seen[view.place[view.found]])
    for one in runs:
        place, found = _places(one, members)
        np.minimum.at(seen, members.person[found], one.run.first_seen[place[found]])
    return seen


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
    def are_one_each(self) -> bool:
        """Whether every cell is one piece that was read at once."""
        return bool(np.all(self.cell[1:] != self.cell[:-1]) and np.all(self.member >= 0))

    @property
    def are_one_slice(self) -> bool:
        """Whether the rows of all pieces stand side by side."""
        follows = self.start[1:] == self.start[:-1] + self.count[:-1]
        return bool(np.all(follows) and np.all(self.member >= 0))


def _pieces(requests: Sequence[Asked], view_of: Mapping[Asked, _View], members: Members) -> _Pieces:
    start = np.zeros((len(requests), len(members)), np.int64)
    count = np.zeros_like(start)
    for i, one in enumerate(requests):
        occurrences = occurrences_of(view_of[one].log.answers[one])
        if len(occurrences):
            start[i], count[i] = view_of[one].pieces(occurrences.offsets)
    places = np.flatnonzero(count.ravel())
    request, member = np.divmod(places, max(len(members), 1))
    cell = request * members.people + members.person[member]
    return _Pieces(cell, start.ravel()[places], count.ravel()[places], member)


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
        view_of: Mapping[Asked, _View],
        late: Late,
        members: Members,
        floor: Int64s | None,
    ) -> None:
        self._requests, self._people = requests, members.people
        self._answers = [view_of[one].log.answers[one] for one in requests]
        pieces = _pieces(requests, view_of, members).with_late(late)
        cells = len(requests) * members.people
        totals = np.bincount(pieces.cell, pieces.count, cells).astype(np.int64)
        self._offsets = np.concatenate(([0], np.cumsum(totals)))
        self._in_order = pieces.are_one_each
        self._fill(pieces, late)
        origins = [view_of[one].origin for one in requests]
        self.suspects = self._suspects(pieces, late, members, origins, floor)

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
        where = np.flatnonzero(np.repeat(pieces.member < 0, pieces.count))
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

    def _cells(self) -> Int64s:
        """The cell of every row."""
        cells = len(self._requests) * self._people
        return np.repeat(np.arange(cells), np.diff(self._offsets))

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
        cells = self._cells()
        request, person = np.divmod(cells, self._people)
        at = self._columns["at"]
        row = np.flatnonzero(ordered[request] & (at >= floor[person]))
        piece = np.searchsorted(np.cumsum(pieces.count), row, "right")
        member = pieces.member[piece]
        origin = (np.array(origins, np.int64)[request[row]] << 32) | members.whos[member]
        is_late = member < 0
        if is_late.any():
            nth = np.cumsum(np.repeat(pieces.member < 0, pieces.count)) - 1
            rows = nth[row[is_late]]
            origin[is_late] = (late.rows.origin[rows].astype(np.int64) << 32) | late.rows.who[rows]
        ref, order = self._column("source", len(at)), self._column("order", len(at))
        return _Suspects(row, person[row], at[row], ref[row], order[row], origin)

    def reorder(self, rows: Int64s, keys: Int32s) -> None:
        """Give rows other order keys."""
        self._own()
        self._column("order", int(self._offsets[-1]))[rows] = keys
        self._in_order = False

    def _own(self) -> None:
        """Copy columns that belong to the reading they came from."""
        if self._shared:
            self._columns = {name: column.copy() for name, column in self._columns.items()}
            self._shared = False

    def _sort(self) -> None:
        """Sort the rows of those cells that do not stand in event order."""
        cell, at = self._cells(), self._columns.get("at", _NONE)
        order = self._columns.get("order", _NONE)
        back = at[1:] < at[:-1]
        if len(order):
            back |= (at[1:] == at[:-1]) & (order[1:] < order[:-1])
        back &= cell[1:] == cell[:-1]
        if not back.any():
            return
        self._own()
        wrong = np.zeros(len(self._offsets), np.bool_)
        wrong[cell[1:][back]] = True
        rows = np.flatnonzero(wrong[cell])
        keys = (at[rows], cell[rows])
        sorted_rows = rows[np.lexsort((order[rows], *keys) if len(order) else keys)]
        for column in self._columns.values():
            column[rows] = column[sorted_rows]

    # ------------------------------------------------------------------------------- answers

    def answers(self) -> Iterator[tuple[Asked, Answer]]:
        """The answers, in event order."""
        if not self._in_order:
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
    tied = _tied(key, ref, order, origin)
    if not len(tied):
        return
    refs = np.unique(ref[tied])
    keys = np.full(len(ref), -1, np.int32)
    keys[tied] = (4 * ranks(refs) + UNTIED)[np.searchsorted(refs, ref[tied])]
    start = 0
    for chunk, suspects in found:
        mine = keys[start : start + len(suspects.row)]
        start += len(suspects.row)
        if np.any(mine >= 0):
            chunk.reorder(suspects.row[mine >= 0], mine[mine >= 0])


def _tied(
    key: NDArray[np.integer], ref: Int64s, order: Int32s, origin: NDArray[np.integer]
) -> Int64s:
    """The rows that share a key with one of another origin, and are not one event with one order
    key."""
    rows = np.argsort(key)
    if not len(rows):
        return rows
    same = key[rows][1:] == key[rows][:-1]
    several = rows[np.concatenate((same, [False])) | np.concatenate(([False], same))]
    if not len(several):
        return several
    first = np.flatnonzero(np.concatenate(([True], key[several][1:] != key[several][:-1])))
    apart = _differ(ref[several], first) | _differ(order[several], first)
    crossing = apart & _differ(origin[several], first)
    return several[np.repeat(crossing, np.diff(first, append=len(several)))]


def _differ(values: NDArray[np.integer], first: Int64s) -> Bools:
    """Whether a group, of those that begin at these places, holds different values."""
    different: Bools = np.minimum.reduceat(values, first) != np.maximum.reduceat(values, first)
    return different
