"""Trees as blocks: the way back from a condition to the sentences it is made of; see `blocks`."""

from __future__ import annotations

from decimal import Decimal
from functools import singledispatch
from typing import Any

from segue.domain.instant import DAY, format_duration
from segue.language.blocks import Blocks, field_of_event, field_of_segment, field_of_text
from segue.language.lexicon import quote, write_number
from segue.language.text import path_text
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
    Has,
    InSegment,
    Measure,
    Moment,
    Not,
    Op,
    Or,
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


@singledispatch
def blocks_of(node: Any) -> Blocks:
    """The blocks that a condition is made of (or a filter, a pattern, a window, an amount, a step).

    `parse_condition(written(blocks_of(condition))) == condition`.
    """
    raise TypeError(f"{type(node).__name__} is no node of the language")


def _duration(milliseconds: int) -> dict[str, str]:
    count, unit = format_duration(milliseconds).split()
    return {"count": count, "unit": unit if unit.endswith("s") else f"{unit}s"}


# ----------------------------------------------------------------------------------------- filters


@blocks_of.register
def _(node: FilterAnd) -> Blocks:
    return {"is": "all", "terms": [blocks_of(term) for term in node.terms]}


@blocks_of.register
def _(node: FilterOr) -> Blocks:
    return {"is": "any", "terms": [blocks_of(term) for term in node.terms]}


@blocks_of.register
def _(node: FilterNot) -> Blocks:
    return {"is": "not", "term": blocks_of(node.term)}


@blocks_of.register
def _(node: Test) -> Blocks:
    if node.negated and node.op not in _SAY_NOT:
        return {"is": "not", "term": blocks_of(node.complement)}
    return {"is": "test", "path": path_text(node.path), "test": _test(node)}


_SAY_NOT = {
    Op.EQ: "!=",
    Op.IN: "not in",
    Op.CONTAINS: "not contains",
    Op.STARTS_WITH: "not starts with",
    Op.ENDS_WITH: "not ends with",
    Op.MATCHES: "not matches",
    Op.IS_SET: "is not set",
}


def _test(node: Test) -> Blocks:
    """What is tested, less the property and what `not` before it says."""
    is_ = _SAY_NOT[node.op] if node.negated and node.op in _SAY_NOT else node.op.value
    match node.operand:
        case None:
            return {"is": is_}
        case Moment(text):
            return {"is": is_, "moment": text}
        case tuple():
            return {"is": is_, "values": [_literal(one) for one in node.operand]}
        case int():
            return {"is": is_, "duration": _duration(node.operand)}
        case str() if is_ in _TEXTS:
            return {"is": is_, "value": _text(node.operand)}
        case _:
            return {"is": is_, "value": _literal(node.operand)}


_TEXTS = {
    f"{no}{op}"
    for op in (Op.CONTAINS, Op.STARTS_WITH, Op.ENDS_WITH, Op.MATCHES)
    for no in ("", "not ")
}


def _literal(value: Decimal | str) -> str:
    return field_of_text(value) if isinstance(value, str) else write_number(value)


def _text(value: str) -> str:
    """A text where only a text can stand: no number has to be told from it."""
    return value if quote(value) == f'"{value}"' and value == value.strip() else quote(value)


def _where(where: Filter | None) -> Blocks:
    return {"is": "none"} if where is None else {"is": "where", "filter": blocks_of(where)}


# ---------------------------------------------------------------------------------------- patterns


def _names(node: EventPattern) -> list[str]:
    return [field_of_event(name.text, quoted=name.quoted) for name in node.names]


@blocks_of.register
def _(node: EventPattern) -> Blocks:
    if node.is_any:
        return {"is": "any", "where": _where(node.where)}
    return {"is": "event", "names": _names(node), "where": _where(node.where)}


@blocks_of.register
def _(node: Step) -> Blocks:
    what = blocks_of(node.pattern)
    if node.within is None:
        return {"is": "then", "what": what}
    is_ = "then_not" if node.absent else "then_within"
    return {"is": is_, "what": what, "duration": _duration(node.within)}


@blocks_of.register
def _(node: Sequence) -> Blocks:
    chain = {"first": blocks_of(node.first), "steps": [blocks_of(step) for step in node.steps]}
    if node.all_within is None:
        return {"is": "sequence", **chain}
    return {"is": "sequence_within", **chain, "duration": _duration(node.all_within)}


# ----------------------------------------------------------------------------------------- windows


@blocks_of.register
def _(_: Ever) -> Blocks:
    return {"is": "ever"}


@blocks_of.register
def _(node: Within) -> Blocks:
    return {"is": "within", "duration": _duration(node.duration)}


@blocks_of.register
def _(node: Between) -> Blocks:
    return {"is": "between", "older": _duration(node.older), "newer": _duration(node.newer)}


@blocks_of.register
def _(node: Since) -> Blocks:
    return {"is": "since", "moment": node.moment.text}


@blocks_of.register
def _(node: Before) -> Blocks:
    return {"is": "before", "moment": node.moment.text}


@blocks_of.register
def _(node: SinceAnchor) -> Blocks:
    return {"is": "since_event", "which": node.which.value, "anchor": blocks_of(node.anchor)}


@blocks_of.register
def _(node: WithinAfter) -> Blocks:
    around = {"duration": _duration(node.duration), "which": node.which.value}
    return {"is": "within_after", **around, "anchor": blocks_of(node.anchor)}


@blocks_of.register
def _(node: BeforeAnchor) -> Blocks:
    return {"is": "before_event", "which": node.which.value, "anchor": blocks_of(node.anchor)}


@blocks_of.register
def _(node: Periods) -> Blocks:
    period = "days" if node.period == DAY else "weeks"
    return {"is": "periods", "count": str(node.at_least), "of": str(node.of), "period": period}


# ----------------------------------------------------------------------------------------- amounts


@blocks_of.register
def _(node: Amount) -> Blocks:
    if node.measure is Measure.COUNT:
        return {"is": "count", "what": blocks_of(node.happening)}
    assert isinstance(node.happening, EventPattern)  # all other measures are of events
    names = _names(node.happening)
    return {
        "is": "measured",
        "measure": node.measure.value,
        "of": {"is": "event", "names": names} if names else {"is": "any"},
        "path": path_text(node.path),
        "where": _where(node.happening.where),
    }


@blocks_of.register
def _(node: AgeAmount) -> Blocks:
    return {"is": "time_since", "which": node.which.value, "what": blocks_of(node.happening)}


# -------------------------------------------------------------------------------------- conditions


@blocks_of.register
def _(_: Everyone) -> Blocks:
    return {"is": "everyone"}


@blocks_of.register
def _(node: Did) -> Blocks:
    when = blocks_of(node.when)
    if isinstance(node.happening, Crossing):
        return _crossed(node, node.happening, when)
    if node.comparison is not Comparison.NE and (node.happening, node.unit) == _ACTIVE:
        return {"is": "active", **_size(node.comparison, node.count), "when": when}
    what = blocks_of(node.happening)
    if _is_never(node.comparison, node.count, node.when):
        return {"is": "did_not", "what": what, "times": {"is": "once"}, "when": when}
    is_ = "did_not" if node.comparison is Comparison.NE else "did"
    return {"is": is_, "what": what, "times": _times(node), "when": when}


_ACTIVE = (EventPattern(), Unit.DAYS)


def _is_never(comparison: Comparison, count: int, when: When) -> bool:
    return (comparison, count) == (Comparison.LE, 0) and not isinstance(when, Periods)


def _crossed(node: Did, crossing: Crossing, when: Blocks) -> Blocks:
    is_ = "crossed_not" if node.comparison is Comparison.NE else "crossed"
    segment = field_of_segment(crossing.segment)
    which = {"edge": crossing.edge, "segment": segment}
    return {"is": is_, **which, "times": _times(node), "when": when}


def _times(node: Did) -> Blocks:
    if (node.comparison, node.count) == (Comparison.GE, 1):
        return {"is": "once"}
    return {"is": node.unit.value, **_size(node.comparison, node.count)}


_SIZES = {Comparison.GE: "at least", Comparison.LE: "at most"}


def _size(comparison: Comparison, count: int) -> dict[str, str]:
    if count < 0:
        return {"size": "fewer than", "count": "0"}
    return {"size": _SIZES.get(comparison, "exactly"), "count": str(count)}


@blocks_of.register
def _(node: DidSomeOf) -> Blocks:
    several = [blocks_of(pattern) for pattern in node.patterns]
    is_ = "some_not" if node.comparison is Comparison.NE else "some"
    size = _size(node.comparison, node.count)
    return {"is": is_, **size, "several": several, "when": blocks_of(node.when)}


@blocks_of.register
def _(node: Age) -> Blocks:
    duration = _duration(node.duration)
    age = {"which": node.which.value, "what": blocks_of(node.happening), "duration": duration}
    if node.comparison is Comparison.GE:
        if (node.which, node.happening) == (Which.LAST, EventPattern()):
            return {"is": "inactive", "duration": duration}
        return {"is": "older", **age}
    if (node.which, node.comparison) == (Which.FIRST, Comparison.LT):
        return {"is": "younger", **age}
    return {"is": "age", **age, "sign": node.comparison.value}


@blocks_of.register
def _(node: Has) -> Blocks:
    pattern = blocks_of(node.pattern)
    return {
        "is": "has",
        "which": node.which.value,
        "what": pattern,
        "filter": blocks_of(node.filter),
    }


@blocks_of.register
def _(node: AmountIs) -> Blocks:
    value = write_number(Decimal(node.value) / Decimal(1_000_000))
    compared = {"sign": node.comparison.value, "value": value}
    return {
        "is": "amount",
        "amount": blocks_of(node.amount),
        **compared,
        "when": blocks_of(node.when),
    }


@blocks_of.register
def _(node: AmountVersus) -> Blocks:
    share = {"is": "percent", "percent": write_number(node.percent)}
    return {
        "is": "versus",
        "left": blocks_of(node.left),
        "left_when": blocks_of(node.left_when),
        "sign": node.comparison.value,
        "share": {"is": "whole"} if node.percent == 100 else share,
        "right": blocks_of(node.right),
        "right_when": blocks_of(node.right_when),
    }


@blocks_of.register
def _(node: Trait) -> Blocks:
    test = node.test
    is_ = "trait_not" if test.negated and test.op not in _SAY_NOT else "trait"
    return {"is": is_, "path": path_text(test.path), "test": _test(test)}


@blocks_of.register
def _(node: InSegment) -> Blocks:
    return {"is": "in", "segment": field_of_segment(node.segment)}


@blocks_of.register
def _(node: Quantile) -> Blocks:
    ranked = {"amount": blocks_of(node.amount), "when": blocks_of(node.when)}
    percent = write_number(node.percent)
    return {"is": "quantile", "side": node.side.value, "percent": percent, **ranked}


@blocks_of.register
def _(node: And) -> Blocks:
    return {"is": "all", "terms": [blocks_of(term) for term in node.terms]}


@blocks_of.register
def _(node: Or) -> Blocks:
    return {"is": "any", "terms": [blocks_of(term) for term in node.terms]}


@blocks_of.register
def _(node: Not) -> Blocks:
    return {"is": "not", "term": blocks_of(node.term)}


@blocks_of.register
def _(node: ForAtLeast) -> Blocks:
    return {"is": "held", "term": blocks_of(node.term), "duration": _duration(node.duration)}
