"""Ages, amounts and rankings in the Python builder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

from segue.domain.errors import UsageError
from segue.language import canonical
from segue.language import tree as n
from segue.language.expressions import ConditionExpression, Made, Windowed
from segue.language.tree import Comparison, Measure, Side, Which
from segue.language.values import (
    Event,
    FilterExpression,
    Happening,
    Number,
    duration,
    happening_of,
    number_of,
    path_of,
    pattern_of,
)


@dataclass(frozen=True)
class Occasion:
    """The first or last time of something: `first("signed_up").within(days=7)`."""

    which: Which
    happening: n.EventPattern | n.Sequence

    def within(self, **units: int) -> ConditionExpression:
        """`first H within D`."""
        return self._age(Comparison.LT, duration(**units))

    def more_than_ago(self, **units: int) -> ConditionExpression:
        """`first|last H more than D ago`."""
        return self._age(Comparison.GE, duration(**units))

    def has(self, condition: FilterExpression) -> ConditionExpression:
        """`first|last E has FILTER`."""
        if not isinstance(self.happening, n.EventPattern):
            raise UsageError("has(…) asks of an event, not of a sequence")
        return Made(n.Has(self.which, self.happening, condition.node))

    def _age(self, comparison: Comparison, limit: int) -> ConditionExpression:
        return Made(canonical.age(self.which, self.happening, comparison, limit))


def first(happening: Happening) -> Occasion:
    """The first time of something."""
    return Occasion(Which.FIRST, happening_of(happening))


def last(happening: Happening) -> Occasion:
    """The last time of something."""
    return Occasion(Which.LAST, happening_of(happening))


@dataclass(frozen=True, eq=False, kw_only=True)
class AgeExpression(Windowed):
    """`time since first|last H`: compare it with a `duration(…)`, or rank by it."""

    which: Which
    happening: n.EventPattern | n.Sequence

    @property
    def amount(self) -> n.AgeAmount:
        """The tree, as the amount of a ranking."""
        return n.AgeAmount(self.which, self.happening)

    def _compared(self, comparison: Comparison, limit: int) -> ConditionExpression:
        if self.when != n.Ever():
            raise UsageError("a time since something has no window, except in a ranking")
        return Made(canonical.age(self.which, self.happening, comparison, limit))

    def __eq__(self, limit: int) -> ConditionExpression:  # type: ignore[override]
        return self._compared(Comparison.EQ, limit)

    def __ne__(self, limit: int) -> ConditionExpression:  # type: ignore[override]
        return self._compared(Comparison.NE, limit)

    def __lt__(self, limit: int) -> ConditionExpression:
        return self._compared(Comparison.LT, limit)

    def __le__(self, limit: int) -> ConditionExpression:
        return self._compared(Comparison.LE, limit)

    def __gt__(self, limit: int) -> ConditionExpression:
        return self._compared(Comparison.GT, limit)

    def __ge__(self, limit: int) -> ConditionExpression:
        return self._compared(Comparison.GE, limit)

    def __hash__(self) -> int:
        return hash(self.amount)


def time_since_last(happening: Happening) -> AgeExpression:
    """`time since last H`: `time_since_last("purchase") > duration(days=30)`."""
    return AgeExpression(which=Which.LAST, happening=happening_of(happening))


def time_since_first(happening: Happening) -> AgeExpression:
    """`time since first H`."""
    return AgeExpression(which=Which.FIRST, happening=happening_of(happening))


@dataclass(frozen=True, eq=False, kw_only=True)
class AmountExpression(Windowed):
    """An amount: give it a window, then compare it with a number or another amount."""

    amount: n.Amount
    share: Decimal = Decimal(100)

    def percent(self, share: Number) -> AmountExpression:
        """`P% of AMOUNT`, on the right of a comparison."""
        return replace(self, share=number_of(share))

    def _compared(self, sign: Comparison, other: AmountExpression | Number) -> ConditionExpression:
        if not isinstance(other, AmountExpression):
            return Made(canonical.amount_is(self.amount, sign, number_of(other), self.when))
        left, right = (self.amount, self.when), (other.amount, other.when)
        return Made(canonical.amount_versus(left, sign, right, other.share))

    def __eq__(self, other: AmountExpression | Number) -> ConditionExpression:  # type: ignore[override]
        return self._compared(Comparison.EQ, other)

    def __ne__(self, other: AmountExpression | Number) -> ConditionExpression:  # type: ignore[override]
        return self._compared(Comparison.NE, other)

    def __lt__(self, other: AmountExpression | Number) -> ConditionExpression:
        return self._compared(Comparison.LT, other)

    def __le__(self, other: AmountExpression | Number) -> ConditionExpression:
        return self._compared(Comparison.LE, other)

    def __gt__(self, other: AmountExpression | Number) -> ConditionExpression:
        return self._compared(Comparison.GT, other)

    def __ge__(self, other: AmountExpression | Number) -> ConditionExpression:
        return self._compared(Comparison.GE, other)

    def __hash__(self) -> int:
        return hash(self.amount)


def count_of(happening: Happening) -> AmountExpression:
    """`count(H)`."""
    return AmountExpression(amount=n.Amount(Measure.COUNT, happening_of(happening)))


def sum_of(events: Event, path: str | n.Path) -> AmountExpression:
    """`sum(E.prop)`."""
    return _measured(Measure.SUM, events, path)


def avg_of(events: Event, path: str | n.Path) -> AmountExpression:
    """`avg(E.prop)`."""
    return _measured(Measure.AVG, events, path)


def min_of(events: Event, path: str | n.Path) -> AmountExpression:
    """`min(E.prop)`."""
    return _measured(Measure.MIN, events, path)


def max_of(events: Event, path: str | n.Path) -> AmountExpression:
    """`max(E.prop)`."""
    return _measured(Measure.MAX, events, path)


def distinct_of(events: Event, path: str | n.Path) -> AmountExpression:
    """`distinct(E.prop)`."""
    return _measured(Measure.DISTINCT, events, path)


def _measured(measure: Measure, events: Event, path: str | n.Path) -> AmountExpression:
    return AmountExpression(amount=n.Amount(measure, pattern_of(events), path_of(path)))


Ranked: TypeAlias = AmountExpression | AgeExpression


def top(percent: Number, *, by: Ranked) -> ConditionExpression:
    """`top P% by AMOUNT WHEN`."""
    return Made(canonical.quantile(Side.TOP, number_of(percent), by.amount, by.when))


def bottom(percent: Number, *, by: Ranked) -> ConditionExpression:
    """`bottom P% by AMOUNT WHEN`."""
    return Made(canonical.quantile(Side.BOTTOM, number_of(percent), by.amount, by.when))
