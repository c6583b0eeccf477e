"""How names, texts and numbers are written: the rules that parser and printer share."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from segue.domain.errors import DefinitionError, Problem

_WORDS = (
    "active after ago all and any at avg before between bottom by contains count day "
    "days did distinct ends entered everyone exactly false fewer first for has hour "
    "hours in inactive is last least left matches max min minute minutes month months "
    "more most next not of on or second seconds set since starts sum than the then "
    "time times top trait true week weeks where with within year years "
)
KEYWORDS: Final = frozenset(_WORDS.split())
"""Words of the language; as a name each needs double quotes."""

_BARE = re.compile(r"[\w$\-/:]+")
_ESCAPE = re.compile(r'\\(?:u([0-9A-Fa-f]{4})|(["\\nrt]))')
_UNPRINTED = re.compile('[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff"\\\\]')
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_ESCAPES: Final = {meant: f"\\{letter}" for letter, meant in _ESCAPED.items()}


def mistake(
    message: str, *, suggestion: str = "", expected: tuple[str, ...] = ()
) -> DefinitionError:
    """An error of one problem that has no place yet; the parser adds line and column."""
    return DefinitionError([Problem(message, suggestion=suggestion, expected=expected)])


def has_bare_characters(name: str) -> bool:
    """Whether the name has only characters that need no quotes."""
    return _BARE.fullmatch(name) is not None


def is_bare(name: str) -> bool:
    """Whether the name can be written without quotes."""
    return has_bare_characters(name) and name.lower() not in KEYWORDS


def quote(text: str) -> str:
    """Write a text in double quotes, on one line, such that `unquote` gives it back."""
    return f'"{_UNPRINTED.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _ESCAPES.get(character) or f"\\u{ord(character):04x}"


def unquote(token: str) -> str:
    r"""Read a text in double quotes.

    `\"`, `\\`, `\n`, `\r`, `\t` and `\u0041` are escapes; any other backslash stands for itself,
    so that a regular expression can be written as it is. Raises `DefinitionError` where half of a
    UTF-16 pair stands alone.
    """
    text = _ESCAPE.sub(_unescape, token[1:-1])
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise mistake("the text has half of a surrogate pair, which is no character") from None


def _unescape(match: re.Match[str]) -> str:
    code, letter = match.groups()
    return chr(int(code, 16)) if code else _ESCAPED[letter]


def write_name(name: str) -> str:
    """Write a property key or a segment: bare where it can be, else in quotes."""
    return name if is_bare(name) else quote(name)


def plain(number: Decimal) -> Decimal:
    """The same number without exponent, needless zeros or a negative zero."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return Decimal(0) if text in {"-0", "0"} else Decimal(text)


def write_number(number: Decimal) -> str:
    """Write a number in its shortest plain decimal form."""
    return format(plain(number), "f")


_WIDEST = 310


def read_number(token: str) -> Decimal:
    """Read a number in JSON syntax. Raises `DefinitionError` beyond what a property can hold."""
    number = Decimal(token)
    if number and abs(number.adjusted()) > _WIDEST:
        raise mistake(f"the number {token} is out of range")
    return plain(number)
