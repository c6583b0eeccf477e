"""Make a failing world small: fewer events, fewer segments, smaller conditions, plainer events."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

from segue.language import tree as n
from segue.language.tree import Segment


def shrink(case, fails):
    """The smallest world found by local steps for which `fails(world)` is still true."""
    improved = True
    while improved:
        improved = False
        for smaller in candidates(case):
            if fails(smaller):
                case, improved = smaller, True
                break
    return case


def candidates(case):
    """Worlds that are one step smaller."""
    yield from (replace(case, ats=(at,)) for at in case.ats if len(case.ats) > 1)
    yield from _fewer_segments(case)
    yield from _fewer_events(case)
    yield from _smaller_conditions(case)
    yield from _plainer_events(case)


def _with(case, **changes):
    return replace(case, definitions=replace(case.definitions, **changes))


def _fewer_segments(case):
    segments = case.definitions.segments
    if case.definitions.exclude is not None:
        yield _with(case, exclude=None)
    for name in ("not_activity", "page_events", "campaign_keys"):
        if getattr(case.definitions, name):
            yield _with(case, **{name: ()})
    for i in range(len(segments)):
        kept = segments[:i] + segments[i + 1 :]
        if kept and all(refers(segment.condition) <= {s.id for s in kept} for segment in kept):
            yield _with(case, segments=kept)


def refers(node):
    """The ids of the segments that a node refers to."""
    if isinstance(node, n.InSegment | n.Crossing):
        return {node.segment}
    return set().union(*(refers(child) for child in children(node)))


def children(node):
    """The nodes directly inside a node."""
    if isinstance(node, tuple):
        return [one for one in node if dataclasses.is_dataclass(one) or isinstance(one, tuple)]
    if not dataclasses.is_dataclass(node):
        return []
    values = [getattr(node, slot.name) for slot in dataclasses.fields(node)]
    return [one for one in values if dataclasses.is_dataclass(one) or isinstance(one, tuple)]


def _fewer_events(case):
    size = len(case.events) // 2
    while size:
        for i in range(0, len(case.events), size):
            kept = case.events[:i] + case.events[i + size :]
            if kept:
                yield replace(case, events=kept)
        size //= 2


def _smaller_conditions(case):
    segments = case.definitions.segments
    for i, segment in enumerate(segments):
        for condition in smaller(segment.condition, n.Everyone()):
            changed = Segment(segment.id, segment.title, condition)
            yield _with(case, segments=(*segments[:i], changed, *segments[i + 1 :]))
    if case.definitions.exclude is not None:
        for condition in smaller(case.definitions.exclude, n.Everyone()):
            yield _with(case, exclude=condition)


def smaller(node, otherwise):
    """Conditions with one thing less: a term for the whole, no filter, no step, no window."""
    if isinstance(node, n.And | n.Or):
        yield from node.terms
        if len(node.terms) > 2:
            for i in range(len(node.terms)):
                yield replace(node, terms=node.terms[:i] + node.terms[i + 1 :])
    if isinstance(node, n.Not | n.ForAtLeast):
        yield node.term
    yield from _in_slots(node, otherwise)


def _in_slots(node, otherwise):
    for slot in dataclasses.fields(node) if dataclasses.is_dataclass(node) else ():
        value = getattr(node, slot.name)
        if slot.name == "where" and value is not None:
            yield replace(node, where=None)
        if slot.name == "when" and not isinstance(value, n.Ever):
            yield replace(node, when=n.Ever())
        limit = slot.name in ("all_within", "within") and not getattr(node, "absent", False)
        if limit and value is not None:
            yield replace(node, **{slot.name: None})
        if slot.name == "steps" and len(value) > 1:
            for i in range(len(value)):
                yield replace(node, steps=value[:i] + value[i + 1 :])
        if isinstance(value, n.PatternUnion | n.Sequence):
            parts = getattr(value, "alternatives", None) or (value.first,)
            for part in parts:
                yield replace(node, **{slot.name: part})
        if slot.name == "names" and len(value) > 1:
            for one in value:
                yield replace(node, names=(one,))
        if isinstance(value, tuple):
            for i, one in enumerate(value):
                for less in smaller(one, otherwise):
                    yield replace(node, **{slot.name: (*value[:i], less, *value[i + 1 :])})
        elif dataclasses.is_dataclass(value):
            for less in smaller(value, otherwise):
                yield replace(node, **{slot.name: less})


def _plainer_events(case):
    for i, event in enumerate(case.events):
        for key in event["properties"]:
            kept = {k: v for k, v in event["properties"].items() if k != key}
            yield _changed(case, i, properties=kept)
        if event["sequence"] is not None:
            yield _changed(case, i, sequence=None)


def _changed(case, i, **changes):
    event = {**case.events[i], **changes}
    return replace(case, events=(*case.events[:i], event, *case.events[i + 1 :]))
