"""Looking at one person at one instant: states, windows, evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from segue.domain.instant import FOREVER, parse_instant
from segue.language.tree import (
    Before,
    BeforeAnchor,
    Between,
    Comparison,
    Condition,
    EventPattern,
    Happening,
    Pattern,
    Periods,
    Since,
    SinceAnchor,
    When,
    Which,
    WithinAfter,
)
from segue.timeline.conditions import Evaluation
from segue.timeline.evidence import References, behind
from segue.timeline.exact import compare
from segue.timeline.explanation import Because, Explanation
from segue.timeline.intervals import Intervals
from segue.timeline.log import ACTIVITY
from segue.timeline.points import Points


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains conditions of one person at one instant."""

    e: Evaluation
    at: int
    rules: Mapping[type, Callable[[Explainer, Any], Explanation]] = field(repr=False)

    def explain(self, condition: Condition) -> Explanation:
        """The explanation of a condition and of its parts; each distinct one is made once."""
        return self.e.block.kept(
            ("explanation", condition), lambda: self.rules[type(condition)](self, condition)
        )

    def membership(self, segment_id: str) -> Explanation:
        """The explanation of a segment's condition."""
        block = self.e.block
        for one in block.in_turn("explained", segment_id):
            block.kept(("explained", one), lambda one=one: self.explain(block.condition(one)))  # type: ignore[misc]
        return self.explain(block.condition(segment_id))

    def state(self, intervals: Intervals) -> tuple[bool, int | None, int | None]:
        """Whether it holds, since when it is so, and when that changes."""
        index = int(np.searchsorted(intervals.start, self.at, "right")) - 1
        holds = index >= 0 and self.at < int(intervals.end[index])
        if holds:
            end = int(intervals.end[index])
            return True, int(intervals.start[index]), None if end >= FOREVER else end
        coming = int(intervals.start[index + 1]) if index + 1 < len(intervals) else None
        seen = int(self.e.block.first_seen[0])
        since = int(intervals.end[index]) if index >= 0 else (seen if seen <= self.at else None)
        return False, since, coming

    def told(self, condition: Condition, because: Because, **facts: Any) -> Explanation:
        """An explanation with the state of the condition filled in."""
        holds, since, flips_at = self.state(self.e.holds(condition))
        return Explanation(
            condition, holds, because if holds else Because.NOTHING, since, flips_at, **facts
        )

    def behind(
        self, happening: Happening, points: Points, chosen: slice | np.ndarray[Any, Any]
    ) -> References:
        """The events behind points of a happening."""
        return behind(self.e, happening, points, chosen, self._member)

    def _member(self, segment_id: str, at: int) -> References:
        block = replace(self.e.block, at=at, _kept={})
        inner = Explainer(Evaluation(block, self.e.thresholds), at, self.rules)
        return inner.membership(segment_id).evidence

    def inside(self, points: Points, when: When) -> slice | None:
        """Which points the window holds now; None where it does not exist."""
        assert not isinstance(when, Periods)
        ranges = self.e.ranges(points, when)
        index = int(np.searchsorted(ranges.at, self.at, "right")) - 1
        if index < 0 or not ranges.exists[index]:
            return None
        return slice(int(ranges.low[index]), int(ranges.high[index]))

    def place(self, when: When) -> int | None:
        """The latest instant inside the window; None where there is none."""
        match when:
            case Between(_, newer):
                return self.at - newer
            case Since(moment):
                return self.at if self.at >= self._moment(moment.text) else None
            case Before(moment):
                return min(self.at, self._moment(moment.text) - 1)
            case WithinAfter() | BeforeAnchor():
                return self._anchored(when)
            case _:
                return self.at

    def _anchored(self, when: WithinAfter | BeforeAnchor) -> int | None:
        anchors = self.e.block.points(when.anchor, ordered=True)
        known = anchors.key[anchors.key <= self.at]
        if not len(known):
            return None
        anchor = int(known[0] if when.which is Which.FIRST else known[-1])
        return (
            anchor - 1 if isinstance(when, BeforeAnchor) else min(self.at, anchor + when.duration)
        )

    def _moment(self, text: str) -> int:
        return parse_instant(text, self.e.block.definitions.timezone)


def compares(left: int | Fraction, comparison: Comparison, right: int) -> bool:
    """Whether two exact numbers compare so."""
    return bool(compare(np.array([left], object), comparison, right)[0])


def moves(when: When, happening: Happening | str) -> bool:
    """Whether each further occurrence of the happening moves the window past itself, being what the
    window begins after (or ends before) as well."""
    match when:
        case SinceAnchor(Which.LAST, anchor) | WithinAfter(_, Which.LAST, anchor):
            return _among(happening, anchor)
        case BeforeAnchor(Which.FIRST, anchor):
            return _among(happening, anchor)
        case _:
            return False


def _among(happening: Happening | str, anchor: Pattern) -> bool:
    """Whether every occurrence of the happening is one of the anchor; taken to be so where the
    anchor is `any`, which leaves out only what is no activity."""
    if anchor in (happening, ACTIVITY):
        return True
    if not isinstance(happening, EventPattern) or not isinstance(anchor, EventPattern):
        return False
    return (
        set(happening.names) <= set(anchor.names) and anchor.where is None and bool(happening.names)
    )
