"""What is wrong with a condition by itself: it can never hold, always holds, or says two things.

Nothing here knows events or files: a doubt is a problem without a place, and the node it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Sequence as Sequence_
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Any, Final, TypeVar

from segue.domain.errors import Severity
from segue.domain.instant import DAY, HOUR, format_duration
from segue.language.canonical import negation
from segue.language.implication import inside
from segue.language.intervals import never_both
from segue.language.lexicon import write_number
from segue.language.text import path_text, to_text
from segue.language.tree import (
    Age,
    AmountIs,
    And,
    Between,
    Comparison,
    Condition,
    Did,
    DidSomeOf,
    Ever,
    FilterAnd,
    InSegment,
    Measure,
    Op,
    Periods,
    Sequence,
    Test,
    Trait,
    Unit,
    When,
    Which,
    Within,
    WithinAfter,
)
from segue.language.walk import nodes


@dataclass(frozen=True, slots=True)
class Doubt:
    """A sentence about a node; an error where the node can never hold as written."""

    message: str
    node: Any
    severity: Severity = Severity.ERROR
    suggestion: str = ""


def doubts(condition: Condition) -> Iterator[Doubt]:
    """Everything doubtful in the condition, in the order of its text."""
    for node in nodes(condition):
        for kind, check in _CHECKS:
            if isinstance(node, kind):
                yield from check(node)


def _always(message: str, node: Any) -> Doubt:
    return Doubt(message, node, Severity.WARNING)


# ---------------------------------------------------------------------------------------- counting


def _counts(node: Did) -> Iterator[Doubt]:
    if (node.comparison, node.count) == (Comparison.GE, 0):
        yield _always("`at least 0 times` always holds", node)
    if node.count < 0:
        yield Doubt("`fewer than 0 times` never holds", node)
    if node.unit is Unit.DAYS:
        yield from _days(node)


def _days(node: Did) -> Iterator[Doubt]:
    length = _length(node.when)
    if length is None or node.comparison not in {Comparison.GE, Comparison.EQ}:
        return
    most = most_days(length)
    if node.count > most:
        window = format_duration(length)
        message = f"a window of {window} touches at most {most} calendar days, never {node.count}"
        yield Doubt(message, node)


def most_days(length: int) -> int:
    """How many calendar days a window of this length can touch, changes of the clock included."""
    return -(-(length + 2 * HOUR) // DAY) + 1


def _length(when: When) -> int | None:
    match when:
        case Within(duration) | WithinAfter(duration):
            return duration
        case Between(older, newer):
            return older - newer
        case Periods():
            return when.period
        case _:
            return None


def _several(node: DidSomeOf) -> Iterator[Doubt]:
    listed = len(node.patterns)
    wants = node.comparison in {Comparison.GE, Comparison.EQ}
    if wants and node.count > listed:
        yield Doubt(f"only {listed} are listed: never {node.count} of them", node)
    if node.count < 0:
        yield Doubt("`fewer than 0 of` never holds", node)
    if (node.comparison, node.count) == (Comparison.GE, 0):
        yield _always("`at least 0 of` always holds", node)
    if node.comparison is Comparison.LE and node.count >= listed:
        yield _always(f"only {listed} are listed: this always holds", node)
    if len(set(node.patterns)) < listed:
        yield _always("the same event is listed twice", node)


def _amounts(node: AmountIs) -> Iterator[Doubt]:
    if node.amount.measure not in {Measure.COUNT, Measure.DISTINCT}:
        return
    called = f"{node.amount.measure}(…)"
    low = {Comparison.LT: 0, Comparison.LE: -1, Comparison.EQ: -1}.get(node.comparison)
    high = {Comparison.GE: 0, Comparison.GT: -1, Comparison.NE: -1}.get(node.comparison)
    fraction = node.value % 1_000_000
    if (low is not None and node.value <= low) or (fraction and node.comparison is Comparison.EQ):
        yield Doubt(f"`{called}` is a whole number from 0: this never holds", node)
    if (high is not None and node.value <= high) or (fraction and node.comparison is Comparison.NE):
        yield _always(f"`{called}` is a whole number from 0: this always holds", node)


# ---------------------------------------------------------------------------------------- sequences


def _sequences(node: Sequence) -> Iterator[Doubt]:
    whole = node.all_within
    if whole is None:
        return
    waiting = sum(step.within or 0 for step in node.steps if step.absent)
    if waiting > whole:
        yield Doubt(
            f"can never match: its `then not` steps take {format_duration(waiting)}, "
            f"but all of it must happen within {format_duration(whole)}",
            node,
        )
    for step in node.steps:
        if not step.absent and step.within is not None and step.within > whole:
            limit, bound = format_duration(step.within), format_duration(whole)
            yield _always(f"`within {limit}` has no effect: `all within {bound}` is shorter", step)


# -------------------------------------------------------------------------------------------- tests


def _tests(node: Test) -> Iterator[Doubt]:
    if node.op not in {Op.LT, Op.LE, Op.GT, Op.GE} or not isinstance(node.operand, str):
        return
    try:
        number = write_number(Decimal(node.operand))
    except ArithmeticError:
        return
    yield Doubt(
        f"`{path_text(node.path)}` is compared with a text, letter by letter",
        node,
        Severity.WARNING,
        f"{node.op} {number}",
    )


def _filters(node: FilterAnd) -> Iterator[Doubt]:
    tests = [term for term in node.terms if isinstance(term, Test)]
    yield from _clashes(tests, node)


def _clashes(tests: list[Test], node: Any) -> Iterator[Doubt]:
    for one, other in _pairs(tests, lambda test: test.path):
        if never_both(one, other):
            said = f"`{to_text(one)}` and `{to_text(other)}`"
            yield Doubt(f"never holds: {said} exclude each other", node)


_Term = TypeVar("_Term")
_MOST_COMPARED = 50


def _pairs(
    terms: Sequence_[_Term], about: Callable[[_Term], object]
) -> Iterator[tuple[_Term, _Term]]:
    """Pairs of terms about the same thing; of very many only the first are compared."""
    groups: dict[object, list[_Term]] = {}
    for term in terms:
        groups.setdefault(about(term), []).append(term)
    for group in groups.values():
        yield from combinations(group[:_MOST_COMPARED], 2)


# ------------------------------------------------------------------------------------- conjunctions


def _conjunctions(node: And) -> Iterator[Doubt]:
    yield from _clashes([term.test for term in node.terms if isinstance(term, Trait)], node)
    seen: set[Condition] = set()
    for term in node.terms:
        if term in seen:
            yield _always(f"`{to_text(term)}` stands here twice", node)
        elif negation(term) in seen and not isinstance(term, Trait):
            yield Doubt(f"never holds: `{to_text(term)}` and its opposite", node)
        seen.add(term)
    for one, other in _pairs(node.terms, _about):
        if negation(one) != other and (_exclusive(one, other) or _exclusive(other, one)):
            said = f"`{to_text(one)}` and `{to_text(other)}`"
            yield Doubt(f"never holds: {said} exclude each other", node)


def _about(term: Condition) -> object:
    match term:
        case Did() | Age():
            return term.happening
        case InSegment(segment):
            return segment.partition(".")[0]
        case _:
            return type(term)


def _exclusive(one: Condition, other: Condition) -> bool:
    """Whether the conditions can never hold together (what can be told from windows and counts)."""
    match one, other:
        case Did(), Did():
            return _counts_exclude(one, other)
        case Did(), Age():
            return _recent_and_old(one, other) or _never_done(one)
        case Age(), Age():
            return _ages_exclude(one, other)
        case InSegment(), InSegment():
            return _levels_exclude(one.segment, other.segment)
        case _:
            return False


def _counts_exclude(one: Did, other: Did) -> bool:
    """At least n inside a window, but at most fewer in a window around it."""
    same = one.happening == other.happening and one.unit is other.unit
    least = one.count if one.comparison in {Comparison.GE, Comparison.EQ} else None
    most = other.count if other.comparison in {Comparison.LE, Comparison.EQ} else None
    if not same or least is None or most is None or least <= most:
        return False
    return inside(one.when, other.when)


def _recent_and_old(recent: Did, old: Age) -> bool:
    """Done within D, but last done more than D ago; or first within D, yet done before that."""
    if recent.happening != old.happening or recent.comparison is not Comparison.GE:
        return False
    if not recent.count or not isinstance(recent.when, Within) or old.which is not Which.LAST:
        return False
    return old.comparison in {Comparison.GE, Comparison.GT} and recent.when.duration <= old.duration


def _never_done(never: Did) -> bool:
    return (never.comparison, never.count, never.when) == (Comparison.LE, 0, Ever())


def _ages_exclude(young: Age, old: Age) -> bool:
    """The same age below one duration and above a longer one."""
    if (young.which, young.happening) != (old.which, old.happening):
        return False
    below = young.comparison in {Comparison.LT, Comparison.LE}
    above = old.comparison in {Comparison.GT, Comparison.GE}
    touching = young.comparison is Comparison.LE and old.comparison is Comparison.GE
    apart = young.duration < old.duration
    return below and above and (apart or (young.duration == old.duration and not touching))


def _levels_exclude(one: str, other: str) -> bool:
    """Two levels of one ladder, or two stages of the journey."""
    ladder, dot, _ = one.partition(".")
    return bool(dot) and one != other and other.startswith(f"{ladder}.")


_CHECKS: Final[tuple[tuple[type, Callable[[Any], Iterator[Doubt]]], ...]] = (
    (Did, _counts),
    (DidSomeOf, _several),
    (AmountIs, _amounts),
    (Sequence, _sequences),
    (Test, _tests),
    (FilterAnd, _filters),
    (And, _conjunctions),
)
