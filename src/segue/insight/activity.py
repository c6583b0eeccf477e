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
from segue.insight.shares import Mean, Share
from segue.insight.standing import Standing

WEEK: Final = 7
"""The days of a week."""
Figure: TypeAlias = Callable[[ActiveDays, Int64s, int], Share]
"""A share of members (ascending int64[M]) in a week that begins with a day."""


def members_at(group: Group, instant: int) -> Int64s:
    """Who is in the group at the instant, ascending."""
    return union([stays.at(instant) for stays in group])


def engaged(active: ActiveDays, members: Int64s, day: int) -> Share:
    """Of the members when the week begins, those who engaged in it."""
    return Share.measured(int(active.any(members, day, day + WEEK).sum()), len(members))


def churned(active: ActiveDays, members: Int64s, day: int) -> Share:
    """Of the members when the week before began who were active in it, those who are not in this
    week; `members` are those of then."""
    were = members[active.any(members, day - WEEK, day)]
    return Share.measured(int((~active.any(were, day, day + WEEK)).sum()), len(were))


def reactivated(quiet: int) -> Figure:
    """Of the members when the week begins who were active once, but not in the `quiet` days before,
    those who are active in it."""

    def figure(active: ActiveDays, members: Int64s, day: int) -> Share:
        once = members[active.first[members] <= active.days.limits[day]]
        dormant = once[~active.any(once, day - quiet, day)]
        return Share.measured(int(active.any(dormant, day, day + WEEK).sum()), len(dormant))

    return figure


def standings(
    groups: Sequence[Group],
    everybody: Everybody,
    active: ActiveDays,
    figure: Figure,
    lead: int = 0,
) -> list[Standing]:
    """A figure of each group in the last whole week, against everybody else who counts and against
    the week before; members are those `lead` days before the week."""
    day, limits = len(active.days) - WEEK, active.days.limits
    now, before = int(limits[day - lead]), int(limits[day - WEEK - lead])
    total = figure(active, everybody.counted.at(now), day)
    shares = [figure(active, members_at(group, now), day) for group in groups]
    earlier = [figure(active, members_at(group, before), day - WEEK) for group in groups]
    others = Share.each(
        [total.count - one.count for one in shares], [total.of - one.of for one in shares]
    )
    return Standing.each(shares, others, earlier)


def changed(group: Group, active: ActiveDays) -> Standing:
    """Of the members when the last whole week began, those who were not members at its end; against
    the week before."""
    limits, end = active.days.limits, len(active.days)
    members = [members_at(group, int(limits[end - back * WEEK])) for back in (2, 1, 0)]
    earlier, now = (
        Share.measured(len(np.setdiff1d(one, then, assume_unique=True)), len(one))
        for one, then in pairwise(members)
    )
    return Standing.measured(now, None, earlier)


def stickiness(active: ActiveDays, members: Int64s, days: int) -> Mean:
    """The mean share of the last `days` on which those members are active who are active on any:
    the mean of daily actives over the actives of the whole time."""
    end = len(active.days)
    on = active.count(members, end - days, end)
    share = on[on > 0] / days
    return Mean.measured(float(share.sum()), float((share**2).sum()), len(share))
