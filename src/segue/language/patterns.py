"""Constructors of canonical filters and event patterns (see `canonical` for conditions)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from segue.domain.instant import parse_instant
from segue.language.canonical import MAX_DEPTH, duration_of
from segue.language.lexicon import mistake, quote
from segue.language.tree import (
    EventPattern,
    Filter,
    FilterAnd,
    FilterNot,
    FilterOr,
    Literal,
    Moment,
    Name,
    Op,
    Path,
    Test,
)

# ----------------------------------------------------------------------------------------- filters


def every_filter(terms: Iterable[Filter]) -> Filter:
    """Every term holds; an inner FilterAnd is flattened, a single term stands for itself."""
    flat: list[Filter] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, FilterAnd) else (term,))
    return flat[0] if len(flat) == 1 else FilterAnd(tuple(flat))


def some_filter(terms: Iterable[Filter]) -> Filter:
    """At least one term holds; an inner FilterOr is flattened, a single term stands for itself."""
    flat: list[Filter] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, FilterOr) else (term,))
    return flat[0] if len(flat) == 1 else FilterOr(tuple(flat))


def not_filter(term: Filter) -> Filter:
    """The complement: a test says it itself."""
    match term:
        case Test():
            return term.complement
        case FilterNot(inner):
            return inner
        case FilterAnd() | FilterOr():
            return FilterNot(term)


def filter_depth(term: Filter) -> int:
    """How deep the filter is nested; one test is 1."""
    deepest, stack = 0, [(term, 1)]
    while stack:
        node, depth = stack.pop()
        deepest = max(deepest, depth)
        if isinstance(node, FilterNot):
            stack.append((node.term, depth + 1))
        elif not isinstance(node, Test):
            stack.extend((inner, depth + 1) for inner in node.terms)
    return deepest


def shallow(term: Filter) -> Filter:
    """The filter itself. Raises `DefinitionError` where it is nested too deep."""
    if filter_depth(term) > MAX_DEPTH:
        raise mistake(f"the filter is nested more than {MAX_DEPTH} levels deep")
    return term


# ------------------------------------------------------------------------------------------- tests

_COMPARED: Final = {
    "=": (Op.EQ, False),
    "!=": (Op.EQ, True),
    "<": (Op.LT, False),
    "<=": (Op.LE, False),
    ">": (Op.GT, False),
    ">=": (Op.GE, False),
}


def compared(path: Path, sign: str, literal: Literal) -> Test:
    """`path = literal` and the other five comparisons; `!=` is the negated `=`."""
    op, negated = _COMPARED[sign]
    return Test(path, op, literal, negated)


def one_of(path: Path, literals: Iterable[Literal], *, negated: bool = False) -> Test:
    """`path in (…)`; in a list of one it is `=`."""
    values = tuple(dict.fromkeys(literals))
    if len(values) == 1:
        return Test(path, Op.EQ, values[0], negated)
    return Test(path, Op.IN, values, negated)


def text_test(path: Path, op: Op, text: Literal, *, negated: bool = False) -> Test:
    """`contains`, `starts with`, `ends with` or `matches` a text."""
    if not isinstance(text, str):
        raise mistake(f"`{op}` takes a text in double quotes", suggestion=f'{op} "{text}"')
    if op is Op.MATCHES:
        regex(text)
    return Test(path, op, text, negated)


def relative(path: Path, op: Op, duration: int) -> Test:
    """`path within last D`, `path within next D`."""
    return Test(path, op, duration_of(duration))


def dated(path: Path, op: Op, moment: Moment) -> Test:
    """`path before DATE`, `path after DATE`."""
    return Test(path, op, moment)


_MOMENT_PARTS = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](.*))?", re.DOTALL)


def moment(text: str) -> Moment:
    """A date or instant with the separators in capitals. Raises `DefinitionError` where the
    calendar has no such date."""
    parts = _MOMENT_PARTS.fullmatch(text.strip())
    try:
        parse_instant(text)
    except (ValueError, OverflowError):
        parts = None
    if parts is None:
        raise mistake(f"{text} is not a date", expected=("a date like 2026-05-31",))
    day, time = parts.groups()
    return Moment(f"{day}T{time.upper()}" if time else day)


_NOT_RE2 = (
    (r"\(\?<?[=!]", "lookahead and lookbehind"),
    (r"\(\?>", "atomic groups"),
    (r"\(\?P=|\\[1-9]|\\k<", "backreferences"),
    (r"(?:[*+?]|\{\d+(?:,\d*)?\})\+", "possessive quantifiers"),
    (r"\{(?:\d*,)?(?:\d{5,}|[2-9]\d{3}|1\d*[1-9]\d*(?<=\d{4}))", "repetitions above 1000"),
)


def regex(pattern: str) -> str:
    """The regular expression itself. Raises `DefinitionError` for what RE2 never takes."""
    bare = _without_classes(pattern)
    for forbidden, called in _NOT_RE2:
        if re.search(forbidden, bare):
            raise mistake(f"{quote(pattern)}: regular expressions here (RE2) have no {called}")
    if bare.count("(") != bare.count(")"):
        raise mistake(f"{quote(pattern)} has an unbalanced parenthesis")
    return pattern


_CLASS_OR_ESCAPE = re.compile(
    r"\\Q.*?(?:\\E|\Z)|\\[1-9k]|\\.|\[\^?\]?(?:\[:\w+:\]|\\.|[^\]\\])*\]|\[|\\", re.DOTALL
)


def _without_classes(pattern: str) -> str:
    r"""The pattern without what its character classes, escapes and `\Q…\E` quote."""
    return _CLASS_OR_ESCAPE.sub(lambda match: _unquoted(match.group(), pattern), pattern)


def _unquoted(token: str, pattern: str) -> str:
    if token == "[":
        raise mistake(f"{quote(pattern)} has an unclosed [")
    if token == "\\":
        raise mistake(f"{quote(pattern)} ends in a backslash")
    return token if token[1:] in "123456789k" else "_"


# ---------------------------------------------------------------------------------------- patterns


def pattern_of(names: Iterable[Name], where: Filter | None = None) -> EventPattern:
    """An event pattern; a name written twice counts once; no name is `any`."""
    return EventPattern(tuple(dict.fromkeys(names)), None if where is None else shallow(where))


def event_name(text: str, *, quoted: bool) -> Name:
    """A name of an event or action. Raises `DefinitionError` where it says nothing."""
    if not text:
        raise mistake("an event name cannot be empty")
    if quoted and text == "*":
        raise mistake('"*" matches every event', suggestion="any")
    return Name(text, quoted)
