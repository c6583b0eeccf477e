"""How active the members of a segment are: engagement, churn, reactivation, stickiness, change.

Members are those at the start of the days that a figure is about, whether they stay or not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

import numpy as np

from segue.insight.arrays import Int64s
from segue.insight.cohorts import Everybody, Group
from segue.insight.days import ActiveDays
from segue.insight.entries import union
from segue.insight.shares import Mean
from segue.insight.standing import BEFORE, NOW, REST, counted
from segue.insight.tallies import Counts

WEEK: Final = 7
"""The days of a week."""
Figure: TypeAlias = Callable[[ActiveDays, Int64s, int], tuple[int, int]]
"""How many of how many members (ascending int64[M]) in a week that begins with a day."""


def members_at(group: Group, instant: int) -> Int64s:
    """Who is in the group at the instant, ascending."""
    return union([stays.at(instant) for stays in group])


def engaged(active: ActiveDays, members: Int64s, day: int) -> tuple[int, int]:
    """Of the members when the week begins, those who engaged in it."""
    return int(active.any(members, day, day + WEEK).sum()), len(members)


def churned(active: ActiveDays, members: Int64s, day: int) -> tuple[int, int]:
    """Of the members when the week before began who were active in it, those who are not in this
    week; `members` are those of then."""
    were = members[active.any(members, day - WEEK, day)]
    return int((~active.any(were, day, day + WEEK)).sum()), len(were)


def reactivated(quiet: int) -> Figure:
    """Of the members when the week begins who were active once, but not in the `quiet` days before,
    those who are active in it."""

    def figure(active: ActiveDays, members: Int64s, day: int) -> tuple[int, int]:
        once = members[active.first[members] <= active.days.limits[day]]
        dormant = once[~active.any(once, day - quiet, day)]
        return int(active.any(dormant, day, day + WEEK).sum()), len(dormant)

    return figure


def counts(
    groups: Sequence[Group],
    everybody: Everybody,
    active: ActiveDays,
    figure: Figure,
    lead: int = 0,
) -> Int64s:
    """A figure of each group in the last whole week, against everybody else who counts and against
    the week before, counted for `standing.standings_of`; members are those `lead` days before the
    week."""
    day, limits = len(active.days) - WEEK, active.days.limits
    now, before = int(limits[day - lead]), int(limits[day - WEEK - lead])
    found = counted(len(groups))
    for place, group in enumerate(groups):
        found[NOW, place] = figure(active, members_at(group, now), day)
        found[BEFORE, place] = figure(active, members_at(group, before), day - WEEK)
    found[REST] = figure(active, everybody.counted.at(now), day) - found[NOW]
    return found


def changed(groups: Sequence[Group], active: ActiveDays) -> Int64s:
    """Of the members of each group when the last whole week began, those who were not members at
    its end; against the week before. Counted for `standing.standings_of`."""
    limits, end = active.days.limits, len(active.days)
    found = counted(len(groups))
    for place, group in enumerate(groups):
        members = [members_at(group, int(limits[end - back * WEEK])) for back in (2, 1, 0)]
        for side, (one, then) in zip((BEFORE, NOW), pairwise(members), strict=True):
            gone = np.setdiff1d(one, then, assume_unique=True)
            found[side, place] = len(gone), len(one)
    return found


def days_active(active: ActiveDays, members: Int64s, days: int) -> Counts:
    """On how many of the last `days` those members are active who are active on any."""
    end = len(active.days)
    on = active.count(members, end - days, end)
    return Counts.of(on[on > 0])


def stickiness(on: Counts, days: int) -> Mean:
    """The mean share of so many days on which people are active, of `days_active`: the mean of
    daily actives over the actives of the whole time."""
    return Mean.measured(on.total() / days, on.total(2) / days**2, on.total(0))
