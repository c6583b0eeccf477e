"""Quiet hours and send windows: what the clock on somebody's wall shows decides.

So a stretch of hours is an hour shorter where the clocks go forward inside it, and hours that are
shown twice count twice.
"""

from __future__ import annotations

from segue.domain.campaigns import Hours
from segue.domain.instant import DAY, MINUTE
from segue.services.acting.clock import offset_at, wall_time, weekday_of


def holds(hours: Hours, instant: int, zone: str) -> bool:
    """Whether an instant lies in the hours, in a zone."""
    return _covers(hours, wall_time(instant, zone))


def next_allowed(
    start: int, until: int, zone: str, *, quiet: Hours | None, window: Hours | None
) -> int | None:
    """The first instant from `start` up to and including `until` that is not in the quiet hours
    and is in the window; None where there is none."""
    at = start
    minutes = sorted({0} | {m for one in (quiet, window) if one for m in (one.start, one.end)})
    while at <= until:
        ahead, changes = offset_at(at, zone)
        if _allows(quiet, window, at + ahead):
            return at
        at = _next_shown(minutes, at + ahead) - ahead
        if changes is not None:
            at = min(at, changes)
    return None


def _allows(quiet: Hours | None, window: Hours | None, wall: int) -> bool:
    if quiet is not None and _covers(quiet, wall):
        return False
    return window is None or _covers(window, wall)


def _covers(hours: Hours, wall: int) -> bool:
    day, rest = divmod(wall, DAY)
    minute = rest // MINUTE
    begun_today = minute >= hours.start and weekday_of(day) in hours.weekdays
    if hours.start < hours.end:
        return begun_today and minute < hours.end
    return begun_today or (minute < hours.end and weekday_of(day - 1) in hours.weekdays)


def _next_shown(minutes: list[int], wall: int) -> int:
    """The first wall time after this one that is at one of these minutes of a day."""
    day, rest = divmod(wall, DAY)
    later = (minute * MINUTE for minute in minutes if minute * MINUTE > rest)
    return day * DAY + next(later, DAY + minutes[0] * MINUTE)
