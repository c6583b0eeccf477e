"""Who comes back after entering: on a day, from a day on, within some days.

Day 0 is the calendar day of the entry, day 1 the next one. A cell is complete when its last day is
over; shares are pooled over complete cells: all who entered early enough stand in one fraction, so
that a day with three entrants weighs three and not as much as one with a thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from segue.insight.arrays import Bools, Int64s
from segue.insight.cohorts import Cohort, Everybody, Group, Outcomes, Stretch
from segue.insight.days import ActiveDays, days_from
from segue.insight.standing import BEFORE


class Return(StrEnum):
    """What counts as having come back."""

    ON = "on"
    """Active on exactly that day (N-day retention)."""
    FROM = "from"
    """Active on that day or any later one (unbounded, rolling retention)."""
    WITHIN = "within"
    """Active on any day of a bracket."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A question about coming back: `kind`, and the first and last day it is about (of FROM both
    are the day)."""

    kind: Return
    first: int
    last: int


CELLS: Final = (
    *(Cell(Return.ON, day, day) for day in (1, 7, 14, 28)),
    *(Cell(Return.FROM, day, day) for day in (1, 7, 14, 28)),
    *(Cell(Return.WITHIN, *days) for days in ((1, 7), (8, 14), (15, 28))),
)
"""The questions that are asked of every segment."""
HORIZON: Final = max(cell.last for cell in CELLS)
"""After how many days the last of them is complete."""


def retention(
    groups: Sequence[Group], everybody: Everybody, active: ActiveDays, period: int
) -> dict[Cell, Int64s]:
    """Each cell of each group, counted for `standing.standings_of`; entrants are those of `period`
    days, as late as the cell allows.

    `active.days` must hold two periods and `HORIZON` days.
    """
    found: dict[Cell, Int64s] = {}
    for last in sorted({cell.last for cell in CELLS}):
        cohort = Cohort.gathered(groups, everybody, _stretch(active, last, period))
        cells = [cell for cell in CELLS if cell.last == last]
        back = cohort.counts_of(came_back(active, cells))
        for cell, counts in zip(cells, back, strict=True):
            if cell.kind is Return.FROM:
                # Who entered a period earlier had a period longer to come back: no change to tell.
                counts[BEFORE] = 0
            found[cell] = counts
    return {cell: found[cell] for cell in CELLS}


def came_back(active: ActiveDays, cells: Sequence[Cell]) -> Outcomes:
    """Whether people came back after an instant of theirs, as each of the cells asks."""

    def outcomes(person: Int64s, since: Int64s) -> list[Bools]:
        day = active.days.of(since)
        bits = active.since(person, day)
        return [
            active.last[person] >= day + cell.first
            if cell.kind is Return.FROM
            else (bits & days_from(cell.first, cell.last + 1)) != 0
            for cell in cells
        ]

    return outcomes


def _stretch(active: ActiveDays, last: int, period: int) -> Stretch:
    """The entries whose day `last` is over, of two periods."""
    limits, end = active.days.limits, len(active.days) - last
    return Stretch(*(int(limits[end - back]) for back in (2 * period, period, 0)))
