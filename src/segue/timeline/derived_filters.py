"""Filters over derived events: on properties they carry, and on numbers computed for them.

A carried property is tested where its event is stored, by the one compiler of filters. A computed
property is a number in millionths and is tested here, once per different value.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segue.domain.instant import FOREVER, local_date, parse_instant, start_of_day
from segue.language.tree import Filter, FilterAnd, FilterNot, FilterOr, Moment, Op, Path, Test
from segue.timeline.derived import Derived
from segue.timeline.intervals import instant_of
from segue.timeline.log import Bools, Int64s

MILLION: Final = 1_000_000
_MILLISECONDS_FROM: Final = 10**11
"""Integers from here on are milliseconds since the epoch, smaller ones seconds."""
_ORDERINGS: Final = {
    Op.EQ: operator.eq,
    Op.LT: operator.lt,
    Op.LE: operator.le,
    Op.GT: operator.gt,
    Op.GE: operator.ge,
}


def _re2_matches(text: str, pattern: str) -> bool:
    """Arrow's regular expressions are RE2, as the store's are."""
    return bool(pc.match_substring_regex(pa.array([text]), pattern)[0].as_py())


_TEXT_TESTS: Final[dict[Op, Callable[[str, str], bool]]] = {
    Op.CONTAINS: operator.contains,
    Op.STARTS_WITH: str.startswith,
    Op.ENDS_WITH: str.endswith,
    Op.MATCHES: _re2_matches,
}
_INSTANT_OPS: Final = frozenset({Op.WITHIN_LAST, Op.WITHIN_NEXT, Op.BEFORE, Op.AFTER})

Carried = Callable[[Filter], Bools]
Instants = Callable[[Path], tuple[Int64s, Bools]]


def satisfied(
    where: Filter, derived: Derived, carried: Carried, instants: Instants, zone: str
) -> Bools:
    """Which of the N derived events satisfy the filter, bool[N].

    `carried` tests the events whose properties are carried; `instants` reads a property as an
    instant (values and where known).
    """

    def holds(term: Filter) -> Bools:
        match term:
            case FilterAnd(terms):
                return np.asarray(np.logical_and.reduce([holds(t) for t in terms]), np.bool_)
            case FilterOr(terms):
                return np.asarray(np.logical_or.reduce([holds(t) for t in terms]), np.bool_)
            case FilterNot(inner):
                return ~holds(inner)
            case Test():
                return test(term)

    def test(term: Test) -> Bools:
        positive = replace(term, negated=False)
        return _positive(positive, derived, carried, instants, zone) ^ term.negated

    return holds(where)


def _positive(
    test: Test, derived: Derived, carried: Carried, instants: Instants, zone: str
) -> Bools:
    computed = derived.computed.get(test.path[0])
    if computed is not None and len(test.path) == 1 and test.op not in _INSTANT_OPS:
        return _on_values(test, computed)
    if test.op in _INSTANT_OPS:
        value, known = instants(test.path)
        return known & _instant_test(test, value, instant_of(derived.points.key), zone)
    absent = derived.carries is not None and test.path[0] not in derived.carries
    if computed is not None or absent:
        return np.zeros(len(derived.points), np.bool_)
    return carried(test)


def _instant_test(test: Test, value: Int64s, now: Int64s, zone: str) -> Bools:
    operand = test.operand
    match test.op, operand:
        case Op.WITHIN_LAST, int(duration):
            return (now - duration < value) & (value <= now)
        case Op.WITHIN_NEXT, int(duration):
            return (now < value) & (value <= now + duration)
        case Op.BEFORE, Moment():
            return value < parse_instant(operand.text, zone)
        case _, Moment():
            return value >= first_after(operand, zone)
    raise AssertionError(f"{test.op} does not take {operand!r}")


def first_after(moment: Moment, zone: str) -> int:
    """The first instant that is `after` a moment: of a bare date, the start of the next day."""
    instant = parse_instant(moment.text, zone)
    if not moment.is_date:
        return instant + 1
    return start_of_day(local_date(instant, zone) + dt.timedelta(days=1), zone)


def number_as_instant(millionths: Int64s) -> tuple[Int64s, Bools]:
    """Whole numbers as instants: from 10^11 milliseconds, below seconds; and where they are."""
    whole = millionths % MILLION == 0
    number = millionths // MILLION
    instant = np.where(number >= _MILLISECONDS_FROM, number, number * 1000)
    return np.clip(instant, -FOREVER, 2 * FOREVER), whole


def _on_values(test: Test, millionths: Int64s) -> Bools:
    values, index = np.unique(millionths, return_inverse=True)
    truth = [_on_value(test, Decimal(int(value)) / MILLION) for value in values]
    return np.array(truth, np.bool_)[index]


def _on_value(test: Test, value: Decimal) -> bool:
    operand = test.operand
    if test.op is Op.IS_SET:
        return True
    if test.op is Op.IN:
        assert isinstance(operand, tuple)
        return any(_on_value(Test(test.path, Op.EQ, literal), value) for literal in operand)
    if isinstance(operand, Decimal) and test.op in _ORDERINGS:
        return bool(_ORDERINGS[test.op](value, operand))
    # A text literal meets the JSON text of whole numbers.
    if not isinstance(operand, str) or value != value.to_integral_value():
        return False
    text = str(int(value))
    if test.op in _ORDERINGS:
        return bool(_ORDERINGS[test.op](text.encode(), operand.encode()))
    return _TEXT_TESTS[test.op](text, operand)
