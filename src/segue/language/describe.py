"""Canonical tree to plain English, to be read after "a person who".

"viewed a page whose path is /pricing at least 2 times in the last 7 days, and has not signed up".
It is for people: exact, but not meant to be parsed back.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import singledispatchmethod
from typing import Final

from segue.domain.instant import DAY, format_duration
from segue.language.lexicon import write_number
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
    Literal,
    Measure,
    Moment,
    Name,
    Not,
    Op,
    Operand,
    Or,
    Path,
    Pattern,
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
from segue.language.wording import Phrase, phrase_of, words_of

_NO_TITLES: Final[Mapping[str, str]] = {}


def describe(condition: Condition, *, titles: Mapping[str, str] = _NO_TITLES) -> str:
    """Say in plain English whom the condition means.

    `titles` are the titles of segments by their ids; a segment without one is named by its id.
    """
    return _Describer(titles).condition(condition)


def describe_filter(where: Filter) -> str:
    """Say a filter after "whose": "path is /pricing and amount is more than 100"."""
    match where:
        case Test():
            return _test(where)
        case FilterAnd(terms):
            return " and ".join(_bracketed_filter(term) for term in terms)
        case FilterOr(terms):
            return " or ".join(_bracketed_filter(term) for term in terms)
        case FilterNot(term):
            return f"not ({describe_filter(term)})"


def describe_window(when: When) -> str:
    """Say a window: "in the last 7 days"; empty for the whole time."""
    match when:
        case Ever():
            said = ""
        case Within(duration):
            said = f"in the last {_last(duration)}"
        case Between(older, newer):
            said = f"between {format_duration(older)} and {format_duration(newer)} ago"
        case Since(moment):
            said = f"since {_moment(moment)}"
        case Before(moment):
            said = f"before {_moment(moment)}"
        case Periods(at_least, of, period):
            said = f"in at least {at_least} of the last {of} {'days' if period == DAY else 'weeks'}"
        case _:
            said = _anchored(when)
    return said


def _anchored(when: SinceAnchor | WithinAfter | BeforeAnchor) -> str:
    anchor = f"they {when.which} {_pattern(when.anchor).past}"
    match when:
        case SinceAnchor():
            return f"since {anchor}"
        case WithinAfter(duration):
            return f"within {format_duration(duration)} after {anchor}"
        case BeforeAnchor():
            return f"before {anchor}"


def describe_amount(amount: Amount | AgeAmount) -> str:
    """Say an amount: "total revenue of “purchase”"."""
    if isinstance(amount, AgeAmount):
        return f"time since they {amount.which} {_happening(amount.happening).past}"
    if amount.measure is Measure.COUNT:
        return f"number of {_source(amount.happening, events=True)}"
    if amount.measure is Measure.DISTINCT:
        return f"number of different “{_property(amount.path)}” of {_source(amount.happening)}"
    return f"{_MEASURES[amount.measure]} {_property(amount.path)} of {_source(amount.happening)}"


_MEASURES: Final = {
    Measure.SUM: "total",
    Measure.AVG: "average",
    Measure.MIN: "smallest",
    Measure.MAX: "largest",
}


class _Describer:
    """Describes conditions; holds the titles of segments."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        self._titles = titles

    @singledispatchmethod
    def condition(self, node: Condition) -> str:
        raise TypeError(f"{type(node).__name__} is no condition")

    @condition.register
    def _(self, _: Everyone) -> str:
        return "is anyone"

    @condition.register
    def _(self, node: Did) -> str:
        if node.happening == EventPattern():
            active = _active(node)
            if active:
                return active
        phrase = self._phrase(node.happening)
        comma = "," if isinstance(node.happening, Sequence) else ""
        counted = _counted(node.comparison, node.count, node.unit)
        window = describe_window(node.when)
        tail = _spaced(counted, window)
        after = f"{comma} {tail}" if tail else ""
        if (node.comparison, node.count) == (Comparison.LE, 0) and not _by_period(node.when):
            return f"has not {phrase.participle}{after}"
        if (node.comparison, node.count) == (Comparison.GE, 1) and isinstance(node.when, Ever):
            return f"has {phrase.participle}"
        return f"{phrase.past}{after}"

    @condition.register
    def _(self, node: DidSomeOf) -> str:
        several = ", ".join(_pattern(pattern).past for pattern in node.patterns)
        how_many = _how_many(node.comparison, node.count)
        return _spaced(f"did {how_many} of these ({several})", describe_window(node.when))

    @condition.register
    def _(self, node: Age) -> str:
        past, age = _happening(node.happening).past, format_duration(node.duration)
        if node == Age(Which.LAST, EventPattern(), Comparison.GE, node.duration):
            return f"has been inactive for {age}"
        if node.comparison is Comparison.LT:
            return f"{node.which} {past} in the last {_last(node.duration)}"
        return f"{node.which} {past} {_AGES[node.comparison]} {age} ago"

    @condition.register
    def _(self, node: Has) -> str:
        done = f"when they {node.which} {_pattern(node.pattern).past}"
        return f"{done}, its {describe_filter(node.filter)}"

    @condition.register
    def _(self, node: AmountIs) -> str:
        value = write_number(Decimal(node.value) / 1_000_000)
        amount = _spaced(describe_amount(node.amount), describe_window(node.when))
        return f"whose {amount} is {_COMPARED[node.comparison]} {value}"

    @condition.register
    def _(self, node: AmountVersus) -> str:
        left = _spaced(describe_amount(node.left), describe_window(node.left_when))
        right = _spaced(describe_amount(node.right), describe_window(node.right_when))
        share = "" if node.percent == 100 else f"{write_number(node.percent)}% of"
        return _spaced("whose", left, "is", _COMPARED[node.comparison], share, "their", right)

    @condition.register
    def _(self, node: Trait) -> str:
        return f"whose {_test(node.test)}"

    @condition.register
    def _(self, node: InSegment) -> str:
        return f"is in {self._segment(node.segment)}"

    @condition.register
    def _(self, node: Quantile) -> str:
        amount = _spaced(describe_amount(node.amount), describe_window(node.when))
        return f"is in the {node.side} {write_number(node.percent)}% by {amount}"

    @condition.register
    def _(self, node: And) -> str:
        return _listed([self._bracketed(term) for term in node.terms], "and")

    @condition.register
    def _(self, node: Or) -> str:
        return _listed([self._bracketed(term) for term in node.terms], "or")

    @condition.register
    def _(self, node: Not) -> str:
        match node.term:
            case Everyone():
                return "is nobody"
            case InSegment() | Quantile():
                return self.condition(node.term).replace("is in", "is not in", 1)
            case term:
                return f"not ({self.condition(term)})"

    @condition.register
    def _(self, node: ForAtLeast) -> str:
        return f"for at least {format_duration(node.duration)} now {self._bracketed(node.term)}"

    def _bracketed(self, term: Condition) -> str:
        said = self.condition(term)
        return f"({said})" if isinstance(term, And | Or) else said

    def _segment(self, segment: str) -> str:
        return f"“{self._titles.get(segment, segment)}”"

    def _phrase(self, happening: Happening) -> Phrase:
        if isinstance(happening, Crossing):
            crossed = f"{happening.edge} {self._segment(happening.segment)}"
            return Phrase(crossed, crossed)
        return _happening(happening)


# ---------------------------------------------------------------------------------------- counting


def _active(node: Did) -> str:
    """`any` reads best as activity, where days or mere presence are counted."""
    window = describe_window(node.when)
    match node.comparison, node.count:
        case Comparison.GE, 1 if isinstance(node.when, Ever):
            return "has been active"
        case Comparison.GE, 1:
            return f"was active {window}"
        case Comparison.LE, 0 if not _by_period(node.when):
            return _spaced("has not been active", window)
        case _ if node.unit is Unit.DAYS:
            return _spaced("was active", _counted(node.comparison, node.count, node.unit), window)
        case _:
            return ""


def _by_period(when: When) -> bool:
    return isinstance(when, Periods)


def _counted(comparison: Comparison, count: int, unit: Unit) -> str:
    days = unit is Unit.DAYS
    match comparison, count:
        case (Comparison.GE, 1) | (Comparison.LE, 0):
            said = ""
        case Comparison.GE, 0:
            said = "any number of times"
        case Comparison.NE, _:
            said = f"{'on ' * days}any number of {unit} but {count}"
        case _, 1 if not days:
            said = f"{_SIZES[comparison]} once"
        case _:
            size = _how_many(comparison, count)
            said = f"{'on ' * days}{size} {'day' if days and count == 1 else unit}"
    return said


_SIZES: Final = {
    Comparison.GE: "at least",
    Comparison.LE: "at most",
    Comparison.EQ: "exactly",
}


def _how_many(comparison: Comparison, count: int) -> str:
    match comparison, count:
        case Comparison.LE, 0:
            return "none"
        case Comparison.NE, _:
            return f"any number but {count}"
        case _ if count < 0:
            return "fewer than 0"
        case _:
            return f"{_SIZES[comparison]} {count}"


_AGES: Final = {
    Comparison.GE: "at least",
    Comparison.GT: "more than",
    Comparison.LE: "at most",
    Comparison.LT: "less than",
    Comparison.EQ: "exactly",
    Comparison.NE: "not exactly",
}
_COMPARED: Final = {
    Comparison.GE: "at least",
    Comparison.GT: "more than",
    Comparison.LE: "at most",
    Comparison.LT: "less than",
    Comparison.EQ: "exactly",
    Comparison.NE: "not",
}

# -------------------------------------------------------------------------------------- happenings


def _happening(happening: Happening) -> Phrase:
    match happening:
        case Sequence():
            return _sequence(happening)
        case Crossing(edge, segment):
            return Phrase(f"{edge} “{segment}”", f"{edge} “{segment}”")
        case _:
            return _pattern(happening)


def _pattern(pattern: Pattern) -> Phrase:
    if isinstance(pattern, PatternUnion):
        parts = [_pattern(part) for part in pattern.alternatives]
    elif pattern.is_any:
        parts = [Phrase("did anything", "done anything")]
    else:
        parts = [_named(name) for name in pattern.names]
    unique = list(dict.fromkeys(parts))
    where = None if isinstance(pattern, PatternUnion) else pattern.where
    past = _either([part.past for part in unique])
    done = _either([part.participle for part in unique])
    if where is None:
        return Phrase(past, done)
    whose = "whose" if len(unique) == 1 and _ends_in_a_thing(past) else "where"
    said = f"{whose} {describe_filter(where)}"
    return Phrase(f"{past} {said}", f"{done} {said}")


def _ends_in_a_thing(past: str) -> bool:
    """Whether "whose" can follow: "viewed a page whose", but "purchased where"."""
    return " a " in past or " an " in past


def _named(name: Name) -> Phrase:
    if name.is_prefix:
        start = f"“{name.text[:-1]}…”"
        return Phrase(f"did anything called {start}", f"done anything called {start}")
    return phrase_of(name.text)


def _sequence(sequence: Sequence) -> Phrase:
    limit = sequence.all_within
    ending = "" if limit is None else f" (all within {format_duration(limit)})"
    first = _pattern(sequence.first)
    past = " and then ".join([first.past, *(_step(step, past=True) for step in sequence.steps)])
    done = [first.participle, *(_step(step, past=False) for step in sequence.steps)]
    return Phrase(past + ending, " and then ".join(done) + ending)


def _step(step: Step, *, past: bool) -> str:
    phrase = _pattern(step.pattern)
    limit = "" if step.within is None else f"within {format_duration(step.within)}"
    if step.absent:
        return _spaced("had not" if past else "not", phrase.participle, limit)
    return _spaced(phrase.past if past else phrase.participle, limit)


def _source(happening: Happening, *, events: bool = False) -> str:
    """The events of an amount, by name, since "total revenue of purchased" would not do."""
    if isinstance(happening, PatternUnion):
        return _either([_source(part, events=events) for part in happening.alternatives])
    if not isinstance(happening, EventPattern):
        return f"times they {_happening(happening).past}"
    names = [f"“{words_of(name.text) or name.text}”" for name in happening.names]
    whose = "" if happening.where is None else f"whose {describe_filter(happening.where)}"
    if happening.is_any:
        return _spaced("events" if events else "any event", whose)
    return _spaced(_either(list(dict.fromkeys(names))), "events" if events else "", whose)


# ------------------------------------------------------------------------------------------- tests


def _test(test: Test) -> str:
    subject = _property(test.path)
    positive, negative = _TESTS[test.op]
    return _spaced(subject, negative if test.negated else positive, _operand(test.operand))


_TESTS: Final = {
    Op.EQ: ("is", "is not"),
    Op.LT: ("is less than", "is not less than"),
    Op.LE: ("is at most", "is not at most"),
    Op.GT: ("is more than", "is not more than"),
    Op.GE: ("is at least", "is not at least"),
    Op.IN: ("is one of", "is none of"),
    Op.CONTAINS: ("contains", "does not contain"),
    Op.STARTS_WITH: ("starts with", "does not start with"),
    Op.ENDS_WITH: ("ends with", "does not end with"),
    Op.MATCHES: ("matches", "does not match"),
    Op.IS_SET: ("is set", "is not set"),
    Op.IS_TRUE: ("is true", "is not true"),
    Op.IS_FALSE: ("is false", "is not false"),
    Op.WITHIN_LAST: ("is within the last", "is not within the last"),
    Op.WITHIN_NEXT: ("is within the next", "is not within the next"),
    Op.BEFORE: ("is before", "is not before"),
    Op.AFTER: ("is after", "is not after"),
}


def _operand(operand: Operand) -> str:
    match operand:
        case None:
            return ""
        case Moment():
            return _moment(operand)
        case tuple():
            return _either([_literal(literal) for literal in operand])
        case int():
            return _last(operand)
        case _:
            return _literal(operand)


def _literal(literal: Literal) -> str:
    if isinstance(literal, Decimal):
        return write_number(literal)
    simple = literal and literal.isprintable() and not any(sign in literal for sign in " ,“”()")
    return literal if simple else f"“{literal}”"


def _property(path: Path) -> str:
    return " ".join(words_of(key) or f"“{key}”" for key in path)


def _moment(moment: Moment) -> str:
    return moment.text.replace("T", " ")


# ----------------------------------------------------------------------------------------- joining


def _last(duration: int) -> str:
    """A duration after "the last": "7 days", but "day" for one of them."""
    return format_duration(duration).removeprefix("1 ") if duration else ""


def _bracketed_filter(term: Filter) -> str:
    said = describe_filter(term)
    return f"({said})" if isinstance(term, FilterAnd | FilterOr) else said


def _spaced(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _either(parts: list[str]) -> str:
    return parts[-1] if len(parts) == 1 else _comma(parts, " or ")


def _comma(parts: list[str], last: str) -> str:
    return last.join([", ".join(parts[:-1]), parts[-1]]) if parts else ""


def _listed(parts: list[str], word: str) -> str:
    return f"{', '.join(parts[:-1])}, {word} {parts[-1]}"
