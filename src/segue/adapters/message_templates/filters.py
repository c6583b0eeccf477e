"""The filters and tests of templates: few, each of bounded work, none that makes text safe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final
from urllib.parse import quote

from jinja2 import pass_context
from jinja2.runtime import Context, Undefined

from segue.adapters.message_templates.values import (
    Instant,
    RefusalError,
    Scope,
    as_json,
    instant,
    known,
    number,
    written,
)

MOST_ITEMS: Final = 100
"""Items of a list that a loop goes through, or that are joined; more are an error."""
ZONE: Final = "_zone"
"""The name in the context that holds the person's zone; no template can say it."""

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FIELDS: Final[Mapping[str, Callable[[Instant], str]]] = {
    "%Y": lambda one: f"{one.local.year:04d}",
    "%m": lambda one: f"{one.local.month:02d}",
    "%d": lambda one: f"{one.local.day:02d}",
    "%e": lambda one: f"{one.local.day}",
    "%B": lambda one: _MONTHS[one.local.month - 1],
    "%b": lambda one: _MONTHS[one.local.month - 1][:3],
    "%A": lambda one: _DAYS[one.local.weekday()],
    "%a": lambda one: _DAYS[one.local.weekday()][:3],
    "%H": lambda one: f"{one.local.hour:02d}",
    "%M": lambda one: f"{one.local.minute:02d}",
    "%%": lambda _: "%",
}
"""What a format of `date` may hold."""


def _text(value: Any) -> str:
    return str(written(known(value)))


def _default(value: Any, other: Any = "") -> Any:
    return other if isinstance(value, Undefined) else value


def _listed(value: Any) -> tuple[Any, ...]:
    if not isinstance(known(value), tuple | list):
        raise RefusalError("a list is expected here")
    items = tuple(value)
    if len(items) > MOST_ITEMS:
        raise RefusalError(f"a list of {len(items)} is too long: {MOST_ITEMS} are the most")
    return items


def _join(value: Any, between: str = ", ") -> str:
    return str(between).join(_text(one) for one in _listed(value))


def _length(value: Any) -> int:
    if isinstance(known(value), tuple | list | str):
        return len(value)
    raise RefusalError("only a text or a list has a length")


def _end(place: int) -> Callable[[Any], Any]:
    def found(value: Any) -> Any:
        items = _listed(value)
        if not items:
            raise RefusalError("the list is empty")
        return items[place]

    return found


def _truncated(value: Any, most: int = 100) -> str:
    text = _text(value)
    return text if len(text) <= int(most) else f"{text[: max(int(most) - 1, 0)].rstrip()}…"


def _rounded(value: Any, digits: int = 0) -> str:
    places = min(max(int(digits), 0), 6)
    return f"{number(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"


def _number(value: Any, digits: int | None = None) -> str:
    found = number(value)
    if digits is None:
        return f"{found.normalize():,f}"
    return f"{found.quantize(Decimal(1).scaleb(-min(max(int(digits), 0), 6)), ROUND_HALF_UP):,f}"


_SIGNS: Final = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩"}
_WHOLE: Final = ("JPY", "KRW", "CLP", "ISK", "VND")


def _money(value: Any, currency: str = "EUR") -> str:
    code = _text(currency).upper()
    if len(code) != 3 or not code.isalpha():
        raise RefusalError(f"`{code[:10]}` is no currency: write its three letters, such as EUR")
    amount = _number(value, 0 if code in _WHOLE else 2)
    minus, digits = ("-", amount[1:]) if amount.startswith("-") else ("", amount)
    sign = _SIGNS.get(code, f"{code} ")
    return f"{minus}{sign}{digits}"


@pass_context
def _date(context: Context, value: Any, form: str = "%e %B %Y") -> str:
    return _formatted(instant(value, context[ZONE]), form)


@pass_context
def _time(context: Context, value: Any) -> str:
    return _formatted(instant(value, context[ZONE]), "%H:%M")


@pass_context
def _weekday(context: Context, value: Any) -> str:
    return _formatted(instant(value, context[ZONE]), "%A")


def _formatted(one: Instant, form: str) -> str:
    pieces, place = [], 0
    while place < len(form):
        if form[place] != "%":
            pieces.append(form[place])
            place += 1
            continue
        field = form[place : place + 2]
        if field not in _FIELDS:
            known_fields = " ".join(_FIELDS)
            raise RefusalError(f"`{field}` is no part of a date: there are {known_fields}")
        pieces.append(_FIELDS[field](one))
        place += 2
    return "".join(pieces)


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "capitalize": lambda value: _text(value).capitalize(),
    "date": _date,
    "default": _default,
    "first": _end(0),
    "join": _join,
    "last": _end(-1),
    "length": _length,
    "lower": lambda value: _text(value).lower(),
    "money": _money,
    "number": _number,
    "round": _rounded,
    "time": _time,
    "title": lambda value: _text(value).title(),
    "trim": lambda value: _text(value).strip(),
    "truncate": _truncated,
    "upper": lambda value: _text(value).upper(),
    "urlencode": lambda value: quote(_text(value), safe=""),
    "weekday": _weekday,
}
"""The filters that a template may name."""
ITEMS: Final = "_items"
"""The filter put around what a loop goes through."""
AS_JSON: Final = "_json"
"""The filter put around an expression that is the whole of a text in JSON."""
OWN_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {ITEMS: _listed, AS_JSON: as_json}
"""Filters that are put into templates, and that none may name."""
TESTS: Final[Mapping[str, Callable[..., bool]]] = {
    "defined": lambda value: not isinstance(value, Undefined),
    "undefined": lambda value: isinstance(value, Undefined),
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "in": lambda value, among: not isinstance(among, Undefined | Scope) and value in among,
}
"""The tests that a template may name."""
