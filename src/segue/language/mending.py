"""A mistake mended: the text in which the suggestion of a problem stands at its place."""

from __future__ import annotations

import re
from typing import Final

from segue.domain.errors import DefinitionError, Problem
from segue.language.parse import parse_condition


def mended(text: str, problem: Problem) -> str:
    """The condition with what a problem suggests in place of what stands there; "" where it
    suggests nothing that would help.

    What is replaced is the word at the place, with the word before or after it where the parser
    then reads further.
    """
    if not problem.suggestion or "…" in problem.suggestion:
        return ""
    at = _offset(text, problem)
    if at > len(text):
        return ""
    tried = [
        f"{text[:start]}{problem.suggestion}{text[end:]}"
        for start in _starts(text, at)
        for end in _ends(text, at)
    ]
    reach, _, best = max((_reach(one), -place, one) for place, one in enumerate(tried))
    return best if reach > _reach(text) or (reach == _END and best != text) else ""


def _starts(text: str, at: int) -> list[int]:
    before = _BEFORE.search(text[:at])
    return [at, *([before.start()] if before else [])]


def _ends(text: str, at: int) -> list[int]:
    word = _WORD.match(text, at)
    end = word.end() if word else at
    after = _AFTER.match(text, end)
    return [end, *([after.end()] if after else [])]


_WORD: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"?|[\w$\-/:.]+|[<>!=]=?|\S')
_BEFORE: Final = re.compile(r"(?:[\w$\-/:]+\.?|[<>!=]+)\s*$")
_AFTER: Final = re.compile(r"\s+[\w$\-/:]+")
_END: Final = float("inf")


def _offset(text: str, problem: Problem) -> int:
    lines = text.split("\n")[: problem.line - 1]
    return sum(len(one) + 1 for one in lines) + problem.column - 1


def _reach(text: str) -> float:
    """How much of it is read."""
    try:
        parse_condition(text)
    except DefinitionError as error:
        first = error.problems[0]
        return _offset(text, first) - len(text)
    return _END
