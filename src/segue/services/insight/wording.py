"""How figures of insight are said: rounded to what is known, with their margins, in plain words."""

from __future__ import annotations

from typing import Final

from segue.domain.instant import DAY, HOUR, MINUTE, SECOND
from segue.insight.comparisons import Difference
from segue.insight.shares import Interval, Share
from segue.insight.survival import Survival
from segue.services.words import counted

_UNITS: Final = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))
NOT_CAUSE: Final = "That is no proof of cause: test it with a campaign."
"""What stands below every association."""
NOBODY: Final = "nobody to tell it from"
"""What stands in the place of a share of nobody."""


def share_words(share: Share) -> str:
    """`31 % (28 to 34)`: a share and its margins; small ones with a decimal."""
    if share.value is None or share.interval is None:
        return NOBODY
    return range_words(share.value, share.interval)


def range_words(value: float, interval: Interval) -> str:
    """`31 % (28 to 34)`: a share (0 to 1) between its ends; small ones with a decimal."""
    low, high = interval.low, interval.high
    digits = 0 if high - low >= 0.015 and value >= 0.02 else 1
    return f"{_points(value, digits)} % ({_points(low, digits)} to {_points(high, digits)})"


def length_words(milliseconds: int) -> str:
    """A length of time as somebody says it: `3 days`, `5 hours`, `1.5 days`."""
    for size, noun in _UNITS:
        if milliseconds >= size:
            value = milliseconds / size
            if value >= 3 or abs(value - round(value)) < 0.05:
                return counted(round(value), noun)
            return f"{value:.1f} {noun}s"
    return "less than a second"


def median_words(curve: Survival) -> str:
    """`3 days (2 to 5)`: after how long it has happened to half of the people, with its interval;
    or that it has not within the time they were followed."""
    if not curve.people:
        return NOBODY
    median = curve.median
    if median is None:
        return f"not reached within {length_words(curve.followed)}"
    low, high = curve.reached_between(0.5)
    early = length_words(low or 0)
    late = "longer than was watched" if high is None else length_words(high)
    return f"{length_words(median)} ({early} to {late})"


def needs_words(difference: Difference) -> str:
    """What is said where a difference cannot be told: how many people it would take."""
    if difference.needs is None:
        return "cannot tell yet"
    return f"cannot tell yet: needs {difference.needs:,} more people"


def _points(share: float, digits: int) -> str:
    return f"{100 * share:.{digits}f}"
