"""Whether one condition can only hold where another does, as far as their texts tell.

A yes is certain: whenever the first holds for a person, so does the second. A no means that it
cannot be told without looking at events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from segue.language.canonical import negation
from segue.language.intervals import never_both
from segue.language.tree import (
    Age,
    AmountIs,
    And,
    Between,
    Comparison,
    Condition,
    Did,
    EventPattern,
    Ever,
    Everyone,
    Filter,
    FilterAnd,
    ForAtLeast,
    Happening,
    Has,
    InSegment,
    Not,
    Or,
    PatternUnion,
    Periods,
    Test,
    Trait,
    Unit,
    When,
    Which,
    Within,
)

_AT_LEAST: Final = (Comparison.GE, Comparison.EQ)
_AT_MOST: Final = (Comparison.LE, Comparison.EQ)
_OLD: Final = (Comparison.GE, Comparison.GT)
_YOUNG: Final = (Comparison.LT, Comparison.LE)
_ALWAYS_THERE: Final = (Ever, Within, Between)
"""Windows that exist whatever happened."""

Known: TypeAlias = Mapping[str, Condition]
"""Conditions of segments by id; those that are not there are opaque."""
Leads: TypeAlias = Callable[[Condition, Condition], bool]
"""Whether the first of two parts leads to the second."""


def implies(one: Condition, other: Condition, known: Known | None = None) -> bool:
    """Whether everybody for whom `one` holds is somebody for whom `other` holds, at every instant.

    `known` are the conditions of segments that the two may refer to.
    """
    return _implies(one, other, known or {}, depth=0)


def excludes(one: Condition, other: Condition, known: Known | None = None) -> bool:
    """Whether the two can never hold together."""
    return implies(one, negation(other), known) or implies(other, negation(one), known)


_DEEPEST: Final = 20
"""Segments refer to segments; deeper than this nothing is told."""


def _implies(one: Condition, other: Condition, known: Known, depth: int) -> bool:
    if one == other or isinstance(other, Everyone):
        return True
    if depth > _DEEPEST:
        return False

    def leads(a: Condition, b: Condition) -> bool:
        return _implies(a, b, known, depth + 1)

    return _by_parts(one, other, leads) or _unfolded(one, other, known, leads) or _alone(one, other)


def _by_parts(one: Condition, other: Condition, leads: Leads) -> bool:
    """What follows from how the two are put together."""
    match one, other:
        case _, And(terms):
            return all(leads(one, term) for term in terms)
        case Or(terms), _:
            return all(leads(term, other) for term in terms)
        case _:
            return _by_a_part(one, other, leads) or _wrapped(one, other, leads)


def _by_a_part(one: Condition, other: Condition, leads: Leads) -> bool:
    """One of several that hold together leads there, or there is one of several."""
    strong = one.terms if isinstance(one, And) else ()
    weak = other.terms if isinstance(other, Or) else ()
    return any(leads(term, other) for term in strong) or any(leads(one, term) for term in weak)


def _wrapped(one: Condition, other: Condition, leads: Leads) -> bool:
    match one, other:
        case Not(inner), Not(outer):
            return leads(outer, inner)
        case ForAtLeast(inner, longer), ForAtLeast(outer, shorter) if longer >= shorter:
            return leads(inner, outer)
        case ForAtLeast(inner, _), _:
            return leads(inner, other)
        case _:
            return False


def _unfolded(one: Condition, other: Condition, known: Known, leads: Leads) -> bool:
    """What follows from what segments mean. Who is in one satisfies its condition; the reverse
    holds only of people who are not excluded, so it is not used."""
    return isinstance(one, InSegment) and one.segment in known and leads(known[one.segment], other)


def _alone(one: Condition, other: Condition) -> bool:
    """What two conditions that are not put together of others tell."""
    match one, other:
        case Did(), Did():
            return _more(one, other) or _fewer(one, other)
        case Age() | Has(), Did():
            return _occurred(one, other) or (isinstance(one, Age) and _aged(one, other))
        case Age(), Age():
            return _older(one, other)
        case AmountIs(), AmountIs():
            return (one.amount, one.when) == (other.amount, other.when) and _bound(one, other)
        case Trait(), Trait():
            return never_both(one.test, other.test.complement)
        case _:
            return False


# ---------------------------------------------------------------------------------------- counting


def _more(one: Did, other: Did) -> bool:
    """At least so many in a window are at least as many or fewer in a wider one."""
    if one.comparison not in _AT_LEAST or other.comparison is not Comparison.GE:
        return False
    unit = one.unit is other.unit or one.unit is Unit.DAYS
    return (
        unit
        and one.count >= other.count
        and covers(other.happening, one.happening)
        and inside(one.when, other.when)
    )


def _fewer(one: Did, other: Did) -> bool:
    """At most so many in a window are at most as many or more in a narrower one."""
    if one.comparison not in _AT_MOST or other.comparison is not Comparison.LE:
        return False
    unit = one.unit is other.unit or one.unit is Unit.TIMES
    return (
        unit
        and one.count <= other.count
        and covers(one.happening, other.happening)
        and inside(other.when, one.when)
        and (one.when == other.when or isinstance(other.when, _ALWAYS_THERE))
    )


def _asks_for_one(did: Did) -> bool:
    return (did.comparison, did.count) == (Comparison.GE, 1)


def _occurred(one: Age | Has, did: Did) -> bool:
    """What has an age, or a latest one, has occurred."""
    happening = one.pattern if isinstance(one, Has) else one.happening
    return _asks_for_one(did) and did.when == Ever() and covers(did.happening, happening)


def _aged(age: Age, did: Did) -> bool:
    """A last one of some age leaves later windows empty; a young first one stands in its window."""
    if not isinstance(did.when, Within):
        return False
    if age.which is Which.FIRST:
        young = age.comparison is Comparison.LT and age.duration <= did.when.duration
        return young and _asks_for_one(did) and covers(did.happening, age.happening)
    empty = age.comparison in _OLD and did.when.duration <= age.duration
    few = did.comparison is Comparison.LE and did.count >= 0
    return empty and few and covers(age.happening, did.happening)


def _older(one: Age, other: Age) -> bool:
    """The same age, bounded further in."""
    if (one.which, one.happening) != (other.which, other.happening):
        return False
    if one.comparison in _OLD and other.comparison in _OLD:
        strict = other.comparison is Comparison.GT and one.comparison is Comparison.GE
        return one.duration > other.duration or (one.duration == other.duration and not strict)
    if one.comparison in _YOUNG and other.comparison in _YOUNG:
        strict = other.comparison is Comparison.LT and one.comparison is Comparison.LE
        return one.duration < other.duration or (one.duration == other.duration and not strict)
    return False


def _bound(one: AmountIs, other: AmountIs) -> bool:
    """The same amount, bounded further in."""
    above = (Comparison.GE, Comparison.GT)
    below = (Comparison.LE, Comparison.LT)
    for side, further in ((above, one.value > other.value), (below, one.value < other.value)):
        if other.comparison in side and one.comparison in (*side, Comparison.EQ):
            as_strict = other.comparison is side[0] or one.comparison is side[1]
            return further or (one.value == other.value and as_strict)
    return False


# ----------------------------------------------------------------------------------- what and when


def inside(inner: When, outer: When) -> bool:
    """Whether the first window always lies in the second, where it exists at all."""
    match inner, outer:
        case Periods(), _:
            return inner == outer
        case _, Ever():
            return True
        case Within(short), Within(long):
            return short <= long
        case Between(older), Within(long):
            return older <= long
        case Between(older, newer), Between(wider, later):
            return older <= wider and newer >= later
        case _:
            return inner == outer


def covers(outer: Happening, inner: Happening) -> bool:
    """Whether every occurrence of the second is one of the first, as far as their texts tell."""
    if outer == inner:
        return True
    if isinstance(outer, PatternUnion):
        return any(covers(one, inner) for one in outer.alternatives)
    if isinstance(inner, PatternUnion):
        return all(covers(outer, one) for one in inner.alternatives)
    if not isinstance(outer, EventPattern) or not isinstance(inner, EventPattern):
        return False
    names = outer.names == inner.names or (
        bool(outer.names) and bool(inner.names) and set(inner.names) <= set(outer.names)
    )
    return names and _filters(inner.where, outer.where)


def _filters(narrow: Filter | None, wide: Filter | None) -> bool:
    if wide is None or narrow == wide:
        return True
    if narrow is None:
        return False
    if isinstance(wide, FilterAnd):
        return all(_filters(narrow, term) for term in wide.terms)
    if isinstance(narrow, FilterAnd):
        return any(_filters(term, wide) for term in narrow.terms)
    return (
        isinstance(narrow, Test) and isinstance(wide, Test) and never_both(narrow, wide.complement)
    )
