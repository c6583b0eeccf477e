"""Conditions under construction, and the windows that limit them: the base of the builder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Self

from segue.domain.errors import UsageError
from segue.language import canonical
from segue.language import tree as n
from segue.language.text import to_text
from segue.language.tree import Which
from segue.language.values import Date, Event, duration, moment_of, pattern_of


class ConditionExpression(ABC):
    """A condition under construction: combine with `&`, `|` and `~`; `node` is its tree."""

    @property
    @abstractmethod
    def node(self) -> n.Condition:
        """The canonical tree."""

    def __and__(self, other: ConditionExpression) -> ConditionExpression:
        return Made(canonical.all_of([self.node, other.node]))

    def __or__(self, other: ConditionExpression) -> ConditionExpression:
        return Made(canonical.any_of([self.node, other.node]))

    def __invert__(self) -> ConditionExpression:
        return Made(canonical.negation(self.node))

    def for_at_least(self, **units: int) -> ConditionExpression:
        """`A for at least D`."""
        return Made(canonical.held_for(self.node, duration(**units)))

    def __str__(self) -> str:
        return to_text(self.node)


@dataclass(frozen=True)
class Made(ConditionExpression):
    """A condition that is complete."""

    made: n.Condition

    @property
    def node(self) -> n.Condition:
        return self.made


_EVER = n.Ever()


@dataclass(frozen=True, eq=False, kw_only=True)
class Windowed:
    """What can be limited to a window; each method gives a new one."""

    when: n.When = _EVER

    def _in(self, when: n.When) -> Self:
        return replace(self, when=when)

    def within(self, **units: int) -> Self:
        """`within D`; `after_last` or `after_first` next makes it `within D after …`."""
        return self._in(n.Within(duration(**units)))

    def after_last(self, anchor: Event) -> Self:
        """`within D after last E`, after `within`."""
        return self._after(Which.LAST, anchor)

    def after_first(self, anchor: Event) -> Self:
        """`within D after first E`, after `within`."""
        return self._after(Which.FIRST, anchor)

    def _after(self, which: Which, anchor: Event) -> Self:
        if not isinstance(self.when, n.Within):
            raise UsageError("after_last and after_first follow within(…)")
        return self._in(canonical.within_after(self.when.duration, which, pattern_of(anchor)))

    def between(self, older: int, newer: int) -> Self:
        """`between D1 and D2 ago`: `between(duration(days=14), duration(days=7))`."""
        return self._in(canonical.between(older, newer))

    def since(self, date: Date) -> Self:
        """`since DATE`."""
        return self._in(n.Since(moment_of(date)))

    def before(self, date: Date) -> Self:
        """`before DATE`."""
        return self._in(n.Before(moment_of(date)))

    def since_last(self, anchor: Event) -> Self:
        """`since last E`."""
        return self._in(n.SinceAnchor(Which.LAST, pattern_of(anchor)))

    def since_first(self, anchor: Event) -> Self:
        """`since first E`."""
        return self._in(n.SinceAnchor(Which.FIRST, pattern_of(anchor)))

    def before_last(self, anchor: Event) -> Self:
        """`before last E`."""
        return self._in(n.BeforeAnchor(Which.LAST, pattern_of(anchor)))

    def before_first(self, anchor: Event) -> Self:
        """`before first E`."""
        return self._in(n.BeforeAnchor(Which.FIRST, pattern_of(anchor)))
