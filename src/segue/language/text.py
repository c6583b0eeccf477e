"""Canonical tree to text: what `parse` reads back as the same tree, and `git diff` shows well.

Resolved trees print too (an expanded action inside `any of (…)` prints with its filter), although
that one form is not part of the language.
"""

from __future__ import annotations

from decimal import Decimal
from functools import singledispatch
from typing import Final, TypeAlias

from segue.domain.instant import DAY, format_duration
from segue.language.lexicon import is_bare, quote, write_name, write_number
from segue.language.tree import (
    Age,
    AgeAmount,
    Amount,
    AmountIs,
    AmountVersus,
    And,
    Before,
    BeforeAnchor,
    Between,
    Comparison,
    Condition,
    Crossing,
    Did,
    DidSomeOf,
    EventPattern,
    Ever,
    Everyone,
    Filter,
    FilterAnd,
    FilterNot,
    FilterOr,
    ForAtLeast,
    Happening,
    Has,
    InSegment,
    Measure,
    Moment,
    Name,
    Not,
    Op,
    Operand,
    Or,
    Path,
    PatternUnion,
    Periods,
    Quantile,
    Sequence,
    Since,
    SinceAnchor,
    Step,
    Test,
    Trait,
    Unit,
    When,
    Which,
    Within,
    WithinAfter,
)

Writable: TypeAlias = Condition | Happening | Filter | When | Amount | AgeAmount | Name | Step
"""Every node that has a text of its own."""


@singledispatch
def to_text(node: Writable) -> str:
    """Write a condition, pattern, filter, window or amount as the language does.

    `parse_condition(to_text(condition)) == condition`, and the same for patterns, filters and
    amounts. `Ever` is the empty text.
    """
    raise TypeError(f"{type(node).__name__} is no node of the language")


def path_text(path: Path) -> str:
    """Write a property or a trait with its dots."""
    return ".".join(write_name(key) for key in path)


def segment_text(segment: str) -> str:
    """Write the id of a segment; the level of a ladder keeps its dot."""
    return segment if all(is_bare(part) for part in segment.split(".")) else quote(segment)


def _and_then(*parts: str) -> str:
    return " ".join(part for part in parts if part)


# ----------------------------------------------------------------------------------------- filters


@to_text.register
def _(node: Test) -> str:
    subject = path_text(node.path)
    if not node.negated:
        return _and_then(subject, node.op, _operand(node.operand))
    if node.op in _NEGATED_OPS:
        return _and_then(subject, _NEGATED_OPS[node.op], _operand(node.operand))
    return f"(not {_and_then(subject, node.op, _operand(node.operand))})"


_NEGATED_OPS: Final = {
    Op.EQ: "!=",
    Op.IN: "not in",
    Op.CONTAINS: "not contains",
    Op.STARTS_WITH: "not starts with",
    Op.ENDS_WITH: "not ends with",
    Op.MATCHES: "not matches",
    Op.IS_SET: "is not set",
}


def _operand(operand: Operand) -> str:
    match operand:
        case None:
            return ""
        case Moment(text):
            return text
        case str():
            return quote(operand)
        case Decimal():
            return write_number(operand)
        case tuple():
            return f"({', '.join(_operand(literal) for literal in operand)})"
        case int():
            return format_duration(operand)


@to_text.register
def _(node: FilterAnd) -> str:
    return f"({' and '.join(_inside(term) for term in node.terms)})"


@to_text.register
def _(node: FilterOr) -> str:
    return f"({' or '.join(_inside(term) for term in node.terms)})"


@to_text.register
def _(node: FilterNot) -> str:
    return f"(not {to_text(node.term)})"


def _inside(term: Filter) -> str:
    """A filter within parentheses, where `not` needs none of its own."""
    wrapped = isinstance(term, FilterNot) or (
        isinstance(term, Test) and term.negated and term.op not in _NEGATED_OPS
    )
    return to_text(term)[1:-1] if wrapped else to_text(term)


# ---------------------------------------------------------------------------------------- patterns


@to_text.register
def _(node: Name) -> str:
    return quote(node.text) if node.quoted else node.text


def _names(names: tuple[Name, ...]) -> str:
    match names:
        case ():
            return "any"
        case (name,):
            return to_text(name)
        case _:
            return f"any of ({', '.join(to_text(name) for name in names)})"


def _where(where: Filter | None) -> str:
    return "" if where is None else f"where {to_text(where)}"


@to_text.register
def _(node: EventPattern) -> str:
    return _and_then(_names(node.names), _where(node.where))


@to_text.register
def _(node: PatternUnion) -> str:
    return f"any of ({', '.join(to_text(alternative) for alternative in node.alternatives)})"


@to_text.register
def _(node: Step) -> str:
    limit = "" if node.within is None else f"within {format_duration(node.within)}"
    return _and_then("then not" if node.absent else "then", to_text(node.pattern), limit)


@to_text.register
def _(node: Sequence) -> str:
    chain = _and_then(to_text(node.first), *(to_text(step) for step in node.steps))
    if node.all_within is None:
        return f"({chain})"
    return f"({chain}, all within {format_duration(node.all_within)})"


@to_text.register
def _(node: Crossing) -> str:
    return f"{node.edge} {segment_text(node.segment)}"


# ----------------------------------------------------------------------------------------- windows


@to_text.register
def _(_: Ever) -> str:
    return ""


@to_text.register
def _(node: Within) -> str:
    return f"within {format_duration(node.duration)}"


@to_text.register
def _(node: Between) -> str:
    return f"between {format_duration(node.older)} and {format_duration(node.newer)} ago"


@to_text.register
def _(node: Since) -> str:
    return f"since {node.moment.text}"


@to_text.register
def _(node: Before) -> str:
    return f"before {node.moment.text}"


@to_text.register
def _(node: SinceAnchor) -> str:
    return f"since {node.which} {to_text(node.anchor)}"


@to_text.register
def _(node: WithinAfter) -> str:
    return f"within {format_duration(node.duration)} after {node.which} {to_text(node.anchor)}"


@to_text.register
def _(node: BeforeAnchor) -> str:
    return f"before {node.which} {to_text(node.anchor)}"


@to_text.register
def _(node: Periods) -> str:
    unit = "days" if node.period == DAY else "weeks"
    return f"in at least {node.at_least} of the last {node.of} {unit}"


# ----------------------------------------------------------------------------------------- amounts


@to_text.register
def _(node: Amount) -> str:
    if node.measure is Measure.COUNT:
        return f"count({to_text(node.happening)})"
    subject = f"{_measured_names(node.happening)}.{path_text(node.path)}"
    where = node.happening.where if isinstance(node.happening, EventPattern) else None
    return f"{node.measure}({_and_then(subject, _where(where))})"


def _measured_names(happening: Happening) -> str:
    return _names(happening.names) if isinstance(happening, EventPattern) else to_text(happening)


@to_text.register
def _(node: AgeAmount) -> str:
    return f"time since {node.which} {to_text(node.happening)}"


# -------------------------------------------------------------------------------------- conditions


@to_text.register
def _(_: Everyone) -> str:
    return "everyone"


@to_text.register
def _(node: Did) -> str:
    if isinstance(node.happening, Crossing):
        return _crossed(node, node.happening)
    happening, window = to_text(node.happening), to_text(node.when)
    times = _times(node)
    if node.comparison is Comparison.NE:
        return _and_then("did not", happening, times, window)
    if node.happening == EventPattern() and node.unit is Unit.DAYS:
        return _and_then("active", times, window)
    if (node.comparison, node.count) == (Comparison.LE, 0) and not isinstance(node.when, Periods):
        return _and_then("did not", happening, window)
    return _and_then("did", happening, times, window)


def _crossed(node: Did, crossing: Crossing) -> str:
    negated = "not" if node.comparison is Comparison.NE else ""
    return _and_then(negated, to_text(crossing), _times(node), to_text(node.when))


def _times(node: Did) -> str:
    if (node.comparison, node.count) == (Comparison.GE, 1):
        return ""
    size = _size(node.comparison, node.count)
    if node.unit is Unit.DAYS:
        return f"on {size} {'day' if node.count == 1 else 'days'}"
    return f"{size} {'time' if node.count == 1 else 'times'}"


_SIZES: Final = {
    Comparison.GE: "at least",
    Comparison.LE: "at most",
    Comparison.EQ: "exactly",
    Comparison.NE: "exactly",
}


def _size(comparison: Comparison, count: int) -> str:
    return "fewer than 0" if count < 0 else f"{_SIZES[comparison]} {count}"


@to_text.register
def _(node: DidSomeOf) -> str:
    verb = "did not" if node.comparison is Comparison.NE else "did"
    several = ", ".join(to_text(pattern) for pattern in node.patterns)
    size = _size(node.comparison, node.count)
    return _and_then(verb, f"{size} of ({several})", to_text(node.when))


@to_text.register
def _(node: Age) -> str:
    happening, duration = to_text(node.happening), format_duration(node.duration)
    if node.comparison is Comparison.GE:
        if node.which is Which.LAST and node.happening == EventPattern():
            return f"inactive for {duration}"
        return f"{node.which} {happening} more than {duration} ago"
    if node.which is Which.FIRST and node.comparison is Comparison.LT:
        return f"first {happening} within {duration}"
    return f"time since {node.which} {happening} {node.comparison} {duration}"


@to_text.register
def _(node: Has) -> str:
    return f"{node.which} {to_text(node.pattern)} has {to_text(node.filter)}"


@to_text.register
def _(node: AmountIs) -> str:
    value = write_number(Decimal(node.value) / Decimal(1_000_000))
    return _and_then(to_text(node.amount), node.comparison, value, to_text(node.when))


@to_text.register
def _(node: AmountVersus) -> str:
    share = "" if node.percent == 100 else f"{write_number(node.percent)}% of"
    left = _and_then(to_text(node.left), to_text(node.left_when))
    right = _and_then(to_text(node.right), to_text(node.right_when))
    return _and_then(left, node.comparison, share, right)


@to_text.register
def _(node: Trait) -> str:
    positive = Test(node.test.path, node.test.op, node.test.operand)
    if node.test.negated and node.test.op not in _NEGATED_OPS:
        return f"not trait {to_text(positive)}"
    return f"trait {to_text(node.test)}"


@to_text.register
def _(node: InSegment) -> str:
    return f"in {segment_text(node.segment)}"


@to_text.register
def _(node: Quantile) -> str:
    share = f"{node.side} {write_number(node.percent)}% by"
    return _and_then(share, to_text(node.amount), to_text(node.when))


@to_text.register
def _(node: And) -> str:
    return " and ".join(_bracketed(term, Or) for term in node.terms)


@to_text.register
def _(node: Or) -> str:
    return " or ".join(to_text(term) for term in node.terms)


@to_text.register
def _(node: Not) -> str:
    return f"not {_bracketed(node.term, And, Or, ForAtLeast)}"


@to_text.register
def _(node: ForAtLeast) -> str:
    return f"{_bracketed(node.term, And, Or)} for at least {format_duration(node.duration)}"


def _bracketed(term: Condition, *looser: type[And | Or | ForAtLeast]) -> str:
    return f"({to_text(term)})" if isinstance(term, looser) else to_text(term)
