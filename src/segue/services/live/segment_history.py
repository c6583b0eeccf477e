"""How a segment went, day by day, as it was published: who came, who went, how many were in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from segue.domain.errors import UsageError
from segue.domain.instant import local_date, start_of_day
from segue.domain.live import TransitionReader
from segue.services.daily import Day

MOST_DAYS: Final = 3660
"""Days of one history at most."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days in a row: D dates, and the D + 1 instants (ms) between which they lie; day i is
    `(limits[i], limits[i + 1]]`, and the day at hand ends now."""

    dates: Sequence[dt.date]
    limits: Sequence[int]


def days_between(first: int, last: int, now: int, zone: str) -> Calendar:
    """The days of the zone from the one that holds `first` to the one that holds `last` (ms), but
    none after now. Raises `UsageError` where they are too many."""
    begin, end = local_date(first, zone), local_date(min(last, now), zone)
    count = (end - begin).days + 1
    if count > MOST_DAYS:
        raise UsageError(f"{count} days are too many", hint=f"ask for {MOST_DAYS} at most")
    dates = [begin + dt.timedelta(days=day) for day in range(count)]
    ends = [start_of_day(day, zone) - 1 for day in [*dates, end + dt.timedelta(days=1)]]
    return Calendar(dates, [min(instant, now) for instant in ends] if dates else [])


def daily_history(store: TransitionReader, segment_id: str, days: Calendar) -> list[Day]:
    """Who entered and left the segment on each of the days, and how many were in at its end."""
    if not days.dates:
        return []
    flows = store.flows(segment_id, days.limits)
    return [
        Day(date, flow.entered, flow.left, flow.size)
        for date, flow in zip(days.dates, flows, strict=True)
    ]


def recent_days(
    store: TransitionReader, days: Calendar, sizes: Mapping[str, int]
) -> dict[str, list[Day]]:
    """The same of many segments at once, read in one pass; `sizes` are how many are in each of them
    at the end of the last day."""
    changes = store.changes(days.limits)
    return {
        segment_id: _backwards(days, changes.get(segment_id, []), size)
        for segment_id, size in sizes.items()
    }


def _backwards(days: Calendar, changes: Sequence[tuple[int, int]], size: int) -> list[Day]:
    """Days whose sizes are found from the last one back."""
    found = []
    for date, (entered, left) in zip(
        reversed(days.dates), reversed(changes or [(0, 0)] * len(days.dates)), strict=True
    ):
        found.append(Day(date, entered, left, size))
        size -= entered - left
    return found[::-1]
