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
from segue.timeline.block import Block, matches
from segue.timeline.conditions import Evaluation
from segue.timeline.derived import DERIVED
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
    start >= end. Both are at or after now."""

    start: Int64s
    end: Int64s


Future = Single | Intervals


def outlook(evaluation: Evaluation, segment_id: str) -> Outlook:
    """Where the people of a block stand in a segment at the block's instant."""
    definitions = evaluation.block.definitions
    future = _future(evaluation, definitions.segment(segment_id).condition)
    if definitions.exclude is not None:
        excluded = _complement(evaluation, _future(evaluation, definitions.exclude))
        future = _both([future, excluded])
    return _summary(evaluation, future)


def joined_outlook(blocks: Sequence[Outlook]) -> Outlook:
    """The outlook of consecutive blocks of people as one."""
    return Outlook(
        np.concatenate([block.holds for block in blocks]),
        np.concatenate([block.until for block in blocks]),
    )


def _summary(e: Evaluation, future: Future) -> Outlook:
    at, people = e.block.at, e.block.people
    if isinstance(future, Intervals):
        first = np.searchsorted(future.start, np.arange(people + 1) << KEY_BITS)
        some = first[:-1] < first[1:]
        index = np.where(some, first[:-1], 0)
        padded = Intervals(np.append(future.start, 0), np.append(future.end, 0))
        start, end = instant_of(padded.start[index]), instant_of(padded.end[index])
        future = Single(start, np.where(some, end, start))
    holds = (future.start <= at) & (future.end > at)
    coming = np.where(future.start < future.end, future.start, FOREVER)
    return Outlook(holds, np.where(holds, future.end, coming))


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
    if node.unit is not Unit.TIMES or not isinstance(node.when, Ever | Within):
        return None
    pattern = node.happening
    if not isinstance(pattern, EventPattern | PatternUnion) or not _is_stored(pattern):
        return None
    duration = node.when.duration if isinstance(node.when, Within) else None
    match node.comparison:
        case Comparison.GE if node.count > 0:
            return _fading(e.block, _lapse(e.block, pattern, node.count, duration))
        case Comparison.LE:
            lapse = _lapse(e.block, pattern, node.count + 1, duration)
            return Single(np.maximum(lapse, e.block.at), _existing(e.block).end)
        case _:
            return None


def _age(e: Evaluation, node: Age) -> Single | None:
    pattern = node.happening
    last_at_least = node.which is Which.LAST and node.comparison is Comparison.GE
    if not last_at_least or not isinstance(pattern, EventPattern | PatternUnion):
        return None
    if not _is_stored(pattern):
        return None
    latest = _lapse(e.block, pattern, 1, node.duration)
    return Single(np.maximum(latest, e.block.at), np.where(latest > 0, FOREVER, 0))


def _and(e: Evaluation, node: And) -> Future:
    return _both([_future(e, term) for term in node.terms])


def _or(e: Evaluation, node: Or) -> Future:
    futures = [_future(e, term) for term in node.terms]
    whole = futures[0]
    for other in futures[1:]:
        whole = _either(whole, other)
    return whole


def _not(e: Evaluation, node: Not) -> Future:
    return _complement(e, _future(e, node.term))


def _in_segment(e: Evaluation, node: InSegment) -> Future:
    definitions = e.block.definitions
    future = _future(e, definitions.segment(node.segment).condition)
    if definitions.exclude is None:
        return future
    return _both([future, _complement(e, _future(e, definitions.exclude))])


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


def _is_stored(pattern: Pattern) -> bool:
    """Whether no derived event can match the pattern."""
    alternatives = pattern.alternatives if isinstance(pattern, PatternUnion) else (pattern,)
    names = [name for alternative in alternatives for name in alternative.names]
    return not any(matches(name, derived) for name in names for derived in DERIVED)


def _lapse(block: Block, pattern: Pattern, number: int, duration: int | None) -> Int64s:
    """When "at least `number` within `duration`" lapses: the n-th latest occurrence plus the
    duration (FOREVER where there is none), and 0 where there are fewer; int64[P]."""
    occurrences = block.raw(Request(pattern))
    if not len(occurrences):
        return np.zeros(block.people, np.int64)
    index = occurrences.offsets[1:] - number
    missing = index < occurrences.offsets[:-1]
    if duration is None:
        return np.where(missing, 0, FOREVER)
    lapse = occurrences.at.take(index, mode="clip")
    lapse += duration
    lapse[missing] = 0
    return lapse


def _existing(block: Block) -> Single:
    start = np.full(block.people, block.at, np.int64)
    return Single(start, np.where(block.first_seen < FOREVER, FOREVER, 0))


def _fading(block: Block, until: Int64s) -> Single:
    return Single(np.full(block.people, block.at, np.int64), until)


# ------------------------------------------------------------------------------ algebra of futures


def _both(futures: Sequence[Future]) -> Future:
    single = [f for f in futures if isinstance(f, Single)]
    if len(single) < len(futures):
        return intersection([_intervals(f) for f in futures])
    start, end = single[0].start, single[0].end
    for future in single[1:]:
        start, end = np.maximum(start, future.start), np.minimum(end, future.end)
    return Single(start, end)


def _either(left: Future, right: Future) -> Future:
    if isinstance(left, Single) and isinstance(right, Single):
        no_left, no_right = left.start >= left.end, right.start >= right.end
        overlap = (left.start <= right.end) & (right.start <= left.end)
        if (no_left | no_right | overlap).all():
            start = np.where(no_right, left.start, np.minimum(left.start, right.start))
            end = np.where(no_right, left.end, np.maximum(left.end, right.end))
            return Single(np.where(no_left, right.start, start), np.where(no_left, right.end, end))
    return union([_intervals(left), _intervals(right)])


def _complement(e: Evaluation, future: Future) -> Future:
    whole = _existing(e.block)
    if isinstance(future, Single):
        none = future.start >= future.end
        if (none | (future.start <= e.block.at)).all():
            return Single(np.where(none, whole.start, future.end), whole.end)
        if (none | (future.end >= FOREVER)).all():
            return Single(whole.start, np.where(none, whole.end, future.start))
    return without(_intervals(whole), _intervals(future))


def _intervals(future: Future) -> Intervals:
    if isinstance(future, Intervals):
        return future
    person = np.flatnonzero(future.start < future.end)
    return Intervals(key_of(person, future.start[person]), key_of(person, future.end[person]))
