"""Evidence: the stored events behind points, sequences, derived events and crossings of one person.

References are those of `Occurrences.source`; a store turns them back into events.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from segue.language.tree import Crossing, EventPattern, Happening, PatternUnion, Sequence
from segue.timeline.block import matches
from segue.timeline.conditions import Evaluation
from segue.timeline.derived import DERIVED, GAP, begins
from segue.timeline.intervals import instant_of
from segue.timeline.log import ACTIVITY, Bools, Int64s
from segue.timeline.points import Points, before, orders

References = frozenset[int]
AtInstant = Callable[[str, int], References]
"""The evidence for membership in a segment at an instant."""


def behind(
    e: Evaluation, happening: Happening, points: Points, chosen: slice | Bools, members: AtInstant
) -> References:
    """The stored events behind the chosen points of a happening of one person."""
    if isinstance(happening, Crossing):
        return _behind_crossings(happening, instant_of(points.key[chosen]), members)
    if isinstance(happening, Sequence):
        index = np.arange(len(points))[chosen]
        return frozenset().union(*(_chain(e, happening, points, int(i)) for i in index))
    if _is_derived(happening):
        return frozenset().union(
            *(_derived(e, int(key)) for key in points.key[chosen]), _sources(points, chosen)
        )
    return _sources(points, chosen)


def _sources(points: Points, chosen: slice | Bools) -> References:
    if points.source is None:
        return frozenset()
    return frozenset(int(source) for source in points.source[chosen] if source >= 0)


def _behind_crossings(crossing: Crossing, instants: Int64s, members: AtInstant) -> References:
    """What held the person in when they came, or in the last moment before they left."""
    shift = 0 if crossing.edge == "entered" else 1
    return frozenset().union(*(members(crossing.segment, int(i) - shift) for i in instants))


def _chain(e: Evaluation, sequence: Sequence, points: Points, index: int) -> References:
    """The events of the chain with the latest beginning that ends at a point."""
    mark = points.only(np.arange(len(points)) == index)
    found: set[int] = set()
    for step in reversed(range(len(sequence.steps))):
        last = sequence.steps[step]
        prefix = Sequence(sequence.first, sequence.steps[:step])
        reached = e.happenings(prefix) if step else e.block.points(sequence.first, ordered=True)
        if last.absent:
            assert last.within is not None
            mark = reached.only(reached.key == mark.key - last.within)
        else:
            found |= _same(e.block.points(last.pattern, ordered=True), mark)
            mark = reached.only(np.arange(len(reached)) == before(reached, mark)[0] - 1)
    return frozenset(found | _same(e.block.points(sequence.first, ordered=True), mark))


def _same(points: Points, mark: Points) -> References:
    """The events of the points at the mark, in instant and order."""
    at_mark = np.isin(points.key, mark.key) & np.isin(orders(points), orders(mark))
    return _sources(points, at_mark)


def _derived(e: Evaluation, key: int) -> References:
    """All activity of the sessions that a derived event at this key can come from."""
    activity = e.block.points(ACTIVITY, ordered=True)
    session = np.cumsum(begins(activity))
    near = (activity.key == key) | (activity.key == key - GAP)
    return _sources(activity, np.isin(session, session[near]))


def _is_derived(happening: Happening) -> bool:
    patterns = happening.alternatives if isinstance(happening, PatternUnion) else (happening,)
    names = [
        name for pattern in patterns if isinstance(pattern, EventPattern) for name in pattern.names
    ]
    return any(matches(name, derived) for name in names for derived in DERIVED)
