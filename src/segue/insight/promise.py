"""What acting on a segment promises: reach times lift times value."""

from __future__ import annotations

from dataclasses import dataclass

from segue.insight.lift import WORTH_KNOWING
from segue.insight.shares import Interval, Share


@dataclass(frozen=True, slots=True)
class Promise:
    """What messaging everybody who enters would bring in a period.

    `reach` people enter in it. `lift` more of them, as a share, reach the goal when they are acted
    upon: as a campaign with a holdout measured it (`is_measured`), or else supposed to be
    `WORTH_KNOWING` of those who reach it anyway. `value` is what one success is worth (1: a
    success). `expected` is the product; `range` follows from the interval of the lift.
    """

    reach: int
    lift: float
    is_measured: bool
    value: float
    range: Interval

    @property
    def expected(self) -> float:
        """Reach times lift times value."""
        return self.reach * self.lift * self.value


def supposed(reach: int, conversion: Share, value: float) -> Promise | None:
    """The promise of a segment that no campaign was tried on; None where nobody has entered whose
    conversion could be known."""
    if conversion.value is None or conversion.interval is None:
        return None
    worth = reach * WORTH_KNOWING * value
    ends = Interval(worth * conversion.interval.low, worth * conversion.interval.high)
    return Promise(reach, WORTH_KNOWING * conversion.value, False, value, ends)


def measured(reach: int, lift: float, interval: Interval, value: float) -> Promise:
    """The promise of a segment on which a campaign with a holdout was tried."""
    worth = reach * value
    ends = Interval(worth * interval.low, worth * interval.high)
    return Promise(reach, lift, True, value, ends)
