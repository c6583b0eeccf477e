"""Which deliveries a goal that was reached belongs to: each for which it came within the window.

Also of what was held out or refused: to compare those who were messaged with those who were not,
the same has to be known of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from segue.domain.campaigns import Acting, Because, Delivery, State
from segue.services.acting.goals import Reached
from segue.services.acting.noting import advanced
from segue.services.acting.store import Crowd


def longest_goal(acting: Acting) -> int:
    """How long after it was due a delivery may count as converted at most (ms)."""
    return max((one.goal_within for one in acting.campaigns if one.goal), default=0)


def converted(
    reached: Sequence[Reached],
    deliveries: Iterable[Delivery],
    crowd: Crowd,
    acting: Acting,
    now: int,
) -> list[Delivery]:
    """Those of the deliveries that a goal belongs to, as they are now: the first occurrence in the
    window counts. What was only offered is offered no longer."""
    instants: dict[tuple[int, str], list[int]] = {}
    for one in reached:
        owner = crowd.owner_of(one.who)
        if owner is not None:
            instants.setdefault((owner, one.goal), []).append(one.at)
    changed = []
    for delivery in deliveries:
        campaign = acting.campaign(delivery.campaign_id)
        owner = crowd.owner_of(delivery.person)
        if campaign is None or owner is None:
            continue
        until = delivery.due_at + campaign.goal_within
        times = instants.get((owner, campaign.goal), ())
        within = [at for at in times if delivery.due_at <= at <= until]
        if within:
            changed.append(_converted(replace(delivery, converted_at=min(within)), now))
    return changed


def _converted(delivery: Delivery, now: int) -> Delivery:
    if delivery.state is not State.OFFERED:
        return advanced(delivery)
    return replace(
        delivery,
        state=State.REFUSED,
        because=Because.GOAL_REACHED,
        detail="reached the goal before it was shown",
        ended_at=now,
    )
