"""Lark's syntax errors as problems: what was found, what was expected, in words."""

from __future__ import annotations

import difflib
import re
from typing import Final

from lark.exceptions import UnexpectedInput, UnexpectedToken

from segue.domain.errors import Problem
from segue.language.lexicon import KEYWORDS, has_bare_characters, is_bare, quote

_START: Final = {
    "condition": "a condition",
    "filter": "a test of a property",
    "pattern": "an event",
    "amount": "an amount",
    "duration": "a duration",
}
_GROUPS: Final = (
    ({"_EVERYONE", "DID"}, "a condition (did, in, trait, active on …)"),
    ({"WITHIN", "BETWEEN", "_SINCE", "BEFORE"}, "a window (within, between, since, before)"),
    ({"_AT", "_EXACTLY", "_MORE", "_FEWER"}, "a number of times (at least, at most, exactly …)"),
    ({"_COUNT", "MEASURE"}, "an amount (count, sum, avg, min, max, distinct)"),
    ({"_IS", "CONTAINS", "COMPARISON"}, "a test (=, <, in, contains, starts with, is set …)"),
    ({"_ANY", "NAME", "TEXT"}, "an event name"),
    ({"FIRST", "LAST"}, "first or last"),
    ({"TRUE", "FALSE", "SET"}, "true, false or set"),
    ({"TRUE", "FALSE"}, "true or false"),
    ({"_TIMES", "TIME"}, "times"),
    ({"NAME", "TEXT"}, "a name"),
    ({"NUMBER", "TEXT"}, "a number or a text in double quotes"),
)
_COVERED: Final = {
    "a condition (did, in, trait, active on …)": {
        "NOT", "_LPAR", "ACTIVE", "INACTIVE", "FIRST", "LAST", "TIME", "_COUNT", "MEASURE",
        "_TRAIT", "_IN", "EDGE", "SIDE",
    },
    "a window (within, between, since, before)": {"_IN"},
    "a number of times (at least, at most, exactly …)": {"_ON"},
    "a test (=, <, in, contains, starts with, is set …)": {
        "_IN", "NOT", "STARTS", "ENDS", "MATCHES", "WITHIN", "BEFORE", "AFTER",
    },
}  # fmt: skip
_WORDS: Final = {
    "$END": "the end",
    "_LPAR": "(",
    "_RPAR": ")",
    "_COMMA": ",",
    "_DOT": ". and a property",
    "NUMBER": "a number",
    "PERCENT": "a percentage",
    "TEXT": "a text in double quotes",
    "NAME": "a name",
    "MOMENT": "a date like 2026-05-31",
    "COMPARISON": "a comparison (=, !=, <, <=, >, >=)",
    "UNIT": "a unit (seconds, minutes, hours, days, weeks)",
    "EDGE": "entered or left",
    "SIDE": "top or bottom",
    "MEASURE": "sum, avg, min, max or distinct",
}
_ALIASES: Final = {
    "&": "and",
    "|": "or",
    "!": "not",
    "==": "=",
    "<>": "!=",
    "'": 'double quotes: "…"',
    "“": 'double quotes: "…"',
    "”": 'double quotes: "…"',
    "`": 'double quotes: "…"',
}
_MANY: Final = {
    "EDGE": ("entered", "left"),
    "SIDE": ("top", "bottom"),
    "MEASURE": ("sum", "avg", "min", "max", "distinct"),
    "UNIT": ("seconds", "minutes", "hours", "days", "weeks"),
}


def syntax_problem(error: UnexpectedInput, expected: set[str], text: str, start: str) -> Problem:
    """The problem behind a syntax error in `text`, which should have been a `start`.

    `expected` names the terminals that could stand at its place.
    """
    if not _has_content(text):
        return Problem(f"{_START[start]} is missing")
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        line, column = error.token.end_line or 1, error.token.end_column or 1
        message, found, suggestion = f"{_START[start]} ends too early", "", ""
    else:
        line, column = error.line, error.column
        found, message = _found(error, text)
        suggestion = _suggestion(found, expected, text, error.pos_in_stream or 0)
    words = () if found == '"' else _in_words(expected)
    excerpt = excerpt_of(text, line)
    return Problem(message, line, column, excerpt, expected=words, suggestion=suggestion)


def excerpt_of(text: str, line: int) -> str:
    """The line of the text, counted from 1, each tab as one space so that a caret fits."""
    lines = text.split("\n")
    return lines[line - 1].rstrip("\r").replace("\t", " ") if line <= len(lines) else ""


def _has_content(text: str) -> bool:
    return any(line.split("#")[0].strip() for line in text.splitlines())


def _found(error: UnexpectedInput, text: str) -> tuple[str, str]:
    """What stands at the place, and the sentence about it."""
    if isinstance(error, UnexpectedToken):
        return str(error.token), f"`{error.token}` does not fit here"
    rest = text[error.pos_in_stream :] if error.pos_in_stream is not None else ""
    if rest.startswith('"'):
        return '"', "this double quote is never closed"
    found = next((sign for sign in ("==", "<>") if rest.startswith(sign)), rest[:1])
    return found, f"`{found}` is not part of the language"


def _in_words(terminals: set[str]) -> tuple[str, ...]:
    """The expected terminals, grouped and named as a reader of the language would."""
    left, words = set(terminals) - {"$END"}, []
    for group, phrase in _GROUPS:
        if group <= left:
            left -= group | _COVERED.get(phrase, set())
            words.append(phrase)
    words += sorted(_WORDS.get(name) or name.strip("_").lower() for name in left)
    return tuple(words) + (("the end",) if "$END" in terminals else ())


def _suggestion(found: str, expected: set[str], text: str, at: int) -> str:
    """What was probably meant."""
    if {"WITHIN", "_AT"} <= expected and (meant := _after_event(found, text, at)):
        return meant
    if expected == {"_AT"}:
        return "within 7 days"
    if not has_bare_characters(found):
        return "=" if text[:at].endswith("=") else _ALIASES.get(found, "")
    if found.isnumeric():
        return ""
    if found.lower() in {"true", "false"} and {"NUMBER", "TEXT"} <= expected:
        return f"is {found.lower()}"
    return _closest(found, expected) or _as_name(found, expected)


def _after_event(found: str, text: str, at: int) -> str:
    """An event name that needed quotes, a sequence without parentheses, or `did x > 3`."""
    before = _NAME_BEFORE.search(text[:at])
    name = before.group(1) if before else ""
    match found.lower():
        case ".":
            rest = _NAME_AFTER.match(text, at)
            return quote(name + (rest.group() if rest else ""))
        case "=" | "!=" | "<" | "<=" | ">" | ">=":
            return f"count({name}) {found}"
        case "last" | "past":
            return "within"
        case "then":
            return f"({name} then …)"
        case _ if found[:1].isupper() and name[:1].isupper() and found not in _UPPER_WORDS:
            return quote(f"{name} {found}")
        case _:
            return ""


_NAME_BEFORE: Final = re.compile(r"([\w$\-/:]+)\s*$")
_NAME_AFTER: Final = re.compile(r"[\w$\-/:.]+")
_UPPER_WORDS: Final = frozenset(word.upper() for word in KEYWORDS)


def _closest(found: str, expected: set[str]) -> str:
    """The expected word that is spelt most alike."""
    close = difflib.get_close_matches(found.lower(), _keywords(expected), n=1, cutoff=0.6)
    return "".join(close)


def _as_name(found: str, expected: set[str]) -> str:
    if not is_bare(found):
        return ""
    if {"_EVERYONE", "DID"} <= expected:
        return f"did {found}"
    return quote(found) if "TEXT" in expected else ""


def _keywords(terminals: set[str]) -> list[str]:
    words = {word for name in terminals for word in _MANY.get(name, (name.strip("_").lower(),))}
    return sorted(words & KEYWORDS)
