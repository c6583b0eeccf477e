"""How a value of an event or a trait is read and tested (DESIGN §4.2 FILTER, TEST, Values)."""

from __future__ import annotations

import datetime as dt
import operator
import re
from decimal import ROUND_HALF_UP, Context, Decimal

from segue.domain.instant import local_date, parse_instant, start_of_day
from segue.language.tree import FilterAnd, FilterNot, FilterOr, Moment, Op, Test

COMPARE = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WIDE = Context(prec=400)


def lookup(properties, path):
    """The value at the end of a path of keys; None where it is missing (null is missing)."""
    value = properties
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return None
        value = value[key]
    return value


def as_number(value):
    """JSON numbers, and strings in JSON number syntax; never booleans. Else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, str) and _JSON_NUMBER.fullmatch(value):
        return Decimal(value)
    return None


def as_millionths(value):
    """The number in fixed point with six decimals, half away from zero; None where it does not fit."""
    number = as_number(value)
    if number is None or number.adjusted() > 30:
        return None
    scaled = number.scaleb(6, _WIDE).quantize(Decimal(1), rounding=ROUND_HALF_UP, context=_WIDE)
    return int(scaled) if -(2**63) <= scaled < 2**63 else None


def as_text(value):
    """The UTF-8 bytes of a string, or of the JSON text of an integer or a boolean. Else None."""
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int):
        return str(value).encode()
    if isinstance(value, str):
        return value.encode()
    return None


def as_instant(value, zone):
    """RFC 3339 (in the zone where it names none), or an integer of ms or seconds. Else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if value >= 10**11 else value * 1000
    if isinstance(value, str):
        try:
            return parse_instant(value, zone)
        except ValueError:
            return None
    return None


def as_identity(value):
    """What `distinct` counts: type and value."""
    kind = (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value)
    )
    return kind, repr(value)


def first_instant(moment: Moment, zone):
    """The instant a moment names; of a bare date the first instant of the day."""
    return parse_instant(moment.text, zone)


def day_after(moment: Moment, zone):
    """The first instant of the day after a bare date."""
    return start_of_day(dt.date.fromisoformat(moment.text) + dt.timedelta(days=1), zone)


def calendar_day(instant, zone):
    """The calendar day of the zone."""
    return local_date(instant, zone)


def satisfies(rule, properties, r, zone):
    """Whether the properties satisfy the filter; r is the instant that `within` is relative to."""
    if isinstance(rule, FilterAnd):
        return all(satisfies(term, properties, r, zone) for term in rule.terms)
    if isinstance(rule, FilterOr):
        return any(satisfies(term, properties, r, zone) for term in rule.terms)
    if isinstance(rule, FilterNot):
        return not satisfies(rule.term, properties, r, zone)
    assert isinstance(rule, Test)
    value = lookup(properties, rule.path)
    return passes(rule.op, rule.operand, value, r, zone) != rule.negated


def passes(op, operand, value, r, zone):
    """Whether one value passes one positive test. A value that cannot be read so does not."""
    if value is None:
        return False
    if op is Op.IS_SET:
        return True
    if op is Op.IS_TRUE:
        return value is True or value == "true"
    if op is Op.IS_FALSE:
        return value is False or value == "false"
    if op is Op.IN:
        return any(passes(Op.EQ, one, value, r, zone) for one in operand)
    if op in (Op.EQ, Op.LT, Op.LE, Op.GT, Op.GE):
        read = as_number(value) if isinstance(operand, Decimal) else as_text(value)
        against = operand if isinstance(operand, Decimal) else operand.encode()
        return read is not None and COMPARE[op.value](read, against)
    if op in (Op.CONTAINS, Op.STARTS_WITH, Op.ENDS_WITH, Op.MATCHES):
        return _passes_text(op, operand, as_text(value))
    return _passes_instant(op, operand, as_instant(value, zone), r, zone)


def _passes_text(op, operand, text):
    if text is None:
        return False
    if op is Op.CONTAINS:
        return operand.encode() in text
    if op is Op.STARTS_WITH:
        return text.startswith(operand.encode())
    if op is Op.ENDS_WITH:
        return text.endswith(operand.encode())
    # RE2's `$` is the very end; Python's also stands before a final line break.
    return re.search(operand.replace("$", r"\Z"), text.decode()) is not None


def _passes_instant(op, operand, instant, r, zone):
    if instant is None:
        return False
    if op is Op.WITHIN_LAST:
        return r - operand < instant <= r
    if op is Op.WITHIN_NEXT:
        return r < instant <= r + operand
    if op is Op.BEFORE:
        return instant < first_instant(operand, zone)
    assert op is Op.AFTER
    if operand.is_date:
        return instant >= day_after(operand, zone)
    return instant > first_instant(operand, zone)


def flips(rule, properties, zone):
    """Every instant r at which the filter's truth may change for these properties (and near it)."""
    if isinstance(rule, FilterAnd | FilterOr):
        return set().union(*(flips(term, properties, zone) for term in rule.terms))
    if isinstance(rule, FilterNot):
        return flips(rule.term, properties, zone)
    if rule.op not in (Op.WITHIN_LAST, Op.WITHIN_NEXT):
        return set()
    instant = as_instant(lookup(properties, rule.path), zone)
    return set() if instant is None else {instant, instant + rule.operand, instant - rule.operand}
