"""Deliveries for tests: a good one, of which a test changes what it is about."""

from __future__ import annotations

import dataclasses
from typing import Any

from segue.domain.campaigns import Channel, Delivery, Occasion

GOOD = Delivery(
    id="d0",
    campaign_id="nudge",
    fingerprint="f1",
    person=0,
    person_id="ana",
    channel=Channel.EMAIL,
    variant="a",
    occasion=Occasion.TRANSITION,
    occasion_key=7,
    due_at=1_000,
    known_at=1_000,
    not_before=1_000,
    tags=("tips", "weekly"),
)


def delivery(**fields: Any) -> Delivery:
    """A delivery that differs from the good one in these fields."""
    return dataclasses.replace(GOOD, **fields)
