"""Instants, durations and calendar days.

An instant is an integer: milliseconds since the epoch, UTC. A duration is an integer number of
milliseconds. Text forms are RFC 3339 and `7 days`. The accepted range of events is 1970 to 2200;
`FOREVER` is the instant that never comes.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final
from zoneinfo import ZoneInfo

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY

EARLIEST: Final = 0
"""First accepted instant of an event: 1970-01-01T00:00:00Z."""
LATEST: Final = 7_289_654_399_999
"""Last accepted instant of an event: 2200-12-31T23:59:59.999Z."""
FOREVER: Final = 1 << 46
"""The instant that never comes (beyond the year 4100); every later instant is this one."""
LONGEST_DURATION: Final = 365_000 * DAY
"""Longest duration of the language: with it, an instant plus a duration stays below FOREVER."""

UNITS: Final = {"days": DAY, "hours": HOUR, "minutes": MINUTE, "seconds": SECOND}
"""Duration units, longest first, as the canonical text uses them (a week prints as 7 days)."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_UTC_EPOCH = _EPOCH.replace(tzinfo=None)
"""The same without its zone, whose offset would be written and replaced at every look-up."""
_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?([Zz]|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)


def format_duration(milliseconds: int) -> str:
    """Write a duration in the largest unit that divides it: `86400000` is `1 day`."""
    for unit, size in UNITS.items():
        if milliseconds % size == 0:
            count = milliseconds // size
            return f"{count} {unit[:-1] if count == 1 else unit}"
    return f"{milliseconds} ms"


def format_instant(instant: int) -> str:
    """Write an instant as RFC 3339 in UTC, with milliseconds only where there are any."""
    moment = _UTC_EPOCH + dt.timedelta(milliseconds=instant)
    return moment.isoformat(timespec="milliseconds" if instant % SECOND else "seconds") + "Z"


def parse_instant(text: str, zone: str = "UTC") -> int:
    """Read RFC 3339, or a date or local time without zone as being in `zone`; finer is floored.

    Raises `ValueError` where the text is not such an instant.
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a date or an RFC 3339 instant")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    fraction, offset = match.group(7), match.group(8)
    # A leap second is the last millisecond's neighbour: read 23:59:60 as the next minute's start.
    carry = dt.timedelta(seconds=1) if second == 60 else dt.timedelta()
    local = dt.datetime(year, month, day, hour, minute, 59 if carry else second) + carry
    moment = local.replace(tzinfo=_offset(offset) if offset else ZoneInfo(zone))
    return _milliseconds(moment) + int((fraction or "0").ljust(3, "0")[:3])


def start_of_day(day: dt.date, zone: str) -> int:
    """First instant of the calendar day in the zone (where midnight is skipped, the gap's end)."""
    return _milliseconds(dt.datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)))


def local_date(instant: int, zone: str) -> dt.date:
    """The calendar day of the zone that holds the instant."""
    return (_EPOCH + dt.timedelta(milliseconds=instant)).astimezone(ZoneInfo(zone)).date()


def _offset(text: str) -> dt.timezone:
    if text in "Zz":
        return dt.UTC
    digits = text[1:].replace(":", "")
    delta = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return dt.timezone(-delta if text[0] == "-" else delta)


def _milliseconds(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // dt.timedelta(milliseconds=1)
