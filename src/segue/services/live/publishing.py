"""From histories to what is published: the boundaries that are new, and those that vanished."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Self

import numpy as np
import pyarrow as pa

from segue.domain.live import CAUSES, Cause
from segue.services.live.span_table import SpanTable
from segue.timeline.log import Bools, Int32s, Int64s

TRANSITIONS: Final = pa.schema(
    [
        ("segment", pa.int32()),
        ("person", pa.int32()),
        ("entered", pa.bool_()),
        ("retracted", pa.bool_()),
        ("corrected", pa.bool_()),
        ("live", pa.bool_()),
        ("cause", pa.int8()),
        ("at", pa.int64()),
        ("ref", pa.int64()),
    ]
)
"""Transitions as a store takes them: `segment` is the code of a segment's version, `person` the
code of the person's id, `entered` false where they left, `cause` the place in `CAUSES`, `ref` the
event that caused it (null: none did). See `Transition`."""

_CODE: Final = {cause: code for code, cause in enumerate(CAUSES)}


@dataclass(frozen=True, slots=True)
class Boundaries:
    """N ends of memberships: segment int32[N] (version codes), person int32[N], at int64[N] (ms),
    entered bool[N]."""

    segment: Int32s
    person: Int32s
    at: Int64s
    entered: Bools

    def __len__(self) -> int:
        return len(self.at)

    @classmethod
    def of(cls, people: Int32s, spans: SpanTable, at: int) -> Self:
        """The boundaries up to `at` of the spans of these people (their codes)."""
        begun, ended = spans.start <= at, spans.end <= at
        index = np.concatenate([spans.person[begun], spans.person[ended]])
        return cls(
            np.concatenate([spans.segment[begun], spans.segment[ended]]),
            people[index],
            np.concatenate([spans.start[begun], spans.end[ended]]),
            np.arange(len(index)) < np.count_nonzero(begun),
        )

    @classmethod
    def none(cls) -> Self:
        """No boundaries."""
        codes, instants = np.empty(0, np.int32), np.empty(0, np.int64)
        return cls(codes, codes, instants, np.empty(0, np.bool_))

    def between(self, start: int, end: int) -> Boundaries:
        """Those later than `start`, up to `end`."""
        kept = (self.at > start) & (self.at <= end)
        return Boundaries(self.segment[kept], self.person[kept], self.at[kept], self.entered[kept])

    @classmethod
    def published(cls, net: pa.Table, segment: int) -> Self:
        """Those of one segment in the columns of `LiveStore.net_boundaries`, sorted by segment."""
        first, last = np.searchsorted(net["segment"].to_numpy(), [segment, segment + 1])
        rows = net.slice(first, last - first)
        return cls(*(rows[field.name].to_numpy() for field in fields(cls)))

    @property
    def pair(self) -> Int64s:
        """Segment and person as one integer, int64[N]."""
        pair: Int64s = (self.segment.astype(np.int64) << 32) | self.person
        return pair

    @property
    def moment(self) -> Int64s:
        """Instant and kind as one integer, int64[N]: ascending with time."""
        moment: Int64s = (self.at << 1) | self.entered
        return moment


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Events that arrived in this turn: person int32[E], at int64[E] (ms), ref int64[E]."""

    person: Int32s
    at: Int64s
    ref: Int64s

    @classmethod
    def none(cls) -> Self:
        """Nothing arrived."""
        return cls(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int64))


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides how a boundary is published: when it becomes known, up to when everything had
    been published, after how long (ms) it is too late to act on, which events arrived, which people
    (int32, ascending) have other ids than before, and the cause where it is one for all."""

    known_at: int
    published_to: int
    late_after: int
    arrivals: Arrivals
    moved: Int32s
    cause: Cause | None = None


def differences(
    before: Boundaries, after: Boundaries, coming: Boundaries, how: Circumstances
) -> pa.Table:
    """What to publish so that `before`, which is published, becomes `after`: a `TRANSITIONS` table.

    Retractions of what vanished come first, then what is new, both in time order. `coming` are
    later boundaries that will be published next: what they end is nothing to act upon any more.
    """
    vanished, new = _unmatched(before, after)
    if not len(vanished) and not len(new):
        return TRANSITIONS.empty_table()
    ref = _causing_events(after, new, how.arrivals)
    corrected = _corrected(before, after, vanished, new, how, has_cause=ref >= 0)
    cause = np.where(ref >= 0, _CODE[Cause.EVENT], _CODE[Cause.TIME])
    cause = np.where(corrected, _CODE[Cause.CORRECTION], cause)
    if how.cause is not None:
        cause = np.full(len(new), _CODE[how.cause])
    ended = np.isin(after.pair[new], coming.pair)
    live = ~corrected & ~ended & _are_last(after, new) & (how.cause is None)
    taken_back = _CODE[how.cause or Cause.CORRECTION]
    nobody = np.full(len(vanished), -1, np.int64)
    return pa.concat_tables(
        [
            _table(before, vanished, nobody, retracted=True, cause=taken_back),
            _table(after, new, ref, corrected=corrected, live=live, cause=cause),
        ]
    )


def publication(boundaries: Boundaries, cause: Cause) -> pa.Table:
    """All the boundaries as new, in time order: a `TRANSITIONS` table that nobody acts upon."""
    everything = np.argsort(boundaries.moment, kind="stable")
    nobody = np.full(len(boundaries), -1, np.int64)
    return _table(boundaries, everything, nobody, cause=_CODE[cause])


def _unmatched(before: Boundaries, after: Boundaries) -> tuple[Int64s, Int64s]:
    """The places in `before` and in `after` that the other does not have, in time order."""
    pair = np.concatenate([before.pair, after.pair])
    moment = np.concatenate([before.moment, after.moment])
    order = np.lexsort((moment, pair))
    pair, moment = pair[order], moment[order]
    twice = (pair[1:] == pair[:-1]) & (moment[1:] == moment[:-1])
    alone = np.ones(len(order), np.bool_)
    alone[1:] &= ~twice
    alone[:-1] &= ~twice
    found = np.sort(order[alone])
    vanished, new = found[found < len(before)], found[found >= len(before)] - len(before)
    return _in_time_order(before, vanished), _in_time_order(after, new)


def _in_time_order(boundaries: Boundaries, places: Int64s) -> Int64s:
    return places[np.argsort(boundaries.moment[places], kind="stable")]


def _corrected(
    before: Boundaries,
    after: Boundaries,
    vanished: Int64s,
    new: Int64s,
    how: Circumstances,
    *,
    has_cause: Bools,
) -> Bools:
    """Which new boundaries rewrite what had been published: their membership had a boundary that
    vanished or lies later, or the person is another one now and no event that arrived is their
    cause; or they come too late to act on."""
    pair, at = after.pair[new], after.at[new]
    rewritten = np.isin(pair, before.pair[vanished])
    rewritten |= at <= _last_published(before, pair)
    rewritten |= np.isin(after.person[new], how.moved) & (at <= how.published_to) & ~has_cause
    late: Bools = rewritten | (how.known_at - at > how.late_after)
    return late


def _last_published(before: Boundaries, pair: Int64s) -> Int64s:
    """The instant of the last published boundary of each membership; -1 where there is none."""
    return _last_moments(before, pair) >> 1


def _are_last(after: Boundaries, new: Int64s) -> Bools:
    """Which of these boundaries are the last of their membership: what they say holds now."""
    last: Bools = after.moment[new] == _last_moments(after, after.pair[new])
    return last


def _last_moments(boundaries: Boundaries, pair: Int64s) -> Int64s:
    """The last moment of each of these memberships; -2 where it has none."""
    wanted, place = np.unique(pair, return_inverse=True)
    found = np.searchsorted(wanted, boundaries.pair)
    found[found == len(wanted)] = 0
    of_wanted = wanted[found] == boundaries.pair if len(wanted) else found > 0
    last = np.full(len(wanted), -2, np.int64)
    np.maximum.at(last, found[of_wanted], boundaries.moment[of_wanted])
    return last[place]


def _causing_events(after: Boundaries, new: Int64s, arrivals: Arrivals) -> Int64s:
    """The reference of an arrived event of the person at the very instant of each new boundary, of
    several the last (a link comes before the message that it came with); -1 where there is none."""
    order = np.lexsort((arrivals.ref, arrivals.at, arrivals.person))
    person, at = arrivals.person[order], arrivals.at[order]
    people, place = np.unique(person, return_inverse=True)
    keys = (place.astype(np.int64) << 46) | at
    index = np.searchsorted(people, after.person[new])
    known = index < len(people)
    known[known] = people[index[known]] == after.person[new][known]
    wanted = np.where(known, (index << 46) | after.at[new], -1)
    if not len(keys):
        return np.full(len(new), -1, np.int64)
    found = np.maximum(np.searchsorted(keys, wanted, "right") - 1, 0)
    return np.where(keys[found] == wanted, arrivals.ref[order][found], -1)


def _table(
    boundaries: Boundaries,
    places: Int64s,
    ref: Int64s,
    *,
    cause: Int64s | int,
    retracted: bool = False,
    corrected: Bools | bool = False,
    live: Bools | bool = False,
) -> pa.Table:
    size = len(places)
    columns = [
        boundaries.segment[places],
        boundaries.person[places],
        boundaries.entered[places],
        np.full(size, retracted),
        np.broadcast_to(corrected, size),
        np.broadcast_to(live, size),
        np.broadcast_to(cause, size).astype(np.int8),
        boundaries.at[places],
    ]
    arrays = [*map(pa.array, columns), pa.array(ref, mask=ref < 0)]
    return pa.Table.from_arrays(arrays, schema=TRANSITIONS)
