"""Which segments moved, and whether that is more than they usually do.

What is usual is what the same stretch of time did before: the least and the most. Were all
stretches alike, one more would fall outside that with a chance of two in as many as there are,
itself included, whatever the distribution; so it is said how many segments do so by chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from segue.domain.instant import DAY
from segue.domain.live import TransitionReader

WEEK: Final = 7
DAYS_BEFORE: Final = 28
"""Days before the last one that say what is usual for a day."""
WEEKS_BEFORE: Final = 12
"""Weeks before the last one that say what is usual for a week."""
FEWEST: Final = 7
"""Stretches before, without which nothing is said of what is usual."""


@dataclass(frozen=True, slots=True)
class Change:
    """By how many people a segment grew in a stretch of time up to now, who entered and left, and
    between what (`low`, `high`) it moved in each of `before` such stretches earlier; fewer than
    `FEWEST` of them say nothing."""

    net: int
    entered: int
    left: int
    low: int
    high: int
    before: int

    @property
    def is_known(self) -> bool:
        """Whether it can be said what is usual."""
        return self.before >= FEWEST

    @property
    def chance(self) -> float:
        """The chance that it stands out where all stretches are alike, at most."""
        return 2 / (self.before + 1)

    @property
    def is_unusual(self) -> bool:
        """Whether it moved more than in any of the stretches before."""
        return self.is_known and not self.low <= self.net <= self.high


@dataclass(frozen=True, slots=True)
class Moved:
    """How a segment moved: in the last 24 hours, and in the last seven times 24."""

    segment_id: str
    size: int
    day: Change
    week: Change

    @property
    def weight(self) -> tuple[bool, bool, float, float]:
        """By which segments are ordered: what is unusual first, then by share of their size."""
        of = max(self.size, 1)
        sizes = abs(self.day.net) / of, abs(self.week.net) / of
        return self.day.is_unusual, self.week.is_unusual, *sizes


@dataclass(frozen=True, slots=True)
class Movements:
    """The segments of which anybody came or went in the last week, those that moved most first; of
    how many segments it is known what is usual for a day, and for a week; and how many of them
    would stand out by chance, at most."""

    moved: tuple[Moved, ...]
    known_days: int
    known_weeks: int
    chance_days: float
    chance_weeks: float


def movements(
    store: TransitionReader, sizes: Mapping[str, int], now: int, first_at: int | None
) -> Movements:
    """How the segments moved up to now (ms); `sizes` are how many are in them, `first_at` when the
    first event of all occurred: nothing before it says what is usual."""
    days = WEEK * (WEEKS_BEFORE + 1)
    limits = [now - day * DAY for day in range(days, -1, -1)]
    known = 0 if first_at is None else min(days, max(0, (now - first_at) // DAY))
    changes = store.changes(limits)
    found = [
        _moved(segment_id, size, changes.get(segment_id, [(0, 0)] * days)[days - known :])
        for segment_id, size in sizes.items()
    ]
    moved = [one for one in found if one.week.entered or one.week.left]
    days_known = [one.day for one in found if one.day.is_known]
    weeks_known = [one.week for one in found if one.week.is_known]
    return Movements(
        tuple(sorted(moved, key=lambda one: one.weight, reverse=True)),
        len(days_known),
        len(weeks_known),
        sum(one.chance for one in days_known),
        sum(one.chance for one in weeks_known),
    )


def _moved(segment_id: str, size: int, days: Sequence[tuple[int, int]]) -> Moved:
    """How a segment moved, by who entered and left on each day, the last one last."""
    whole = len(days) // WEEK * WEEK
    weeks = [
        (sum(one for one, _ in week), sum(other for _, other in week))
        for week in (
            days[place : place + WEEK] for place in range(len(days) - whole, len(days), WEEK)
        )
    ]
    return Moved(
        segment_id, size, _change(days[-DAYS_BEFORE - 1 :]), _change(weeks or [_total(days)])
    )


def _total(days: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(one for one, _ in days), sum(other for _, other in days)


def _change(stretches: Sequence[tuple[int, int]]) -> Change:
    if not stretches:
        return Change(0, 0, 0, 0, 0, 0)
    *before, (entered, left) = stretches
    net = [one - other for one, other in before]
    return Change(
        entered - left, entered, left, min(net, default=0), max(net, default=0), len(before)
    )
