"""Constructors of canonical nodes: every way to write one meaning ends in the same tree.

The parser and the builder make nodes only through these functions. A node that the language
cannot mean (`between 1 day and 7 days ago`) raises a `DefinitionError` whose problem has no place
yet; the parser adds line and column.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from segue.domain.instant import DAY, LONGEST_DURATION, format_duration
from segue.language.lexicon import mistake, plain, write_number
from segue.language.tree import (
    Age,
    AgeAmount,
    Amount,
    AmountIs,
    AmountVersus,
    And,
    Before,
    Between,
    Comparison,
    Condition,
    Did,
    DidSomeOf,
    EventPattern,
    Ever,
    ForAtLeast,
    Happening,
    Measure,
    Not,
    Or,
    Pattern,
    Periods,
    Quantile,
    Sequence,
    Side,
    Since,
    Step,
    Trait,
    Unit,
    When,
    Which,
    Within,
    WithinAfter,
)

MOST_TIMES: Final = 1_000_000_000
"""Largest count that a condition can ask for."""
MAX_DEPTH: Final = 100
"""How deep conditions and filters may be nested."""
_LARGEST_VALUE = 2**63 - 1
_LARGEST_PERCENT = Decimal(1_000_000)

# ------------------------------------------------------------------------------------- combining


def all_of(terms: Iterable[Condition]) -> Condition:
    """Every term holds; an inner And is flattened, a single term stands for itself."""
    flat: list[Condition] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, And) else (term,))
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(terms: Iterable[Condition]) -> Condition:
    """At least one term holds; an inner Or is flattened, a single term stands for itself."""
    flat: list[Condition] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, Or) else (term,))
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def negation(term: Condition) -> Condition:
    """The complement, pushed into the term where the term can say it itself."""
    match term:
        case Not(inner):
            return inner
        case Trait(test):
            return Trait(test.complement)
        case Did(happening, comparison, count, unit, when) if always_exists(when):
            return did(happening, comparison.negated, count, unit, when)
        case DidSomeOf(patterns, comparison, count, when) if always_exists(when):
            return did_some_of(patterns, comparison.negated, count, when)
        case _:
            return Not(term)


def held_for(term: Condition, duration: int) -> ForAtLeast:
    """`A for at least D`."""
    return ForAtLeast(term, duration_of(duration))


def shallow(condition: Condition) -> Condition:
    """The condition itself. Raises `DefinitionError` where it is nested too deep."""
    if depth(condition) > MAX_DEPTH:
        raise mistake(f"the condition is nested more than {MAX_DEPTH} levels deep")
    return condition


def depth(condition: Condition) -> int:
    """How deep `and`, `or`, `not` and `for at least` are nested; a single condition is 1."""
    deepest, stack = 0, [(condition, 1)]
    while stack:
        node, level = stack.pop()
        deepest = max(deepest, level)
        if isinstance(node, And | Or):
            stack.extend((term, level + 1) for term in node.terms)
        elif isinstance(node, Not | ForAtLeast):
            stack.append((node.term, level + 1))
    return deepest


def always_exists(when: When) -> bool:
    """Whether the window exists at every instant, so that `not` can be pushed into a count."""
    return isinstance(when, Ever | Within | Between | Since | Before)


# --------------------------------------------------------------------------------------- windows


def duration_of(milliseconds: int) -> int:
    """The duration itself. Raises `DefinitionError` where it is not positive or too long."""
    if milliseconds <= 0:
        raise mistake("a duration must be longer than 0")
    if milliseconds > LONGEST_DURATION:
        raise mistake(f"a duration can be at most {format_duration(LONGEST_DURATION)}")
    return milliseconds


def between(older: int, newer: int) -> Between:
    """`between D1 and D2 ago`. Raises `DefinitionError` where D1 is not the longer one."""
    if duration_of(older) > duration_of(newer):
        return Between(older, newer)
    far, near = format_duration(newer), format_duration(older)
    hint = f"between {far} and {near} ago" if newer > older else f"within {near}"
    raise mistake("the window is empty: the longer duration comes first", suggestion=hint)


def within_after(duration: int, which: Which, anchor: Pattern) -> WithinAfter:
    """`within D after last|first E`."""
    return WithinAfter(duration_of(duration), which, anchor)


def periods(at_least: int, of: int, period: int) -> Periods:
    """`in at least K of the last N days|weeks`, 1 <= K <= N."""
    if not 1 <= at_least <= of:
        raise mistake(f"at least {at_least} of the last {of} is not possible")
    duration_of(of * period)
    return Periods(at_least, of, period)


# -------------------------------------------------------------------------------------- counting


def did(
    happening: Happening,
    comparison: Comparison = Comparison.GE,
    count: int = 1,
    unit: Unit = Unit.TIMES,
    when: When = Ever(),  # noqa: B008 - frozen
) -> Did:
    """`did H TIMES WHEN`; on one or no day is the same as one or no time."""
    comparison, count = _counting(comparison, count)
    if (comparison, count) in _SAME_IN_DAYS:
        unit = Unit.TIMES
    return Did(happening, comparison, count, unit, when)


def did_some_of(
    patterns: Iterable[Pattern],
    comparison: Comparison,
    count: int,
    when: When = Ever(),  # noqa: B008 - frozen
) -> DidSomeOf:
    """`did at least N of (E1, E2, …) WHEN`."""
    comparison, count = _counting(comparison, count)
    return DidSomeOf(tuple(patterns), comparison, count, when)


def did_not(
    happening: Happening,
    comparison: Comparison = Comparison.GE,
    count: int = 1,
    unit: Unit = Unit.TIMES,
    when: When = Ever(),  # noqa: B008 - frozen
) -> Did:
    """`did not H TIMES WHEN`: the window exists and the count does not satisfy TIMES."""
    _not_by_period(when)
    return did(happening, comparison.negated, count, unit, when)


def did_not_some_of(
    patterns: Iterable[Pattern],
    comparison: Comparison,
    count: int,
    when: When = Ever(),  # noqa: B008 - frozen
) -> DidSomeOf:
    """`did not at least N of (E1, E2, …) WHEN`."""
    _not_by_period(when)
    return did_some_of(patterns, comparison.negated, count, when)


def _not_by_period(when: When) -> None:
    if isinstance(when, Periods):
        raise mistake(
            "`did not` cannot be counted by period: it could mean two things",
            suggestion="`not did …`, or `did … at most 0 times in at least …`",
        )


_SAME_IN_DAYS = {
    (Comparison.GE, 0),
    (Comparison.GE, 1),
    (Comparison.LE, 0),
    (Comparison.LE, -1),
}


def _counting(comparison: Comparison, count: int) -> tuple[Comparison, int]:
    """One form per meaning: `>= n` (n >= 0), `<= n` (n >= -1), `= n` and `!= n` (n >= 1)."""
    if abs(count) > MOST_TIMES:
        raise mistake(f"a count can be at most {MOST_TIMES}")
    if comparison in {Comparison.EQ, Comparison.NE} and count <= 0:
        never = Comparison.LE, max(count, -1)
        always = Comparison.GE, min(count, 0) + 1
        comparison, count = never if comparison is Comparison.EQ else always
    if comparison in {Comparison.GT, Comparison.GE}:
        return Comparison.GE, max(count + (comparison is Comparison.GT), 0)
    if comparison in {Comparison.LT, Comparison.LE}:
        return Comparison.LE, max(count - (comparison is Comparison.LT), -1)
    return comparison, count


def age(
    which: Which, happening: Pattern | Sequence, comparison: Comparison, duration: int
) -> Age | Did:
    """`time since last|first H CMP D`; a last one less than D ago is `did H within D`."""
    duration_of(duration)
    if which is Which.LAST and comparison is Comparison.LT:
        return did(happening, when=Within(duration))
    return Age(which, happening, comparison, duration)


def inactive_for(duration: int) -> Condition:
    """`inactive for D`."""
    return age(Which.LAST, EventPattern(), Comparison.GE, duration)


def active_days(comparison: Comparison, count: int, when: When) -> Did:
    """`active on at least N days WHEN`."""
    return did(EventPattern(), comparison, count, Unit.DAYS, when)


# -------------------------------------------------------------------------------------- sequences


def sequence(first: Pattern, steps: Iterable[Step], all_within: int | None = None) -> Sequence:
    """`(E1 then E2 within D …, all within W)`."""
    chain = tuple(steps)
    for limit in (all_within, *(step.within for step in chain)):
        if limit is not None:
            duration_of(limit)
    return Sequence(first, chain, all_within)


def absent_step(pattern: Pattern, within: int | None) -> Step:
    """`then not E within D`. Raises `DefinitionError` without the limit."""
    if within is None:
        raise mistake("`then not` needs a limit", expected=("`within` and a duration",))
    return Step(pattern, duration_of(within), absent=True)


# ---------------------------------------------------------------------------------------- amounts


def amount_is(
    amount: Amount,
    comparison: Comparison,
    value: Decimal,
    when: When = Ever(),  # noqa: B008 - frozen
) -> AmountIs | Did:
    """`AMOUNT CMP NUMBER WHEN`; a count compared with a whole number is a `Did`."""
    _no_periods(when)
    if amount.measure is Measure.COUNT and value == value.to_integral_value():
        return did(amount.happening, comparison, int(value), Unit.TIMES, when)
    return AmountIs(amount, comparison, millionths(value), when)


def millionths(value: Decimal) -> int:
    """The value in fixed point. Raises `DefinitionError` where it has no exact one."""
    whole, _, decimals = write_number(value).partition(".")
    if len(decimals) > 6:
        raise mistake(f"{write_number(value)} has more than six decimals; amounts have at most six")
    number = int(whole + decimals.ljust(6, "0"))
    if abs(number) > _LARGEST_VALUE:
        raise mistake(f"{write_number(value)} is too large for an amount")
    return number


def amount_versus(
    left: tuple[Amount, When],
    comparison: Comparison,
    right: tuple[Amount, When],
    percent: Decimal = Decimal(100),
) -> AmountVersus:
    """`AMOUNT WHEN CMP P% of AMOUNT WHEN`."""
    _no_periods(left[1])
    _no_periods(right[1])
    return AmountVersus(*left, comparison, *right, percentage(percent, _LARGEST_PERCENT))


def quantile(
    side: Side,
    percent: Decimal,
    amount: Amount | AgeAmount,
    when: When = Ever(),  # noqa: B008 - frozen
) -> Quantile:
    """`top|bottom P% by AMOUNT WHEN`, 0 < P <= 100."""
    _no_periods(when)
    return Quantile(side, percentage(percent, Decimal(100)), amount, when)


def percentage(percent: Decimal, most: Decimal) -> Decimal:
    """The percentage in plain form. Raises `DefinitionError` unless above 0 and up to `most`."""
    if not 0 < percent <= most:
        raise mistake(f"a percentage here lies above 0 and up to {write_number(most)}")
    millionths(percent)
    return plain(percent)


def _no_periods(when: When) -> None:
    if isinstance(when, Periods):
        unit = "days" if when.period == DAY else "weeks"
        raise mistake(
            f"`in at least … of the last … {unit}` counts how often something was done; "
            "an amount takes another window",
            suggestion="within 30 days",
        )
