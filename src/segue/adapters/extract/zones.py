"""The offsets of a time zone as a step function of local time, for SQL without a zone database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from segue.domain.instant import SECOND

_FIRST_YEAR, _LAST_YEAR = 1850, 2201
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class ZoneSteps:
    """`offsets[k]` (ms) applies to local times with exactly k `thresholds` (ms) at or below them.

    A local time that exists twice is the earlier one, and one that is skipped is read with the
    offset before the gap, as `segue.domain.instant.parse_instant` reads them.
    """

    thresholds: tuple[int, ...]
    offsets: tuple[int, ...]


@lru_cache(maxsize=64)
def zone_steps(zone: str) -> ZoneSteps:
    """The steps of the zone from 1850 to 2200; the outermost offsets apply beyond."""
    info = ZoneInfo(zone)
    day = dt.timedelta(days=1)
    moment = dt.datetime(_FIRST_YEAR, 1, 1, tzinfo=dt.UTC)
    end = dt.datetime(_LAST_YEAR, 1, 1, tzinfo=dt.UTC)
    offset = _offset(moment, info)
    thresholds: list[int] = []
    offsets = [offset]
    while moment < end:
        following = moment + day
        after = _offset(following, info)
        if after != offset:
            at = _transition(moment, following, info)
            thresholds.append(at + max(offset, after))
            offsets.append(after)
        moment, offset = following, after
    return ZoneSteps(tuple(thresholds), tuple(offsets))


def _transition(low: dt.datetime, high: dt.datetime, info: ZoneInfo) -> int:
    """The instant (ms) of the change of offset between two moments, to the second."""
    before = _offset(low, info)
    first, last = _seconds(low), _seconds(high)
    while last - first > 1:
        middle = (first + last) // 2
        if _offset(_EPOCH + dt.timedelta(seconds=middle), info) == before:
            first = middle
        else:
            last = middle
    return last * SECOND


def _seconds(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // dt.timedelta(seconds=1)


def _offset(moment: dt.datetime, info: ZoneInfo) -> int:
    offset = moment.astimezone(info).utcoffset()
    assert offset is not None
    return offset // dt.timedelta(milliseconds=1)
