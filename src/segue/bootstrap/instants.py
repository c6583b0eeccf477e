"""The instant that a caller means: text, a datetime, milliseconds, `now` or `last`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from segue.bootstrap import environment
from segue.domain.errors import UsageError
from segue.domain.instant import parse_instant, start_of_day

At: TypeAlias = str | int | dt.datetime | dt.date | None
"""`"2026-05-04"`, RFC 3339, `"now"`, `"last"`, milliseconds, a datetime or a date; None is last."""


def known_zone(name: str) -> str:
    """The name of a time zone, given that there is such a zone; else `UsageError`."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            f"There is no time zone {name!r}", hint="write it as Europe/Berlin"
        ) from error
    return name


def instant_of(at: At, zone: str, last: Callable[[], int]) -> int:
    """The instant in ms. `last` gives that of the last event; text and datetimes without a zone
    are in `zone`. Raises `UsageError` where the text is no instant."""
    if at is None or at == "last":
        return last()
    if at == "now":
        return environment.now()
    if isinstance(at, int):
        return at
    if isinstance(at, dt.datetime):
        return parse_instant(at.isoformat(), zone)
    if isinstance(at, dt.date):
        return start_of_day(at, zone)
    try:
        return parse_instant(at, zone)
    except ValueError as error:
        raise UsageError(
            f"{at!r} is no instant", hint="for example 2026-05-03, 2026-05-03T14:00:00Z, now, last"
        ) from error
