"""Calendar days of a zone are those of its clocks, whatever these do at night."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from segue.domain.instant import DAY, HOUR, MINUTE, parse_instant
from segue.timeline.calendar import days_of, midnights_between

NIGHTS = [
    ("UTC", "2026-03-29T00:00:00Z"),
    ("Europe/Berlin", "2026-03-29T01:00:00Z"),  # an hour is missing
    ("Europe/Berlin", "2026-10-25T01:00:00Z"),  # an hour comes twice
    ("America/Sao_Paulo", "2018-11-04T03:00:00Z"),  # midnight is missing
    ("America/Sao_Paulo", "2018-02-18T02:00:00Z"),  # the hour before midnight comes twice
    ("America/St_Johns", "2010-11-07T02:31:00Z"),  # back over midnight, one minute into the day
    ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),  # half an hour comes twice
    ("Pacific/Apia", "2011-12-30T10:00:00Z"),  # a day is missing
    ("Africa/Cairo", "2024-04-25T22:00:00Z"),
    ("Asia/Kathmandu", "1985-12-31T18:30:00Z"),
]


@pytest.mark.parametrize(("zone", "night"), NIGHTS)
def test_a_day_is_what_the_clocks_say(zone: str, night: str) -> None:
    """Around every change of clocks the day is that of the zone's own date."""
    around = range(-3 * DAY, 3 * DAY, 7 * MINUTE)
    edges = range(-2 * HOUR, 2 * HOUR, MINUTE)
    instants = sorted({parse_instant(night) + shift for shift in (*around, *edges)})
    dates = [dt.datetime.fromtimestamp(i / 1000, ZoneInfo(zone)).date() for i in instants]
    expected = [(date - dt.date(1970, 1, 1)).days for date in dates]
    assert days_of(np.array(instants, np.int64), zone).tolist() == expected


@pytest.mark.parametrize(("zone", "night"), NIGHTS)
def test_a_midnight_is_the_first_instant_of_its_day(zone: str, night: str) -> None:
    """Just before a midnight no clock has shown that day yet."""
    start = parse_instant(night)
    for midnight in midnights_between(zone, start - 2 * DAY, start + 2 * DAY).tolist():
        before, at = (
            dt.datetime.fromtimestamp(i / 1000, ZoneInfo(zone)).date()
            for i in (midnight - 1, midnight)
        )
        assert before < at


def test_nothing_has_no_day() -> None:
    """No instants, no days."""
    assert days_of(np.empty(0, np.int64), "Europe/Berlin").tolist() == []
