"""The clock on somebody's wall: what it shows at an instant, and when it shows something.

Wall time is an integer: the milliseconds that would have passed since 1970 if the clock had never
been moved. Where clocks go forward some wall times are never shown; where they go back some are
shown twice.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import Final
from zoneinfo import available_timezones

from segue.domain.instant import DAY
from segue.timeline.calendar import offsets

_YEAR: Final = 31_556_952_000
"""An average year (ms)."""
_THURSDAY: Final = 3
"""The weekday of 1 January 1970."""


def known_zone(name: object, otherwise: str) -> str:
    """The IANA zone of this name, or another one where there is no such zone."""
    return name if isinstance(name, str) and name in _names() else otherwise


def wall_time(instant: int, zone: str) -> int:
    """What the clocks of a zone show at an instant."""
    return instant + offset_at(instant, zone)[0]


def weekday_of(day: int) -> int:
    """The weekday (0 is Monday) of a day, counted from 1970 on the wall."""
    return (day + _THURSDAY) % 7


def offset_at(instant: int, zone: str) -> tuple[int, int | None]:
    """How far the clocks of a zone are ahead of UTC (ms), and at which instant that changes next
    (None: not within ten years)."""
    since, ahead = _table(zone, _decade(instant))
    index = max(bisect_right(since, instant) - 1, 0)
    return ahead[index], since[index + 1] if index + 1 < len(since) else None


def first_shown(wall: int, zone: str) -> int:
    """The first instant at which the clocks of a zone show this wall time or a later one: of two
    the first; where it is never shown, when the clocks go forward over it."""
    since, ahead = _table(zone, _decade(wall - 2 * DAY))
    index = max(bisect_right(since, wall - 2 * DAY) - 1, 0)
    while index + 1 < len(since) and wall >= since[index + 1] + ahead[index]:
        index += 1
    return max(wall - ahead[index], since[index]) if index else wall - ahead[0]


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


def _decade(instant: int) -> int:
    return (1970 + instant // _YEAR) // 10 * 10


@lru_cache(maxsize=1024)
def _table(zone: str, decade: int) -> tuple[list[int], list[int]]:
    """Since when the zone is how far ahead, from the year before the decade to twenty years on."""
    since, ahead = offsets(zone, decade - 1, decade + 20)
    return since.tolist(), ahead.tolist()
