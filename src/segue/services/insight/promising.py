"""What acting on each segment promises: by what its campaigns measured, else supposed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from segue.domain.campaigns import Acting
from segue.domain.results import ResultsStore
from segue.insight.lift import Lift
from segue.insight.promise import Promise, measured, supposed
from segue.insight.shares import Share
from segue.language.models import Project
from segue.services.acting.results import results
from segue.services.insight.past import Goal

Promising: TypeAlias = Callable[[str, int, Share], Promise | None]
"""The promise of a segment: its id, how many enter in a period, the share who convert anyway."""


def promised(
    store: ResultsStore, project: Project, acting: Acting, goal: Goal | None, at: int
) -> Promising:
    """How to make the promises of segments for a goal, of what campaigns came to until `at` (ms).

    Of several campaigns on a segment with that goal the one that was tried on most people counts.
    """
    return _by_lifts({} if goal is None else _lifts(store, acting, goal, at), project, goal)


def untried(project: Project, goal: Goal | None) -> Promising:
    """How to make the promises of segments where nothing is known of campaigns."""
    return _by_lifts({}, project, goal)


def _by_lifts(lifts: Mapping[str, Lift], project: Project, goal: Goal | None) -> Promising:
    worth = 1.0
    if goal is not None and (value := project.goals[goal.id].value) is not None:
        worth = value

    def promise(segment_id: str, reach: int, conversion: Share) -> Promise | None:
        lift = lifts.get(segment_id)
        if lift is None or lift.difference is None or lift.absolute is None:
            return supposed(reach, conversion, worth)
        return measured(reach, lift.difference, lift.absolute, worth)

    return promise


def _lifts(store: ResultsStore, acting: Acting, goal: Goal, at: int) -> dict[str, Lift]:
    """The lift of the campaigns for the goal that could tell anything, by segment."""
    found: dict[str, Lift] = {}
    for campaign in acting.campaigns:
        if campaign.goal != goal.id:
            continue
        lift = results(store, campaign, acting.messaging, at).lift
        known = found.get(campaign.segment_id)
        if lift.absolute is not None and (known is None or _people(lift) > _people(known)):
            found[campaign.segment_id] = lift
    return found


def _people(lift: Lift) -> int:
    return lift.treated.of + lift.control.of
