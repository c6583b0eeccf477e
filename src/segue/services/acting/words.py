"""How a verdict says its reason."""

from __future__ import annotations

import datetime as dt
from typing import Final

from segue.domain.campaigns import Because, Cap, Channel, Hours
from segue.domain.instant import MINUTE, SECOND, UNITS, format_duration
from segue.services.acting.clock import wall_time

_MESSAGES: Final = {
    None: ("message", "messages"),
    Channel.IN_APP: ("in-app message", "in-app messages"),
    Channel.EMAIL: ("e-mail", "e-mails"),
    Channel.WEBHOOK: ("webhook", "webhooks"),
    Channel.APPRISE: ("notification", "notifications"),
    Channel.CONSOLE: ("console message", "console messages"),
}
_HOLDERS: Final = {
    Because.QUIET_HOURS: "quiet hours",
    Because.OUTSIDE_WINDOW: "the campaign's hours",
    Because.RATE: "the rate of its channel",
    Because.APPROVAL: "somebody's approval",
    Because.ANOTHER_FIRST: "another campaign",
    Because.CHANNEL: "its channel",
}
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_EPOCH: Final = dt.datetime(1970, 1, 1)


def capped(cap: Cap, had: int) -> str:
    """`had 3 e-mails in the last 7 days; the cap is 3`."""
    return f"had {messages(cap, had)} in the last {_last(cap.within)}; the cap is {cap.most}"


def messages(cap: Cap, number: int) -> str:
    """`3 e-mails tagged offers`: so many of what a cap counts."""
    tagged = f" tagged {cap.tag}" if cap.tag is not None else ""
    return f"{number} {_MESSAGES[cap.channel][number != 1]}{tagged}"


def plural(channel: Channel) -> str:
    """`e-mails`: what goes by a channel."""
    return _MESSAGES[channel][1]


def age(milliseconds: int) -> str:
    """A length of time in its two largest units, the rest left out: `1 day 2 hours`."""
    parts, rest = [], max(milliseconds, 0)
    for size in UNITS.values():
        number, rest = divmod(rest, size)
        if number:
            parts.append(format_duration(number * size))
    return " ".join(parts[:2]) or "less than a second"


def hours(one: Hours) -> str:
    """`22:00 to 08:00`, and on which days where it is not every day."""
    days = ", ".join(_WEEKDAYS[day] for day in sorted(one.weekdays))
    on = "" if len(set(one.weekdays)) == len(_WEEKDAYS) else f" on {days}"
    return f"{_minute(one.start)} to {_minute(one.end)}{on}"


def moment(instant: int, zone: str) -> str:
    """`Tue 3 Nov 2026, 08:00:30 (Europe/Berlin)`: by the clock of a zone, seconds where there are
    any."""
    local = _EPOCH + dt.timedelta(milliseconds=wall_time(instant, zone))
    clock = local.strftime("%H:%M:%S" if instant % MINUTE >= SECOND else "%H:%M")
    day = f"{_WEEKDAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}"
    return f"{day}, {clock} ({zone})"


def holder(because: Because | None) -> str:
    """What held a delivery: `for quiet hours`."""
    return f"for {_HOLDERS[because]}" if because in _HOLDERS else "in the queue"


def _last(within: int) -> str:
    """`7 days`, `hour`: a window as one says it after "the last"."""
    text = format_duration(within)
    return text.removeprefix("1 ") if text.startswith("1 ") else text


def _minute(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}"
