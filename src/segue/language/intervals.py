"""Whether two tests of the same value can be satisfied together, as far as literals tell."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from segue.language.tree import Moment, Op, Operand, Test

_LOWER: Final = {Op.GT: False, Op.GE: True, Op.AFTER: False}
"""Operators that bound a value from below, and whether the bound itself is in."""
_UPPER: Final = {Op.LT: False, Op.LE: True, Op.BEFORE: False}


def never_both(one: Test, other: Test) -> bool:
    """Whether no value satisfies both tests. False where that cannot be told."""
    if one.path != other.path:
        return False
    if one.complement == other:
        return True
    if one.negated or other.negated:
        return any(
            _missing(left, right) or _chosen_from(left, right)
            for left, right in ((one, other), (other, one))
        )
    return _different(one, other) or _apart(one, other) or _apart(other, one)


def _missing(absent: Test, present: Test) -> bool:
    """Not set, but tested for a value."""
    return absent.op is Op.IS_SET and absent.negated and not present.negated


def _chosen_from(one: Test, other: Test) -> bool:
    """Equal to one of some values, but to none of these and perhaps more."""
    chosen = set(_choices(one))
    return not one.negated and other.negated and bool(chosen) and chosen <= set(_choices(other))


def _different(one: Test, other: Test) -> bool:
    """Equal to a number (a text) and to other ones; a number and a text may well be equal."""
    first, second = _choices(one), _choices(other)
    if not first or not second:
        return {one.op, other.op} == {Op.IS_TRUE, Op.IS_FALSE}
    kinds = {type(value) for value in (*first, *second)}
    return len(kinds) == 1 and not set(first) & set(second)


def _choices(test: Test) -> tuple[object, ...]:
    if test.op is Op.EQ:
        return (test.operand,)
    return test.operand if test.op is Op.IN and isinstance(test.operand, tuple) else ()


def _apart(low: Test, high: Test) -> bool:
    """Above one bound and below another that is not higher."""
    if low.op not in _LOWER and low.op is not Op.EQ:
        return False
    if high.op not in _UPPER and not (high.op is Op.EQ and low.op in _LOWER):
        return False
    bottom, top = _bound(low.operand), _bound(high.operand)
    if bottom is None or top is None or type(bottom) is not type(top):
        return False
    both_in = _LOWER.get(low.op, True) and _UPPER.get(high.op, True)
    return _less(top, bottom) or (bottom == top and not both_in)


def _bound(operand: Operand) -> Decimal | str | None:
    """A number, or the day of a bare date; instants depend on zones and are left alone."""
    if isinstance(operand, Moment):
        return operand.text if operand.is_date else None
    return operand if isinstance(operand, Decimal) else None


def _less(one: Decimal | str, other: Decimal | str) -> bool:
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return one < other
    return str(one) < str(other)
