"""The small parts of the Python builder: durations, dates, events, properties and their tests."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeAlias, TypeVar

from segue.domain.errors import UsageError
from segue.domain.instant import DAY, HOUR, MINUTE, SECOND, WEEK
from segue.language import canonical, patterns
from segue.language.lexicon import is_bare, read_number
from segue.language.text import to_text
from segue.language.tree import (
    EventPattern,
    Filter,
    Literal,
    Moment,
    Name,
    Op,
    Path,
    Sequence,
    Step,
    Test,
)

Number: TypeAlias = int | float | Decimal
Date: TypeAlias = str | dt.date | dt.datetime


# -------------------------------------------------------------- time and numbers


def duration(
    *, seconds: int = 0, minutes: int = 0, hours: int = 0, days: int = 0, weeks: int = 0
) -> int:
    """The sum of the given units in milliseconds."""
    total = seconds * SECOND + minutes * MINUTE + hours * HOUR + days * DAY + weeks * WEEK
    return canonical.duration_of(total)


def moment_of(date: Date) -> Moment:
    """A date or an instant, given as text or as `date` or `datetime`."""
    return patterns.moment(date if isinstance(date, str) else date.isoformat())


def number_of(number: Number) -> Decimal:
    """An exact decimal: of a float, its shortest decimal text."""
    if isinstance(number, bool):
        raise UsageError("a number is expected, not a boolean", hint="use .is_true()")
    if not isinstance(number, int | float | Decimal) or not Decimal(number).is_finite():
        raise UsageError(f"a number is expected, not {number!r}")
    return read_number(str(number))


def literal_of(value: str | Number) -> Literal:
    """A literal of the language."""
    return value if isinstance(value, str) else number_of(value)


def path_of(path: str | Path) -> Path:
    """A path; text is split at its dots, a tuple is taken key by key."""
    return tuple(path.split(".")) if isinstance(path, str) else path


# -------------------------------------------------------------- filters


@dataclass(frozen=True)
class FilterExpression:
    """A filter under construction: combine with `&`, `|` and `~`."""

    node: Filter

    def __and__(self, other: FilterExpression) -> FilterExpression:
        return FilterExpression(patterns.every_filter([self.node, other.node]))

    def __or__(self, other: FilterExpression) -> FilterExpression:
        return FilterExpression(patterns.some_filter([self.node, other.node]))

    def __invert__(self) -> FilterExpression:
        return FilterExpression(patterns.not_filter(self.node))

    def __str__(self) -> str:
        return to_text(self.node)


_Made = TypeVar("_Made")


class Value(ABC, Generic[_Made]):
    """A property or a trait: compare it to make a filter or a condition."""

    def __init__(self, path: str | Path) -> None:
        self._path = path_of(path)

    @abstractmethod
    def _made(self, test: Test) -> _Made:
        """The filter or condition that the test makes."""

    def _compared(self, sign: str, value: str | Number) -> _Made:
        return self._made(patterns.compared(self._path, sign, literal_of(value)))

    def __eq__(self, value: str | Number) -> _Made:  # type: ignore[override]
        return self._compared("=", value)

    def __ne__(self, value: str | Number) -> _Made:  # type: ignore[override]
        return self._compared("!=", value)

    def __lt__(self, value: str | Number) -> _Made:
        return self._compared("<", value)

    def __le__(self, value: str | Number) -> _Made:
        return self._compared("<=", value)

    def __gt__(self, value: str | Number) -> _Made:
        return self._compared(">", value)

    def __ge__(self, value: str | Number) -> _Made:
        return self._compared(">=", value)

    def __hash__(self) -> int:
        return hash(self._path)

    def is_in(self, *values: str | Number) -> _Made:
        """`in (…)`."""
        return self._made(patterns.one_of(self._path, map(literal_of, values)))

    def contains(self, text: str) -> _Made:
        """`contains "…"`."""
        return self._made(patterns.text_test(self._path, Op.CONTAINS, text))

    def starts_with(self, text: str) -> _Made:
        """`starts with "…"`."""
        return self._made(patterns.text_test(self._path, Op.STARTS_WITH, text))

    def ends_with(self, text: str) -> _Made:
        """`ends with "…"`."""
        return self._made(patterns.text_test(self._path, Op.ENDS_WITH, text))

    def matches(self, regex: str) -> _Made:
        """`matches "…"`: an RE2 expression, anywhere in the text."""
        return self._made(patterns.text_test(self._path, Op.MATCHES, regex))

    def is_set(self) -> _Made:
        """`is set`."""
        return self._made(Test(self._path, Op.IS_SET))

    def is_true(self) -> _Made:
        """`is true`."""
        return self._made(Test(self._path, Op.IS_TRUE))

    def is_false(self) -> _Made:
        """`is false`."""
        return self._made(Test(self._path, Op.IS_FALSE))

    def within_last(self, **units: int) -> _Made:
        """`within last D`: an instant at most so long ago."""
        return self._made(patterns.relative(self._path, Op.WITHIN_LAST, duration(**units)))

    def within_next(self, **units: int) -> _Made:
        """`within next D`: an instant at most so far ahead."""
        return self._made(patterns.relative(self._path, Op.WITHIN_NEXT, duration(**units)))

    def before(self, date: Date) -> _Made:
        """`before DATE`."""
        return self._made(patterns.dated(self._path, Op.BEFORE, moment_of(date)))

    def after(self, date: Date) -> _Made:
        """`after DATE`."""
        return self._made(patterns.dated(self._path, Op.AFTER, moment_of(date)))


class Property(Value[FilterExpression]):
    """A property of an event, made with `prop`."""

    def _made(self, test: Test) -> FilterExpression:
        return FilterExpression(test)


def prop(path: str | Path) -> Property:
    """A property: `prop("cart.total") > 100`. A tuple of keys may hold keys with dots."""
    return Property(path)


# -------------------------------------------------------------- events, sequences


@dataclass(frozen=True)
class EventExpression:
    """An event pattern under construction."""

    node: EventPattern

    def where(self, condition: FilterExpression) -> EventExpression:
        """`where FILTER`; a second one must hold too."""
        terms = [self.node.where, condition.node] if self.node.where else [condition.node]
        both = patterns.every_filter(term for term in terms if term is not None)
        return EventExpression(patterns.pattern_of(self.node.names, both))

    def then(self, event: Event, **within: int) -> SequenceExpression:
        """`then E within D`; without units, at any time later."""
        return SequenceExpression(Sequence(self.node, ())).then(event, **within)

    def then_not(self, event: Event, **within: int) -> SequenceExpression:
        """`then not E within D`."""
        return SequenceExpression(Sequence(self.node, ())).then_not(event, **within)

    def __str__(self) -> str:
        return to_text(self.node)


@dataclass(frozen=True)
class SequenceExpression:
    """A sequence under construction."""

    node: Sequence

    def then(self, event: Event, **within: int) -> SequenceExpression:
        """One more step; without units, at any time later."""
        limit = duration(**within) if within else None
        return self._with(Step(pattern_of(event), limit))

    def then_not(self, event: Event, **within: int) -> SequenceExpression:
        """A step that holds when the event does not come within the duration."""
        limit = duration(**within) if within else None
        return self._with(canonical.absent_step(pattern_of(event), limit))

    def all_within(self, **units: int) -> SequenceExpression:
        """The longest that the whole chain may take."""
        whole = canonical.sequence(self.node.first, self.node.steps, duration(**units))
        return SequenceExpression(whole)

    def _with(self, step: Step) -> SequenceExpression:
        steps = (*self.node.steps, step)
        return SequenceExpression(canonical.sequence(self.node.first, steps, self.node.all_within))

    def __str__(self) -> str:
        return to_text(self.node)


Event: TypeAlias = str | Name | EventExpression
"""What stands for an event: a name, or an expression made with `event`."""
Happening: TypeAlias = Event | SequenceExpression
"""What can happen: an event, or a sequence of them."""


def name_of(name: str | Name) -> Name:
    """An action or event where the name can be written bare, else an event."""
    return patterns.event_name(name, quoted=not is_bare(name)) if isinstance(name, str) else name


def stored(name: str) -> Name:
    """The event of this name even where an action has the same name; a final `*` is a prefix."""
    return patterns.event_name(name, quoted=True)


def event(*names: str | Name) -> EventExpression:
    """`name`, or `any of (…)` where several are given."""
    if not names:
        raise UsageError("event() needs a name", hint="any_event() is every activity")
    return EventExpression(patterns.pattern_of(map(name_of, names)))


def any_event() -> EventExpression:
    """`any`: every activity of the person."""
    return EventExpression(EventPattern())


def pattern_of(event_: Event) -> EventPattern:
    """The tree of an event."""
    if isinstance(event_, EventExpression):
        return event_.node
    return patterns.pattern_of([name_of(event_)])


def patterns_of(events: Iterable[Event]) -> list[EventPattern]:
    """The trees of several events."""
    return [pattern_of(each) for each in events]


def happening_of(happening: Happening) -> EventPattern | Sequence:
    """The tree of what can happen."""
    return happening.node if isinstance(happening, SequenceExpression) else pattern_of(happening)
