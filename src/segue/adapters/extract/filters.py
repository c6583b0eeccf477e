"""Filters as SQL conditions that are always true or false, never NULL."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import duckdb

from segue.adapters.extract import values
from segue.adapters.extract.sql import Binder, all_of, any_of, let
from segue.domain.errors import DefinitionError, Problem
from segue.domain.instant import parse_instant, start_of_day
from segue.language.tree import (
    Filter,
    FilterAnd,
    FilterNot,
    FilterOr,
    Literal,
    Moment,
    Op,
    Test,
)

_TEXT_TESTS = {
    Op.CONTAINS: "contains({{text}}, {operand})",
    Op.STARTS_WITH: "starts_with({{text}}, {operand})",
    Op.ENDS_WITH: "ends_with({{text}}, {operand})",
    Op.MATCHES: "regexp_matches({{text}}, {operand})",
}
_ORDER_TESTS = (Op.EQ, Op.LT, Op.LE, Op.GT, Op.GE)


@dataclass(frozen=True, slots=True)
class FilterCompiler:
    """Compiles filters of one statement. `zone` reads dates and instants without a zone;
    `instant` is the SQL of the event's own instant, which `within last` and `within next` mean."""

    binder: Binder
    zone: str
    instant: str = "occurred_at"

    def condition(self, node: Filter) -> str:
        """The SQL of a filter. Raises `DefinitionError` for a regex that RE2 refuses."""
        if isinstance(node, FilterAnd):
            return all_of(self.condition(term) for term in node.terms)
        if isinstance(node, FilterOr):
            return any_of(self.condition(term) for term in node.terms)
        if isinstance(node, FilterNot):
            return f"NOT ({self.condition(node.term)})"
        positive = f"coalesce({self._positive(node)}, false)"
        return f"NOT {positive}" if node.negated else positive

    def _positive(self, test: Test) -> str:
        value = values.property_at(test.path, self.binder)
        match test.op, test.operand:
            case Op.IS_SET, _:
                return values.is_set(value)
            case Op.IS_TRUE | Op.IS_FALSE, _:
                return values.is_boolean(value, test.op is Op.IS_TRUE)
            case ((Op.WITHIN_LAST | Op.WITHIN_NEXT), int() as duration):
                return self._near(value, test.op, duration)
            case ((Op.BEFORE | Op.AFTER), Moment() as moment):
                return self._beside(value, test.op, moment)
            case Op.IN, tuple() as literals:
                return self._among(value, literals)
            case _, (Decimal() | str()) as literal:
                return self._compared(value, test.op, literal)
        raise AssertionError(f"{test.op} does not take {test.operand!r}")

    def _compared(self, value: str, op: Op, literal: Literal) -> str:
        if isinstance(literal, Decimal):
            return self._compared_number(value, op, literal)
        operand = self.binder.bind(literal)
        if op in _ORDER_TESTS:
            return values.holds_text(value, f"{{text}} {op} {operand}")
        if op is Op.MATCHES:
            check_regex(literal)
        return values.holds_text(value, _TEXT_TESTS[op].format(operand=operand))

    def _among(self, value: str, literals: tuple[Literal, ...]) -> str:
        numbers = [literal for literal in literals if isinstance(literal, Decimal)]
        texts = [self.binder.bind(literal) for literal in literals if isinstance(literal, str)]
        tests = []
        tests += [self._compared_number(value, Op.EQ, literal) for literal in numbers]
        if texts:
            tests.append(values.holds_text(value, f"{{text}} IN ({', '.join(texts)})"))
        return any_of(f"coalesce({test}, false)" for test in tests)

    def _near(self, value: str, op: Op, duration: int) -> str:
        when = values.instant_of(value, self.binder, self.zone)
        length = f"{self.binder.bind(duration)}::BIGINT"
        if op is Op.WITHIN_LAST:
            return let("age", f"{self.instant} - {when}", f"age >= 0 AND age < {length}")
        return let("wait", f"{when} - {self.instant}", f"wait > 0 AND wait <= {length}")

    def _beside(self, value: str, op: Op, moment: Moment) -> str:
        when = values.instant_of(value, self.binder, self.zone)
        if op is Op.AFTER and moment.is_date:
            following = dt.date.fromisoformat(moment.text) + dt.timedelta(days=1)
            return f"{when} >= {self._instant(start_of_day(following, self.zone))}"
        comparison = "<" if op is Op.BEFORE else ">"
        return f"{when} {comparison} {self._instant(parse_instant(moment.text, self.zone))}"

    def _instant(self, instant: int) -> str:
        return f"{self.binder.bind(instant)}::BIGINT"

    def _compared_number(self, value: str, op: Op, literal: Decimal) -> str:
        double = f"{self.binder.bind(float(literal))}::DOUBLE"
        scaled = literal.scaleb(6)
        if scaled != scaled.to_integral_value():
            return values.compares(value, f"{op} {double} * 1e6", f"{op} {double}")
        # In millionths as text, because it may be wider than 64 bits.
        millionths = f"{self.binder.bind(str(int(scaled)))}::HUGEINT"
        return values.compares(value, f"{op} {millionths}", f"{op} {double}")


@lru_cache(maxsize=1024)
def check_regex(pattern: str) -> None:
    """Raise `DefinitionError` where RE2 refuses the pattern."""
    try:
        with duckdb.connect() as connection:
            connection.execute("SELECT regexp_matches('', ?)", [pattern])
    except duckdb.InvalidInputException as refusal:
        reason = str(refusal).removeprefix("Invalid Input Error: ")
        problem = Problem(
            message=f"{pattern!r} is no RE2 regular expression: {reason}",
            excerpt=pattern,
            expected=("a pattern without look-around or back-references, its brackets closed",),
        )
        raise DefinitionError(
            [problem],
            hint="See https://github.com/google/re2/wiki/Syntax for what RE2 understands.",
        ) from refusal
