"""How long a message may have to wait for an hour in which it may be sent: in a week of minutes, as
any wall clock shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from segue.domain.instant import MINUTE
from segue.language.campaign_models import HoursDefinition

_DAY: Final = 24 * 60
WEEK: Final = 7 * _DAY
"""Minutes of a week, the first one that of Monday at midnight."""


@dataclass(frozen=True, slots=True)
class Waits:
    """For each minute of a week, how many minutes later a message may go (None: never)."""

    minutes: Sequence[int | None]

    @classmethod
    def between(cls, quiet: HoursDefinition | None, window: HoursDefinition | None) -> Waits:
        """Of quiet hours and a send window, both of which have to let it pass."""
        open_ = [
            not (quiet is not None and _covers(quiet, minute))
            and (window is None or _covers(window, minute))
            for minute in range(WEEK)
        ]
        found: list[int | None] = [None] * WEEK
        coming: int | None = None
        for minute in range(2 * WEEK - 1, -1, -1):
            coming = minute if open_[minute % WEEK] else coming
            if minute < WEEK and coming is not None:
                found[minute] = coming - minute
        return cls(found)

    def refused(self, held_at_most: int, at: Sequence[int] = range(WEEK)) -> float:
        """The share of these minutes of the week in which a message would have to wait for longer
        than it is held (ms)."""
        waits = [self.minutes[minute] for minute in at]
        return sum(one is None or one * MINUTE > held_at_most for one in waits) / len(waits)

    @property
    def longest(self) -> int | None:
        """The longest wait in minutes; None where there is no end of it."""
        waits = [one for one in self.minutes if one is not None]
        return max(waits) if len(waits) == WEEK else None


def _covers(hours: HoursDefinition, minute: int) -> bool:
    day, rest = divmod(minute, _DAY)
    begun_today = rest >= hours.from_ and day in hours.days
    if hours.from_ < hours.to:
        return begun_today and rest < hours.to
    return begun_today or (rest < hours.to and (day - 1) % 7 in hours.days)
