"""Conditions like a condition, with one of its numbers or durations somewhat smaller or larger."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, get_args

from segue.domain.errors import DefinitionError
from segue.domain.instant import SECOND, UNITS, format_duration
from segue.language import canonical
from segue.language.lexicon import mistake, plain, write_number
from segue.language.text import to_text
from segue.language.tree import (
    Age,
    AmountIs,
    AmountVersus,
    Between,
    Comparison,
    Condition,
    Did,
    DidSomeOf,
    ForAtLeast,
    Op,
    Periods,
    Quantile,
    Sequence,
    Step,
    Test,
    Unit,
    Within,
    WithinAfter,
)


@dataclass(frozen=True, slots=True)
class Variation:
    """A condition with one threshold changed: what stood there and what stands there now ("7 days",
    "5 days"), and the smallest condition around it, as text before and after."""

    condition: Condition
    old: str
    new: str
    before: str
    after: str


def variations(condition: Condition) -> tuple[Variation, ...]:
    """The condition with each of its numbers and durations somewhat smaller and somewhat larger,
    one at a time: 3 times become 2 and 4, 7 days 5 and 10. In the order of the text, each once.

    Whether something was done at all ("at least once", "never") is no threshold; dates and
    equalities are none either. What other segments say stays as it is.
    """
    found: dict[Condition, Variation] = {}
    for one in _rewritten(condition):
        assert one.around is not None  # a condition holds every threshold
        before, after = (to_text(side) for side in one.around)
        found.setdefault(one.node, Variation(one.node, one.old, one.new, before, after))
    return tuple(found.values())


# ----------------------------------------------------------------------------------- walking a tree


@dataclass(frozen=True, slots=True)
class _Rewritten:
    """A node with one threshold below it (or of its own) changed; `around` is the smallest
    condition that holds it, before and after, as far as that is known."""

    node: Any
    old: str
    new: str
    around: tuple[Condition, Condition] | None = None


_CONDITIONS: Final = get_args(Condition)


def _rewritten(node: Any) -> Iterator[_Rewritten]:
    for one in (*_own(node), *_below(node)):
        around = one.around
        if around is None and isinstance(node, _CONDITIONS):
            around = node, one.node
        yield replace(one, around=around)


def _below(node: Any) -> Iterator[_Rewritten]:
    if isinstance(node, tuple):
        for place, part in enumerate(node):
            for one in _rewritten(part):
                yield replace(one, node=(*node[:place], one.node, *node[place + 1 :]))
    elif is_dataclass(node):
        for field in fields(node):
            for one in _rewritten(getattr(node, field.name)):
                changed: Any = replace(node, **{field.name: one.node})  # type: ignore[type-var]
                yield replace(one, node=changed)


def _own(node: Any) -> Iterator[_Rewritten]:
    """The node with each of its own thresholds changed."""
    for threshold in _THRESHOLDS.get(type(node), ()):
        value = getattr(node, threshold.field)
        if value is None or not threshold.is_one(node):
            continue
        old = threshold.write(node, value)
        for other in threshold.others(value):
            with contextlib.suppress(DefinitionError):  # beyond what the language can say
                changed = _made(replace(node, **{threshold.field: other}))
                yield _Rewritten(changed, old, threshold.write(node, other))


# ------------------------------------------------------------------------------------------ numbers

_LESS, _MORE = Decimal("0.7"), Decimal("1.4")
_MILLION: Final = 1_000_000
_STEPS: Final = ((20, 1), (100, 5), (1000, 10))
"""Below what number numbers are rounded to what."""


def _counts(count: int) -> tuple[int, ...]:
    """A smaller and a larger whole number."""
    step = next((step for below, step in _STEPS if count < below), 100)
    less, more = (
        int((count * factor / step).quantize(Decimal(1), ROUND_HALF_UP)) * step
        for factor in (_LESS, _MORE)
    )
    return min(less, count - 1), max(more, count + 1)


def _durations(duration: int) -> tuple[int, ...]:
    """A shorter and a longer one, in the unit in which it is written."""
    unit = next((size for size in UNITS.values() if duration % size == 0), 1)
    if duration > unit:
        return tuple(count * unit for count in _counts(duration // unit))
    return (unit // 2, 2 * unit) if unit > SECOND else (2 * unit,)


def _numbers(number: Decimal) -> tuple[Decimal, ...]:
    """A number nearer to nothing and one farther from it; none of 0."""
    if number == 0:
        return ()
    if number == number.to_integral_value() and number >= 2:
        return tuple(Decimal(count) for count in _counts(int(number)))
    return tuple(round(number * factor, 6) for factor in (_LESS, _MORE))


def _millionths(value: int) -> tuple[int, ...]:
    return tuple(int(one * _MILLION) for one in _numbers(Decimal(value) / _MILLION))


def _operands(operand: Decimal | int) -> tuple[Decimal | int, ...]:
    return _numbers(operand) if isinstance(operand, Decimal) else _durations(operand)


# --------------------------------------------------------------------------------------- thresholds


@dataclass(frozen=True, slots=True)
class _Threshold:
    """A field of a node that is a threshold: its other values, how one is written, and in which
    nodes it is one."""

    field: str
    others: Callable[[Any], tuple[Any, ...]]
    write: Callable[[Any, Any], str]
    is_one: Callable[[Any], bool] = lambda _: True


def _write_count(node: Did, count: int) -> str:
    noun = "day" if node.unit is Unit.DAYS else "time"
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _write_operand(_: Test, operand: Decimal | int) -> str:
    return write_number(operand) if isinstance(operand, Decimal) else format_duration(operand)


def _is_count(node: Did) -> bool:
    return node.count > 0 and (node.comparison, node.count) != (Comparison.GE, 1)


def _is_ordered(node: Test) -> bool:
    if node.op in {Op.WITHIN_LAST, Op.WITHIN_NEXT}:
        return True
    return node.op in {Op.LT, Op.LE, Op.GT, Op.GE} and isinstance(node.operand, Decimal)


def _lasting(field: str) -> _Threshold:
    return _Threshold(field, _durations, lambda _, value: format_duration(value))


_PERCENT: Final = _Threshold("percent", _numbers, lambda _, value: f"{write_number(value)}%")

_THRESHOLDS: Final[Mapping[type, tuple[_Threshold, ...]]] = {
    Did: (_Threshold("count", _counts, _write_count, _is_count),),
    DidSomeOf: (
        _Threshold(
            "count",
            _counts,
            lambda node, count: f"{count} of {len(node.patterns)}",
            lambda node: node.count > 0,
        ),
    ),
    Periods: (
        _Threshold("at_least", _counts, lambda node, count: f"{count} of the last {node.of}"),
        _Threshold("of", _counts, lambda node, count: f"{node.at_least} of the last {count}"),
    ),
    Age: (_lasting("duration"),),
    Within: (_lasting("duration"),),
    WithinAfter: (_lasting("duration"),),
    ForAtLeast: (_lasting("duration"),),
    Step: (_lasting("within"),),
    Sequence: (_lasting("all_within"),),
    Between: (_lasting("older"), _lasting("newer")),
    AmountIs: (
        _Threshold("value", _millionths, lambda _, value: write_number(Decimal(value) / _MILLION)),
    ),
    AmountVersus: (_PERCENT,),
    Quantile: (_PERCENT,),
    Test: (_Threshold("operand", _operands, _write_operand, _is_ordered),),
}

# ----------------------------------------------------------------------------- one form per meaning


def _made(node: Any) -> Any:
    """The node in its canonical form. Raises `DefinitionError` where the language has no such."""
    make = _MAKERS.get(type(node))
    return make(node) if make else node


def _made_some_of(node: DidSomeOf) -> DidSomeOf:
    if not 0 < node.count <= len(node.patterns):
        raise mistake(f"{node.count} of {len(node.patterns)} is not possible")
    return node


def _made_test(node: Test) -> Test:
    operand = node.operand
    if isinstance(operand, Decimal):
        return replace(node, operand=plain(operand))
    return replace(node, operand=canonical.duration_of(operand))  # type: ignore[arg-type]


_MAKERS: Final[Mapping[type, Callable[[Any], Any]]] = {
    Did: lambda one: canonical.did(one.happening, one.comparison, one.count, one.unit, one.when),
    DidSomeOf: _made_some_of,
    Periods: lambda one: canonical.periods(one.at_least, one.of, one.period),
    Age: lambda one: canonical.age(one.which, one.happening, one.comparison, one.duration),
    Within: lambda one: Within(canonical.duration_of(one.duration)),
    WithinAfter: lambda one: canonical.within_after(one.duration, one.which, one.anchor),
    ForAtLeast: lambda one: canonical.held_for(one.term, one.duration),
    Step: lambda one: replace(one, within=canonical.duration_of(one.within)),
    Sequence: lambda one: canonical.sequence(one.first, one.steps, one.all_within),
    Between: lambda one: canonical.between(one.older, one.newer),
    AmountIs: lambda one: canonical.amount_is(
        one.amount, one.comparison, Decimal(one.value) / _MILLION, one.when
    ),
    AmountVersus: lambda one: canonical.amount_versus(
        (one.left, one.left_when), one.comparison, (one.right, one.right_when), one.percent
    ),
    Quantile: lambda one: canonical.quantile(one.side, one.percent, one.amount, one.when),
    Test: _made_test,
}
