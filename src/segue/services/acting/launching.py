"""Campaigns that begin, that speak on a schedule, and that are over: what no transition makes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from segue.domain.campaigns import (
    AlreadyIn,
    Because,
    Campaign,
    Delivery,
    Moment,
    Occasion,
    State,
)
from segue.domain.instant import FOREVER
from segue.services.acting.desk import Desk
from segue.services.acting.dispatching import refused
from segue.services.acting.scheduling import Stay, next_look, scheduled
from segue.services.acting.store import Store
from segue.services.acting.taking import Call, is_running

_PAGE: Final = 5_000


class Calendar:
    """What campaigns do by the clock alone. One thread calls it, that of the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._looked: dict[str, int] = {}

    def next_due(self, now: int) -> int | None:
        """When the clock next makes a campaign do something (ms)."""
        instants: list[int | None] = []
        for campaign in self._desk.acting.campaigns:
            if not campaign.enabled or is_over(campaign, now):
                continue
            if campaign.id not in self._desk.controls.launched:
                instants.append(campaign.starts_at or now)
            else:
                instants += [self._next_look(campaign, now), campaign.ends_at]
        return min((at for at in instants if at is not None), default=None)

    def turn(self, now: int) -> list[Delivery]:
        """Begin campaigns whose time has come, let schedules speak, and withdraw what is offered
        by campaigns that are over; what that made and changed."""
        made = self._withdrawn(now)
        for campaign in self._desk.acting.campaigns:
            if not campaign.enabled or is_over(campaign, now):
                continue
            if campaign.id not in self._desk.controls.launched:
                if (campaign.starts_at or 0) <= now:
                    made += self.launch(campaign, now, already=campaign.already_in)
            elif (self._next_look(campaign, now) or FOREVER) <= now:
                made += self._speak(campaign, now)
        return made

    # ------------------------------------------------------------------------------------ launches

    def launch(self, campaign: Campaign, now: int, *, already: AlreadyIn) -> list[Delivery]:
        """Let a campaign begin: what is known from now on calls it, and where they are to be
        messaged also those who are in already. Where it dies in between, it is done again: whoever
        has a delivery gets no other one."""
        made: list[Delivery] = []
        if already is AlreadyIn.MESSAGE and may_speak_to_all(campaign):
            for stays in pages(self._desk.store, campaign.segment_id, now):
                calls = [
                    Call(campaign, stay.person, Occasion.LAUNCH, now, now, now) for stay in stays
                ]
                made += self._desk.call(calls, now, {})
        if campaign.id not in self._desk.controls.launched:
            self._desk.call([], now, {campaign.id: now})
            self._desk.refresh()
        return made

    # ----------------------------------------------------------------------------------- schedules

    def _next_look(self, campaign: Campaign, now: int) -> int | None:
        """When a schedule is to be looked at again. What a process that died may have missed is
        made again, as long as it is in time."""
        since = self._since(campaign, now)
        return next_look(campaign, since)

    def _since(self, campaign: Campaign, now: int) -> int:
        launched = self._desk.controls.launched.get(campaign.id, now)
        return self._looked.setdefault(campaign.id, max(launched, now - campaign.max_age))

    def _speak(self, campaign: Campaign, now: int) -> list[Delivery]:
        since = self._since(campaign, now)
        messaging, profiles = self._desk.acting.messaging, self._desk.sources.profiles
        made: list[Delivery] = []
        for stays in pages(self._desk.store, campaign.segment_id, now):
            known = profiles.profiles([stay.person for stay in stays], now)
            calls = scheduled(campaign, stays, known, messaging, since=since, now=now)
            made += self._desk.call(calls, now, {})
        self._looked[campaign.id] = now
        return made

    # ------------------------------------------------------------------------------------- the end

    def _withdrawn(self, now: int) -> list[Delivery]:
        """Offer nothing more of campaigns that are over or gone; what was withdrawn."""
        desk = self._desk
        running = {one.id for one in desk.acting.campaigns if is_running(one, desk.controls, now)}
        offering = {one.campaign_id for one in desk.store.counts() if one.state is State.OFFERED}
        gone: list[Delivery] = []
        for campaign_id in sorted(offering - running):
            rows = [
                refused(one, Because.ENDED, "the campaign is over", now)
                for one in desk.every([State.OFFERED], campaign_id)
            ]
            desk.store.save_deliveries(changed=rows)
            gone += rows
        return gone


def is_over(campaign: Campaign, now: int) -> bool:
    """Whether a campaign has ended."""
    return campaign.ends_at is not None and campaign.ends_at <= now


def may_speak_to_all(campaign: Campaign) -> bool:
    """Whether a campaign means something to who is in its segment now: it does not where leaving
    is the moment, or where a schedule says when."""
    return campaign.when.moment in (Moment.ENTERING, Moment.INSIDE)


def pages(store: Store, segment_id: str, at: int) -> Iterator[list[Stay]]:
    """Who is in a segment at an instant (ms), some at a time."""
    after: str | None = None
    while True:
        page = store.members(segment_id, at=at, after=after, limit=_PAGE)
        found = ((store.person_code(one.person_id), one.since) for one in page.members)
        yield [Stay(person, since) for person, since in found if person is not None]
        after = page.cursor
        if after is None:
            return
