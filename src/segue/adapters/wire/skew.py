"""When an event occurred, by clocks that may be wrong.

A sender's clock is compared with ours where the request says when it was sent. What it is off by is
taken from the event's own time. A difference of up to five seconds is the network and not the
clock, and changes nothing, so that a request that is sent twice says the same. An event never
occurs after it was received, unless it was dated ahead on purpose: later than it was sent.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Final

from segue.domain.instant import EARLIEST, HOUR, LATEST, SECOND, parse_instant

TOLERANCE: Final = 5 * SECOND
"""How far apart clocks may be and count as one."""
AHEAD: Final = 23 * HOUR
"""How far ahead PostHog's events may be dated."""

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND: Final = dt.timedelta(milliseconds=1)
_LEAST_MILLISECONDS: Final = 100_000_000_000


def occurred_at(original: int | None, sent: int | None, received: int) -> int:
    """When an event occurred (ms): `original` by the sender's clock, which showed `sent` when ours
    showed `received`. Without an original it occurred when it was received."""
    if original is None:
        return received
    if sent is None or not EARLIEST <= sent <= LATEST:
        return received if received < original <= received + TOLERANCE else original
    skew = sent - received if abs(sent - received) > TOLERANCE else 0
    dated_ahead = original > sent + TOLERANCE
    return original - skew if dated_ahead else min(original - skew, received)


def instant_of(value: object) -> int | None:
    """An instant (ms) as SDKs write it: RFC 3339, or a number: from 10^11 milliseconds since 1970,
    below seconds. None where it is nothing of the kind."""
    if isinstance(value, str):
        return _of_text(value)
    if isinstance(value, float) and math.isfinite(value):
        return math.floor(value if value >= _LEAST_MILLISECONDS else value * SECOND)
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value >= _LEAST_MILLISECONDS else value * SECOND
    return None


def _of_text(text: str) -> int | None:
    try:
        if text.isdigit():
            return instant_of(int(text[:20]))
        moment = dt.datetime.fromisoformat(text)
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
        return (aware - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        return _of_other_text(text)


def _of_other_text(text: str) -> int | None:
    try:
        return parse_instant(text)
    except (ValueError, OverflowError):
        return None
