"""Now: who is in at an instant, and until when if nothing more happens.

The future of a log in which nothing more happens is short: a count only falls, an age only grows.
For most conditions everybody's future is one interval per person at most, and of a count the n-th
latest occurrence alone decides it: O(people), whatever the number of events. Such futures are
`Single`, two plain arrays. Where a condition's future can be richer, or no shortcut is written for
it, its full history is computed and looked up; both give the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from segue.domain.instant import FOREVER
from segue.language.tree import (
    Age,
    And,
    Comparison,
    Condition,
    Definitions,
    Did,
    EventPattern,
    Ever,
    Everyone,
    InSegment,
    Not,
    Or,
    Pattern,
    PatternUnion,
    Unit,
    Which,
    Within,
)
from segue.timeline.block import Block, is_stored
from segue.timeline.conditions import Evaluation
from segue.timeline.intervals import (
    KEY_BITS,
    Intervals,
    from_key,
    instant_of,
    intersection,
    key_of,
    union,
    without,
)
from segue.timeline.log import Bools, Int64s, Request


@dataclass(frozen=True, slots=True)
class Outlook:
    """Of P people: `holds` bool[P], and `until` int64[P], the instant (ms) at which that changes if
    nothing more happens; FOREVER where it never does."""

    holds: Bools
    until: Int64s


@dataclass(frozen=True, slots=True)
class Single:
    """A future of at most one interval per person: from `start` to `end` (int64[P], ms), none where
    start >= end. No interval starts before now; a number as start is now, for everybody."""

    start: Int64s | int
    end: Int64s


Future = Single | Intervals
Count = tuple[Pattern, int, int | None]
"""A pattern, a number of times and the length of the window that ends now (None: ever), in ms."""
Counts = list[tuple[int, int | None, Outlook]]
"""Segments that count one pattern: how often at least, in how long a window, where to write."""


def write_outlook(evaluation: Evaluation, segment_id: str, outlook: Outlook) -> None:
    """Write where the people of a block stand in a segment into their rows of an outlook."""
    block = evaluation.block
    rows = slice(block.first, block.last)
    future = _in_segment(evaluation, InSegment(segment_id))
    _summarise(block, future, outlook.holds[rows], outlook.until[rows])


def count_of(definitions: Definitions, condition: Condition) -> Count | None:
    """What a segment counts where it is nothing but a count that only time can end."""
    return None if definitions.exclude is not None else _fading_count(condition)


def write_counts(block: Block, pattern: Pattern, counts: Counts) -> None:
    """As `write_outlook`, of segments that count the same pattern, all of them in each step: what
    their look-ups share is in the processor's cache then, and the steps are few and long."""
    rows = slice(block.first, block.last)
    occurrences = block.raw(Request(pattern))
    if not len(occurrences):
        for _, _, outlook in counts:
            outlook.holds[rows], outlook.until[rows] = False, FOREVER
        return
    numbers = np.array([number for number, _, _ in counts])[:, None]
    durations = [_EVER if duration is None else duration for _, duration, _ in counts]
    index = occurrences.offsets[1:] - numbers
    left = occurrences.at.take(index, mode="clip")
    left += np.array(durations)[:, None] - (block.at + 1)
    # -1 where there are fewer, else 0: arithmetic instead of a branch, several times as fast.
    index -= occurrences.offsets[:-1]
    index >>= 63
    index &= -2 * _EVER
    left += index
    for one, (_, _, outlook) in zip(left, counts, strict=True):
        _write_left(one, block.at, outlook.holds[rows], outlook.until[rows])


def _write_left(left: Int64s, at: int, holds: Bools, until: Int64s) -> None:
    """Write who has time left (ms, less one; negative where out), and until when, FOREVER where out
    or without end. Without a branch: as unsigned numbers, negative ones are the largest."""
    np.greater_equal(left, 0, out=holds)
    unsigned = left.view(np.uint64)
    np.minimum(unsigned, np.uint64(FOREVER - at - 1), out=unsigned)
    np.add(left, at + 1, out=until)


def empty_outlooks(segment_ids: Sequence[str], people: int) -> dict[str, Outlook]:
    """An outlook of so many people per segment, to be written. All share two large arrays: memory
    that the system hands out in large pages."""
    holds = np.empty((len(segment_ids), people), np.bool_)
    until = np.empty((len(segment_ids), people), np.int64)
    return {name: Outlook(holds[i], until[i]) for i, name in enumerate(segment_ids)}


def _summarise(block: Block, future: Future, holds: Bools, until: Int64s) -> None:
    """Write a future as truth and the instant of change into the given rows."""
    if isinstance(future, Intervals):
        future = _first(future, block.people)
    if isinstance(future.start, int):
        _write_left(future.end - (block.at + 1), block.at, holds, until)
        return
    np.greater(future.end, block.at, out=holds)
    holds &= future.start <= block.at
    coming = np.where(future.start < future.end, future.start, FOREVER)
    np.copyto(until, np.where(holds, future.end, coming))


def _first(intervals: Intervals, people: int) -> Single:
    """The first interval of each person."""
    rows = np.searchsorted(intervals.start, np.arange(people + 1) << KEY_BITS)
    some = np.flatnonzero(rows[:-1] < rows[1:])
    start, end = np.zeros(people, np.int64), np.zeros(people, np.int64)
    start[some] = instant_of(intervals.start[rows[some]])
    end[some] = instant_of(intervals.end[rows[some]])
    return Single(start, end)


def _future(e: Evaluation, condition: Condition) -> Future:
    """When the condition holds from now on."""
    return e.block.kept(("future", condition), lambda: _compute(e, condition))


def _compute(e: Evaluation, condition: Condition) -> Future:
    shortcut = SHORTCUTS.get(type(condition))
    future = shortcut(e, condition) if shortcut else None
    return future if future is not None else from_key(e.holds(condition), e.block.at)


# -------------------------------------------------------------------------------------- shortcuts


def _everyone(e: Evaluation, _: Everyone) -> Single:
    return _existing(e.block)


def _did(e: Evaluation, node: Did) -> Single | None:
    fading = _fading_count(node)
    if fading is not None:
        return Single(e.block.at, _lapse(e.block, *fading))
    if node.comparison is not Comparison.LE or node.count < 0:
        return None
    if (count := _count(node, node.count + 1)) is None:
        return None
    return Single(np.maximum(_lapse(e.block, *count), e.block.at), _existing(e.block).end)


def _fading_count(condition: Condition) -> Count | None:
    """The count of a condition that only time can end: at least n within a window, or ever."""
    if not isinstance(condition, Did) or condition.comparison is not Comparison.GE:
        return None
    return _count(condition, condition.count) if condition.count > 0 else None


def _count(node: Did, number: int) -> Count | None:
    pattern = node.happening
    if node.unit is not Unit.TIMES or not isinstance(node.when, Ever | Within):
        return None
    if not isinstance(pattern, EventPattern | PatternUnion) or not is_stored(pattern):
        return None
    return pattern, number, node.when.duration if isinstance(node.when, Within) else None


def _age(e: Evaluation, node: Age) -> Single | None:
    pattern = node.happening
    last_at_least = node.which is Which.LAST and node.comparison is Comparison.GE
    if not last_at_least or not isinstance(pattern, EventPattern | PatternUnion):
        return None
    if not is_stored(pattern):
        return None
    latest = _nth_latest(e.block, pattern, 1)
    return Single(
        np.maximum(latest + node.duration, e.block.at), np.where(latest >= 0, FOREVER, _NEVER)
    )


def _and(e: Evaluation, node: And) -> Future:
    return _both([_future(e, term) for term in node.terms])


def _or(e: Evaluation, node: Or) -> Future:
    single: Single | None = None
    rest: list[Intervals] = []
    for term in node.terms:
        future = _future(e, term)
        joint = _either(single, future) if isinstance(future, Single) else None
        if joint is not None:
            single = joint
        else:
            rest.append(_intervals(future))
    if single is not None:
        if not rest:
            return single
        rest.append(_intervals(single))
    return union(rest)


def _not(e: Evaluation, node: Not) -> Future:
    return _complement(e, _future(e, node.term))


def _in_segment(e: Evaluation, node: InSegment) -> Future:
    for segment_id in e.block.in_turn("membership", node.segment):
        _membership(e, segment_id)
    return _membership(e, node.segment)


def _membership(e: Evaluation, segment_id: str) -> Future:
    return e.block.kept(("membership", segment_id), lambda: _member(e, segment_id))


def _member(e: Evaluation, segment_id: str) -> Future:
    exclude = e.block.definitions.exclude
    future = _future(e, e.block.condition(segment_id))
    return future if exclude is None else _both([future, _complement(e, _future(e, exclude))])


_NEVER: Final = -2 * FOREVER
"""Before all time, whatever duration is added."""

_EVER: Final = 2 * FOREVER
"""A duration that never ends, whatever instant it is added to."""

SHORTCUTS: Final[Mapping[type, Callable[[Evaluation, Any], Future | None]]] = {
    Everyone: _everyone,
    Did: _did,
    Age: _age,
    And: _and,
    Or: _or,
    Not: _not,
    InSegment: _in_segment,
}
"""Conditions whose future can be had without their history; None where not in this form."""


def _lapse(block: Block, pattern: Pattern, number: int, duration: int | None) -> Int64s:
    """When "at least `number` within `duration`" lapses: the n-th latest occurrence plus the
    duration (FOREVER without one), and before all time where there are fewer; int64[P]."""
    latest = _nth_latest(block, pattern, number)
    return np.where(latest >= 0, FOREVER, _NEVER) if duration is None else latest + duration


def _nth_latest(block: Block, pattern: Pattern, number: int) -> Int64s:
    """The instant of each person's n-th latest occurrence; before all time where there are
    fewer."""
    occurrences = block.raw(Request(pattern))
    if not len(occurrences):
        return np.full(block.people, _NEVER, np.int64)
    index = occurrences.offsets[1:] - number
    latest = occurrences.at.take(index, mode="clip")
    latest[index < occurrences.offsets[:-1]] = _NEVER
    return latest


def _existing(block: Block) -> Single:
    return Single(block.at, np.where(block.first_seen < FOREVER, FOREVER, _NEVER))


# ------------------------------------------------------------------------------ algebra of futures


def _both(futures: Sequence[Future]) -> Future:
    single = [f for f in futures if isinstance(f, Single)]
    if len(single) < len(futures):
        return intersection([_intervals(f) for f in futures])
    start, end = single[0].start, single[0].end
    for future in single[1:]:
        # Numbers as start are all the same instant: now.
        both_now = isinstance(start, int) and isinstance(future.start, int)
        start = start if both_now else np.maximum(start, future.start)
        end = np.minimum(end, future.end)
    return Single(start, end)


def _either(left: Single | None, right: Single) -> Single | None:
    """Where one of them holds; None where that is two intervals for somebody."""
    if left is None:
        return right
    if isinstance(left.start, int) and isinstance(right.start, int):
        return Single(left.start, np.maximum(left.end, right.end))
    if (_none(left) | _none(right) | _overlap(left, right)).all():
        return _hull(left, right)
    return None


def _hull(left: Single, right: Single) -> Single:
    """From the earlier start to the later end, of people for whom there is no gap between."""
    start = np.where(_none(right), left.start, np.minimum(left.start, right.start))
    end = np.where(_none(right), left.end, np.maximum(left.end, right.end))
    return Single(np.where(_none(left), right.start, start), np.where(_none(left), right.end, end))


def _overlap(left: Single, right: Single) -> Bools:
    overlap: Bools = (left.start <= right.end) & (right.start <= left.end)
    return overlap


def _none(future: Single) -> Bools:
    none: Bools = future.start >= future.end
    return none


def _complement(e: Evaluation, future: Future) -> Future:
    whole = _existing(e.block)
    if isinstance(future, Single):
        none = _none(future)
        if (none | (future.start <= e.block.at)).all():
            return Single(np.where(none, whole.start, future.end), whole.end)
        if (none | (future.end >= FOREVER)).all():
            return Single(whole.start, np.where(none, whole.end, future.start))
    return without(_intervals(whole), _intervals(future))


def _intervals(future: Future) -> Intervals:
    if isinstance(future, Intervals):
        return future
    person = np.flatnonzero(future.start < future.end)
    start = np.broadcast_to(future.start, future.end.shape)[person]
    return Intervals(key_of(person, start), key_of(person, future.end[person]))
