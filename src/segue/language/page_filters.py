"""Filters that a page evaluates itself: those of the language whose tests every browser can make
exactly as the server does.

What a page waits for is decided in the page, where the event happens. So a filter of a trigger may
hold only tests that mean the same there: a regular expression, an instant, the order of texts and
numbers beyond 2^53 are read differently by browsers, and are refused here.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeAlias

from segue.domain.errors import DefinitionError
from segue.language.parse import parse_filter
from segue.language.text import to_text
from segue.language.tree import Filter, FilterAnd, FilterNot, FilterOr, Op, Test

Document: TypeAlias = list[Any]
"""`["and", …]`, `["or", …]`, `["not", filter]`, or a test: its op, its path, its operand."""

LARGEST: Final = 2**53
"""Numbers below it are exact in a browser."""
_ORDER: Final = (Op.LT, Op.LE, Op.GT, Op.GE)
_REFUSED: Final = {
    Op.MATCHES: "a page has other regular expressions: use `contains` or `starts with`",
    Op.WITHIN_LAST: "a page does not compare instants",
    Op.WITHIN_NEXT: "a page does not compare instants",
    Op.BEFORE: "a page does not compare instants",
    Op.AFTER: "a page does not compare instants",
}


def read_page_filter(text: str) -> Filter:
    """The filter, which several tests may make up without parentheses around them.

    Raises `DefinitionError` where it cannot be read, `ValueError` (in words) for a test that a page
    cannot make.
    """
    try:
        found = parse_filter(text)
    except DefinitionError as error:
        try:
            found = parse_filter(f"({text})")
        except DefinitionError:
            raise error from None
    for test in _tests(found):
        if problem := _problem(test):
            raise ValueError(f"`{to_text(test)}`: {problem}")
    return found


def _tests(node: Filter) -> list[Test]:
    if isinstance(node, FilterAnd | FilterOr):
        return [test for term in node.terms for test in _tests(term)]
    return _tests(node.term) if isinstance(node, FilterNot) else [node]


def _problem(test: Test) -> str:
    """Why a page cannot make this test, in words; "" where it can."""
    operands = test.operand if isinstance(test.operand, tuple) else (test.operand,)
    if any(isinstance(one, Decimal) and abs(one) >= LARGEST for one in operands):
        return "a page is exact for numbers below 9,007,199,254,740,992 only"
    if test.op in _ORDER and isinstance(test.operand, str):
        return "a page orders numbers only, not texts"
    return _REFUSED.get(test.op, "")


@lru_cache(maxsize=1024)
def page_document(text: str) -> Document:
    """The filter with this text as pages read it; values of JSON."""
    return _document(read_page_filter(text))


def _document(node: Filter) -> Document:
    if isinstance(node, FilterAnd):
        return ["and", *map(_document, node.terms)]
    if isinstance(node, FilterOr):
        return ["or", *map(_document, node.terms)]
    if isinstance(node, FilterNot):
        return ["not", _document(node.term)]
    made: Document = [node.op.value, list(node.path)]
    if isinstance(node.operand, tuple):
        made.append([_operand(one) for one in node.operand])
    elif isinstance(node.operand, Decimal | str):
        made.append(_operand(node.operand))
    return ["not", made] if node.negated else made


def _operand(literal: Decimal | str) -> float | str:
    """A number as the double that a browser reads."""
    if isinstance(literal, str):
        return literal
    return int(literal) if literal == literal.to_integral_value() else float(literal)
