"""When people come: seasons, weekdays, working hours and time zones.

Instants are milliseconds since the epoch. Only `Dice.roll` is random, and it is a pure function of
a seed on every platform and Python version, so a world is too.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from segue.domain.instant import DAY, HOUR, MINUTE

THURSDAY: Final = 3
"""Weekday of 1970-01-01, Monday being 0."""

SATURDAY: Final = 5

MONTHS: Final = (1.05, 1.08, 1.1, 1.0, 1.0, 0.95, 0.8, 0.7, 1.1, 1.12, 1.1, 0.7)
"""How busy each month is: quiet in August and December."""

WEEKEND_KEEPS: Final = 0.35
"""Chance that a visit that would fall on a weekend is not put off until Monday."""

OFFSETS: Final = (
    (60, 0.30), (0, 0.12), (-300, 0.20), (-480, 0.12), (330, 0.14), (600, 0.06), (-180, 0.06),
)  # fmt: skip
"""Minutes east of UTC where people live, with shares."""


class Dice:
    """Reproducible chance: one generator per person, seeded by the world and the person."""

    __slots__ = ("roll",)

    def __init__(self, seed: int, person: int) -> None:
        # `random()` of a seeded generator is the one method Python promises never to change.
        self.roll = random.Random((seed << 40) ^ (person << 1) ^ 1).random

    def one_in(self, chance: float) -> bool:
        """True with the given probability."""
        return self.roll() < chance

    def wait(self, mean: float) -> float:
        """An exponential waiting time with the given mean."""
        return -mean * math.log(1.0 - self.roll())

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1, all equally likely."""
        return int(self.roll() * n)

    def pick(self, cumulative: Sequence[float]) -> int:
        """An index, drawn with the given cumulative weights, which end at 1."""
        return min(bisect_right(cumulative, self.roll()), len(cumulative) - 1)


def busyness(instant: int) -> float:
    """How busy the day of the instant is: month times weekday, 1.0 on an average working day."""
    day = instant // DAY
    weekend = (day + THURSDAY) % 7 >= SATURDAY
    return MONTHS[_month(day)] * (0.45 if weekend else 1.0)


def next_visit(dice: Dice, after: int, mean: float, offset: int) -> int:
    """An instant after `after` at which a person comes back.

    `mean` is the mean gap in ms in an average month; `offset` is minutes east of UTC. People come
    at their own working hours, rarely on weekends.
    """
    gap = dice.wait(mean) / MONTHS[_month(after // DAY)]
    local = after + int(gap) + offset * MINUTE
    day = local // DAY
    weekday = (day + THURSDAY) % 7
    if weekday >= SATURDAY and not dice.one_in(WEEKEND_KEEPS):
        day += 7 - weekday
    instant = day * DAY + _hour(dice) - offset * MINUTE
    return max(instant, after + 45 * MINUTE + int(dice.wait(HOUR)))


def first_visit(dice: Dice, day: int, offset: int) -> int:
    """The instant at which someone arrives on the day whose first instant, UTC, is `day`."""
    return day + (_hour(dice) - offset * MINUTE) % DAY


class Arrivals:
    """Who arrives when: `people` of them in the first `days` days, and on at the same pace.

    Person k arrives on day `day_of(k)`; k rises with the day, so that a longer world has the same
    first people. The business grows by a third every hundred days.
    """

    def __init__(self, people: int, days: int, start: int) -> None:
        self._start = start
        self._total = [0.0]
        for day in range(days):
            self._add(day)
        self._scale = people / self._total[-1]

    def day_of(self, person: int) -> int:
        """The first instant of the day on which the person arrives."""
        while self._total[-1] * self._scale <= person:
            self._add(len(self._total) - 1)
        return self._start + (bisect_right(self._total, person / self._scale) - 1) * DAY

    def _add(self, day: int) -> None:
        growth = 1.0 + day / 300.0
        self._total.append(self._total[-1] + growth * busyness(self._start + day * DAY))


def _hour(dice: Dice) -> int:
    """Milliseconds into the local day: mostly working hours, sometimes the evening."""
    if dice.one_in(0.85):
        return int((8.5 + 4.75 * (dice.roll() + dice.roll())) * HOUR)
    return int((18 + 5.5 * dice.roll()) * HOUR)


@lru_cache(maxsize=4096)
def _month(day: int) -> int:
    """The month, 0 to 11, of a day number since the epoch (proleptic Gregorian)."""
    shifted = day + 719_468
    of_era = shifted % 146_097
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    return ((5 * of_year + 2) // 153 + 2) % 12
