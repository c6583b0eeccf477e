"""What people do, as numbers: features of behaviour, each with the condition that measures it.

A feature is asked of Q (person, instant) pairs and looks at nothing after the instant. Its numbers
are exact integers, or ratios of such, so that "at least so much" is the same question to the arrays
here and to the condition of the language that it writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Final, Protocol

import numpy as np

from segue.domain.instant import DAY, FOREVER, HOUR, WEEK
from segue.insight.arrays import (
    Bools,
    Floats,
    Int64s,
    Occurrences,
    Valued,
    count_within,
    last_until,
    rank,
)
from segue.language import canonical
from segue.language.tree import (
    Amount,
    AmountIs,
    AmountVersus,
    Comparison,
    Condition,
    EventPattern,
    InSegment,
    Measure,
    Path,
    Unit,
    Within,
)

_MILLION: Final = 1_000_000
_STEPS: Final = tuple(
    Decimal(digit) * Decimal(10) ** power
    for power in range(12, -4, -1)
    for digit in ("1", "0.5", "0.2")
)
_COARSE: Final = 3
"""From so many per cent on parts are told in whole ones."""


class Family(StrEnum):
    """What a feature is about."""

    RECENCY = "recency"
    FREQUENCY = "frequency"
    VALUE = "value"
    BREADTH = "breadth"
    RHYTHM = "rhythm"
    CONTENT = "content"
    FUNNEL = "funnel"


class Writing(Protocol):
    """How "at least so much" of a feature is written in the language."""

    def threshold(self, low: float, high: float) -> Decimal:
        """A round number above `low` and at most `high`, as far as one can be written."""

    def condition(self, threshold: Decimal) -> Condition:
        """The condition that holds for who has at least so much."""

    def words(self, amount: float) -> str:
        """An amount with its unit, for people."""


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """One number per pair: `top / bottom`, where `bottom` is None: `top`.

    top: int64[Q]; bottom: int64[Q], nowhere 0. `more` and `less` say in words who has much of it
    and who has little. `is_skewed`: whether its logarithm is the better scale.
    """

    name: str
    more: str
    less: str
    family: Family
    top: Int64s
    writing: Writing
    bottom: Int64s | None = None
    is_skewed: bool = False

    @property
    def value(self) -> Floats:
        """The number, float64[Q]; in the unit of `writing`."""
        found: Floats = self.top / (1 if self.bottom is None else self.bottom)
        return found

    def at_least(self, threshold: Decimal) -> Bools:
        """Who has at least so much, bool[Q]: exactly whom the written condition means."""
        if self.bottom is None:
            return self.top >= int(threshold.to_integral_value(ROUND_FLOOR))
        scale = 10 ** max(-int(threshold.normalize().as_tuple().exponent), 0)
        reached: Bools = self.top * scale >= int(threshold * scale) * self.bottom
        return reached

    def scaled(self) -> Floats:
        """The number on the scale on which people are compared, float64[Q]: the logarithm of one
        more where skewed; the root of a part, so that distances are Hellinger's and rare parts
        count; time since the last time in days, at most the longest that anybody has."""
        value = self.value
        if self.family is Family.RECENCY:
            ever = self.top > -FOREVER
            days = np.where(ever, -value, (-value[ever]).max(initial=0)) / DAY
            return -np.log1p(days)
        if self.family is Family.CONTENT and self.bottom is not None:
            return np.sqrt(value / 100)
        return np.log1p(np.maximum(value, 0)) if self.is_skewed else value


# ------------------------------------------------------------------------------------ what is asked


@dataclass(frozen=True, slots=True)
class Asked:
    """Of whom, when, and how far back: person int64[Q], at int64[Q] in ms; the window is
    `(at - window, at]`, in ms."""

    person: Int64s
    at: Int64s
    window: int

    @property
    def when(self) -> Within:
        """The window as the language has it."""
        return Within(self.window)

    @property
    def since(self) -> Int64s:
        """The instants after which the windows begin, int64[Q]."""
        return self.at - self.window

    def counted(self, rows: Occurrences) -> Int64s:
        """How often it happened in the window, int64[Q]."""
        return count_within(rows, self.person, self.since, self.at)


@dataclass(frozen=True, slots=True)
class Deed:
    """Something people do: its name in words, the pattern as a definition writes it, and when it
    happened."""

    name: str
    pattern: EventPattern
    occurred: Occurrences


def recency(asked: Asked, deed: Deed) -> Feature:
    """How recently they did it: minus the time since, in ms; minus FOREVER for never."""
    last = last_until(deed.occurred, asked.person, asked.at)
    top = np.where(last >= 0, last - asked.at, -FOREVER)
    return Feature(
        f"last {deed.name}", "lately here", "long away", Family.RECENCY, top, _Recent(deed.pattern)
    )


def frequency(asked: Asked, deed: Deed, family: Family = Family.FREQUENCY) -> Feature:
    """How often they did it in the window."""
    writing = _Counted(deed.pattern, Unit.TIMES, asked.when)
    more, less = f"much {deed.name}", f"little {deed.name}"
    top = asked.counted(deed.occurred)
    return Feature(deed.name, more, less, family, top, writing, is_skewed=True)


def active_days(asked: Asked, deed: Deed, day: Int64s) -> Feature:
    """On how many calendar days of the window they did it. day: int64[N], that of each
    occurrence."""
    new = _firsts_of_days(deed.occurred, day)
    low = rank(deed.occurred, asked.person, asked.since, "right")
    high = np.maximum(rank(deed.occurred, asked.person, asked.at, "right"), low)
    until = np.concatenate(([0], np.cumsum(new)))
    # The first occurrence inside the window counts, though its day began before it.
    begun = (high > low) & ~new[np.minimum(low, max(len(new) - 1, 0))] if len(new) else high > low
    top = until[high] - until[low] + begun
    writing = _Counted(deed.pattern, Unit.DAYS, asked.when)
    return Feature(
        f"days with {deed.name}",
        "on many days",
        "on few days",
        Family.RHYTHM,
        top,
        writing,
        is_skewed=True,
    )


def active_weeks(asked: Asked, deed: Deed) -> Feature:
    """In how many of the last weeks, as many as fit the window, they did it."""
    number = asked.window // WEEK
    top = np.zeros(len(asked.person), np.int64)
    for place in range(number):
        until = asked.at - place * WEEK
        top += count_within(deed.occurred, asked.person, until - WEEK, until) > 0
    writing = _Weekly(deed.pattern, number)
    return Feature(
        f"weeks with {deed.name}", "in many weeks", "in few weeks", Family.RHYTHM, top, writing
    )


def breadth(asked: Asked, deeds: Sequence[Deed]) -> Feature:
    """How many of the things they did at least once in the window."""
    top = np.zeros(len(asked.person), np.int64)
    for deed in deeds:
        top += asked.counted(deed.occurred) > 0
    writing = _Several(tuple(deed.pattern for deed in deeds), asked.when)
    return Feature(
        "different things",
        "many different things",
        "few different things",
        Family.BREADTH,
        top,
        writing,
    )


def total(asked: Asked, deed: Deed, path: Path, valued: Valued) -> Feature:
    """How much of a property came together in the window, in millionths."""
    assert valued.value is not None, "the property was not read"
    value = valued.value if valued.known is None else np.where(valued.known, valued.value, 0)
    sums = np.concatenate(([0], np.cumsum(value)))
    low = rank(valued, asked.person, asked.since, "right")
    high = np.maximum(rank(valued, asked.person, asked.at, "right"), low)
    amount = Amount(Measure.SUM, deed.pattern, path)
    top = sums[high] - sums[low]
    name = f"{'.'.join(path)} of {deed.name}"
    writing = _Summed(amount, asked.when)
    return Feature(
        name, f"much {name}", f"little {name}", Family.VALUE, top, writing, is_skewed=True
    )


def part(asked: Asked, deed: Deed, whole: Deed) -> Feature:
    """Which part of `whole` it is, in per cent. Everybody asked did `whole` in the window."""
    bottom = asked.counted(whole.occurred)
    if not (bottom > 0).all():
        raise ValueError("a part of nothing has no value")
    writing = _Part(deed.pattern, whole.pattern, asked.when)
    top = asked.counted(deed.occurred) * 100
    more, less = f"much {deed.name}", f"little {deed.name}"
    return Feature(deed.name, more, less, Family.CONTENT, top, writing, bottom)


def stage(place: Int64s, segments: Sequence[str]) -> Feature:
    """How far along the journey they are: int64[Q], the place of their stage among its segments;
    -1 for nowhere."""
    more, less = "far on the journey", "early on the journey"
    return Feature("stage", more, less, Family.FUNNEL, place, _Staged(tuple(segments)))


def _firsts_of_days(rows: Occurrences, day: Int64s) -> Bools:
    """Whether each occurrence is its person's first of its calendar day, bool[N]."""
    if not len(day):
        return np.zeros(0, np.bool_)
    new = np.concatenate(([True], day[1:] != day[:-1]))
    starts = rows.offsets[:-1]
    new[starts[starts < len(day)]] = True
    return new


# ------------------------------------------------------------------------------- how it is written


def roundest(low: float, high: float, finest: float) -> Decimal:
    """The number in `(low, high]` with the fewest digits; where none is as coarse as `finest`, the
    multiple of that which is nearest to their middle, at least one."""
    least = Decimal(str(finest))
    for step in _STEPS:
        if step < least:
            break
        found = (Decimal(high) / step).to_integral_value(ROUND_FLOOR) * step
        if low < found:
            return found
    middle = Decimal((low + high) / 2)
    return max((middle / least).to_integral_value(ROUND_HALF_EVEN), Decimal(1)) * least


@dataclass(frozen=True, slots=True)
class _Counted:
    pattern: EventPattern
    unit: Unit
    when: Within

    def threshold(self, low: float, high: float) -> Decimal:
        return roundest(low, high, 1)

    def condition(self, threshold: Decimal) -> Condition:
        return canonical.did(self.pattern, Comparison.GE, int(threshold), self.unit, self.when)

    def words(self, amount: float) -> str:
        return f"{amount:,.0f} {self.unit.value}"


@dataclass(frozen=True, slots=True)
class _Recent:
    pattern: EventPattern

    def threshold(self, low: float, high: float) -> Decimal:
        """Minus the longest time since; less than it ago is what can be written."""
        shortest, longest = -high, min(-low, 2 * -high + DAY)
        unit = HOUR if shortest < 2 * DAY else DAY
        return 1 - roundest(shortest / unit, longest / unit, 1) * unit

    def condition(self, threshold: Decimal) -> Condition:
        return canonical.did(self.pattern, when=Within(1 - int(threshold)))

    def words(self, amount: float) -> str:
        days = -amount / DAY
        return "never" if amount <= -FOREVER else f"{days:,.1f} days ago"


@dataclass(frozen=True, slots=True)
class _Weekly:
    pattern: EventPattern
    of: int

    def threshold(self, low: float, high: float) -> Decimal:
        return roundest(low, high, 1)

    def condition(self, threshold: Decimal) -> Condition:
        if threshold <= 0:
            return canonical.did(self.pattern, Comparison.GE, 0)
        when = canonical.periods(int(threshold), self.of, WEEK)
        return canonical.did(self.pattern, when=when)

    def words(self, amount: float) -> str:
        return f"{amount:,.0f} of {self.of}"


@dataclass(frozen=True, slots=True)
class _Several:
    patterns: tuple[EventPattern, ...]
    when: Within

    def threshold(self, low: float, high: float) -> Decimal:
        return roundest(low, high, 1)

    def condition(self, threshold: Decimal) -> Condition:
        return canonical.did_some_of(self.patterns, Comparison.GE, int(threshold), self.when)

    def words(self, amount: float) -> str:
        return f"{amount:,.0f} of {len(self.patterns)}"


@dataclass(frozen=True, slots=True)
class _Summed:
    amount: Amount
    when: Within

    def threshold(self, low: float, high: float) -> Decimal:
        return roundest(low / _MILLION, high / _MILLION, 0.01) * _MILLION

    def condition(self, threshold: Decimal) -> Condition:
        return canonical.amount_is(self.amount, Comparison.GE, threshold / _MILLION, self.when)

    def words(self, amount: float) -> str:
        return f"{amount / _MILLION:,.2f}"


@dataclass(frozen=True, slots=True)
class _Part:
    pattern: EventPattern
    whole: EventPattern
    when: Within

    def threshold(self, low: float, high: float) -> Decimal:
        return roundest(low, high, 1 if low >= _COARSE else 0.1)

    def condition(self, threshold: Decimal) -> Condition:
        mine, all_ = Amount(Measure.COUNT, self.pattern), Amount(Measure.COUNT, self.whole)
        return canonical.amount_versus(
            (mine, self.when), Comparison.GE, (all_, self.when), threshold
        )

    def words(self, amount: float) -> str:
        return f"{amount:.0f} %"


@dataclass(frozen=True, slots=True)
class _Staged:
    segments: tuple[str, ...]

    def threshold(self, low: float, high: float) -> Decimal:
        return roundest(low, high, 1)

    def condition(self, threshold: Decimal) -> Condition:
        return canonical.any_of([InSegment(one) for one in self.segments[max(int(threshold), 0) :]])

    def words(self, amount: float) -> str:
        place = round(amount)
        return self.segments[place].rpartition(".")[2] if place >= 0 else "nowhere"


def opposite(condition: Condition) -> Condition:
    """The condition for who has less. Amounts of counts and sums always have a value, so the
    opposite comparison says it."""
    match condition:
        case AmountVersus(left, when, comparison, right, other, percent):
            return AmountVersus(left, when, comparison.negated, right, other, percent)
        case AmountIs(amount, comparison, value, when):
            return AmountIs(amount, comparison.negated, value, when)
        case _:
            return canonical.negation(condition)
