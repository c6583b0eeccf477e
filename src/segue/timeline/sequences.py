"""Sequences: `A then B within D then not C within D, all within W`.

One pass per step. For every occurrence that some chain reaches, only the chain with the latest
beginning matters (it is within every limit that any other is), and the latest reachable
predecessor has it: later predecessors never have earlier beginnings.
"""

from __future__ import annotations

from collections.abc import Sequence as Steps
from dataclasses import dataclass

import numpy as np

from segue.language.tree import Step
from segue.timeline.intervals import later
from segue.timeline.log import AFTER_EVENTS, Int32s, Int64s
from segue.timeline.points import Points, before, offsets_of, orders, same_person, through


@dataclass(frozen=True, slots=True)
class _Reached:
    """Instants that some chain reaches: their keys, order keys, and the latest beginning."""

    key: Int64s
    order: Int32s
    begin: Int64s

    def points(self, people: int) -> Points:
        return Points(offsets_of(self.key, people), self.key, self.order)


def chained(first: Points, steps: Steps[tuple[Step, Points]], all_within: int | None) -> Points:
    """The occurrences of a sequence: those of its last step that end some chain.

    `steps` pairs each step after the first with the points of its pattern; all points are in
    event order with order keys.
    """
    people = first.people
    reached = _Reached(first.key, orders(first), first.key)
    for step, points in steps:
        advance = _absent if step.absent else _next
        reached = advance(reached.points(people), reached.begin, step, points)
    if all_within is not None:
        reached = _kept(reached, reached.key - reached.begin <= all_within)
    return reached.points(people)


def _next(reached: Points, begin: Int64s, step: Step, points: Points) -> _Reached:
    """The step's occurrences that come after a reached instant, at most `within` later."""
    if not len(reached):
        return _Reached(points.key[:0], orders(points)[:0], begin)
    previous = before(reached, points) - 1
    found = previous >= 0
    previous = np.maximum(previous, 0)
    found &= same_person(reached.key[previous], points.key)
    if step.within is not None:
        found &= points.key - reached.key[previous] <= step.within
    return _Reached(points.key[found], orders(points)[found], begin[previous[found]])


def _absent(reached: Points, begin: Int64s, step: Step, points: Points) -> _Reached:
    """`within` after each reached instant after which no occurrence of the step comes in time."""
    assert step.within is not None, "a step with `not` has a limit"
    deadline = later(reached.key, step.within)
    following = through(points, reached)
    held = np.ones(len(reached), np.bool_)
    inside = following < len(points)
    held[inside] = points.key[following[inside]] > deadline[inside]
    deadline, begin = deadline[held], begin[held]
    # Equal deadlines count once; the last of them has the latest beginning.
    last = np.concatenate((deadline[1:] != deadline[:-1], [True]))[: len(deadline)]
    order = np.full(int(last.sum()), AFTER_EVENTS, np.int32)
    return _Reached(deadline[last], order, begin[last])


def _kept(reached: _Reached, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> _Reached:
    return _Reached(reached.key[kept], reached.order[kept], reached.begin[kept])
