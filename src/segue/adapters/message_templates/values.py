"""What a template sees: values with the paths by which they were reached, and missing ones.

Nothing of Python is among them: a mapping gives its own keys and no attributes, a list its items.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, UndefinedError

from segue.domain.instant import EARLIEST, LATEST, SECOND, parse_instant

_FIRST_MILLISECONDS: Final = 10**11
_LIST: Final = "a list is printed with `| join` or in a loop"
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class RefusalError(Exception):
    """The message cannot be made; says why, in words."""


class Missing(StrictUndefined):
    """A value that is not there. To print it or to reckon with it is an error; to ask about it is
    none: as in segments, a missing value satisfies no comparison but `!=`."""

    @property
    def path(self) -> str:
        """How it was looked for: `person.address.city`."""
        return str(self._undefined_name)

    @property
    def _undefined_message(self) -> str:
        return f"`{self.path}` is missing"

    def _never(self, _: object = None) -> bool:
        return False

    def _always(self, _: object = None) -> bool:
        return True

    __bool__ = __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = _never  # type: ignore[assignment]
    __ne__ = _always  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Scope:
    """An object of JSON, and how it was reached."""

    path: str
    values: Mapping[str, Any]

    def get(self, key: object) -> Any:
        """The value of a key; missing where there is none, or null."""
        path = f"{self.path}.{key}"
        value = self.values.get(key) if isinstance(key, str) else None
        return Missing(name=path) if value is None else wrapped(value, path)

    def __str__(self) -> str:
        raise RefusalError(f"`{self.path}` has parts: name the one that is meant")


class Items(tuple[Any, ...]):
    """A list of JSON."""

    __slots__ = ()

    def __str__(self) -> str:
        raise RefusalError(_LIST)


@dataclass(frozen=True, slots=True)
class Instant:
    """An instant (ms) in the zone of the person."""

    at: int
    zone: str

    @property
    def local(self) -> dt.datetime:
        """What calendar and clock show there."""
        return (_EPOCH + dt.timedelta(milliseconds=self.at)).astimezone(ZoneInfo(self.zone))

    def __str__(self) -> str:
        return f"{self.local:%Y-%m-%d %H:%M}"


def wrapped(value: Any, path: str) -> Any:
    """A value of JSON as templates see it."""
    if isinstance(value, Mapping):
        return Scope(path, value)
    if isinstance(value, list | tuple):
        return Items(wrapped(one, f"{path}[{place}]") for place, one in enumerate(value))
    return value


def unwrapped(value: Any) -> Any:
    """The value as JSON has it. Raises `UndefinedError` where it is missing."""
    if isinstance(value, Missing):
        raise UndefinedError(f"`{value.path}` is missing")
    if isinstance(value, Scope):
        return dict(value.values)
    if isinstance(value, tuple):
        return [unwrapped(one) for one in value]
    return str(value) if isinstance(value, Instant) else value


def written(value: Any) -> Any:
    """A value as it is printed. Raises `RefusalError` for what is no text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**15:
        return int(value)
    if isinstance(value, list | tuple):
        raise RefusalError(_LIST)
    return str(value) if isinstance(value, Scope) else value


def as_json(value: Any) -> str:
    """A value as JSON text. Raises as `unwrapped`."""
    return json.dumps(unwrapped(value), ensure_ascii=False, allow_nan=False)


def number(value: Any) -> Decimal:
    """A value as a number: JSON numbers, and strings in their form. Raises `RefusalError`."""
    known(value)
    if isinstance(value, int | float | str | Decimal) and not isinstance(value, bool):
        try:
            found = Decimal(str(value))
        except ArithmeticError:
            found = Decimal("NaN")
        if found.is_finite() and abs(found.adjusted()) < 30:
            return found
    raise RefusalError(f"{_shown(value)} is no number")


def instant(value: Any, zone: str) -> Instant:
    """A value as an instant, by the rules of the language: RFC 3339, without a zone in the
    person's; integers from 10^11 are milliseconds, smaller ones seconds. Raises `RefusalError`."""
    known(value)
    if isinstance(value, Instant):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        at = value if abs(value) >= _FIRST_MILLISECONDS else value * SECOND
        return _within(at, zone, value)
    try:
        return _within(parse_instant(str(value), zone), zone, value)
    except ValueError:
        raise RefusalError(f"{_shown(value)} is no instant") from None


def _within(at: int, zone: str, value: Any) -> Instant:
    if not EARLIEST <= at <= LATEST:
        raise RefusalError(f"{_shown(value)} is no instant between 1970 and 2200")
    return Instant(at, zone)


def known(value: Any) -> Any:
    """The value. Raises `UndefinedError` where it is missing."""
    if isinstance(value, Missing):
        raise UndefinedError(f"`{value.path}` is missing")
    return value


def _shown(value: Any) -> str:
    text = value.path if isinstance(value, Scope) else str(value)
    return f"`{text[:40]}`"
