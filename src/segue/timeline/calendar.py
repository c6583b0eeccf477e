"""Calendar days of a zone, for many instants at once, DST-safe."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import numpy as np

from segue.domain.instant import EARLIEST, LATEST, local_date, start_of_day
from segue.timeline.log import Int64s


@lru_cache(maxsize=64)
def midnights(zone: str, first: dt.date, last: dt.date) -> Int64s:
    """The first instant of each calendar day from `first` to `last` inclusive, int64, ms; the array
    is shared, and read-only."""
    days = (last - first).days + 1
    found = np.array(
        [start_of_day(first + dt.timedelta(days=day), zone) for day in range(days)], np.int64
    )
    found.flags.writeable = False
    return found


def midnights_between(zone: str, start: int, end: int) -> Int64s:
    """The midnights of the zone from the day that holds `start` to the day after the one that holds
    `end`: where clocks go back over midnight, that day has begun already."""
    return midnights(zone, local_date(start, zone), local_date(end, zone) + dt.timedelta(days=1))


def days_of(instants: Int64s, zone: str) -> Int64s:
    """A number per instant, equal exactly for instants of one calendar day of the zone."""
    if not len(instants):
        return np.empty(0, np.int64)
    low, high = (int(np.clip(edge, EARLIEST, LATEST)) for edge in (instants.min(), instants.max()))
    # Whole decades, so that blocks of people and later calls share one cached table.
    first = local_date(low, zone).year // 10 * 10
    last = local_date(high, zone).year // 10 * 10 + 10
    table = midnights(zone, dt.date(max(first, 1), 1, 1), dt.date(last, 1, 1))
    return np.searchsorted(table, instants, "right").astype(np.int64)
