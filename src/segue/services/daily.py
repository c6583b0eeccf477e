"""Comings and goings by calendar days: the one way in which they are counted everywhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from segue.domain.instant import local_date, start_of_day
from segue.insight.flow import Flow
from segue.timeline.log import Int64s
from segue.timeline.spans import Spans


@dataclass(frozen=True, slots=True)
class Day:
    """One calendar day of the project's zone: how many entered, how many left, and how many were in
    at its end (of the day at hand: now)."""

    day: dt.date
    entered: int
    left: int
    size: int


def dates_until(now: int, zone: str, days: int) -> list[dt.date]:
    """The calendar days of the zone up to the one that holds `now` (ms), so many, oldest first."""
    today = local_date(now, zone)
    return [today - dt.timedelta(days=back) for back in range(days - 1, -1, -1)]


def limits_of(dates: Iterable[dt.date], now: int, zone: str) -> Int64s:
    """The instants between which consecutive days lie, int64[D + 1] in ms: day i is
    `(limits[i], limits[i + 1]]`, which is up to, not including, the first instant of the next day;
    the last one ends now."""
    return np.array([start_of_day(day, zone) - 1 for day in dates] + [now], np.int64)


def days_of(spans: Spans, zone: str, now: int, days: int) -> list[Day]:
    """The comings and goings of the last days up to now, oldest first."""
    return days_told(flow_of(spans, zone, now, days), zone, now)


def flow_of(spans: Spans, zone: str, now: int, days: int) -> Int64s:
    """How many entered, left, and were in at the end of each of the last days up to now:
    int64[3, D]. Those of different people add up."""
    flow = Flow.measured(spans, limits_of(dates_until(now, zone, days), now, zone))
    return np.stack([flow.entered, flow.left, flow.size])


def days_told(flow: Int64s, zone: str, now: int) -> list[Day]:
    """What `flow_of` counts, day by day."""
    dates = dates_until(now, zone, flow.shape[1])
    return [Day(day, *row) for day, row in zip(dates, flow.T.tolist(), strict=True)]
