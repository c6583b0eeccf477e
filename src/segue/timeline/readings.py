"""What some people's distinct ids have in each reading of a log: in those of everybody, each a
layer, and in the runs of what came later."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segue.domain.instant import FOREVER
from segue.timeline.log import (
    Answer,
    Bools,
    Int32s,
    Int64s,
    Occurrences,
    Request,
    TraitRequest,
    TraitWrites,
)
from segue.timeline.parts import Groups, Part
from segue.timeline.runs import NO_ROWS, Rows, Run, rows_of

Asked: TypeAlias = Request | TraitRequest
UInt64s: TypeAlias = NDArray[np.uint64]

_SPREADING: Final = np.uint64(0x9E3779B97F4A7C15)
"""An odd number near 2^64 divided by the golden ratio: its multiples lie far apart (Knuth, The Art
of Computer Programming, volume 3, section 6.4)."""
_FEWEST_BITS: Final = 10
_MOST_BITS: Final = 28


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


def tied_with(layer: Layer, others: Sequence[Layer]) -> Int32s:
    """The distinct ids that have different events of one instant in ordered answers of a layer and
    of others (perhaps some more). Of the others only what may share a moment with the layer is
    sorted: they can be a hundred times as long."""
    new = Rows.joined([NO_ROWS, *_ordered(layer)])
    if not len(new):
        return np.empty(0, np.int32)
    marks = _Marks.of(_moments(new))
    old = (rows.taken(marks.among(_moments(rows))) for one in others for rows in _ordered(one))
    rows = Rows.joined([new, *old])
    return np.unique(rows.who[tied(_moments(rows), rows.source, rows.order, rows.origin)])


def _ordered(layer: Layer) -> Iterator[Rows]:
    """The rows of each ordered answer of a layer."""
    for request, answer in layer.part.log.answers.items():
        if is_ordered(request):
            yield rows_of(0, answer, layer.part.whos, layer.origin)


def _moments(rows: Rows) -> UInt64s:
    """Who and when as one number; two that are equal by chance only cost time later."""
    key: UInt64s = rows.at.astype(np.uint64) ^ rows.who.astype(np.uint64) * _SPREADING
    return key


@dataclass(frozen=True, slots=True)
class _Marks:
    """Numbers as marks in a table of so many bits: few that are not among them have one (Bloom,
    "Space/time trade-offs in hash coding", 1970, with one hash)."""

    table: Bools
    bits: int

    @classmethod
    def of(cls, numbers: UInt64s) -> Self:
        """The marks of these numbers, about one place in sixteen."""
        bits = min(max(len(numbers).bit_length() + 4, _FEWEST_BITS), _MOST_BITS)
        marks = cls(np.zeros(1 << bits, np.bool_), bits)
        marks.table[marks.places(numbers)] = True
        return marks

    def among(self, numbers: UInt64s) -> Int64s:
        """The places of those of these numbers that may be among them."""
        return np.flatnonzero(self.table[self.places(numbers)])

    def places(self, numbers: UInt64s) -> UInt64s:
        """Where the mark of each number is."""
        places: UInt64s = (numbers * _SPREADING) >> np.uint64(64 - self.bits)
        return places


def is_ordered(request: Asked) -> bool:
    """Whether the answers to the request stand in event order with others."""
    return isinstance(request, TraitRequest) or request.ordered


def occurrences_of(answer: Answer) -> Occurrences:
    """The occurrences of an answer."""
    return answer.writes if isinstance(answer, TraitWrites) else answer


def tied(
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


@dataclass(frozen=True, slots=True)
class SeenRun:
    """A run that only people with indexes from `since` on see."""

    run: Run
    since: int = 0


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


class View:
    """A layer as some distinct ids see it: the place of each in it, int64[M], and whether it has
    one."""

    def __init__(self, layer: Layer, members: Members) -> None:
        self.log, self.origin = layer.part.log, layer.origin
        self.place, self.found = members.places_in(layer.part.whos)
        if len(layer.gone):
            self.found &= ~members.places_in(layer.gone)[1]
        self.all_found = bool(self.found.all())

    def pieces(self, offsets: Int64s, member: Int64s | None) -> tuple[Int64s, Int64s]:
        """Where the rows of these distinct ids (by place; None: of all) begin, and how many there
        are."""
        place = self.place if member is None else self.place[member]
        start = offsets[place]
        count = offsets[1:][place] - start
        if self.all_found:
            return start, count
        return start, np.where(self.found if member is None else self.found[member], count, 0)


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
        places = slice(int(first), int(last))
        cell = self.cell[places] - low * self.people
        return Late(self.rows.taken(places), cell, self.ordered[places], self.people)

    def only(self, requests: Int64s, needed: Bools) -> Late:
        """The rows of these requests and of whom they are needed, bool[requests, people], the
        requests counted on."""
        place, person = np.divmod(self.cell, max(self.people, 1))
        rank = np.full(int(place.max(initial=-1)) + 1, -1, np.int64)
        known = requests[requests < len(rank)]
        rank[known] = np.arange(len(known))
        kept = np.flatnonzero(rank[place] >= 0)
        kept = kept[needed[rank[place[kept]], person[kept]]]
        cell = rank[place[kept]] * self.people + person[kept]
        return Late(self.rows.taken(kept), cell, self.ordered[kept], self.people)

    def read_with(self, origin: int) -> tuple[Int64s, Int64s]:
        """The places of the requests, and the people, of the rows that came with one reading."""
        place, person = np.divmod(self.cell[self.rows.origin == origin], max(self.people, 1))
        return place, person


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


def first_seen(views: Sequence[View], runs: Sequence[SeenRun], members: Members) -> Int64s:
    """When each person is first seen, int64[people]; FOREVER where they are in no reading."""
    seen = np.full(members.people, FOREVER, np.int64)
    for view in views:
        if len(view.log.first_seen):
            whose = members.person[view.found]
            np.minimum.at(seen, whose, view.log.first_seen[view.place[view.found]])
    for one in runs:
        place, found = _places(one, members)
        np.minimum.at(seen, members.person[found], one.run.first_seen[place[found]])
    return seen
