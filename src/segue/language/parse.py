"""Text to canonical tree.

Every function raises one `DefinitionError` whose problem says line, column, what is wrong and what
would have been right. Equal meanings give equal trees (see `tree` and `canonical`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import cache, wraps
from typing import Any, Final, TypeVar

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput, UnexpectedToken

from segue.domain.errors import DefinitionError
from segue.domain.instant import DAY, HOUR, MINUTE, SECOND, WEEK
from segue.language import canonical, patterns
from segue.language.lexicon import KEYWORDS, mistake, quote, read_number, unquote
from segue.language.syntax_errors import excerpt_of, syntax_problem
from segue.language.tree import (
    AgeAmount,
    Amount,
    Before,
    BeforeAnchor,
    Comparison,
    Condition,
    Crossing,
    EventPattern,
    Ever,
    Everyone,
    Filter,
    Has,
    InSegment,
    Literal,
    Measure,
    Name,
    Op,
    Path,
    Sequence,
    Side,
    Since,
    SinceAnchor,
    Step,
    Test,
    Trait,
    Unit,
    When,
    Which,
    Within,
)

_UNITS: Final = {"second": SECOND, "minute": MINUTE, "hour": HOUR, "day": DAY, "week": WEEK}
_IN_DAYS: Final = {"month": 30, "year": 365}


def parse_condition(text: str, *, source: str = "", where: str = "") -> Condition:
    """Read a condition. `source` (a file) and `where` (a path in it) go into the problems."""
    condition: Condition = _parse("condition", text, source, where)
    return condition


def parse_pattern(text: str, *, source: str = "", where: str = "") -> EventPattern:
    """Read an event pattern: `any of (a, "B c") where amount > 3`."""
    pattern: EventPattern = _parse("pattern", text, source, where)
    return pattern


def parse_filter(text: str, *, source: str = "", where: str = "") -> Filter:
    """Read what stands after `where`: one test, or several in parentheses."""
    condition: Filter = _parse("filter", text, source, where)
    return condition


def parse_amount(text: str, *, source: str = "", where: str = "") -> Amount:
    """Read an amount: `sum(purchase.revenue)`."""
    amount: Amount = _parse("amount", text, source, where)
    return amount


def parse_duration(text: str, *, source: str = "", where: str = "") -> int:
    """Read a duration such as `14 days`; the result is in milliseconds."""
    duration: int = _parse("duration", text, source, where)
    return duration


def reading(text: str) -> Any:
    """The parser of a condition before the text, step by step (Lark's interactive one)."""
    return _grammar().parse_interactive(text, start="condition")


@cache
def _grammar() -> Lark:
    return Lark.open(
        "grammar.lark",
        rel_to=__file__,
        parser="lalr",
        start=["condition", "filter", "pattern", "amount", "duration"],
        maybe_placeholders=True,
        transformer=_Reader(),
    )


def _parse(start: str, text: str, source: str, where: str) -> Any:
    try:
        return _grammar().parse(text, start=start)
    except UnexpectedInput as error:
        problem = syntax_problem(error, _accepted(error, text, start), text, start)
    except DefinitionError as error:
        problem = error.problems[0]
    placed = replace(
        problem,
        source=source,
        where=where,
        excerpt=problem.excerpt or excerpt_of(text, problem.line),
    )
    raise DefinitionError([placed])


def _accepted(error: UnexpectedInput, text: str, start: str) -> set[str]:
    """The terminals that really could stand where the error is."""
    if isinstance(error, UnexpectedToken):
        return set(error.accepts or error.expected)
    so_far = _grammar().parse_interactive(text[: error.pos_in_stream or 0], start=start)
    for _ in so_far.exhaust_lexer():
        pass
    return set(so_far.accepts())  # type: ignore[no-untyped-call]


_Result = TypeVar("_Result")
_Read = Callable[[Any, list[Any]], _Result]


def _placed(read: _Read[_Result]) -> _Read[_Result]:
    """Give the problem that a callback finds the place of the first token among its children."""

    @wraps(read)
    def placed(self: Any, children: list[Any]) -> _Result:
        try:
            return read(self, children)
        except DefinitionError as error:
            token = next(child for child in children if isinstance(child, Token))
            line, column = token.line or 1, token.column or 1
            placed = replace(error.problems[0], line=line, column=column)
            raise DefinitionError([placed]) from None

    return placed


def _whole(token: Token) -> int:
    """The whole number that a count needs."""
    number = read_number(token)
    if number != number.to_integral_value() or number < 0:
        raise mistake(f"{token} is not a whole number")
    return int(number)


def _only(unit: Token, *allowed: str) -> str:
    """The unit in the singular, where it is one of those allowed."""
    singular = unit.lower().removesuffix("s")
    if singular not in allowed:
        raise mistake(f"`{unit}` does not fit here", expected=tuple(f"{name}s" for name in allowed))
    return singular


def _when(window: When | None) -> When:
    return Ever() if window is None else window


_Size = tuple[Comparison, int]
_Times = tuple[Comparison, int, Unit]
_ONCE: Final = (Comparison.GE, 1, Unit.TIMES)


class _ReadNames(Transformer[Token, Any]):
    """Callbacks for names, paths, literals and durations."""

    @_placed
    def name(self, children: list[Token]) -> Name:
        (token,) = children
        if token.type == "TEXT":
            return patterns.event_name(unquote(token), quoted=True)
        return patterns.event_name(_bare(token), quoted=False)

    @_placed
    def key(self, children: list[Token]) -> str:
        return _word(children[0])

    def path(self, children: list[str]) -> Path:
        return tuple(children)

    @_placed
    def segment(self, children: list[Token]) -> str:
        return ".".join(_word(token) for token in children)

    @_placed
    def literal(self, children: list[Token]) -> Literal:
        (token,) = children
        return unquote(token) if token.type == "TEXT" else read_number(token)

    @_placed
    def length(self, children: list[Token]) -> int:
        number, unit = children
        singular = unit.lower().removesuffix("s")
        if singular in _IN_DAYS:
            days = _whole(number) * _IN_DAYS[singular]
            raise mistake(
                f"there are no {singular}s: they differ in length", suggestion=f"{days} days"
            )
        return canonical.duration_of(_whole(number) * _UNITS[singular])

    def which(self, children: list[Token]) -> Which:
        return Which(children[0].lower())


def _bare(token: Token) -> str:
    if token.lower() in KEYWORDS:
        raise mistake(
            f"`{token}` is a word of the language; as a name it needs quotes",
            suggestion=quote(token),
        )
    return str(token)


def _word(token: Token) -> str:
    return unquote(token) if token.type == "TEXT" else _bare(token)


class _ReadFilters(Transformer[Token, Any]):
    """Callbacks for tests and filters."""

    def filter(self, children: list[Filter]) -> Filter:
        return patterns.shallow(children[0])

    def filter_or(self, children: list[Filter]) -> Filter:
        return patterns.some_filter(children)

    def filter_and(self, children: list[Filter]) -> Filter:
        return patterns.every_filter(children)

    def not_filter(self, children: list[Any]) -> Filter:
        return patterns.not_filter(children[1])

    def compared(self, children: list[Any]) -> Test:
        path, sign, literal = children
        return patterns.compared(path, str(sign), literal)

    def one_of(self, children: list[Any]) -> Test:
        path, *literals = children
        return patterns.one_of(path, literals)

    def not_one_of(self, children: list[Any]) -> Test:
        path, _, *literals = children
        return patterns.one_of(path, literals, negated=True)

    def text_op(self, children: list[Token]) -> Token:
        return children[0]

    @_placed
    def text_test(self, children: list[Any]) -> Test:
        path, op, literal = children
        return patterns.text_test(path, _TEXT_OPS[op.lower()], literal)

    @_placed
    def not_text_test(self, children: list[Any]) -> Test:
        path, _, op, literal = children
        return patterns.text_test(path, _TEXT_OPS[op.lower()], literal, negated=True)

    def flag(self, children: list[Any]) -> Test:
        path, flag = children
        return Test(path, Op(f"is {flag.lower()}"))

    def not_set(self, children: list[Any]) -> Test:
        return Test(children[0], Op.IS_SET, negated=True)

    def within_last(self, children: list[Any]) -> Test:
        return patterns.relative(children[0], Op.WITHIN_LAST, children[-1])

    def within_next(self, children: list[Any]) -> Test:
        return patterns.relative(children[0], Op.WITHIN_NEXT, children[-1])

    @_placed
    def dated(self, children: list[Any]) -> Test:
        path, op, moment = children
        return patterns.dated(path, Op(op.lower()), patterns.moment(moment))


_TEXT_OPS: Final = {
    "contains": Op.CONTAINS,
    "starts": Op.STARTS_WITH,
    "ends": Op.ENDS_WITH,
    "matches": Op.MATCHES,
}


class _ReadHappenings(Transformer[Token, Any]):
    """Callbacks for event patterns, sequences, counts and windows."""

    def any_name(self, children: list[Name]) -> list[Name]:
        return children

    def one_name(self, children: list[Name]) -> list[Name]:
        return children

    def names(self, children: list[Name]) -> list[Name]:
        return children

    def event_pattern(self, children: list[Any]) -> EventPattern:
        names, where = children
        return patterns.pattern_of(names, where)

    def pattern(self, children: list[EventPattern]) -> EventPattern:
        return children[0]

    def several(self, children: list[EventPattern]) -> list[EventPattern]:
        return children

    def present(self, children: list[Any]) -> Step:
        return Step(children[0], children[-1] if len(children) > 1 else None)

    @_placed
    def absent(self, children: list[Any]) -> Step:
        return canonical.absent_step(children[1], children[-1])

    def sequence(self, children: list[Any]) -> Sequence:
        steps = [child for child in children if isinstance(child, Step)]
        return canonical.sequence(children[0], steps, children[-1])

    def at_least(self, children: list[Token]) -> _Size:
        return Comparison.GE, _whole_at(children)

    def at_most(self, children: list[Token]) -> _Size:
        return Comparison.LE, _whole_at(children)

    def exactly(self, children: list[Token]) -> _Size:
        return Comparison.EQ, _whole_at(children)

    def more_than(self, children: list[Token]) -> _Size:
        return Comparison.GT, _whole_at(children)

    def fewer_than(self, children: list[Token]) -> _Size:
        return Comparison.LT, _whole_at(children)

    def times(self, children: list[Any]) -> _Times:
        return (*children[0], Unit.TIMES)

    @_placed
    def days(self, children: list[Any]) -> _Times:
        size, unit = children
        _only(unit, "day")
        return (*size, Unit.DAYS)

    def within(self, children: list[Any]) -> When:
        return Within(children[-1])

    @_placed
    def between(self, children: list[Any]) -> When:
        return canonical.between(children[1], children[2])

    @_placed
    def since(self, children: list[Token]) -> When:
        return Since(patterns.moment(children[0]))

    @_placed
    def before(self, children: list[Token]) -> When:
        return Before(patterns.moment(children[-1]))

    def since_anchor(self, children: list[Any]) -> When:
        which, anchor = children
        return SinceAnchor(which, anchor)

    def within_after(self, children: list[Any]) -> When:
        _, duration, _, which, anchor = children
        return canonical.within_after(duration, which, anchor)

    def before_anchor(self, children: list[Any]) -> When:
        _, which, anchor = children
        return BeforeAnchor(which, anchor)

    @_placed
    def periods(self, children: list[Token]) -> When:
        at_least, _, of, unit = children
        period = {"day": DAY, "week": WEEK}[_only(unit, "day", "week")]
        return canonical.periods(_whole(at_least), _whole(of), period)


@_placed
def _whole_first(_: object, children: list[Any]) -> int:
    return _whole(children[0])


def _whole_at(children: list[Token]) -> int:
    return _whole_first(None, children)


class _ReadAmounts(Transformer[Token, Any]):
    """Callbacks for amounts and for conditions over them."""

    def amount(self, children: list[Amount]) -> Amount:
        return children[0]

    def count(self, children: list[Any]) -> Amount:
        return Amount(Measure.COUNT, children[0])

    def measured(self, children: list[Any]) -> Amount:
        measure, names, path, where = children
        return Amount(Measure(measure.lower()), patterns.pattern_of(names, where), path)

    def age_amount(self, children: list[Any]) -> AgeAmount:
        _, which, happening = children
        return AgeAmount(which, happening)

    def windowed(self, children: list[Any]) -> tuple[Amount, When | None]:
        amount, window = children
        return amount, window

    @_placed
    def amount_is(self, children: list[Any]) -> Condition:
        (amount, early), sign, number, window = children
        if early is not None:
            raise mistake("the window of an amount that is compared with a number comes last")
        return canonical.amount_is(amount, Comparison(sign), read_number(number), _when(window))

    @_placed
    def amount_versus(self, children: list[Any]) -> Condition:
        (left, left_when), sign, *percent, (right, right_when) = children
        share = _percent(percent[0]) if percent else Decimal(100)
        return canonical.amount_versus(
            (left, _when(left_when)), Comparison(sign), (right, _when(right_when)), share
        )

    @_placed
    def quantile(self, children: list[Any]) -> Condition:
        side, percent, amount, window = children
        return canonical.quantile(Side(side.lower()), _percent(percent), amount, _when(window))


def _percent(token: Token) -> Decimal:
    return read_number(token.removesuffix("%").rstrip())


class _Reader(_ReadNames, _ReadFilters, _ReadHappenings, _ReadAmounts):
    """Callbacks for conditions; the other classes hold the parts."""

    def condition(self, children: list[Condition]) -> Condition:
        return canonical.shallow(children[0])

    def duration(self, children: list[int]) -> int:
        return children[0]

    def disjunction(self, children: list[Condition]) -> Condition:
        return canonical.any_of(children)

    def conjunction(self, children: list[Condition]) -> Condition:
        return canonical.all_of(children)

    def held_for(self, children: list[Any]) -> Condition:
        term, _, duration = children
        return canonical.held_for(term, duration)

    def negation(self, children: list[Any]) -> Condition:
        return canonical.negation(children[1])

    def everyone(self, _: list[Any]) -> Condition:
        return Everyone()

    @_placed
    def did(self, children: list[Any]) -> Condition:
        _, happening, times, window = children
        comparison, count, unit = times or _ONCE
        return canonical.did(happening, comparison, count, unit, _when(window))

    @_placed
    def did_not(self, children: list[Any]) -> Condition:
        _, _, happening, times, window = children
        comparison, count, unit = times or _ONCE
        return canonical.did_not(happening, comparison, count, unit, _when(window))

    @_placed
    def some_of(self, children: list[Any]) -> Condition:
        _, (comparison, count), several, window = children
        return canonical.did_some_of(several, comparison, count, _when(window))

    @_placed
    def not_some_of(self, children: list[Any]) -> Condition:
        _, _, (comparison, count), several, window = children
        return canonical.did_not_some_of(several, comparison, count, _when(window))

    @_placed
    def active(self, children: list[Any]) -> Condition:
        _, (comparison, count), unit, window = children
        _only(unit, "day")
        return canonical.active_days(comparison, count, _when(window))

    def inactive(self, children: list[Any]) -> Condition:
        return canonical.inactive_for(children[-1])

    def younger(self, children: list[Any]) -> Condition:
        which, happening, _, duration = children
        return canonical.age(which, happening, Comparison.LT, duration)

    def older(self, children: list[Any]) -> Condition:
        which, happening, duration = children
        return canonical.age(which, happening, Comparison.GE, duration)

    def age(self, children: list[Any]) -> Condition:
        _, which, happening, sign, duration = children
        return canonical.age(which, happening, Comparison(sign), duration)

    def has(self, children: list[Any]) -> Condition:
        which, pattern, where = children
        return Has(which, pattern, patterns.shallow(where))

    def trait(self, children: list[Test]) -> Condition:
        return Trait(children[0])

    def in_segment(self, children: list[str]) -> Condition:
        return InSegment(children[0])

    @_placed
    def crossed(self, children: list[Any]) -> Condition:
        edge, segment, times, window = children
        comparison, count, unit = times or _ONCE
        crossing = Crossing(edge.lower(), segment)
        return canonical.did(crossing, comparison, count, unit, _when(window))
