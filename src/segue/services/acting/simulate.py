"""What a campaign would have done in the past: a dry run of its rules on a history.

Every moment of the period is decided as if it had been known at once, by the same rules, on a
virtual clock. Nothing is sent, and nothing is kept. Messages of other campaigns are not looked at,
so that caps count this one's only; the suppression list, pauses, approval, start and end are left
out.
"""

from __future__ import annotations

import datetime as dt
import heapq
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from statistics import median

from segue.domain.acting import Contact, Profile
from segue.domain.campaigns import (
    Acting,
    AlreadyIn,
    Because,
    Campaign,
    Delivery,
    Messaging,
    Moment,
    Occasion,
)
from segue.domain.instant import DAY, FOREVER, HOUR, local_date, start_of_day
from segue.domain.ports import StoredEvent
from segue.services.acting.assignment import variant_of
from segue.services.acting.clock import known_zone
from segue.services.acting.facts import Facts
from segue.services.acting.pace import Pace
from segue.services.acting.profiles import profile_of
from segue.services.acting.reach import trait_of
from segue.services.acting.repeating import may_repeat
from segue.services.acting.rules import decide
from segue.services.acting.schedules import instants_between
from segue.services.acting.verdicts import Go, HoldOut, Verdict, Wait


@dataclass(frozen=True, slots=True)
class Past:
    """The past of one person: when they were in the segment, `[start, end)` (ms, disjoint,
    ascending), when they reached the goal (ascending), and what wrote their traits, in order."""

    person_id: str
    stays: Sequence[tuple[int, int]]
    reached: Sequence[int] = ()
    written: Sequence[StoredEvent] = ()

    def is_inside(self, at: int) -> bool:
        """Whether they were in at an instant."""
        index = bisect_right(self.stays, (at, FOREVER)) - 1
        return index >= 0 and at < self.stays[index][1]

    def profile(self, at: int) -> Profile:
        """What was known of them at an instant."""
        return profile_of(self.person_id, (self.person_id,), self.written, at)


class Fate(StrEnum):
    """What would have become of a moment."""

    MESSAGED = "messaged"
    HELD_OUT = "held_out"
    REFUSED = "refused"
    WAITING = "waiting"
    """Not due yet, or held, at the end of the period."""


@dataclass(frozen=True, slots=True)
class Would:
    """What would have become of one moment of one person, and when (ms); `detail` says the reason
    in words."""

    person_id: str
    moment: int
    due_at: int
    at: int
    fate: Fate
    because: Because | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """The same people, if a job looked once in every `every` (ms) instead: of how many it would
    have heard later than the campaign's maximum age, how many it would never have seen, as they had
    gone (or come back) by then, and by how much it would have been late in the middle (ms; None:
    of nobody)."""

    every: int
    too_late: int
    missed: int
    lateness: int | None


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a campaign would have done in `(start, end]` (ms)."""

    campaign: Campaign
    start: int
    end: int
    moments: tuple[Would, ...]
    repeats: int
    """Further moments of people to whom the campaign does not speak again, or not yet."""
    jobs: tuple[Job, ...]

    def count(self, fate: Fate) -> int:
        """How many moments came to this."""
        return sum(one.fate is fate for one in self.moments)

    @property
    def people(self) -> int:
        """How many people would have been messaged."""
        return len({one.person_id for one in self.moments if one.fate is Fate.MESSAGED})

    @property
    def held(self) -> int:
        """How many messages would have waited: for the hour, or their turn."""
        return sum(one.fate is Fate.MESSAGED and one.at > one.due_at for one in self.moments)

    @property
    def reasons(self) -> dict[Because, int]:
        """How many were held out or refused, by reason, the most frequent first."""
        stopped = (Fate.REFUSED, Fate.HELD_OUT)
        found = Counter(one.because for one in self.moments if one.fate in stopped)
        return {because: number for because, number in found.most_common() if because}


def simulate(
    campaign: Campaign, messaging: Messaging, past: Sequence[Past], start: int, end: int
) -> Simulation:
    """What a campaign would have done in `(start, end]` (ms) with these people.

    People who were in at the start are spoken to only where the campaign says so; how long ago
    something was is never too long: everything is known at its moment.
    """
    run = _Run(_rehearsed(campaign), messaging, past, end)
    run.begin(_instants(campaign, messaging, past, start, end))
    run.go_on()
    moments = tuple(sorted(run.done, key=lambda one: (one.moment, one.person_id)))
    jobs = tuple(_job(every, campaign, messaging, run.messaged()) for every in (HOUR, DAY))
    return Simulation(campaign, start, end, moments, run.repeats, jobs)


def _rehearsed(campaign: Campaign) -> Campaign:
    """The campaign without what depends on operators and on today."""
    return replace(campaign, enabled=True, starts_at=None, ends_at=None, approve_first=0)


def _instants(
    campaign: Campaign, messaging: Messaging, past: Sequence[Past], start: int, end: int
) -> Iterator[tuple[int, int]]:
    """Every moment of the campaign, as (instant, index of the person)."""
    moment = campaign.when.moment
    launches = campaign.already_in is AlreadyIn.MESSAGE
    for index, person in enumerate(past):
        if moment is Moment.SCHEDULE:
            yield from ((at, index) for at in _scheduled(campaign, messaging, person, start, end))
            continue
        side = 1 if moment is Moment.LEAVING else 0
        yield from ((stay[side], index) for stay in person.stays if start < stay[side] <= end)
        if launches and moment is not Moment.LEAVING and person.is_inside(start):
            yield start, index


def _scheduled(
    campaign: Campaign, messaging: Messaging, person: Past, start: int, end: int
) -> Iterator[int]:
    schedule = campaign.when.schedule
    if schedule is None or not person.stays:
        return
    named = trait_of(person.profile(end).traits, messaging.zone_trait)
    zone = known_zone(named, messaging.timezone)
    for at in instants_between(schedule, start, end, zone):
        if person.is_inside(at):
            yield at


@dataclass
class _Run:
    """One turning of the virtual clock: moments become deliveries, deliveries are decided."""

    campaign: Campaign
    messaging: Messaging
    past: Sequence[Past]
    end: int
    done: list[Would] = field(default_factory=list)
    repeats: int = 0

    def __post_init__(self) -> None:
        self._acting = Acting((self.campaign,), self.messaging)
        self._pace = Pace(self.messaging.rates)
        self._contacts: defaultdict[int, list[Contact]] = defaultdict(list)
        self._standing: defaultdict[int, list[int]] = defaultdict(list)
        self._moments: list[tuple[int, int]] = []
        self._waiting: list[tuple[int, int, Delivery]] = []
        self._number = 0
        self._messaged: list[tuple[Past, Would]] = []

    def begin(self, moments: Iterator[tuple[int, int]]) -> None:
        """Take in the moments of the period."""
        self._moments = sorted(moments, reverse=True)

    def go_on(self) -> None:
        """Turn until the end of the period."""
        while self._moments or self._waiting:
            moment = self._moments[-1][0] if self._moments else FOREVER
            due = self._waiting[0][0] if self._waiting else FOREVER
            if min(moment, due) > self.end:
                break
            if moment <= due:
                self._make(*self._moments.pop())
            else:
                self._turn(due)
        self.done += [_would(one, self.end, Fate.WAITING) for _, _, one in self._waiting]

    def messaged(self) -> list[tuple[Past, Would]]:
        """Who would have been messaged, with their past."""
        return self._messaged

    def _make(self, at: int, index: int) -> None:
        """A moment makes a delivery, unless the campaign may not speak to the person again."""
        last = max(self._standing[index], default=None)
        if not may_repeat(self.campaign, last, at):
            self.repeats += 1
            return
        self._number += 1
        delivery = self._delivery(at, index)
        self._standing[index].append(delivery.due_at)
        heapq.heappush(self._waiting, (delivery.due_at, self._number, delivery))

    def _delivery(self, at: int, index: int) -> Delivery:
        campaign, person_id = self.campaign, self.past[index].person_id
        due_at = at + campaign.when.delay
        return Delivery(
            id=f"{self._number:012}",
            campaign_id=campaign.id,
            fingerprint=campaign.fingerprint,
            person=index,
            person_id=person_id,
            channel=campaign.channel,
            variant=variant_of(campaign, person_id, self.messaging).id,
            occasion=Occasion.TRANSITION,
            occasion_key=at,
            due_at=due_at,
            known_at=at,
            not_before=due_at,
            tags=campaign.tags,
            transactional=campaign.transactional,
        )

    def _turn(self, now: int) -> None:
        """Decide everything that is due at an instant."""
        batch = []
        while self._waiting and self._waiting[0][0] == now:
            batch.append(heapq.heappop(self._waiting)[2])
        for delivery, verdict in zip(
            batch, decide(batch, self._facts(batch, now), self._acting, now), strict=True
        ):
            self._settle(delivery, verdict, now)

    def _facts(self, batch: Sequence[Delivery], now: int) -> Facts:
        segment_id, goal = self.campaign.segment_id, self.campaign.goal
        people = {one.person: self.past[one.person] for one in batch}
        reached = {}
        for index, person in people.items():
            place = bisect_right(person.reached, now)
            if place:
                reached[index, goal] = person.reached[place - 1]
        return Facts(
            profiles={index: person.profile(now) for index, person in people.items()},
            inside={(index, segment_id) for index, one in people.items() if one.is_inside(now)},
            pace=self._pace,
            reached=reached,
            contacts={index: self._contacts[index] for index in people},
        )

    def _settle(self, delivery: Delivery, verdict: Verdict, now: int) -> None:
        if isinstance(verdict, Wait):
            self._number += 1
            held = replace(delivery, because=verdict.because, detail=verdict.detail)
            heapq.heappush(self._waiting, (verdict.until, self._number, held))
        elif isinstance(verdict, Go):
            self._message(delivery, now)
        else:
            fate = Fate.HELD_OUT if isinstance(verdict, HoldOut) else Fate.REFUSED
            if fate is Fate.REFUSED:
                self._standing[delivery.person].remove(delivery.due_at)
            self.done.append(_would(delivery, now, fate, verdict))

    def _message(self, delivery: Delivery, now: int) -> None:
        self._pace.take(delivery.channel, now)
        person, transactional = delivery.person, delivery.transactional
        contact = Contact(
            person, delivery.campaign_id, delivery.channel, delivery.tags, now, transactional
        )
        self._contacts[person].append(contact)
        would = _would(delivery, now, Fate.MESSAGED)
        self.done.append(would)
        self._messaged.append((self.past[person], would))


def _would(delivery: Delivery, at: int, fate: Fate, verdict: Verdict | None = None) -> Would:
    because = delivery.because if verdict is None else getattr(verdict, "because", None)
    detail = delivery.detail if verdict is None else verdict.detail
    if fate is Fate.MESSAGED:
        because, detail = None, ""
    return Would(
        delivery.person_id, delivery.occasion_key, delivery.due_at, at, fate, because, detail
    )


# -------------------------------------------------------------------------- a job that looks rarely


def _job(
    every: int, campaign: Campaign, messaging: Messaging, messaged: Sequence[tuple[Past, Would]]
) -> Job:
    """A job that looks at every full hour, or at every midnight of the project."""
    if campaign.when.moment is Moment.SCHEDULE:
        return Job(every, 0, 0, None)
    looks = [
        (person, one, _next_look(every, one.moment, messaging.timezone)) for person, one in messaged
    ]
    leaving = campaign.when.moment is Moment.LEAVING
    missed = [person.is_inside(at) == leaving for person, _, at in looks]
    late = [at - one.moment for _, one, at in looks]
    too_late = sum(
        not gone and lateness > campaign.max_age
        for gone, lateness in zip(missed, late, strict=True)
    )
    return Job(every, too_late, sum(missed), round(median(late)) if late else None)


def _next_look(every: int, at: int, zone: str) -> int:
    if every == HOUR:
        return -(-at // HOUR) * HOUR
    today = local_date(at, zone)
    midnight = start_of_day(today, zone)
    return at if at == midnight else start_of_day(today + dt.timedelta(days=1), zone)
