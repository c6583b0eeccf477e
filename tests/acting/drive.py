"""Runs a world on a virtual clock through the real rules, and keeps what became of each delivery.

What somebody was handed counts as a contact until it fails for good; what they were offered in the
product counts from when a page shows it, which a page does where no cap is full by then.
"""

import heapq
import random
from bisect import insort
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

from segue.domain.acting import Contact, Controls, Outcome, Profile
from segue.domain.campaigns import REACHED, Because, Channel, Delivery, State
from segue.domain.instant import DAY, FOREVER, HOUR
from segue.services.acting.caps import full, longest_window
from segue.services.acting.facts import Facts
from segue.services.acting.pace import Pace
from segue.services.acting.retrying import next_attempt
from segue.services.acting.rules import decide
from segue.services.acting.verdicts import Go, HoldOut, Wait

TURN = 400
"""The longest that anything waits for the next turn (ms)."""
BATCH = 1000


@dataclass
class Row:
    """A delivery with its history: when it was handed over, each time; and how often it waited, as
    (when, until, why)."""

    delivery: Delivery
    tries: list[int] = field(default_factory=list)
    waits: list[tuple[int, int, Because]] = field(default_factory=list)


class Drive:
    """One run. `approved` lists when which delivery was approved by somebody."""

    def __init__(self, world):
        self.world = world
        self.rows = [Row(one) for one in world.deliveries]
        self.approved = []
        self._chance = random.Random(world.seed + 1)
        self._pace = Pace(world.acting.messaging.rates)
        self._contacts = defaultdict(list)
        self._counted = {}
        self._shows = []
        self._memory = longest_window(world.acting)
        self._queue = [(row.delivery.not_before, i) for i, row in enumerate(self.rows)]
        self._waiting = defaultdict(list)
        self._given = Counter()
        self._campaigns = {one.id: one for one in world.acting.campaigns}
        self._listed = defaultdict(list)
        for entry in world.suppressed:
            self._listed[entry.address].append(entry)
        heapq.heapify(self._queue)

    def run(self):
        """Turn until nothing waits any more but for approval; the rows."""
        now = 0
        while self._queue:
            now = max(now + 1, self._queue[0][0] + self._chance.randint(0, TURN))
            self._show(now)
            batch = {}
            while self._queue and self._queue[0][0] <= now and len(batch) < BATCH:
                at, index = heapq.heappop(self._queue)
                # What was approved with others has an older entry still.
                is_next = self.rows[index].delivery.not_before == at
                if is_next and not self._was_released(index, now):
                    batch[index] = None
            self._turn(list(batch), now)
        self._show(FOREVER)
        return self.rows

    def _was_released(self, index, now):
        """Whether it waits for approval and comes up now because somebody gives it."""
        row = self.rows[index]
        if row.delivery.approved is not False:
            return False
        self._approve(index, now)
        campaign = self._campaigns[row.delivery.campaign_id]
        if self._given[campaign.id] >= campaign.approve_first:
            for other in self._waiting.pop(campaign.id, []):
                if self.rows[other].delivery.approved is False:
                    self._approve(other, now)
        return True

    def _approve(self, index, now):
        row = self.rows[index]
        row.delivery = replace(row.delivery, approved=True, not_before=now)
        heapq.heappush(self._queue, (now, index))
        self._given[row.delivery.campaign_id] += 1
        self.approved.append((now, row.delivery.id))

    def _turn(self, batch, now):
        if not batch:
            return
        deliveries = [self.rows[index].delivery for index in batch]
        verdicts = decide(deliveries, self._facts(deliveries, now), self.world.acting, now)
        for index, verdict in zip(batch, verdicts, strict=True):
            self._settle(index, verdict, now)

    def _facts(self, deliveries, now):
        world = self.world
        people = {one.person: world.people[one.person] for one in deliveries}
        there = {code: one for code, one in people.items() if now < one.erased_at}
        profiles = {
            code: Profile(one.person_id, (one.person_id,), one.traits(now))
            for code, one in there.items()
        }
        inside, reached = set(), {}
        for delivery in deliveries:
            campaign, one = self._campaigns[delivery.campaign_id], people[delivery.person]
            if one.is_inside(campaign.segment_id, now):
                inside.add((one.code, campaign.segment_id))
            at = one.last_reached(campaign.goal, now)
            if at is not None:
                reached[one.code, campaign.goal] = at
        addresses = {str(one.email).lower() for one in people.values()}
        addresses |= {one.person_id for one in people.values()}
        paused = {who: "a mistake" for who, start, end in world.off if start <= now < end}
        return Facts(
            profiles=profiles,
            inside=inside,
            pace=self._pace,
            reached=reached,
            contacts={code: self._contacts_of(code, now) for code in people},
            suppressed=[
                entry
                for one in addresses
                for entry in self._listed.get(one, ())
                if entry.since <= now
            ],
            approved=self._given,
            controls=Controls("" in paused, {who: why for who, why in paused.items() if who}),
        )

    def _contacts_of(self, code, now):
        had = self._contacts[code]
        while had and had[0][0] <= now - self._memory:
            del had[0]
        return [contact for _, _, contact in had]

    def _count(self, row, at):
        """It reached somebody, or is on its way."""
        one = row.delivery
        contact = Contact(one.person, one.campaign_id, one.channel, one.tags, at, one.transactional)
        self._counted[one.id] = at, one.id, contact
        insort(self._contacts[one.person], self._counted[one.id])

    def _show(self, now):
        """Pages that somebody looked at before now have shown what they were offered."""
        while self._shows and self._shows[0][0] < now:
            at, index = heapq.heappop(self._shows)
            row = self.rows[index]
            campaign = self._campaigns[row.delivery.campaign_id]
            had = self._contacts_of(row.delivery.person, at)
            if full(campaign, self.world.acting.messaging, had, at) is None:
                row.delivery = replace(row.delivery, state=State.SHOWN, shown_at=at)
                self._count(row, at)

    def _settle(self, index, verdict, now):
        row = self.rows[index]
        if isinstance(verdict, Go):
            self._hand_over(index, now)
        elif isinstance(verdict, Wait):
            row.waits.append((now, verdict.until, verdict.because))
            self._hold(index, verdict, now)
        else:
            state = State.HELD_OUT if isinstance(verdict, HoldOut) else State.REFUSED
            self._end(row, state, now, because=verdict.because, detail=verdict.detail)

    def _hold(self, index, verdict, now):
        row, until = self.rows[index], verdict.until
        approved = row.delivery.approved
        if verdict.because is Because.APPROVAL:
            approved = False
            self._waiting[row.delivery.campaign_id].append(index)
            soon = now + self._chance.randint(0, 12 * HOUR)
            until = soon if self._chance.random() < 0.9 else FOREVER
        row.delivery = replace(
            row.delivery,
            not_before=until,
            because=verdict.because,
            detail=verdict.detail,
            approved=approved,
        )
        if until < FOREVER:
            heapq.heappush(self._queue, (until, index))

    def _hand_over(self, index, now):
        row = self.rows[index]
        one = row.delivery
        row.tries.append(now)
        self._pace.take(one.channel, now)
        if one.handed_at is None:
            if one.channel is not Channel.IN_APP:
                self._count(row, now)
            one = replace(one, handed_at=now)
        row.delivery = replace(one, attempts=one.attempts + 1)
        if one.channel is Channel.IN_APP:
            self._end(row, State.OFFERED, None)
            if self._chance.random() < 0.8:
                heapq.heappush(self._shows, (now + self._chance.randint(1, DAY), index))
        elif self._chance.random() < 0.9:
            self._end(row, State.DELIVERED, now)
        else:
            self._retry(index, now)

    def _retry(self, index, now):
        row = self.rows[index]
        outcome = Outcome("busy", permanent=self._chance.random() < 0.1)
        at = next_attempt(
            row.delivery, outcome, self.world.acting.messaging, now, chance=self._chance.random()
        )
        if at is None:
            self._end(row, State.FAILED, now, because=Because.CHANNEL, detail="busy")
            return
        row.delivery = replace(row.delivery, not_before=at, state=State.SENDING)
        heapq.heappush(self._queue, (at, index))

    def _end(self, row, state, ended_at, *, because=None, detail=""):
        row.delivery = replace(
            row.delivery, state=state, ended_at=ended_at, because=because, detail=detail
        )
        had, counted = self._contacts[row.delivery.person], self._counted.get(row.delivery.id)
        if counted in had and state not in REACHED:
            had.remove(counted)
