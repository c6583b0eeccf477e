"""Whether a condition holds for a person at an instant, by scanning their events (DESIGN §3, §4)."""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from segue.domain.instant import FOREVER, local_date, start_of_day
from segue.language import tree as n
from tests.oracle.people import Occurrence, instant_key, is_activity, people, trait_values
from tests.oracle.values import (
    COMPARE,
    as_identity,
    as_millionths,
    calendar_day,
    first_instant,
    flips,
    lookup,
    satisfies,
)

DAY = 24 * 60 * 60 * 1000


class World:
    """The log cut at `at`, continued as if nothing more happened.

    After `at` the thresholds of quantiles stay what they were at `at`.
    """

    def __init__(self, definitions, events, at):
        self.definitions = definitions
        self.zone = definitions.timezone
        self.at = at
        self.people = people(definitions, events, at)
        self.thresholds = {}

    # ------------------------------------------------------------------------------ occurrences

    def occurrences(self, person, happening):
        """Everything that matched, in order (of the whole cut log; the caller looks up to t)."""
        if happening not in person.memo:
            person.memo[happening] = self._occurrences(person, happening)
        return person.memo[happening]

    def _occurrences(self, person, happening):
        if isinstance(happening, n.Sequence):
            keys = chain_ends(self, person, happening)
            return [Occurrence(key) for key in sorted(keys)]
        if isinstance(happening, n.Crossing):
            spans = self.segment_spans(person, happening.segment)
            edges = [s for s, _ in spans] if happening.edge == "entered" else [e for _, e in spans]
            return [Occurrence(instant_key(at)) for at in edges if at != FOREVER]
        everything = sorted(person.stored + person.derived, key=lambda one: one.key)
        return [one for one in everything if self.matches(happening, one)]

    def matches(self, pattern, one):
        """Whether a stored or derived event matches a pattern."""
        if isinstance(pattern, n.PatternUnion):
            return any(self.matches(part, one) for part in pattern.alternatives)
        if pattern.is_any:
            derived = one.name in ("$session_started", "$session_ended", "$page_left")
            named = not derived and is_activity(self.definitions, one.name)
        else:
            named = any(
                one.name.startswith(name.text[:-1]) if name.is_prefix else one.name == name.text
                for name in pattern.names
            )
        if not named or pattern.where is None:
            return named
        return satisfies(pattern.where, one.properties, one.at, self.zone)

    def anchor(self, person, which, happening, t):
        """The first or last occurrence up to t; None where there is none."""
        past = [one for one in self.occurrences(person, happening) if one.at <= t]
        if not past:
            return None
        return past[0] if which is n.Which.FIRST else past[-1]

    # ---------------------------------------------------------------------------------- windows

    def inside(self, person, happening, when, t):
        """The occurrences inside the window at t; None where the window does not exist."""
        past = [one for one in self.occurrences(person, happening) if one.at <= t]
        if isinstance(when, n.Ever):
            return past
        if isinstance(when, n.Within):
            return [one for one in past if one.at > t - when.duration]
        if isinstance(when, n.Between):
            return [one for one in past if t - when.older < one.at <= t - when.newer]
        if isinstance(when, n.Since):
            return [one for one in past if one.at >= first_instant(when.moment, self.zone)]
        if isinstance(when, n.Before):
            return [one for one in past if one.at < first_instant(when.moment, self.zone)]
        anchor = self.anchor(person, when.which, when.anchor, t)
        if anchor is None:
            return None
        if isinstance(when, n.SinceAnchor):
            return [one for one in past if one.key > anchor.key]
        if isinstance(when, n.BeforeAnchor):
            return [one for one in past if one.key < anchor.key]
        assert isinstance(when, n.WithinAfter)
        return [one for one in past if one.key > anchor.key and one.at <= anchor.at + when.duration]

    def in_window(self, person, happenings, when, t, test):
        """Whether `test` holds of the occurrences of each happening in the window (in enough
        periods of it)."""
        if not isinstance(when, n.Periods):
            found = [self.inside(person, one, when, t) for one in happenings]
            return None not in found and test(found)
        good = 0
        for i in range(when.of):
            start, end = t - (i + 1) * when.period, t - i * when.period
            if end < person.first_seen:
                continue
            found = [
                [x for x in self.occurrences(person, one) if start < x.at <= end]
                for one in happenings
            ]
            good += test(found)
        return good >= when.at_least

    # ---------------------------------------------------------------------------------- amounts

    def amount(self, amount, found):
        """The amount of the occurrences found, as a Fraction of units; None without a value."""
        if amount.measure is n.Measure.COUNT:
            return Fraction(len(found))
        values = [lookup(one.properties, amount.path) for one in found]
        if amount.measure is n.Measure.DISTINCT:
            return Fraction(len({as_identity(value) for value in values if value is not None}))
        numbers = [x for x in map(as_millionths, values) if x is not None]
        if amount.measure is n.Measure.SUM:
            return Fraction(sum(numbers), 10**6)
        if not numbers:
            return None
        if amount.measure is n.Measure.AVG:
            return Fraction(sum(numbers), 10**6 * len(numbers))
        pick = min if amount.measure is n.Measure.MIN else max
        return Fraction(pick(numbers), 10**6)

    # ------------------------------------------------------------------------------------ truth

    def member(self, person, segment_id, t):
        """Whether the person is in the segment at t: its condition holds, and they are not among
        those who are in nothing."""
        return self.holds(person, self.definitions.segment(segment_id).condition, t) and not (
            self.excluded(person, t)
        )

    def excluded(self, person, t):
        """Whether the project's `exclude` holds."""
        rule = self.definitions.exclude
        return rule is not None and self.holds(person, rule, t)

    def holds(self, person, node, t):
        """Whether the condition holds for the person at t."""
        if t < person.first_seen:
            return False
        return _TRUTH[type(node)](self, person, node, t)

    def _everyone(self, person, node, t):
        return True

    def _did(self, person, node, t):
        def enough(found):
            if node.unit is n.Unit.TIMES:
                count = len(found[0])
            else:
                count = len({calendar_day(one.at, self.zone) for one in found[0]})
            return COMPARE[node.comparison.value](count, node.count)

        return self.in_window(person, [node.happening], node.when, t, enough)

    def _did_some_of(self, person, node, t):
        def enough(found):
            happened = sum(1 for one in found if one)
            return COMPARE[node.comparison.value](happened, node.count)

        return self.in_window(person, node.patterns, node.when, t, enough)

    def _age(self, person, node, t):
        one = self.anchor(person, node.which, node.happening, t)
        return one is not None and COMPARE[node.comparison.value](t - one.at, node.duration)

    def _has(self, person, node, t):
        one = self.anchor(person, node.which, node.pattern, t)
        return one is not None and satisfies(node.filter, one.properties, t, self.zone)

    def _amount_is(self, person, node, t):
        def compares(found):
            value = self.amount(node.amount, found[0])
            return value is not None and (
                COMPARE[node.comparison.value](value, Fraction(node.value, 10**6))
            )

        return self.in_window(person, [node.amount.happening], node.when, t, compares)

    def _amount_versus(self, person, node, t):
        left = self.inside(person, node.left.happening, node.left_when, t)
        right = self.inside(person, node.right.happening, node.right_when, t)
        if left is None or right is None:
            return False
        x, y = self.amount(node.left, left), self.amount(node.right, right)
        if x is None or y is None:
            return False
        return COMPARE[node.comparison.value](x, y * Fraction(node.percent) / 100)

    def _trait(self, person, node, t):
        return satisfies(node.test, trait_values(person, t), t, self.zone)

    def _in_segment(self, person, node, t):
        return self.member(person, node.segment, t)

    def _and(self, person, node, t):
        return all(self.holds(person, term, t) for term in node.terms)

    def _or(self, person, node, t):
        return any(self.holds(person, term, t) for term in node.terms)

    def _not(self, person, node, t):
        return not self.holds(person, node.term, t)

    def _for_at_least(self, person, node, t):
        return any(s + node.duration <= t < e for s, e in self.spans(person, node.term))

    # -------------------------------------------------------------------------------- quantiles

    def _quantile(self, person, node, t):
        threshold = self.threshold(node, self.grid_instant(min(t, self.at)))
        mine = self.ranked(person, node, t)
        if threshold is None or mine is None:
            return False
        return mine >= threshold if node.side is n.Side.TOP else mine <= threshold

    def ranked(self, person, node, t):
        """What the person is ranked by at t; None where they do not have the amount. An age is
        ranked by its negated instant: larger is older."""
        if isinstance(node.amount, n.AgeAmount):
            found = self.inside(person, node.amount.happening, node.when, t)
            if not found:
                return None
            return -(found[0] if node.amount.which is n.Which.FIRST else found[-1]).at
        found = self.inside(person, node.amount.happening, node.when, t)
        if not found:
            return None
        if node.amount.measure is n.Measure.SUM and not any(
            as_millionths(lookup(one.properties, node.amount.path)) is not None for one in found
        ):
            return None
        return self.amount(node.amount, found)

    def threshold(self, node, g):
        """The amount of the k-th of those who have it at the grid instant g; None if nobody has."""
        if (node, g) not in self.thresholds:
            ranked = sorted(
                value
                for person in self.people.values()
                if person.first_seen <= g and not self.excluded(person, g)
                if (value := self.ranked(person, node, g)) is not None
            )
            k = math.ceil(Fraction(len(ranked)) * Fraction(Decimal(node.percent)) / 100)
            if node.side is n.Side.TOP:
                ranked.reverse()
            self.thresholds[node, g] = ranked[k - 1] if ranked else None
        return self.thresholds[node, g]

    def grid_instant(self, t):
        """The latest midnight of the project's zone at or before t.

        Where clocks go back over midnight, a day has begun and it is the day before once more.
        """
        today = local_date(t, self.zone)
        days = (today + timedelta(days=d) for d in (-1, 0, 1))
        return max(m for m in (start_of_day(day, self.zone) for day in days) if m <= t)

    # ------------------------------------------------------------------------------------ spans

    def spans(self, person, node):
        """The maximal half-open spans in which the condition holds: `holds` asked around every
        breakpoint. An open end is FOREVER."""
        if ("spans", node) not in person.memo:
            person.memo["spans", node] = self._spans(
                person, lambda t: self.holds(person, node, t), self.breakpoints(person, node)
            )
        return person.memo["spans", node]

    def segment_spans(self, person, segment_id):
        """The person's memberships in the segment."""
        if ("segment", segment_id) not in person.memo:
            points = self.breakpoints(person, n.InSegment(segment_id))
            person.memo["segment", segment_id] = self._spans(
                person, lambda t: self.member(person, segment_id, t), points
            )
        return person.memo["segment", segment_id]

    def _spans(self, person, holds, points):
        around = {p + d for p in points for d in (-1, 0, 1)}
        spans, start = [], None
        for t in sorted(p for p in around if person.first_seen <= p < FOREVER):
            if holds(t) == (start is not None):
                continue
            if start is None:
                start = t
            else:
                spans.append((start, t))
                start = None
        return spans if start is None else [*spans, (start, FOREVER)]

    # ------------------------------------------------------- where truth can change: breakpoints

    def breakpoints(self, person, node):
        """A superset of the instants at which (or 1 ms around which) the truth can change."""
        key = ("breakpoints", node)
        if key not in person.memo:
            person.memo[key] = {person.first_seen} | self._breakpoints(person, node)
        return person.memo[key]

    def _breakpoints(self, person, node):
        if isinstance(node, n.And | n.Or):
            return set().union(*(self.breakpoints(person, term) for term in node.terms))
        if isinstance(node, n.Not):
            return self.breakpoints(person, node.term)
        if isinstance(node, n.ForAtLeast):
            edges = {edge for span in self.spans(person, node.term) for edge in span}
            return edges | {edge + node.duration for edge in edges}
        if isinstance(node, n.InSegment):
            points = self.breakpoints(person, self.definitions.segment(node.segment).condition)
            rule = self.definitions.exclude
            return points | (self.breakpoints(person, rule) if rule is not None else set())
        return self._leaf_breakpoints(person, node)

    def _leaf_breakpoints(self, person, node):
        instants = lambda happening: {one.at for one in self.occurrences(person, happening)}  # noqa: E731
        if isinstance(node, n.Did):
            return self._window_points(person, instants(node.happening), node.when)
        if isinstance(node, n.DidSomeOf):
            every = set().union(*map(instants, node.patterns))
            return self._window_points(person, every, node.when)
        if isinstance(node, n.Age):
            return {at + d for at in instants(node.happening) for d in (0, node.duration)}
        if isinstance(node, n.Has):
            every = self.occurrences(person, node.pattern)
            moving = [flips(node.filter, one.properties, self.zone) for one in every]
            return instants(node.pattern).union(*moving)
        if isinstance(node, n.AmountIs):
            return self._window_points(person, instants(node.amount.happening), node.when)
        if isinstance(node, n.AmountVersus):
            return self._window_points(
                person, instants(node.left.happening), node.left_when
            ) | self._window_points(person, instants(node.right.happening), node.right_when)
        if isinstance(node, n.Trait):
            moving = [flips(node.test, one.properties, self.zone) for one in person.stored]
            return {one.at for one in person.stored}.union(*moving)
        if isinstance(node, n.Quantile):
            points = self._window_points(person, instants(node.amount.happening), node.when)
            return points | self.grid(person.first_seen)
        return set()

    def _window_points(self, person, instants, when):
        if isinstance(when, n.Within):
            return {at + d for at in instants for d in (0, when.duration)}
        if isinstance(when, n.Between):
            return {at + d for at in instants for d in (0, when.newer, when.older)}
        if isinstance(when, n.Since | n.Before):
            return instants | {first_instant(when.moment, self.zone)}
        if isinstance(when, n.Periods):
            every = instants | {person.first_seen}
            return {at + i * when.period for at in every for i in range(when.of + 1)}
        if isinstance(when, n.Ever):
            return instants
        return instants | {one.at for one in self.occurrences(person, when.anchor)}

    def grid(self, start):
        """Every midnight of the project's zone from the start to `at`."""
        midnights, t = set(), self.at
        while t >= start:
            t = self.grid_instant(t)
            midnights.add(t)
            t -= 1
        return midnights


_TRUTH = {
    n.Everyone: World._everyone,
    n.Did: World._did,
    n.DidSomeOf: World._did_some_of,
    n.Age: World._age,
    n.Has: World._has,
    n.AmountIs: World._amount_is,
    n.AmountVersus: World._amount_versus,
    n.Trait: World._trait,
    n.InSegment: World._in_segment,
    n.Quantile: World._quantile,
    n.And: World._and,
    n.Or: World._or,
    n.Not: World._not,
    n.ForAtLeast: World._for_at_least,
}


def chain_ends(world, person, sequence):
    """The places at which some chain of the sequence ends: every chain is followed."""
    chains = {(one.at, one.key) for one in world.occurrences(person, sequence.first)}
    for step in sequence.steps:
        chains = {
            (start, key)
            for start, before in chains
            for key in next_keys(step, before, world.occurrences(person, step.pattern))
        }
    longest = FOREVER if sequence.all_within is None else sequence.all_within
    return {key for start, key in chains if key[0] - start <= longest}


def next_keys(step, before, occurrences):
    """Where a chain that stands at `before` can go by the step."""
    longest = FOREVER if step.within is None else step.within
    reached = [one.key for one in occurrences if one.key > before and one.at - before[0] <= longest]
    if not step.absent:
        return reached
    return [] if reached else [instant_key(before[0] + step.within)]
