"""When a channel that did not take a message is tried again."""

from __future__ import annotations

from typing import Final

from segue.domain.acting import Outcome
from segue.domain.campaigns import Delivery, Messaging
from segue.domain.instant import DAY, HOUR, SECOND
from segue.services.acting.facts import expires_at
from segue.services.live.outbox import Schedule

RETRIES: Final = Schedule(attempts=14, first=10 * SECOND, longest=4 * HOUR)
"""Tried 14 times in seven hours on average, in fourteen at most: less than what is held is allowed
to wait by default."""


def next_attempt(
    delivery: Delivery,
    outcome: Outcome,
    messaging: Messaging,
    now: int,
    *,
    chance: float,
    schedule: Schedule = RETRIES,
) -> int | None:
    """When a delivery is tried again (ms); None: never, it is a dead letter.

    `delivery.attempts` counts the attempt that ended with `outcome`; `chance` is a random number in
    [0, 1). Nothing is tried again that would go out too late.
    """
    if outcome.permanent or delivery.attempts >= schedule.attempts:
        return None
    asked = min(outcome.retry_after or 0, DAY)
    at = now + max(schedule.wait(delivery.attempts, chance), asked)
    return at if at <= expires_at(delivery, messaging) else None
