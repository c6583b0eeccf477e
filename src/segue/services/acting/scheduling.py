"""Campaigns on a schedule: which of its instants have come, by the clocks of the people.

Clocks differ by multiples of a quarter of an hour, so that often is enough to look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from segue.domain.acting import Profile
from segue.domain.campaigns import Campaign, Messaging, Moment, Occasion
from segue.domain.instant import MINUTE
from segue.services.acting.clock import known_zone
from segue.services.acting.reach import trait_of
from segue.services.acting.schedules import instants_between
from segue.services.acting.taking import Call

QUARTER: Final = 15 * MINUTE
"""What offsets of time zones are multiples of (ms)."""


@dataclass(frozen=True, slots=True)
class Stay:
    """That a person is in a segment: the code of their id, and since when (ms)."""

    person: int
    since: int


def next_look(campaign: Campaign, after: int) -> int | None:
    """The first instant after another one (ms) at which a schedule may speak to anybody; None of
    campaigns without one."""
    schedule = campaign.when.schedule
    if campaign.when.moment is not Moment.SCHEDULE or schedule is None:
        return None
    phase = schedule.minute * MINUTE % QUARTER
    return (after - phase) // QUARTER * QUARTER + QUARTER + phase


def scheduled(
    campaign: Campaign,
    stays: Iterable[Stay],
    profiles: Mapping[int, Profile],
    messaging: Messaging,
    *,
    since: int,
    now: int,
) -> list[Call]:
    """Whom a schedule speaks to in `(since, now]` (ms): who was in at the instant, by the clock of
    their zone."""
    schedule = campaign.when.schedule
    assert schedule is not None
    instants: dict[str, list[int]] = {}
    calls = []
    for stay in stays:
        profile = profiles.get(stay.person)
        named = None if profile is None else trait_of(profile.traits, messaging.zone_trait)
        zone = known_zone(named, messaging.timezone)
        if zone not in instants:
            instants[zone] = instants_between(schedule, since, now, zone)
        calls += [
            Call(campaign, stay.person, Occasion.SCHEDULE, at, at, at)
            for at in instants[zone]
            if stay.since <= at
        ]
    return calls
