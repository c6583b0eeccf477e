"""Reads the rows of a run and says which rule was broken, without asking the rules.

Written from their description in words. Time of day comes from the standard library, shares from
`hashlib`, and caps are counted over the rows themselves. All hours of a world begin and end at
multiples of five minutes, and so do changes of clocks, so that looking every five minutes is enough
to find a time at which something was allowed.
"""

import datetime as dt
import hashlib
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from segue.domain.campaigns import Because, Channel, Look, Moment, State, Suppression
from segue.domain.instant import FOREVER, MINUTE

STEP = 5 * MINUTE
ENDS = {
    State.DELIVERED,
    State.OFFERED,
    State.SHOWN,
    State.HELD_OUT,
    State.REFUSED,
    State.FAILED,
}
COMPETING = {Because.CAPPED, Because.ANOTHER_FIRST}
HOLDS = {Because.QUIET_HOURS, Because.OUTSIDE_WINDOW, Because.RATE, Because.ANOTHER_FIRST}


@dataclass
class Report:
    """What was found: how many rows, how they ended, and what is wrong with them."""

    rows: int = 0
    endings: Counter = field(default_factory=Counter)
    held: Counter = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


def check(world, rows, approved):
    """Everything that is wrong with the rows of a run."""
    return Checker(world, rows, approved).run()


class Checker:
    """One reading of the rows of a world."""

    def __init__(self, world, rows, approved):
        self.world, self.rows = world, rows
        self.messaging = world.acting.messaging
        self.campaigns = {one.id: one for one in world.acting.campaigns}
        self.report = Report(len(rows))
        self.approvals = defaultdict(list)
        campaign_of = {row.delivery.id: row.delivery.campaign_id for row in rows}
        for at, delivery_id in approved:
            self.approvals[campaign_of[delivery_id]].append(at)
        self.listed = defaultdict(list)
        for entry in world.suppressed:
            self.listed[entry.channel, entry.address].append(entry)
        self.of_person = defaultdict(list)
        for row in rows:
            self.of_person[row.delivery.person].append(row)
        self.handed = by_person(
            (row.delivery.person, row.tries[0], row) for row in rows if row.tries
        )
        self.contacts = by_person(
            (row.delivery.person, contact_at(row), row) for row in rows if contact_at(row)
        )

    def run(self):
        """Read them all."""
        ids = Counter(row.delivery.id for row in self.rows)
        self.must(set(ids) == {one.id for one in self.world.deliveries}, None, "a row is missing")
        self.must(max(ids.values()) == 1, None, "a delivery has two rows")
        for row in self.rows:
            self.report.endings[
                row.delivery.state.value, getattr(row.delivery.because, "value", "")
            ] += 1
            self.read(row)
        self.rates()
        return self.report

    def must(self, holds, row, words):
        """Note what is broken."""
        if not holds:
            of = "" if row is None else f"{row.delivery.id} ({row.delivery.campaign_id}): "
            self.report.broken.append(f"seed {self.world.seed}: {of}{words}")

    # ------------------------------------------------------------------------------------- one row

    def read(self, row):
        """One row, from its first wait to its end."""
        one = row.delivery
        self.must(one.attempts == len(row.tries), row, "tries that are not counted")
        self.must(row.tries == sorted(set(row.tries)), row, "handed over twice at once")
        self.must(one.channel is not Channel.IN_APP or len(row.tries) < 2, row, "offered twice")
        for at in row.tries:
            self.handed_over(row, at, retry=at != row.tries[0])
        for at, until, because in row.waits:
            self.waited(row, at, until, because)
        if one.state is State.DUE:
            self.must(one.approved is False and one.because is Because.APPROVAL, row, "never ended")
            return
        self.must(one.state in ENDS, row, f"ended as {one.state}")
        if one.state in (State.HELD_OUT, State.REFUSED):
            self.stopped(row)
        else:
            self.must(bool(row.tries), row, "was never handed over")
            self.must(one.handed_at == row.tries[0], row, "another instant than the first try")
        if one.shown_at is not None and not one.transactional:
            campaign = self.campaigns[one.campaign_id]
            over = any(
                self.before(cap, row, one.shown_at) >= cap.most for cap in self.caps(campaign)
            )
            self.must(not over, row, f"shown over a cap at {one.shown_at}")

    def handed_over(self, row, at, *, retry):
        """Nothing stood against it at that instant."""
        stop = self.first_stop(row, at, retry=retry)
        self.must(stop is None, row, f"handed over at {at} against {stop}")
        if retry:
            return
        self.must(not self.is_capped(row, at, others_too=True), row, f"over a cap at {at}")
        rivals = [other for other in self.same_instant(row, at) if self.in_one_place(row, other)]
        self.must(not rivals, row, f"two in-app messages at {at}")

    def stopped(self, row):
        """It was held out or refused for the first reason there was."""
        one = row.delivery
        at, retry = one.ended_at, bool(row.tries)
        self.must(one.detail, row, "no words")
        stop = self.first_stop(row, at, retry=retry)
        if one.because in COMPETING:
            self.must(stop is None and not retry, row, f"said {one.because}, was {stop}")
            self.lost(row, at)
        elif stop is None:
            # Only the pace of its channel can be what it would have waited for too long.
            rated = one.because is Because.TOO_LATE and one.channel in self.messaging.rates
            self.must(rated, row, f"{one.because} for no reason")
        else:
            self.must(one.because is stop, row, f"said {one.because}, was {stop}")
        held_out = one.because in (Because.HOLDOUT, Because.CAMPAIGN_HOLDOUT)
        self.must(held_out == (one.state is State.HELD_OUT), row, f"{one.because}: {one.state}")

    def lost(self, row, at):
        """A cap was full before, or another one was chosen first."""
        capped = self.is_capped(row, at, others_too=False)
        self.must(capped == (row.delivery.because is Because.CAPPED), row, "capped or not")
        if capped:
            return
        winners = self.same_instant(row, at)
        later = self.waiting_for_its_turn(row, at)
        names = [self.campaigns[one.delivery.campaign_id].title for one in (*winners, *later)]
        said = row.delivery.detail.removeprefix("after ")
        self.must(any(said.startswith(name) for name in names), row, "the winner is not named")
        if later:
            # It would have had to wait for a winner that waits, but may not be held so long.
            return
        place = [other for other in winners if self.in_one_place(row, other)]
        self.must(place or self.is_capped(row, at, others_too=True), row, "lost to nobody")

    def waiting_for_its_turn(self, row, at):
        """What chose before it, and waits for its channel until it is too late for this one."""
        return [
            other
            for other in self.of_person[row.delivery.person]
            if self.turn(other) < self.turn(row)
            and any(
                since == at and because is Because.RATE and until > self.expires(row)
                for since, until, because in other.waits
            )
        ]

    def waited(self, row, at, until, because):
        """It waited for a reason, and no longer than it had to."""
        self.report.held[because.value] += 1
        retry = bool(row.tries) and at > row.tries[0]
        if because is Because.APPROVAL:
            self.must(self.first_stop(row, at, retry=retry) is because, row, "waits for approval")
            self.must(until == FOREVER, row, "approval has no hour")
            return
        self.must(because in HOLDS and at < until <= self.expires(row), row, f"waits for {because}")
        stop = self.first_stop(row, at, retry=retry)
        if because in (Because.RATE, Because.ANOTHER_FIRST):
            self.must(stop is None, row, f"waits for {because}, was {stop}")
            return
        self.must(stop is because, row, f"waits for {because}, was {stop}")
        self.must(self.is_allowed(row, until), row, f"waits until {until}, which is no better")
        self.must(not self.is_allowed(row, until - 1), row, f"waits until {until}, which is late")

    # ------------------------------------------------------------- what stands against it by itself

    def first_stop(self, row, at, *, retry):
        """The first rule, in the order described, that stands against a delivery at an instant."""
        one = row.delivery
        campaign = self.campaigns[one.campaign_id]
        person = self.world.people[one.person]
        free = one.transactional
        new = not retry
        moment = one.due_at - campaign.when.delay
        for because, stands in (
            (Because.STOPPED, lambda: self.world.is_off(campaign.id, at) or not campaign.enabled),
            (Because.ENDED, lambda: self.is_over(campaign, at)),
            (Because.ERASED, lambda: at >= person.erased_at),
            (Because.TOO_LATE, lambda: at > self.expires(row)),
            (Because.TOO_LATE, lambda: new and one.known_at - moment > campaign.max_age),
            (Because.NOT_SAMPLED, lambda: new and not self.share(campaign.sampled, "sample", row)),
            (
                Because.HOLDOUT,
                lambda: new and not free and self.share(self.messaging.holdout, "holdout", row, ""),
            ),
            (
                Because.CAMPAIGN_HOLDOUT,
                lambda: new and not free and self.share(campaign.holdout, "holdout", row),
            ),
            (
                Because.LEFT_SEGMENT,
                lambda: (
                    person.is_inside(campaign.segment_id, at)
                    == (campaign.when.moment is Moment.LEAVING)
                ),
            ),
            (
                Because.GOAL_REACHED,
                lambda: any(moment < when <= at for when in person.reached.get(campaign.goal, ())),
            ),
            (Because.CONSENT, lambda: not free and not self.agreed(campaign, person, at)),
            (Because.NO_ADDRESS, lambda: not self.address(campaign, person)),
            (Because.UNSUBSCRIBED, lambda: self.suppression(row, at) is Because.UNSUBSCRIBED),
            (Because.SUPPRESSED, lambda: self.suppression(row, at) is Because.SUPPRESSED),
            (Because.APPROVAL, lambda: new and self.needs_approval(row, at)),
        ):
            if stands():
                return because
        return self.wrong_hour(row, at)

    def is_over(self, campaign, at):
        """Whether a campaign has not begun, or has ended."""
        begun = campaign.starts_at is None or at >= campaign.starts_at
        return not begun or (campaign.ends_at is not None and at >= campaign.ends_at)

    def expires(self, row):
        """The last instant at which it may be handed over."""
        return max(row.delivery.due_at, row.delivery.known_at) + self.messaging.held_at_most

    def share(self, share, what, row, campaign_id=None):
        """Whether a person's hash lies in a share of all hashes."""
        campaign_id = row.delivery.campaign_id if campaign_id is None else campaign_id
        text = "\n".join([what, self.messaging.salt, campaign_id, row.delivery.person_id])
        drawn = int(hashlib.sha256(text.encode()).hexdigest(), 16)
        return drawn * share.denominator < share.numerator * 2**256

    def agreed(self, campaign, person, at):
        """Whether there is consent, where it is asked for."""
        trait = self.messaging.consent.get((campaign.purpose, campaign.channel))
        return trait is None or (trait in person.agreed and person.agreed[trait] <= at)

    def address(self, campaign, person):
        """By which address the suppression list knows somebody."""
        if campaign.channel is not Channel.EMAIL:
            return person.person_id
        return person.email.lower() if isinstance(person.email, str) and "@" in person.email else ""

    def suppression(self, row, at):
        """What the suppression list says; the first entry that stands against it."""
        campaign = self.campaigns[row.delivery.campaign_id]
        address = self.address(campaign, self.world.people[row.delivery.person])
        for entry in self.listed[campaign.channel, address]:
            left = entry.reason is Suppression.UNSUBSCRIBED
            purposes = [""] if left and campaign.transactional else ["", campaign.purpose]
            if entry.since <= at and entry.purpose in purposes:
                return Because.UNSUBSCRIBED if left else Because.SUPPRESSED
        return None

    def needs_approval(self, row, at):
        """Whether it is among the first ones of its campaign, and nobody has approved it yet."""
        campaign = self.campaigns[row.delivery.campaign_id]
        if not campaign.approve_first:
            return False
        before = bisect_right(self.approvals[campaign.id], at)
        asked = any(because is Because.APPROVAL and since < at for since, _, because in row.waits)
        return before < campaign.approve_first and not (asked and row.delivery.approved)

    # ----------------------------------------------------------------------------------- the clock

    def wrong_hour(self, row, at):
        """Whether quiet hours, or the campaign's own hours, stand against it; too late where they
        do until it expires."""
        if self.is_allowed(row, at):
            return None
        until = self.expires(row)
        first = (at // STEP + 1) * STEP
        if not any(self.is_allowed(row, later) for later in range(first, until + 1, STEP)):
            return Because.TOO_LATE
        quiet = self.quiet(row)
        if quiet is not None and inside(quiet, at, self.zone(row)):
            return Because.QUIET_HOURS
        return Because.OUTSIDE_WINDOW

    def is_allowed(self, row, at):
        """Whether it may go at this hour."""
        quiet, zone = self.quiet(row), self.zone(row)
        window = self.campaigns[row.delivery.campaign_id].window
        if quiet is not None and inside(quiet, at, zone):
            return False
        return window is None or inside(window, at, zone)

    def quiet(self, row):
        """The quiet hours that hold for a delivery."""
        one = row.delivery
        loud = one.transactional or one.channel is Channel.IN_APP
        return None if loud else self.messaging.quiet

    def zone(self, row):
        """The person's zone; the project's where there is none, or no such."""
        named = self.world.people[row.delivery.person].zone
        return named if isinstance(named, str) and exists(named) else self.messaging.timezone

    # ----------------------------------------------------------------- what stands between several

    def turn(self, row):
        """In which order deliveries of the same instant choose."""
        campaign = self.campaigns[row.delivery.campaign_id]
        return -campaign.priority, row.delivery.due_at, row.delivery.id

    def is_capped(self, row, at, *, others_too):
        """Whether a cap is full of what went out before (and, where `others_too`, of what chose
        first at the same instant)."""
        campaign = self.campaigns[row.delivery.campaign_id]
        if row.delivery.transactional or self.stands(campaign):
            return False
        for cap in self.caps(campaign):
            if self.count(cap, row, at, others_too=others_too) >= cap.most:
                return True
        return False

    def caps(self, campaign):
        """Those of the project that cover the campaign, and its own."""
        shared = [
            cap
            for cap in self.messaging.caps
            if cap.channel in (None, campaign.channel)
            and (cap.tag is None or cap.tag in campaign.tags)
        ]
        return [*shared, *campaign.caps]

    def count(self, cap, row, at, *, others_too):
        """How many messages of the person a cap counts in `(at - within, at]`."""
        number = self.before(cap, row, at)
        if not others_too:
            return number
        return number + sum(
            counts(cap, other.delivery)
            for other in self.same_instant(row, at)
            if not self.stands(self.campaigns[other.delivery.campaign_id])
        )

    def before(self, cap, row, at):
        """How many messages of the person a cap counts in `(at - within, at)`; what had failed for
        good by then does not count."""
        times, rows = self.contacts.get(row.delivery.person, ([], []))
        return sum(
            counts(cap, rows[index].delivery) and not has_failed(rows[index], at)
            for index in range(bisect_right(times, at - cap.within), bisect_left(times, at))
        )

    def same_instant(self, row, at):
        """What chose before it and was handed over at the same instant to the same person."""
        times, rows = self.handed.get(row.delivery.person, ([], []))
        found = rows[bisect_left(times, at) : bisect_right(times, at)]
        return [other for other in found if self.turn(other) < self.turn(row)]

    def in_one_place(self, row, other):
        """Whether both would be drawn in the product at once."""
        campaigns = [self.campaigns[one.delivery.campaign_id] for one in (row, other)]
        return all(one.channel is Channel.IN_APP and not self.stands(one) for one in campaigns)

    def stands(self, campaign):
        """Whether it stays in the product beside others."""
        if campaign.channel is not Channel.IN_APP:
            return False
        return campaign.in_app.look is Look.SLOT or campaign.when.moment is Moment.INSIDE

    def rates(self):
        """No channel was faster than its rate in any window."""
        tries = defaultdict(list)
        for row in self.rows:
            tries[row.delivery.channel].extend(row.tries)
        for channel, rate in self.messaging.rates.items():
            times = sorted(tries[channel])
            for early, late in zip(times, times[rate.most :], strict=False):
                self.must(late - early >= rate.within, None, f"{channel} too fast at {late}")


def by_person(entries):
    """(person, instant, row), as the instants and the rows of each person, in order."""
    found = defaultdict(list)
    for person, at, row in entries:
        found[person].append((at, row.delivery.id, row))
    ordered = {person: sorted(some, key=lambda one: one[:2]) for person, some in found.items()}
    return {
        person: ([at for at, _, _ in some], [row for _, _, row in some])
        for person, some in ordered.items()
    }


def contact_at(row):
    """Since when it counts as a contact; None: never."""
    one = row.delivery
    return one.shown_at if one.channel is Channel.IN_APP else next(iter(row.tries), None)


def has_failed(row, at):
    """Whether it had failed, or been given up, before an instant."""
    one = row.delivery
    return one.state in (State.FAILED, State.REFUSED) and one.ended_at < at


def counts(cap, delivery):
    """Whether a cap counts a delivery."""
    return (
        not delivery.transactional
        and cap.channel in (None, delivery.channel)
        and (cap.tag is None or cap.tag in delivery.tags)
    )


def inside(hours, at, zone):
    """Whether the clock of a zone shows a time in these hours."""
    minute, today = face(at // STEP, zone)
    yesterday = (today - 1) % 7
    if hours.start < hours.end:
        return hours.start <= minute < hours.end and today in hours.weekdays
    return (minute >= hours.start and today in hours.weekdays) or (
        minute < hours.end and yesterday in hours.weekdays
    )


@lru_cache(maxsize=1_000_000)
def face(step, zone):
    """The minute of the day and the weekday that a clock shows."""
    local = dt.datetime.fromtimestamp(step * STEP / 1000, ZoneInfo(zone))
    return local.hour * 60 + local.minute, local.weekday()


@cache
def exists(zone):
    """Whether there is such a zone."""
    try:
        return bool(ZoneInfo(zone).key)
    except (ValueError, ZoneInfoNotFoundError):
        return False
