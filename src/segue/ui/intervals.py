"""Shares with their intervals in the cells of a table: a dot for what was measured, a line for how
sure that is, all of a column on one scale."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from segue.insight.shares import Interval, Share

WIDTH: Final = 120.0
"""How wide the drawing of one figure is (px)."""
_EDGE: Final = 4.0


@dataclass(frozen=True, slots=True)
class Axis:
    """From 0 to `high`, across a cell."""

    high: float

    @classmethod
    def of(cls, shares: Iterable[Share | None]) -> Self:
        """The axis that holds all of these shares with their intervals."""
        ends = [one.interval.high for one in shares if one is not None and one.interval]
        return cls(max(ends, default=0.0) or 1.0)

    def at(self, value: float) -> float:
        """The place of a value."""
        part = min(max(value / self.high, 0.0), 1.0)
        return round(_EDGE + part * (WIDTH - 2 * _EDGE), 1)

    def whisker(self, share: Share | None) -> Whisker | None:
        """A share and its interval; None where there is nobody."""
        if share is None or share.value is None:
            return None
        return self.placed(share.value, share.interval)

    def placed(self, value: float, interval: Interval | None) -> Whisker:
        """A figure and its interval, which has no length where there is none."""
        low, high = (value, value) if interval is None else (interval.low, interval.high)
        return Whisker(self.at(value), self.at(low), self.at(high))


@dataclass(frozen=True, slots=True)
class Whisker:
    """A figure at `x` and its interval from `low` to `high`: places in px from the left."""

    x: float
    low: float
    high: float
