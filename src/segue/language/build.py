"""The segment language in Python.

    did("purchase").at_least(3).within(days=30) & ~did("refund")

makes the same tree as the text, prints as that text (`str(…)`), and can stand in definitions
wherever text can. Every form of the language is here; durations are given as units
(`days=7`, `hours=1`), properties with `prop`, traits with `trait`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from segue.domain.errors import UsageError
from segue.domain.instant import DAY, WEEK
from segue.language import canonical
from segue.language import tree as n
from segue.language.expressions import ConditionExpression, Made, Windowed
from segue.language.measures import (
    AgeExpression,
    AmountExpression,
    Occasion,
    avg_of,
    bottom,
    count_of,
    distinct_of,
    first,
    last,
    max_of,
    min_of,
    sum_of,
    time_since_first,
    time_since_last,
    top,
)
from segue.language.tree import Comparison, Unit
from segue.language.values import (
    Event,
    EventExpression,
    FilterExpression,
    Happening,
    Property,
    SequenceExpression,
    Value,
    any_event,
    duration,
    event,
    happening_of,
    patterns_of,
    prop,
    stored,
)

__all__ = [
    "AgeExpression",
    "AmountExpression",
    "ConditionExpression",
    "CountExpression",
    "EventExpression",
    "FilterExpression",
    "Occasion",
    "Property",
    "SequenceExpression",
    "active",
    "any_event",
    "avg_of",
    "bottom",
    "count_of",
    "did",
    "did_not",
    "did_not_some_of",
    "did_some_of",
    "distinct_of",
    "duration",
    "entered",
    "event",
    "everyone",
    "first",
    "in_segment",
    "inactive_for",
    "last",
    "left",
    "max_of",
    "min_of",
    "prop",
    "stored",
    "sum_of",
    "time_since_first",
    "time_since_last",
    "top",
    "trait",
]


def everyone() -> ConditionExpression:
    """`everyone`."""
    return Made(n.Everyone())


def in_segment(segment: str) -> ConditionExpression:
    """`in SEGMENT`; a level of a ladder is `"engagement.high"`."""
    return Made(n.InSegment(segment))


def inactive_for(**units: int) -> ConditionExpression:
    """`inactive for D`."""
    return Made(canonical.inactive_for(duration(**units)))


class TraitValue(Value[ConditionExpression]):
    """A trait, made with `trait`."""

    def _made(self, test: n.Test) -> ConditionExpression:
        return Made(n.Trait(test))


def trait(name: str | n.Path) -> TraitValue:
    """A trait: `trait("plan") == "pro"`."""
    return TraitValue(name)


@dataclass(frozen=True, eq=False, kw_only=True)
class CountExpression(Windowed, ConditionExpression):
    """`did …`, `entered …` and `left …`: say how often and when."""

    happening: n.Happening | tuple[n.EventPattern, ...]
    opposite: bool = False
    comparison: Comparison = Comparison.GE
    count: int = 1
    unit: Unit = Unit.TIMES

    @property
    def node(self) -> n.Condition:
        """The canonical tree."""
        if isinstance(self.happening, tuple):
            some = canonical.did_not_some_of if self.opposite else canonical.did_some_of
            return some(self.happening, self.comparison, self.count, self.when)
        make = canonical.did_not if self.opposite else canonical.did
        return make(self.happening, self.comparison, self.count, self.unit, self.when)

    def at_least(self, count: int) -> Self:
        """`at least N times`."""
        return replace(self, comparison=Comparison.GE, count=count)

    def at_most(self, count: int) -> Self:
        """`at most N times`."""
        return replace(self, comparison=Comparison.LE, count=count)

    def exactly(self, count: int) -> Self:
        """`exactly N times`."""
        return replace(self, comparison=Comparison.EQ, count=count)

    def more_than(self, count: int) -> Self:
        """`more than N times`."""
        return replace(self, comparison=Comparison.GT, count=count)

    def fewer_than(self, count: int) -> Self:
        """`fewer than N times`."""
        return replace(self, comparison=Comparison.LT, count=count)

    @property
    def days(self) -> Self:
        """Count days on which it happened: `did("login").at_least(3).days`."""
        if isinstance(self.happening, tuple):
            raise UsageError("of several events, those that occurred are counted, not days")
        return replace(self, unit=Unit.DAYS)

    def in_at_least(self, count: int, *, of_last_days: int = 0, of_last_weeks: int = 0) -> Self:
        """`in at least K of the last N days|weeks`."""
        if (of_last_days > 0) == (of_last_weeks > 0):
            raise UsageError("give either of_last_days or of_last_weeks")
        size = DAY if of_last_days else WEEK
        return self._in(canonical.periods(count, of_last_days or of_last_weeks, size))


def did(happening: Happening) -> CountExpression:
    """`did H …`: an event name, `event(…)`, `any_event()`, or a sequence."""
    return CountExpression(happening=happening_of(happening))


def did_not(happening: Happening) -> CountExpression:
    """`did not H …`: the window exists and the count does not satisfy what follows."""
    return CountExpression(happening=happening_of(happening), opposite=True)


def did_some_of(*events: Event) -> CountExpression:
    """`did at least N of (E1, E2, …)`: that many of the listed events occurred."""
    return CountExpression(happening=tuple(patterns_of(events)))


def did_not_some_of(*events: Event) -> CountExpression:
    """`did not at least N of (E1, E2, …)`."""
    return CountExpression(happening=tuple(patterns_of(events)), opposite=True)


def active() -> CountExpression:
    """`active on … days`: `active().at_least(3).within(days=14)`."""
    return CountExpression(happening=n.EventPattern(), unit=Unit.DAYS)


def entered(segment: str) -> CountExpression:
    """`entered SEGMENT …`."""
    return CountExpression(happening=n.Crossing("entered", segment))


def left(segment: str) -> CountExpression:
    """`left SEGMENT …`."""
    return CountExpression(happening=n.Crossing("left", segment))
