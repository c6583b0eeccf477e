"""Explain: why a person is in a segment, or not, and when that changes.

The tree of a segment's condition, evaluated for one person at one instant by the same evaluators as
everything else: for each condition whether it holds, the value against its threshold, the events
that are the evidence, what is missing, and when it flips if nothing more happens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

import numpy as np

from segue.language.tree import (
    Age,
    AmountIs,
    AmountVersus,
    And,
    BeforeAnchor,
    Comparison,
    Definitions,
    Did,
    DidSomeOf,
    EventPattern,
    Everyone,
    Filter,
    FilterAnd,
    ForAtLeast,
    Happening,
    Has,
    InSegment,
    Not,
    Or,
    Pattern,
    PatternUnion,
    Periods,
    Quantile,
    SinceAnchor,
    Trait,
    Unit,
    When,
    Which,
    Within,
    WithinAfter,
)
from segue.timeline.block import Block
from segue.timeline.conditions import Evaluation, is_relative
from segue.timeline.evaluate import asked_by
from segue.timeline.evidence import References
from segue.timeline.explain_amounts import amount_is, amount_versus, quantile
from segue.timeline.explainer import Explainer, compares, moves
from segue.timeline.explanation import Because, Explanation, Missing, SegmentExplanation
from segue.timeline.intervals import Intervals
from segue.timeline.log import InstantOf, Log, Nothing, Request, Satisfies, TraitRequest
from segue.timeline.points import Points, flags, points_from
from segue.timeline.quantiles import Thresholds

__all__ = [
    "EXPLAINERS",
    "Because",
    "Explanation",
    "Missing",
    "SegmentExplanation",
    "explain",
    "requests_to_explain",
]


def requests_to_explain(
    definitions: Definitions, segment_id: str
) -> frozenset[Request | TraitRequest]:
    """Everything that explaining a segment reads from a log: what evaluating it reads, and the same
    in event order."""
    requests = asked_by(definitions, [segment_id])
    events = [request for request in requests if isinstance(request, Request)]
    return requests | {replace(request, ordered=True) for request in events}


def explain(
    definitions: Definitions,
    log: Log,
    segment_id: str,
    at: int,
    thresholds: Mapping[Quantile, Thresholds] | None = None,
) -> SegmentExplanation:
    """Explain a segment for the one person of the log, read with sources.

    `thresholds` are those of the quantiles that the segment rests on (`thresholds_of` over the
    whole population). Raises `KeyError` for an unknown segment.
    """
    evaluation = Evaluation(Block(log, definitions, 0, 1, at), thresholds or {})
    explainer = Explainer(evaluation, at, EXPLAINERS)
    state = explainer.state(evaluation.segment(segment_id))
    exclude = definitions.exclude
    return SegmentExplanation(
        segment_id,
        at,
        bool(log.first_seen[0] <= at),
        *state,
        explainer.membership(segment_id),
        None if exclude is None else explainer.explain(exclude),
    )


# ------------------------------------------------------------------------------------ by condition


def _everyone(x: Explainer, node: Everyone) -> Explanation:
    return x.told(node, Because.TIME)


def _combined(x: Explainer, node: And | Or) -> Explanation:
    children = tuple(x.explain(term) for term in node.terms)
    evidence = frozenset().union(*(child.evidence for child in children if child.holds))
    return x.told(node, Because.PARTS, children=children, evidence=evidence)


def _not(x: Explainer, node: Not) -> Explanation:
    return x.told(node, Because.PARTS, children=(x.explain(node.term),))


def _for_at_least(x: Explainer, node: ForAtLeast) -> Explanation:
    child = x.explain(node.term)
    held = Fraction(x.at - child.since) if child.holds and child.since is not None else None
    return x.told(
        node,
        Because.PARTS,
        value=held,
        threshold=Fraction(node.duration),
        unit="milliseconds",
        evidence=child.evidence,
        children=(child,),
    )


def _in_segment(x: Explainer, node: InSegment) -> Explanation:
    definitions = x.e.block.definitions
    member = x.membership(node.segment)
    children = [member]
    if definitions.exclude is not None:
        children.append(x.explain(Not(definitions.exclude)))
    if sum(child.size for child in children) <= _SHOWN:
        return x.told(node, Because.PARTS, children=tuple(children), evidence=member.evidence)
    note = f"explain {node.segment} for its many parts"
    return x.told(node, Because.PARTS, evidence=member.evidence, note=note)


_SHOWN: Final = 200
"""So many parts of a segment are shown inside another one; segments that refer to each other many
times over would else be told without end."""


def _did(x: Explainer, node: Did) -> Explanation:
    if isinstance(node.when, Periods):
        return _did_in_periods(x, node, node.when)
    points = x.e.happenings(node.happening, ordered=True)
    inside = x.inside(points, node.when)
    if inside is None:
        return _no_window(x, node)
    number = inside.stop - inside.start
    if node.unit is Unit.DAYS:
        number = _days(x, points, inside)
    return _counted(x, node, node.happening, number, x.behind(node.happening, points, inside))


def _counted(
    x: Explainer,
    node: Did | DidSomeOf,
    happening: Happening | str,
    number: int,
    evidence: References,
) -> Explanation:
    unit = "patterns" if isinstance(node, DidSomeOf) else node.unit.value
    holds, otherwise = (compares(n, node.comparison, node.count) for n in (number, 0))
    because = Because.TIME
    more = _to_flip(number, node.comparison, node.count)
    # One more of what the window begins after would only move the window.
    place = None if moves(node.when, happening) else x.place(node.when)
    missing = None if more is None or place is None else Missing(happening, more, place, unit)
    if holds and not otherwise and evidence:
        because = Because.EVENTS
    elif holds and missing is not None:
        because = Because.ABSENCE
    return x.told(
        node,
        because,
        value=Fraction(number),
        threshold=Fraction(node.count),
        unit=unit,
        evidence=evidence,
        missing=missing,
    )


def _to_flip(number: int, comparison: Comparison, count: int) -> int | None:
    """How many more flip the comparison; None where more cannot."""
    target = count + 1 if comparison in (Comparison.LE, Comparison.GT) else count
    if comparison is Comparison.EQ and number == count:
        target = count + 1
    if comparison is Comparison.NE and number == count:
        target = count + 1
    return target - number if target > number else None


def _no_window(x: Explainer, node: Did | DidSomeOf) -> Explanation:
    """What it waits for is the event that the window begins after, where nothing more is asked."""
    if not isinstance(node.when, SinceAnchor | WithinAfter | BeforeAnchor):
        return x.told(node, Because.TIME, note="the person is not seen yet")
    enough = compares(0, node.comparison, node.count)
    missing = Missing(node.when.anchor, 1, x.at) if enough else None
    return x.told(node, Because.TIME, missing=missing, note="the window does not exist yet")


def _days(x: Explainer, points: Points, inside: slice) -> int:
    days = x.e.days(points)[inside]
    return len(np.unique(days))


def _did_in_periods(x: Explainer, node: Did | DidSomeOf, when: Periods) -> Explanation:
    """How many of the periods hold, looked up in the history of one period."""
    one = x.e.holds(replace(node, when=Within(when.period)))
    ends = [x.at - i * when.period for i in range(when.of)]
    number = sum(_held(one, end) for end in ends)
    whole = Within(when.period * when.of)
    evidence = _window_evidence(x, node, whole)
    otherwise = compares(0, node.comparison, node.count)
    lacking = when.at_least - number
    missing = None
    if lacking > 0 and not otherwise and isinstance(node, Did):
        missing = Missing(node.happening, lacking, x.at, "periods")
    return x.told(
        node,
        Because.TIME if otherwise else Because.EVENTS,
        value=Fraction(number),
        threshold=Fraction(when.at_least),
        unit="periods",
        evidence=evidence,
        missing=missing,
    )


def _held(intervals: Intervals, instant: int) -> bool:
    index = int(np.searchsorted(intervals.start, instant, "right")) - 1
    return index >= 0 and instant < int(intervals.end[index])


def _window_evidence(x: Explainer, node: Did | DidSomeOf, when: When) -> References:
    if isinstance(node, DidSomeOf):
        return frozenset().union(
            *(_window_evidence(x, Did(pattern), when) for pattern in node.patterns)
        )
    points = x.e.happenings(node.happening, ordered=True)
    inside = x.inside(points, when)
    return frozenset() if inside is None else x.behind(node.happening, points, inside)


def _did_some_of(x: Explainer, node: DidSomeOf) -> Explanation:
    if isinstance(node.when, Periods):
        return _did_in_periods(x, node, node.when)
    inside = [
        x.inside(x.e.happenings(pattern, ordered=True), node.when) for pattern in node.patterns
    ]
    if any(found is None for found in inside):
        return _no_window(x, node)
    number = sum(found is not None and found.stop > found.start for found in inside)
    evidence = _window_evidence(x, node, node.when)
    return _counted(x, node, "one of the patterns", number, evidence)


def _age(x: Explainer, node: Age) -> Explanation:
    points = x.e.happenings(node.happening, ordered=True)
    past = points.key <= x.at
    if not past.any():
        missing = Missing(node.happening, 1, x.at - _fitting_age(node))
        return x.told(
            node, Because.TIME, missing=missing, note=_NEVER_HAPPENED, unit="milliseconds"
        )
    which = 0 if node.which is Which.FIRST else int(past.sum()) - 1
    age = x.at - int(points.key[which])
    # Only a later one moves the last, and that makes it younger.
    holds = compares(age, node.comparison, node.duration)
    moves = node.which is Which.LAST and compares(0, node.comparison, node.duration) != holds
    return x.told(
        node,
        Because.EVENTS,
        value=Fraction(age),
        threshold=Fraction(node.duration),
        unit="milliseconds",
        evidence=x.behind(node.happening, points, past),
        missing=Missing(node.happening, 1, x.at) if moves else None,
    )


def _fitting_age(node: Age) -> int:
    """An age with which the condition would hold, in ms."""
    ages = (0, node.duration, node.duration + 1)
    return next((age for age in ages if compares(age, node.comparison, node.duration)), 0)


_NEVER_HAPPENED: Final = "it has never happened"


def _has(x: Explainer, node: Has) -> Explanation:
    reading = Nothing() if is_relative(node.filter) else Satisfies(node.filter)
    points = x.e.block.points(node.pattern, reading, ordered=True)
    past = points.key <= x.at
    wanted = Missing(_with_filter(node.pattern, node.filter), 1, x.at)
    if not past.any():
        return x.told(node, Because.TIME, missing=wanted, note=_NEVER_HAPPENED)
    chosen = past if points.value is None else past & flags(points)
    missing = None
    if not x.state(x.e.holds(node))[0]:
        chosen = past
        missing = wanted if node.which is Which.LAST else None
    evidence = x.behind(node.pattern, points, chosen)
    return x.told(node, Because.EVENTS, evidence=evidence, missing=missing)


def _with_filter(pattern: Pattern, where: Filter) -> Pattern:
    """The pattern of those of its events that satisfy a filter, too."""
    if isinstance(pattern, PatternUnion):
        return PatternUnion(
            tuple(EventPattern(a.names, _both(a.where, where)) for a in pattern.alternatives)
        )
    return EventPattern(pattern.names, _both(pattern.where, where))


def _both(left: Filter | None, right: Filter) -> Filter:
    if left is None:
        return right
    terms = [t.terms if isinstance(t, FilterAnd) else (t,) for t in (left, right)]
    return FilterAnd((*terms[0], *terms[1]))


def _trait(x: Explainer, node: Trait) -> Explanation:
    """Evidence are the writes that satisfy the test (every write, where it does not hold)."""
    test = replace(node.test, negated=False)
    key = test.path[0]
    relative = is_relative(test)
    request = TraitRequest(key, InstantOf(test.path) if relative else Satisfies(test))
    writes = points_from(x.e.block.raw_writes(request))
    held = x.state(x.e.holds(Trait(test)))[0]
    chosen = writes.key <= x.at
    if held and not relative:
        chosen &= flags(writes)
    evidence = x.behind(EventPattern(), writes, chosen)
    because = Because.ABSENCE if node.test.negated else Because.EVENTS
    missing = Missing(f"trait {key}", 1, x.at) if not held else None
    return x.told(node, because, evidence=evidence, missing=missing)


EXPLAINERS: Final[Mapping[type, Callable[[Explainer, Any], Explanation]]] = {
    Everyone: _everyone,
    And: _combined,
    Or: _combined,
    Not: _not,
    ForAtLeast: _for_at_least,
    InSegment: _in_segment,
    Did: _did,
    DidSomeOf: _did_some_of,
    Age: _age,
    Has: _has,
    Trait: _trait,
    AmountIs: amount_is,
    AmountVersus: amount_versus,
    Quantile: quantile,
}
"""One explainer per type of condition."""
