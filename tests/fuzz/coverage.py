"""What a set of worlds exercised: every form of the language, and whether it was ever true and ever
false."""

from __future__ import annotations

import dataclasses
from collections import Counter

from segue.domain.instant import FOREVER
from segue.language import tree as n
from tests.fuzz.shrink import children
from tests.oracle import World
from tests.oracle.values import satisfies

CONDITIONS = (
    n.Everyone, n.Did, n.DidSomeOf, n.Age, n.Has, n.AmountIs, n.AmountVersus, n.Trait, n.InSegment,
    n.Quantile, n.And, n.Or, n.Not, n.ForAtLeast,
)  # fmt: skip


IMPOSSIBLE = {
    "never false: Everyone",
    # A count compared with a whole number is a Did: only fractions are left.
    "never true: AmountIs count =",
    "never false: AmountIs count !=",
}


def expected():
    """Every feature that must have been true and false at least once."""
    features = {kind.__name__ for kind in CONDITIONS}
    whens = (
        n.Ever,
        n.Within,
        n.Between,
        n.Since,
        n.Before,
        n.SinceAnchor,
        n.WithinAfter,
        n.BeforeAnchor,
    )
    for holder in ("Did", "DidSomeOf", "AmountIs", "AmountVersus", "Quantile"):
        features |= {f"{holder} in {when.__name__}" for when in whens}
    features |= {"Did in Periods", "DidSomeOf in Periods"}
    for holder in ("AmountIs", "AmountVersus"):
        features |= {f"{holder} {measure} {c}" for measure in n.Measure for c in n.Comparison}
    counted = (n.Comparison.GE, n.Comparison.LE, n.Comparison.EQ, n.Comparison.NE)
    features |= {f"Did {unit} {c}" for unit in n.Unit for c in counted}
    features |= {f"DidSomeOf {c}" for c in counted}
    features |= {f"Age {which} {c}" for which in n.Which for c in n.Comparison}
    features -= {"Age last <"}
    features |= {f"Has {which}" for which in n.Which}
    features |= {f"Quantile {side} {by}" for side in n.Side for by in (*n.Measure, "age")}
    features |= {f"Did of {kind}" for kind in ("event", "sequence", "entered", "left", "any of")}
    features |= {f"{place} {op}" for place in ("where", "trait", "has") for op in n.Op}
    features |= {f"{place} not {op}" for place in ("where", "trait", "has") for op in n.Op}
    return features


def features(node):
    """The features that a condition node shows itself (not those of the conditions inside it)."""
    name = type(node).__name__
    yield name
    whens = [getattr(node, slot) for slot in ("when", "left_when") if hasattr(node, slot)]
    yield from (f"{name} in {type(when).__name__}" for when in whens)
    if isinstance(node, n.AmountIs | n.AmountVersus):
        measure = getattr(node, "amount", None) or node.left
        yield f"{name} {measure.measure} {node.comparison}"
    if isinstance(node, n.Did):
        yield f"Did {node.unit} {node.comparison}"
        yield f"Did of {_kind(node.happening)}"
    if isinstance(node, n.DidSomeOf):
        yield f"DidSomeOf {node.comparison}"
    if isinstance(node, n.Age):
        yield f"Age {node.which} {node.comparison}"
    if isinstance(node, n.Has):
        yield f"Has {node.which}"
        yield from _tests("has", node.filter)
    if isinstance(node, n.Quantile):
        by = "age" if isinstance(node.amount, n.AgeAmount) else node.amount.measure
        yield f"Quantile {node.side} {by}"
    if isinstance(node, n.Trait):
        yield from _tests("trait", node.test)


def _kind(happening):
    if isinstance(happening, n.Crossing):
        return happening.edge
    if isinstance(happening, n.Sequence):
        return "sequence"
    return "event" if len(getattr(happening, "names", ("", ""))) < 2 else "any of"


def _tests(place, rule):
    # Only where the filter is one test is its truth that of the whole.
    if isinstance(rule, n.Test):
        yield f"{place} {'not ' if rule.negated else ''}{rule.op}"


def conditions_in(node):
    """The node and every condition inside it."""
    if isinstance(node, CONDITIONS):
        yield node
    for child in children(node):
        yield from conditions_in(child)


def patterns_in(node):
    """Every event pattern with a filter inside the node."""
    if isinstance(node, n.EventPattern):
        if node.where is not None:
            yield node
        return
    for child in children(node):
        yield from patterns_in(child)


@dataclasses.dataclass
class Coverage:
    """How many pairs were seen, and how often each feature was true and false."""

    pairs: int = 0
    true: Counter = dataclasses.field(default_factory=Counter)
    false: Counter = dataclasses.field(default_factory=Counter)

    def add(self, case):
        """Count a world, evaluated by the oracle at the first of its instants."""
        world = World(case.definitions, case.events, case.ats[0])
        self.pairs += len(world.people) * len(case.definitions.segments)
        nodes = {node for one in case.definitions.segments for node in conditions_in(one.condition)}
        for person in world.people.values():
            for node in nodes:
                self._condition(world, person, node)
            for pattern in {
                p for one in case.definitions.segments for p in patterns_in(one.condition)
            }:
                self._filter(world, person, pattern)

    def _condition(self, world, person, node):
        spans = world.spans(person, node)
        named = set(features(node))
        if spans:
            self.true.update(named)
        if spans != [(person.first_seen, FOREVER)]:
            self.false.update(named)

    def _filter(self, world, person, pattern):
        named = set(_tests("where", pattern.where))
        bare = dataclasses.replace(pattern, where=None)
        for one in person.stored + person.derived:
            if named and world.matches(bare, one):
                holds = satisfies(pattern.where, one.properties, one.at, world.zone)
                (self.true if holds else self.false).update(named)

    def missing(self):
        """Features that were never true or never false."""
        absent = {f"never true: {one}" for one in expected() if not self.true[one]}
        absent |= {f"never false: {one}" for one in expected() if not self.false[one]}
        return sorted(absent - IMPOSSIBLE)
