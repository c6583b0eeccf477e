"""A naive reading of DESIGN §3 and §4: conditions evaluated by scanning plain events.

Written from DESIGN alone, with plain Python numbers and lists; shares nothing with the engine but
the tree's node classes and the parsing of instants. Slow on purpose: what it says can be checked
by eye against DESIGN.
"""

from __future__ import annotations

from segue.domain.instant import FOREVER
from segue.language.tree import InSegment
from tests.oracle.truth import World

__all__ = ["World", "breakpoints", "holds", "leaves_at", "outlook", "spans"]


def holds(definitions, events, person_id, segment_id, t):
    """Whether the person is in the segment at t, by the log cut at t."""
    world = World(definitions, events, t)
    person = world.people.get(person_id)
    return person is not None and world.member(person, segment_id, t)


def breakpoints(definitions, events, person_id, segment_id, at):
    """A superset of the instants around which the person's membership can change."""
    world = World(definitions, events, at)
    return world.breakpoints(world.people[person_id], InSegment(segment_id))


def spans(definitions, events, person_id, segment_id, at):
    """The person's memberships by the log cut at `at`, continued as if nothing more happened."""
    world = World(definitions, events, at)
    person = world.people.get(person_id)
    return [] if person is None else world.segment_spans(person, segment_id)


def outlook(definitions, events, person_id, segment_id, t):
    """The truth at t and the instant until which it stays so if nothing more happens."""
    for start, end in spans(definitions, events, person_id, segment_id, t):
        if t < start:
            return False, start
        if t < end:
            return True, end
    return False, FOREVER


def leaves_at(definitions, events, person_id, segment_id, t):
    """When the person leaves the segment that they are in at t, if nothing more happens."""
    inside, until = outlook(definitions, events, person_id, segment_id, t)
    assert inside
    return until
