"""What every condition means: for each node of the tree, the intervals during which it holds.

`HOLDS` has one evaluator per node type; nothing else in Segue decides when a condition holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

import numpy as np

from segue.domain.instant import FOREVER, parse_instant
from segue.language.tree import (
    Age,
    AgeAmount,
    Amount,
    AmountIs,
    AmountVersus,
    And,
    Before,
    BeforeAnchor,
    Between,
    Comparison,
    Condition,
    Crossing,
    Did,
    DidSomeOf,
    Ever,
    Everyone,
    Filter,
    FilterAnd,
    FilterNot,
    FilterOr,
    ForAtLeast,
    Happening,
    Has,
    InSegment,
    Measure,
    Not,
    Op,
    Or,
    Periods,
    Quantile,
    Sequence,
    Since,
    SinceAnchor,
    Test,
    Trait,
    Unit,
    When,
    Which,
    Within,
    WithinAfter,
)
from segue.timeline.block import Block
from segue.timeline.calendar import days_of
from segue.timeline.exact import compare, product
from segue.timeline.holding import (
    aged,
    at_least,
    at_least_days,
    in_periods,
    rises,
    tenures,
    while_coming,
    while_flagged,
    while_recent,
)
from segue.timeline.intervals import (
    Intervals,
    delayed,
    distinct_keys,
    instant_of,
    intersection,
    merged,
    never,
    union,
    where_true,
    without,
)
from segue.timeline.log import Code, InstantOf, Int64s, Number, Satisfies, TraitRequest
from segue.timeline.measures import Steps, amount, compared, count, distinct
from segue.timeline.points import Points, flags, joined, points_at
from segue.timeline.quantiles import Thresholds, ages, beyond
from segue.timeline.sequences import chained
from segue.timeline.windows import Ranges, Window, window

_ANCHORED: Final = (SinceAnchor, WithinAfter, BeforeAnchor)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Evaluates conditions for the people of one block; each distinct node at most once."""

    block: Block
    thresholds: Mapping[Quantile, Thresholds] = field(default_factory=dict)

    def holds(self, condition: Condition) -> Intervals:
        """When the condition holds, for each person of the block; inside `everyone`."""
        return self.block.kept(condition, lambda: HOLDS[type(condition)](self, condition))

    def segment(self, segment_id: str) -> Intervals:
        """When each person is a member: the segment's condition holds and `exclude` does not."""
        for one in self.block.in_turn("segment", segment_id):
            self._member(one)
        return self._member(segment_id)

    def _member(self, segment_id: str) -> Intervals:
        return self.block.kept(("segment", segment_id), lambda: self._segment(segment_id))

    def _segment(self, segment_id: str) -> Intervals:
        definitions = self.block.definitions
        members = self.holds(self.block.condition(segment_id))
        if definitions.exclude is None:
            return members
        return without(members, self.holds(definitions.exclude))

    def happenings(self, happening: Happening, *, ordered: bool = False) -> Points:
        """The points of a happening."""
        match happening:
            case Crossing(edge, segment):
                members = self.segment(segment)
                keys = members.start if edge == "entered" else members.end
                return points_at(keys[keys < never(keys)], self.block.people)
            case Sequence(first, steps, all_within):
                later_steps = [(s, self.block.points(s.pattern, ordered=True)) for s in steps]
                return chained(self.block.points(first, ordered=True), later_steps, all_within)
            case _:
                return self.block.points(happening, ordered=ordered)

    def ranges(self, points: Points, when: Window) -> Ranges:
        """The ranges of a window over points of this block."""
        return window(
            points,
            when,
            self.block.seen,
            lambda pattern: self.block.points(pattern, ordered=True),
            self._moment,
        )

    def amount(self, amount_: Amount | AgeAmount, when: When) -> Steps:
        """The amount in the window, as steps over each person's time."""
        if isinstance(amount_, AgeAmount):
            points = self.happenings(amount_.happening)
            return ages(points, amount_.which, self.block.seen)
        points = self.measured(amount_, ordered=isinstance(when, _ANCHORED))
        return amount(amount_.measure, points, self.ranges(points, _plain(when)))

    def measured(self, amount_: Amount, *, ordered: bool) -> Points:
        """The points that an amount measures: of a numeric one, those with a number."""
        if amount_.measure is Measure.COUNT:
            return self.happenings(amount_.happening, ordered=ordered)
        assert not isinstance(amount_.happening, Sequence | Crossing), "only events carry values"
        if amount_.measure is Measure.DISTINCT:
            return self.block.points(amount_.happening, Code(amount_.path), ordered=ordered)
        numbers = self.block.points(amount_.happening, Number(amount_.path), ordered=ordered)
        return numbers.with_values()

    def days(self, points: Points) -> Int64s:
        """The calendar day of each point in the project's zone, as a number."""
        return days_of(instant_of(points.key), self.block.definitions.timezone)

    def _moment(self, when: Since | Before) -> int:
        return parse_instant(when.moment.text, self.block.definitions.timezone)


# -------------------------------------------------------------------------------- combinations


def _everyone(e: Evaluation, _: Everyone) -> Intervals:
    return e.block.everyone


def _and(e: Evaluation, node: And) -> Intervals:
    return intersection([e.holds(term) for term in node.terms])


def _or(e: Evaluation, node: Or) -> Intervals:
    return union([e.holds(term) for term in node.terms])


def _not(e: Evaluation, node: Not) -> Intervals:
    return without(e.block.everyone, e.holds(node.term))


def _for_at_least(e: Evaluation, node: ForAtLeast) -> Intervals:
    return delayed(e.holds(node.term), node.duration)


def _in_segment(e: Evaluation, node: InSegment) -> Intervals:
    return e.segment(node.segment)


# --------------------------------------------------------------------------- counting happenings


def _did(e: Evaluation, node: Did) -> Intervals:
    if isinstance(node.when, Periods):
        inner = replace(node, when=Within(node.when.period))
        return _in_periods(e, e.holds(inner), node.when)
    points = e.happenings(node.happening, ordered=isinstance(node.when, _ANCHORED))
    days = e.days(points) if node.unit is Unit.DAYS else None
    if isinstance(node.when, Ever | Within | Between) and (days is None or rises(points, days)):
        return _counted(e, node, points, days)
    ranges = e.ranges(points, node.when)
    number = count(ranges) if days is None else distinct(days, ranges)
    return where_true(ranges.at, ranges.exists & compare(number, node.comparison, node.count))


def _counted(e: Evaluation, node: Did, points: Points, days: Int64s | None) -> Intervals:
    """Counts in sliding windows, all from one closed form: at least n points, or `days` of them."""
    older, newer = _sliding(node.when)

    def reached(number: int) -> Intervals:
        if number <= 0:
            return e.block.everyone
        if days is None or number == 1:
            return at_least(points, number, older, newer)
        return at_least_days(points, days, number, older, newer)

    match node.comparison:
        case Comparison.GE:
            return reached(node.count)
        case Comparison.LE:
            return without(e.block.everyone, reached(node.count + 1))
        case Comparison.EQ:
            return without(reached(node.count), reached(node.count + 1))
        case _:
            exactly = without(reached(node.count), reached(node.count + 1))
            return without(e.block.everyone, exactly)


def _sliding(when: When) -> tuple[int | None, int]:
    match when:
        case Within(duration):
            return duration, 0
        case Between(older, newer):
            return older, newer
        case _:
            return None, 0


def _in_periods(e: Evaluation, one: Intervals, when: Periods) -> Intervals:
    """Where the condition of one period, looked at i periods ago, held for at least K of the i."""
    if when.at_least <= 0:
        return e.block.everyone
    return in_periods(one, when.at_least, when.of, when.period)


def _did_some_of(e: Evaluation, node: DidSomeOf) -> Intervals:
    if isinstance(node.when, Periods):
        inner = replace(node, when=Within(node.when.period))
        return _in_periods(e, e.holds(inner), node.when)
    ordered = isinstance(node.when, _ANCHORED)
    parts = [_coded(e.block.points(p, ordered=ordered), i) for i, p in enumerate(node.patterns)]
    points = joined(parts)
    ranges = e.ranges(points, node.when)
    assert points.value is not None
    number = distinct(points.value, ranges)
    return where_true(ranges.at, ranges.exists & compare(number, node.comparison, node.count))


def _coded(points: Points, code: int) -> Points:
    return replace(points, value=np.full(len(points), code, np.int64), known=None)


# ------------------------------------------------------------------- the first and the latest one


def _age(e: Evaluation, node: Age) -> Intervals:
    return aged(e.happenings(node.happening), node.which, node.comparison, node.duration)


def _has(e: Evaluation, node: Has) -> Intervals:
    points = e.block.points(node.pattern, ordered=True)
    _, start, end = tenures(points, node.which)
    occurred = merged(start, end)

    def holds(where: Filter) -> Intervals:
        if not is_relative(where):
            read = e.block.points(node.pattern, Satisfies(where), ordered=True)
            return while_flagged(read, node.which, flags(read))
        match where:
            case FilterAnd(terms):
                return intersection([holds(term) for term in terms])
            case FilterOr(terms):
                return union([holds(term) for term in terms])
            case FilterNot(term):
                return without(occurred, holds(term))
            case Test():
                return test(where)

    def test(where: Test) -> Intervals:
        read = e.block.points(node.pattern, InstantOf(where.path), ordered=True)
        index, start, end = tenures(read, node.which)
        known = np.ones(len(read), np.bool_) if read.known is None else read.known
        found = _relative(where, read, index[known[index]], start[known[index]], end[known[index]])
        return without(occurred, found) if where.negated else found

    return holds(node.filter)


def _trait(e: Evaluation, node: Trait) -> Intervals:
    positive = replace(node.test, negated=False)
    found = _trait_holds(e, positive)
    return without(e.block.everyone, found) if node.test.negated else found


def _trait_holds(e: Evaluation, test: Test) -> Intervals:
    key = test.path[0]
    if test.op not in _RELATIVE:
        states = e.block.trait_states(TraitRequest(key, Satisfies(test)))
        return while_flagged(states.points, Which.LAST, states.present & flags(states.points))
    states = e.block.trait_states(TraitRequest(key, InstantOf(test.path)))
    index, start, end = tenures(states.points, Which.LAST)
    known = states.points.known
    kept = states.present[index] if known is None else (states.present & known)[index]
    return _relative(test, states.points, index[kept], start[kept], end[kept])


_RELATIVE: Final = frozenset({Op.WITHIN_LAST, Op.WITHIN_NEXT})


def is_relative(where: Filter) -> bool:
    """Whether a test in the filter depends on the present instant."""
    match where:
        case FilterAnd(terms) | FilterOr(terms):
            return any(map(is_relative, terms))
        case FilterNot(term):
            return is_relative(term)
        case Test():
            return where.op in _RELATIVE


def _relative(test: Test, points: Points, index: Any, start: Any, end: Any) -> Intervals:
    """Where the instant that was read lies within D before (after) t, while it is the one."""
    assert points.value is not None
    assert isinstance(test.operand, int)
    window_ = while_recent if test.op is Op.WITHIN_LAST else while_coming
    instant = np.clip(points.value[index], -FOREVER, 2 * FOREVER)
    return window_(start, end, instant, test.operand)


# ---------------------------------------------------------------------------------------- amounts


def _amount_is(e: Evaluation, node: AmountIs) -> Intervals:
    steps = e.amount(node.amount, node.when)
    return where_true(steps.at, compared(steps, node.comparison, node.value))


def _amount_versus(e: Evaluation, node: AmountVersus) -> Intervals:
    left = e.amount(node.left, node.left_when)
    right = e.amount(node.right, node.right_when)
    at = distinct_keys([left.at, right.at])
    left, right = left.sampled(at), right.sampled(at)
    numerator, denominator = (node.percent / Decimal(100)).as_integer_ratio()
    truth = compare(
        product([left.numerator, right.denominator, denominator]),
        node.comparison,
        product([right.numerator, left.denominator, numerator]),
    )
    return where_true(at, left.has & right.has & truth)


def _quantile(e: Evaluation, node: Quantile) -> Intervals:
    return beyond(node.side, e.amount(node.amount, node.when), e.thresholds[node], e.block.seen)


def _plain(when: When) -> Window:
    assert not isinstance(when, Periods), "periods go with TIMES, not with amounts"
    return when


HOLDS: Final[Mapping[type, Callable[[Evaluation, Any], Intervals]]] = {
    Everyone: _everyone,
    And: _and,
    Or: _or,
    Not: _not,
    ForAtLeast: _for_at_least,
    InSegment: _in_segment,
    Did: _did,
    DidSomeOf: _did_some_of,
    Age: _age,
    Has: _has,
    Trait: _trait,
    AmountIs: _amount_is,
    AmountVersus: _amount_versus,
    Quantile: _quantile,
}
"""One evaluator per type of condition."""
