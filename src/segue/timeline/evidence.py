"""Evidence: the stored events behind points, sequences, derived events and crossings of one person.

References are those of `Occurrences.source`; a store turns them back into events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from segue.language.tree import Crossing, Happening, Pattern, Sequence
from segue.timeline.block import is_stored
from segue.timeline.conditions import Evaluation
from segue.timeline.derived import GAP, begins
from segue.timeline.evaluate import asked_by
from segue.timeline.intervals import distinct_keys, instant_of
from segue.timeline.log import ACTIVITY, Bools, Int64s, TraitWrites
from segue.timeline.points import Points, before, through

References = frozenset[int]
AtInstant = Callable[[str, int], References]
"""The evidence for membership in a segment at an instant."""


def behind(
    e: Evaluation, happening: Happening, points: Points, chosen: slice | Bools, members: AtInstant
) -> References:
    """The stored events behind the chosen points of a happening of one person."""
    if isinstance(happening, Crossing):
        return _behind_crossings(e, happening, instant_of(points.key[chosen]), members)
    if isinstance(happening, Sequence):
        return _behind_chains(e, happening, points.only(_mask(len(points), chosen)))
    return _behind_events(e, happening, points, chosen)


def _behind_events(
    e: Evaluation, pattern: Pattern, points: Points, chosen: slice | Bools
) -> References:
    found = _sources(points, chosen)
    return found if is_stored(pattern) else found | _sessions(e, points.key[chosen])


def _sources(points: Points, chosen: slice | Bools | Int64s) -> References:
    if points.source is None:
        return frozenset()
    return frozenset(points.source[chosen].tolist())


_CROSSINGS: Final = 30
"""So many crossings are looked into one by one."""


def _behind_crossings(
    e: Evaluation, crossing: Crossing, instants: Int64s, members: AtInstant
) -> References:
    """What held the person in when they came, or in the last moment before they left; of very many
    crossings, all that the segment looked at."""
    shift = 0 if crossing.edge == "entered" else 1
    if len(instants) <= _CROSSINGS:
        return frozenset().union(*(members(crossing.segment, int(i) - shift) for i in instants))
    return _all_read(e, crossing.segment, int(instants[-1]))


def _all_read(e: Evaluation, segment_id: str, until: int) -> References:
    """Every event up to an instant that a segment looks at."""
    found: set[int] = set()
    for request in asked_by(e.block.definitions, [segment_id]):
        answer = e.block.log.answers[request]
        events = answer.writes if isinstance(answer, TraitWrites) else answer
        if events.source is not None:
            found.update(events.source[events.at <= until].tolist())
    return frozenset(found)


def _behind_chains(e: Evaluation, sequence: Sequence, marks: Points) -> References:
    """The events of the chains with the latest beginnings that end at the marks."""
    found: set[int] = set()
    for step in reversed(range(len(sequence.steps))):
        last = sequence.steps[step]
        reached = e.happenings(Sequence(sequence.first, sequence.steps[:step]), ordered=True)
        if last.absent:
            assert last.within is not None
            marks = reached.only(np.isin(reached.key, marks.key - last.within))
        else:
            found |= _at_marks(e, last.pattern, marks)
            previous = distinct_keys([before(reached, marks) - 1])
            marks = reached.only(_mask(len(reached), previous))
    return frozenset(found | _at_marks(e, sequence.first, marks))


def _at_marks(e: Evaluation, pattern: Pattern, marks: Points) -> References:
    """The events of the points of a pattern that stand exactly at the marks, in event order."""
    points = e.block.points(pattern, ordered=True)
    place = before(points, marks)
    return _behind_events(
        e, pattern, points, _mask(len(points), place[place < through(points, marks)])
    )


def _mask(size: int, chosen: slice | Bools | Int64s) -> Bools:
    mask = np.zeros(size, np.bool_)
    mask[chosen] = True
    return mask


def _sessions(e: Evaluation, keys: Int64s) -> References:
    """All activity of the sessions that derived events at these keys can come from."""
    activity = e.block.points(ACTIVITY, ordered=True)
    session = np.cumsum(begins(activity))
    near = np.isin(activity.key, keys) | np.isin(activity.key + GAP, keys)
    return _sources(activity, np.isin(session, session[near]))
