"""Calendar days of a zone, for many instants at once, DST-safe."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

from segue.domain.instant import DAY, EARLIEST, LATEST, local_date, start_of_day
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
    """The calendar day of the zone that holds each instant, as a number of days since 1970."""
    if not len(instants):
        return np.empty(0, np.int64)
    low, high = (int(np.clip(edge, EARLIEST, LATEST)) for edge in (instants.min(), instants.max()))
    # Whole decades, so that blocks of people and later calls share one cached table.
    since, from_utc = offsets(zone, _decade(low, zone), _decade(high, zone) + 10)
    index = np.maximum(np.searchsorted(since, instants, "right") - 1, 0)
    days: Int64s = (instants + from_utc[index]) // DAY
    return days


def _decade(instant: int, zone: str) -> int:
    return local_date(instant, zone).year // 10 * 10


@lru_cache(maxsize=64)
def offsets(zone: str, first: int, last: int) -> tuple[Int64s, Int64s]:
    """From which instants on the zone has which offset from UTC (ms), from the start of the year
    `first` to that of `last`: not days between midnights, because where clocks go back over
    midnight a day comes in two pieces."""
    days = midnights("UTC", dt.date(first - 1, 12, 30), dt.date(last, 1, 2)).tolist()
    steps = [(days[0], _offset(days[0], zone))]
    for before, after in pairwise(days):
        if _offset(after, zone) != steps[-1][1]:
            changed = bisect_left(
                range(before, after), True, key=lambda t: _offset(t, zone) != steps[-1][1]
            )
            steps.append((before + changed, _offset(before + changed, zone)))
    since, from_utc = (np.array(side, np.int64) for side in zip(*steps, strict=True))
    return since, from_utc


def _offset(instant: int, zone: str) -> int:
    moment = dt.datetime.fromtimestamp(instant / 1000, ZoneInfo(zone))
    offset = moment.utcoffset()
    assert offset is not None, "every zone has an offset"
    return offset // dt.timedelta(milliseconds=1)
