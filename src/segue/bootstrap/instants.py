"""The instant that a caller means: text, a datetime, milliseconds, `now` or `last`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from difflib import get_close_matches
from functools import cache
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from segue.bootstrap import environment
from segue.domain.errors import UsageError
from segue.domain.instant import parse_instant, start_of_day

At: TypeAlias = str | int | dt.datetime | dt.date | None
"""`"2026-05-04"`, RFC 3339, `"now"`, `"last"`, milliseconds, a datetime or a date; None is last."""


@cache
def zones() -> tuple[str, ...]:
    """The names of all time zones, sorted."""
    return tuple(sorted(available_timezones()))


def chosen_zone(text: str) -> str:
    """The zone that somebody wrote, in whichever letters. Raises `UsageError` where there is no
    such zone, naming those that are meant perhaps."""
    wanted = text.strip().replace(" ", "_").lower()
    by_letters = {one.lower(): one for one in zones()}
    if wanted in by_letters:
        return by_letters[wanted]
    towns = [name for key, name in by_letters.items() if key.rpartition("/")[2] == wanted]
    near = towns or [by_letters[one] for one in get_close_matches(wanted, by_letters, 3)]
    hint = f"Perhaps {' or '.join(near)}?" if near else "Write it as Europe/Berlin."
    raise UsageError(f"There is no time zone “{text.strip()}”", hint=hint)


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
