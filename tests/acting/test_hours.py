"""Hours, windows and schedules by the clock on the wall, over every change that clocks make."""

import datetime as dt
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.domain.campaigns import Hours, Schedule
from segue.domain.instant import DAY, HOUR, MINUTE, format_instant, parse_instant
from segue.services.acting.clock import first_shown, known_zone, wall_time
from segue.services.acting.hours import holds, next_allowed
from segue.services.acting.schedules import instants_between, next_instant

ZONES = (
    "America/New_York",
    "America/Santiago",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "UTC",
)
CHANGES = {
    "America/New_York": ("2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"),
    "America/Santiago": ("2026-09-06T04:00:00Z", "2026-04-05T03:00:00Z"),
    "Australia/Lord_Howe": ("2026-10-03T15:30:00Z", "2026-04-04T15:00:00Z"),
    "Europe/Berlin": ("2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"),
}
"""When clocks go forward, and back, in 2026."""
EVERY_DAY = tuple(range(7))
NIGHT = Hours(22 * 60, 8 * 60)


def minute(text):
    """`02:30` as a minute of the day."""
    hour, rest = text.split(":")
    return int(hour) * 60 + int(rest)


def hours(text, *weekdays):
    """`22:00-08:00` as hours, on every day where none is named."""
    start, end = text.split("-")
    return Hours(minute(start), minute(end), weekdays or EVERY_DAY)


@cache
def shown(instant, zone):
    """What a clock shows, by the standard library: the oracle of this file."""
    return dt.datetime.fromtimestamp(instant / 1000, ZoneInfo(zone)).replace(tzinfo=None)


def in_hours(one, instant, zone):
    """Whether an instant lies in hours, read off the clock."""
    local = shown(instant, zone)
    at = local.hour * 60 + local.minute
    today, yesterday = local.weekday(), (local - dt.timedelta(days=1)).weekday()
    if one.start < one.end:
        return today in one.weekdays and one.start <= at < one.end
    return (today in one.weekdays and at >= one.start) or (
        yesterday in one.weekdays and at < one.end
    )


@pytest.mark.parametrize(
    ("zone", "quiet", "now", "allowed"),
    [
        # An ordinary night, in the zone's own time.
        ("Europe/Berlin", "22:00-08:00", "2026-07-01T21:00:00Z", "2026-07-02T06:00:00Z"),
        ("America/New_York", "22:00-08:00", "2026-07-01T21:00:00Z", "2026-07-01T21:00:00Z"),
        ("Pacific/Kiritimati", "22:00-08:00", "2026-07-01T21:00:00Z", "2026-07-01T21:00:00Z"),
        ("Pacific/Kiritimati", "22:00-08:00", "2026-07-01T08:00:00Z", "2026-07-01T18:00:00Z"),
        # The last quiet instant and the first one that is not.
        ("UTC", "22:00-08:00", "2026-07-01T07:59:59.999Z", "2026-07-01T08:00:00Z"),
        ("UTC", "22:00-08:00", "2026-07-01T21:59:59.999Z", "2026-07-01T21:59:59.999Z"),
        # The night in which clocks go forward is an hour shorter, the other one longer.
        ("Europe/Berlin", "22:00-08:00", "2026-03-28T21:00:00Z", "2026-03-29T06:00:00Z"),
        ("Europe/Berlin", "22:00-08:00", "2026-10-24T20:00:00Z", "2026-10-25T07:00:00Z"),
        ("America/New_York", "22:00-08:00", "2026-03-08T03:00:00Z", "2026-03-08T12:00:00Z"),
        ("America/New_York", "22:00-08:00", "2026-11-01T02:00:00Z", "2026-11-01T13:00:00Z"),
        # An end that is never shown: quiet is over when clocks go forward over it.
        ("Europe/Berlin", "22:00-02:30", "2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z"),
        ("America/New_York", "22:00-02:30", "2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z"),
        ("America/Santiago", "20:00-00:30", "2026-09-06T03:00:00Z", "2026-09-06T04:00:00Z"),
        ("Australia/Lord_Howe", "22:00-02:15", "2026-10-03T15:00:00Z", "2026-10-03T15:30:00Z"),
        # A start that is never shown: quiet begins when clocks go forward over it.
        ("Europe/Berlin", "02:30-07:00", "2026-03-29T00:59:59Z", "2026-03-29T00:59:59Z"),
        ("Europe/Berlin", "02:30-07:00", "2026-03-29T01:00:00Z", "2026-03-29T05:00:00Z"),
        # Hours that are shown twice are quiet twice.
        ("Europe/Berlin", "22:00-02:30", "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z"),
        ("Europe/Berlin", "22:00-02:30", "2026-10-25T01:10:00Z", "2026-10-25T01:30:00Z"),
        ("America/Santiago", "23:30-23:45", "2026-04-05T02:30:00Z", "2026-04-05T02:45:00Z"),
        ("America/Santiago", "23:30-23:45", "2026-04-05T03:30:00Z", "2026-04-05T03:45:00Z"),
        ("Australia/Lord_Howe", "22:00-01:45", "2026-04-04T14:30:00Z", "2026-04-04T14:45:00Z"),
        ("Australia/Lord_Howe", "22:00-01:45", "2026-04-04T15:00:00Z", "2026-04-04T15:15:00Z"),
    ],
)
def test_quiet_hours_end(zone, quiet, now, allowed):
    now, allowed = parse_instant(now), parse_instant(allowed)

    found = next_allowed(now, now + DAY, zone, quiet=hours(quiet), window=None)

    assert format_instant(found) == format_instant(allowed)


@pytest.mark.parametrize(
    ("zone", "window", "now", "allowed"),
    [
        # Tuesday to Thursday, nine to noon.
        ("UTC", hours("09:00-12:00", 1, 2, 3), "2026-11-02T10:00:00Z", "2026-11-03T09:00:00Z"),
        ("UTC", hours("09:00-12:00", 1, 2, 3), "2026-11-05T12:00:00Z", "2026-11-10T09:00:00Z"),
        # Over midnight: by the day it begins on.
        ("UTC", hours("22:00-02:00", 4), "2026-11-07T01:30:00Z", "2026-11-07T01:30:00Z"),
        ("UTC", hours("22:00-02:00", 4), "2026-11-07T22:30:00Z", "2026-11-13T22:00:00Z"),
        # The whole of a day, from its end to its end.
        ("UTC", hours("08:00-08:00", 5), "2026-11-08T07:59:00Z", "2026-11-08T07:59:00Z"),
        ("UTC", hours("08:00-08:00", 5), "2026-11-08T08:00:00Z", "2026-11-14T08:00:00Z"),
        # A window that is skipped altogether opens the next day.
        ("Europe/Berlin", hours("02:15-02:45"), "2026-03-28T12:00:00Z", "2026-03-30T00:15:00Z"),
        # The day that Samoa left out: no Friday, no Friday's window.
        ("Pacific/Apia", hours("09:00-10:00", 4), "2011-12-29T12:00:00Z", "2012-01-05T19:00:00Z"),
    ],
)
def test_a_window_opens(zone, window, now, allowed):
    now, allowed = parse_instant(now), parse_instant(allowed)

    found = next_allowed(now, now + 14 * DAY, zone, quiet=None, window=window)

    assert format_instant(found) == format_instant(allowed)


def test_hours_that_never_agree_allow_nothing():
    now = parse_instant("2026-11-03T12:00:00Z")

    found = next_allowed(
        now, now + 30 * DAY, "Europe/Berlin", quiet=NIGHT, window=hours("23:00-06:00")
    )

    assert found is None


def test_the_last_instant_that_is_looked_at_counts():
    now = parse_instant("2026-11-03T02:00:00Z")

    assert next_allowed(now, now + 6 * HOUR, "UTC", quiet=NIGHT, window=None) == now + 6 * HOUR
    assert next_allowed(now, now + 6 * HOUR - 1, "UTC", quiet=NIGHT, window=None) is None


@pytest.mark.parametrize(
    ("zone", "schedule", "after", "expected"),
    [
        ("Europe/Berlin", Schedule((0,), 9 * 60), "2026-11-02T08:00:00Z", "2026-11-09T08:00:00Z"),
        ("Europe/Berlin", Schedule((0,), 9 * 60), "2026-11-02T07:59:59Z", "2026-11-02T08:00:00Z"),
        ("Pacific/Kiritimati", Schedule((0,), 540), "2026-11-01T00:00:00Z", "2026-11-01T19:00:00Z"),
        # Never shown: when the clocks go forward over it.
        ("Europe/Berlin", Schedule((6,), 150), "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"),
        ("America/New_York", Schedule((6,), 150), "2026-03-07T12:00:00Z", "2026-03-08T07:00:00Z"),
        ("America/Santiago", Schedule((6,), 0), "2026-09-05T12:00:00Z", "2026-09-06T04:00:00Z"),
        (
            "Australia/Lord_Howe",
            Schedule((6,), 135),
            "2026-10-03T00:00:00Z",
            "2026-10-03T15:30:00Z",
        ),
        ("Pacific/Apia", Schedule((4,), 540), "2011-12-29T20:00:00Z", "2011-12-30T10:00:00Z"),
        # Shown twice: the first time.
        ("Europe/Berlin", Schedule((6,), 150), "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"),
        ("Europe/Berlin", Schedule((6,), 150), "2026-10-25T00:30:00Z", "2026-11-01T01:30:00Z"),
        ("America/New_York", Schedule((6,), 90), "2026-10-31T12:00:00Z", "2026-11-01T05:30:00Z"),
        ("America/Santiago", Schedule((5,), 1410), "2026-04-04T12:00:00Z", "2026-04-05T02:30:00Z"),
        ("America/Santiago", Schedule((5,), 1410), "2026-04-05T02:30:00Z", "2026-04-12T03:30:00Z"),
        (
            "Australia/Lord_Howe",
            Schedule((6,), 105),
            "2026-04-04T00:00:00Z",
            "2026-04-04T14:45:00Z",
        ),
    ],
)
def test_a_schedule_speaks(zone, schedule, after, expected):
    found = next_instant(schedule, parse_instant(after), zone)

    assert format_instant(found) == expected


def test_a_schedule_without_weekdays_never_speaks():
    assert next_instant(Schedule((), 540), 0, "UTC") is None
    assert instants_between(Schedule((), 540), 0, 10 * DAY, "UTC") == []


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_of_a_daily_schedule_has_one_instant_a_day(zone):
    start = parse_instant("2026-01-01T00:00:00", zone)
    end = parse_instant("2027-01-01T00:00:00", zone)

    instants = instants_between(Schedule(EVERY_DAY, 150), start, end, zone)

    assert len(instants) == 365
    assert len({shown(one, zone).date() for one in instants}) == 365


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Europe/Berlin", True),
        ("Pacific/Kiritimati", True),
        ("europe/berlin", False),
        ("Berlin", False),
        ("", False),
        ("../../etc/passwd", False),
        ("Europe", False),
        ("UTC+2", False),
        (None, False),
        (2, False),
        (["UTC"], False),
        ("Europe/Berlin\0", False),
    ],
)
def test_a_zone_that_is_none_is_the_projects(name, known):
    assert known_zone(name, "Asia/Tokyo") == (name if known else "Asia/Tokyo")


# ------------------------------------------------------------------------- against a naive oracle

minutes_of_day = st.integers(0, 24 * 60 - 1)
weekdays = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))
some_hours = st.builds(Hours, minutes_of_day, minutes_of_day, weekdays)


@st.composite
def near_a_change(draw):
    """A zone and a whole minute within two days of a change of its clocks, or anywhere."""
    zone = draw(st.sampled_from(ZONES))
    around = [parse_instant(text) for text in CHANGES.get(zone, ())]
    around += [parse_instant("2011-12-30T10:00:00Z"), parse_instant("2030-01-01T00:00:00Z")]
    return zone, draw(st.sampled_from(around)) + draw(st.integers(-2880, 2880)) * MINUTE


@settings(max_examples=150)
@given(near_a_change(), st.none() | some_hours, st.none() | some_hours, st.integers(0, 3 * 1440))
def test_the_next_allowed_instant_is_the_one_that_looking_at_every_minute_finds(
    place, quiet, window, length
):
    zone, now = place
    until = now + length * MINUTE

    found = next_allowed(now, until, zone, quiet=quiet, window=window)

    naive = (
        at
        for at in range(now, until + 1, MINUTE)
        if not (quiet and in_hours(quiet, at, zone))
        and (window is None or in_hours(window, at, zone))
    )
    assert found == next(naive, None)


@settings(max_examples=300)
@given(near_a_change(), some_hours, st.integers(0, MINUTE - 1))
def test_hours_hold_as_the_clock_shows_them(place, one, beyond):
    zone, now = place

    assert holds(one, now + beyond, zone) == in_hours(one, now, zone)


@settings(max_examples=150)
@given(near_a_change(), weekdays, minutes_of_day)
def test_the_instants_of_a_schedule_are_those_that_looking_at_every_minute_finds(
    place, days, at_minute
):
    zone, start = place
    end = start + 3 * DAY

    found = instants_between(Schedule(days, at_minute), start, end, zone)

    assert found == sorted(naive_instants(days, at_minute, start, end, zone))


def naive_instants(days, at_minute, start, end, zone):
    """Of each date, the first minute at which the clock shows that time or a later one."""
    first = shown(start, zone).date() - dt.timedelta(days=3)
    open_dates = {
        dt.datetime.combine(first + dt.timedelta(days=i), dt.time())
        + dt.timedelta(minutes=at_minute)
        for i in range(9)
        if (first + dt.timedelta(days=i)).weekday() in days
    }
    found = set()
    for at in range(start - 5 * DAY, end + 1, MINUTE):
        reached = {date for date in open_dates if shown(at, zone) >= date}
        open_dates -= reached
        if reached and at > start:
            found.add(at)
    return found


@settings(max_examples=300)
@given(near_a_change(), st.integers(-3 * HOUR, 3 * HOUR))
def test_what_a_clock_shows_was_first_shown_then_or_before(place, beside):
    zone, now = place
    wall = wall_time(now, zone)

    first = first_shown(wall, zone)

    assert first <= now
    assert wall_time(first, zone) >= wall
    assert wall_time(first - 1, zone) < wall_time(first, zone)
    assert first_shown(wall + abs(beside), zone) >= first
