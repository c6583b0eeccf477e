"""Numbers, instants and spans of time as a reader says them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from segue.domain.instant import DAY, HOUR, MINUTE, SECOND, format_duration

_UNITS: Final = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))
_TICKS: Final = "▁▂▃▄▅▆▇█"


def number(value: int) -> str:
    """A count with thousands marked: `12,345`."""
    return f"{value:,}"


def people(count: int) -> str:
    """`1 person`, `12 people`."""
    return f"{number(count)} {'person' if count == 1 else 'people'}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """A count and its noun in the right number: `1 row`, `2 rows`, `3 entries`."""
    return f"{number(count)} {noun if count == 1 else plural or f'{noun}s'}"


def per_cent(share: float) -> str:
    """A share as a reader says it, to a tenth where there is one: `40 %`, `33.3 %`; what is not
    quite none, or not quite all, never reads so."""
    column = percent(share)
    return f"{column.removesuffix('%').removesuffix('.0')} %"


def percent(share: float) -> str:
    """The same in a column of a terminal, where the points of all lines stand below each other:
    `40.0%`."""
    if 0 < share < 0.001:
        return "<0.1%"
    if 0.999 < share < 1:
        return ">99.9%"
    return f"{100 * share:.1f}%"


def size(bytes_: int) -> str:
    """A number of bytes in the largest unit that leaves something before the point: `1.4 GB`."""
    value, unit = float(bytes_), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "bytes" or value >= 10 else f"{value:.1f} {unit}"


def moment(instant: int, zone: str) -> str:
    """An instant in the project's zone, to the minute: `Sun 22 Nov 2026, 06:30`."""
    local = dt.datetime.fromtimestamp(instant / SECOND, dt.UTC).astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def duration(milliseconds: int) -> str:
    """A length of time in its two largest units, rounded down: `2 days 3 hours`."""
    parts = []
    rest = max(0, milliseconds)
    for size, name in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(counted(count, name))
        if len(parts) == 2 or (parts and not count):
            break
    return " ".join(parts) or "less than a second"


def horizon(milliseconds: int) -> str:
    """A length of time of the summary's horizons: `24 hours` rather than `1 day`."""
    return "24 hours" if milliseconds == DAY else format_duration(milliseconds)


def distance(instant: int, at: int) -> str:
    """How far an instant lies from another: `in 3 hours`, `2 days ago`, `now`."""
    if abs(instant - at) < SECOND:
        return "now"
    length = duration(abs(instant - at))
    return f"in {length}" if instant > at else f"{length} ago"


def sparkline(values: Sequence[int]) -> str:
    """A line of ticks, lowest to highest; all equal is a flat line."""
    low, high = min(values), max(values)
    if high == low:
        return _TICKS[0] * len(values)
    return "".join(_TICKS[round((value - low) / (high - low) * 7)] for value in values)


def bar(share: float, width: int) -> str:
    """A bar of so many cells in all, in eighths of a cell; never empty where there is something."""
    eighths = round(share * width * 8)
    if share > 0:
        eighths = max(1, eighths)
    full, part = divmod(min(eighths, width * 8), 8)
    return "█" * full + (" ▏▎▍▌▋▊▉"[part] if part else "")


def day(instant: int, zone: str) -> str:
    """The calendar day of an instant: `22 Nov 2026`."""
    local = dt.datetime.fromtimestamp(instant / SECOND, dt.UTC).astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b %Y}"


def listed(names: Sequence[str], most: int) -> str:
    """Names with commas, and how many more there are."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
