"""A block of people of a log, cut at an instant: where patterns become points.

Here names meet: stored events come from the log's answers, derived events are computed from
activity, and a pattern may name both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeVar

import numpy as np

from segue.domain.instant import FOREVER
from segue.language.tree import (
    Condition,
    Definitions,
    EventPattern,
    Filter,
    FilterOr,
    Name,
    Pattern,
    PatternUnion,
)
from segue.language.walk import segments_in
from segue.timeline.derived import BUILDERS, DERIVED, Derived
from segue.timeline.derived_filters import number_as_instant, satisfied
from segue.timeline.intervals import Intervals, key_of, never
from segue.timeline.log import (
    ACTIVITY,
    Bools,
    Code,
    InstantOf,
    Int64s,
    IsAmong,
    Log,
    Nothing,
    Number,
    Occurrences,
    Reading,
    Request,
    Satisfies,
    TraitRequest,
)
from segue.timeline.points import Points, flags, joined, points_from, rows
from segue.timeline.traits import TraitStates, effective

T = TypeVar("T")

_NO_READING = Nothing()


@dataclass(frozen=True, slots=True)
class Block:
    """People `first` up to `last` of a log, as known at the instant `at`: later events are not
    there yet. Requests that others answer as well are not asked: `stand_ins` are these others.
    What was computed once is kept for the other conditions of the same evaluation."""

    log: Log
    definitions: Definitions
    first: int
    last: int
    at: int
    stand_ins: Mapping[Request, Request] = field(default_factory=dict, repr=False)
    _kept: dict[object, object] = field(default_factory=dict, repr=False)

    @property
    def people(self) -> int:
        """How many people the block has."""
        return self.last - self.first

    @property
    def first_seen(self) -> Int64s:
        """int64[people]: when each person is first seen; FOREVER where not by `at`."""
        seen = self.log.first_seen[self.first : self.last]
        return seen if self.log.until <= self.at else np.where(seen <= self.at, seen, FOREVER)

    @property
    def seen(self) -> Int64s:
        """The keys of first seen, of the people who exist."""
        return self.kept("seen", self._seen)

    @property
    def everyone(self) -> Intervals:
        """From first seen on, for everybody who exists."""
        return Intervals(self.seen, never(self.seen))

    def condition(self, segment_id: str) -> Condition:
        """The condition of a segment. Raises `KeyError` for an unknown one."""
        return self.definitions.segments[places_of(self.definitions)[segment_id]].condition

    def in_turn(self, kind: str, segment_id: str) -> list[str]:
        """The segments that a segment rests on, itself last, of which nothing is kept yet under
        `(kind, id)`: those that others refer to first, so that long chains of them need no deep
        recursion. Raises `KeyError` for an unknown segment."""
        return order_of(self.definitions, [segment_id], lambda one: (kind, one) in self._kept)

    def kept(self, name: object, compute: Callable[[], T]) -> T:
        """What `compute` gave under this name, computed at most once."""
        if name not in self._kept:
            self._kept[name] = compute()
        return self._kept[name]  # type: ignore[return-value]

    def forget(self) -> None:
        """Let go of everything kept: nobody will ask again."""
        self._kept.clear()

    def raw(self, request: Request) -> Occurrences:
        """The block's part of an answer, cut at `at`; a view where nothing is cut."""
        return self.kept(("raw", request), lambda: self._raw(request))

    def raw_writes(self, request: TraitRequest) -> Occurrences:
        """The block's part of the writes of a trait, cut at `at`."""
        return self._cut(self.log.writes(request).writes)

    def points(
        self, pattern: Pattern, reading: Reading = _NO_READING, *, ordered: bool = False
    ) -> Points:
        """The points of a pattern of stored and derived events, with a reading of each."""
        return self.kept(
            ("points", pattern, reading, ordered), lambda: self._points(pattern, reading, ordered)
        )

    def trait_states(self, request: TraitRequest) -> TraitStates:
        """The writes of a trait that took effect."""
        return self.kept(request, lambda: self._trait_states(request))

    # ------------------------------------------------------------------------------- computing

    def _seen(self) -> Int64s:
        person = np.flatnonzero(self.first_seen < FOREVER)
        return key_of(person, self.first_seen[person])

    def _raw(self, request: Request) -> Occurrences:
        stand_in = self.stand_ins.get(request)
        if stand_in is None:
            return self._cut(self.log.occurrences(request))
        found = self.raw(stand_in)
        return replace(found, value=None, known=None) if request.reading == _NO_READING else found

    def _cut(self, whole: Occurrences) -> Occurrences:
        offsets = whole.offsets[self.first : self.last + 1]
        low, high = int(offsets[0]), int(offsets[-1])
        part = _rows(whole, offsets - low, slice(low, high))
        if self.log.until <= self.at or not len(part) or part.at.max() <= self.at:
            return part
        kept = part.at <= self.at
        counts = np.concatenate(([0], np.cumsum(kept)))
        return _rows(part, counts[part.offsets], kept)

    def _points(self, pattern: Pattern, reading: Reading, ordered: bool) -> Points:
        stored, derived = _split(pattern)
        parts = [self._derived_points(name, where, reading) for name, where in derived]
        if stored is not None:
            request = Request(stored, reading, ordered or bool(parts))
            parts.append(points_from(self.raw(request)))
        return joined(parts)

    def _trait_states(self, request: TraitRequest) -> TraitStates:
        answer = self.log.writes(request)
        kinds = replace(answer.writes, source=None, known=None, value=answer.kind.astype(np.int64))
        return effective(
            points_from(self.raw_writes(request)), _values(self._cut(kinds)).astype(np.int8)
        )

    def _activity(self, reading: Reading = _NO_READING) -> Points:
        return self.kept(
            ("activity", reading), lambda: points_from(self.raw(Request(ACTIVITY, reading, True)))
        )

    def _derived(self, name: str) -> Derived:
        return self.kept(("derived", name), lambda: self._derive(name))

    def _derive(self, name: str) -> Derived:
        pages = EventPattern(tuple(Name(page, True) for page in self.definitions.page_events))
        is_page = np.zeros(len(self._activity()), np.bool_)
        if pages.names:
            is_page = flags(self._activity(IsAmong(pages)))
        return BUILDERS[name](self._activity(), is_page, self.definitions.campaign_keys)

    def _derived_points(self, name: str, where: Filter | None, reading: Reading) -> Points:
        derived = self._derived(name)
        points = self._read_derived(derived, reading)
        source = self._activity().source
        if source is not None:
            points = replace(points, source=source[derived.origin])
        return points if where is None else points.only(self._satisfied(derived, where))

    def _read_derived(self, derived: Derived, reading: Reading) -> Points:
        points = derived.points
        match reading:
            case Satisfies(where):
                return replace(points, value=self._satisfied(derived, where).astype(np.int64))
            case Number(path) | Code(path) | InstantOf(path):
                value, known = self._property(derived, reading, path)
                return replace(points, value=value, known=known)
            case _:
                return points

    def _property(
        self, derived: Derived, reading: Number | Code | InstantOf, path: tuple[str, ...]
    ) -> tuple[Int64s, Bools]:
        size = len(derived.points)
        computed = derived.computed.get(path[0])
        if computed is not None and len(path) == 1:
            return _read_computed(computed, reading)
        carried = derived.carries is None or path[0] in derived.carries
        if computed is not None or not carried:
            return np.zeros(size, np.int64), np.zeros(size, np.bool_)
        read = self._activity(reading)
        known = np.ones(len(read), np.bool_) if read.known is None else read.known
        return _values(read)[derived.origin], known[derived.origin]

    def _satisfied(self, derived: Derived, where: Filter) -> Bools:
        def carried(test: Filter) -> Bools:
            return flags(self._activity(Satisfies(test)))[derived.origin]

        def instants(path: tuple[str, ...]) -> tuple[Int64s, Bools]:
            return self._property(derived, InstantOf(path), path)

        return satisfied(where, derived, carried, instants, self.definitions.timezone)


def _values(points: Points | Occurrences) -> Int64s:
    assert points.value is not None, "these points were read without their values"
    return points.value


def _read_computed(computed: Int64s, reading: Number | Code | InstantOf) -> tuple[Int64s, Bools]:
    known = np.ones(len(computed), np.bool_)
    if isinstance(reading, InstantOf):
        return number_as_instant(computed)
    # Codes of computed numbers are negative: they never meet those of stored values.
    return (-1 - computed if isinstance(reading, Code) else computed), known


def _rows(whole: Occurrences, offsets: Int64s, kept: slice | Bools) -> Occurrences:
    return Occurrences(
        offsets,
        whole.at[kept],
        rows(whole.order, kept),
        rows(whole.value, kept),
        rows(whole.known, kept),
        rows(whole.source, kept),
    )


@lru_cache(maxsize=1 << 12)
def _split(pattern: Pattern) -> tuple[Pattern | None, tuple[tuple[str, Filter | None], ...]]:
    """The stored part of a pattern, and its derived events with their filters."""
    alternatives = pattern.alternatives if isinstance(pattern, PatternUnion) else (pattern,)
    stored = [part for part in map(_stored_part, alternatives) if part is not None]
    derived = tuple(
        (name, _any_filter(filters))
        for name in DERIVED
        if (filters := [a.where for a in alternatives if _names(a, name)])
    )
    if not stored:
        return None, derived
    return (stored[0] if len(stored) == 1 else PatternUnion(tuple(stored))), derived


def _stored_part(pattern: EventPattern) -> EventPattern | None:
    names = tuple(name for name in pattern.names if name.text not in DERIVED)
    if pattern.is_any or len(names) == len(pattern.names):
        return pattern
    return replace(pattern, names=names) if names else None


def _names(pattern: EventPattern, derived: str) -> bool:
    return any(name.matches(derived) for name in pattern.names)


def is_stored(pattern: Pattern) -> bool:
    """Whether no derived event can match the pattern."""
    alternatives = pattern.alternatives if isinstance(pattern, PatternUnion) else (pattern,)
    return not any(_names(one, derived) for one in alternatives for derived in DERIVED)


def _any_filter(filters: list[Filter | None]) -> Filter | None:
    given = [where for where in filters if where is not None]
    if len(given) < len(filters):
        return None
    return given[0] if len(given) == 1 else FilterOr(tuple(given))


def places_of(definitions: Definitions) -> Mapping[str, int]:
    """Where each segment stands in the order of the definitions."""
    return _plan(Itself(definitions)).places


def order_of(
    definitions: Definitions, ids: Iterable[str], known: Callable[[str], bool] = lambda _: False
) -> list[str]:
    """These segments and all that they rest on, in the order of the definitions: a segment after
    those that it refers to. What is `known` is left out, and what only it rests on.

    Raises `KeyError` for an unknown segment.
    """
    plan = _plan(Itself(definitions))
    found: set[str] = set()
    waiting = list(ids)
    while waiting:
        one = waiting.pop()
        if one not in found and not known(one):
            found.add(one)
            waiting += plan.references[one]
    return sorted(found, key=plan.places.__getitem__)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Of each segment its place, and the segments that it refers to."""

    places: Mapping[str, int]
    references: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=16)
def _plan(itself: Itself) -> _Plan:
    segments = itself.definitions.segments
    return _Plan(
        {segment.id: place for place, segment in enumerate(segments)},
        {segment.id: segments_in(segment.condition) for segment in segments},
    )


def blocks_of(
    log: Log, definitions: Definitions, at: int, size: int, stand_ins: Mapping[Request, Request]
) -> Iterator[Block]:
    """The log's people in blocks of at most `size`; one empty block where there is nobody."""
    for first in range(0, max(log.people, 1), size):
        yield Block(log, definitions, first, min(first + size, log.people), at, stand_ins)


def stand_ins_for(requests: Iterable[Request]) -> dict[Request, Request]:
    """Of these requests those whose answer another one of them holds, with that one: the same
    events, read further or in event order."""
    by_pattern: dict[Pattern, list[Request]] = defaultdict(list)
    for request in requests:
        by_pattern[request.pattern].append(request)
    return {
        poorer: min(richer, key=repr)
        for same in by_pattern.values()
        for poorer in same
        if (richer := _richest(poorer, same))
    }


def _richest(poorer: Request, same: Sequence[Request]) -> list[Request]:
    """The requests that hold the answer to another one of the same events, and no other holds
    theirs."""
    richer = [one for one in same if _holds(one, poorer)]
    return [one for one in richer if not any(_holds(other, one) for other in richer)]


def _holds(one: Request, other: Request) -> bool:
    reads = other.reading in (_NO_READING, one.reading)
    return one != other and reads and one.ordered >= other.ordered


class Itself:
    """Definitions as a key: equal only to themselves, so that no tree is walked to look them up."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions

    def __hash__(self) -> int:
        return id(self.definitions)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Itself) and self.definitions is other.definitions
