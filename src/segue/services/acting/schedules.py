"""When a schedule speaks: at a minute of certain weekdays, by the clock on somebody's wall.

A time that is never shown, because clocks go forward over it, moves to when they do; one that is
shown twice counts the first time only.
"""

from __future__ import annotations

from collections.abc import Iterator

from segue.domain.campaigns import Schedule
from segue.domain.instant import DAY, MINUTE
from segue.services.acting.clock import first_shown, wall_time, weekday_of


def next_instant(schedule: Schedule, after: int, zone: str) -> int | None:
    """The first instant of a schedule after another one; None where it has no weekday."""
    return next(_instants(schedule, after, zone), None)


def instants_between(schedule: Schedule, start: int, end: int, zone: str) -> list[int]:
    """The instants of a schedule in `(start, end]`, ascending."""
    found = []
    for instant in _instants(schedule, start, zone):
        if instant > end:
            break
        found.append(instant)
    return found


def _instants(schedule: Schedule, after: int, zone: str) -> Iterator[int]:
    """The instants of a schedule after one, ascending, without end."""
    if not schedule.weekdays:
        return
    latest = after
    # Where clocks went back over midnight, yesterday's time may be still to come.
    day = wall_time(after, zone) // DAY - 1
    while True:
        if weekday_of(day) in schedule.weekdays:
            instant = first_shown(day * DAY + schedule.minute * MINUTE, zone)
            if instant > latest:
                latest = instant
                yield instant
        day += 1
