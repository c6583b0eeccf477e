"""A random project with random people, over two changes of the clocks.

Everything is drawn from a seed: the rules of the project, the campaigns, the people with their
zones and consents, who was in which segment when, who reached which goal when, who unsubscribed,
when operators stopped what; and the deliveries that come due, in bursts, so that they compete.
"""

import random
from bisect import bisect_right
from dataclasses import dataclass, field
from fractions import Fraction

from segue.domain.campaigns import (
    Acting,
    AlreadyIn,
    Campaign,
    Cap,
    Channel,
    Content,
    Delivery,
    Hours,
    InApp,
    Look,
    Messaging,
    Moment,
    Occasion,
    Rate,
    Suppressed,
    Suppression,
    Variant,
    When,
)
from segue.domain.instant import DAY, FOREVER, HOUR, MINUTE, SECOND, parse_instant

START = parse_instant("2026-02-20T00:00:00Z")
END = parse_instant("2026-11-20T00:00:00Z")
CHANGES = [
    parse_instant(text)
    for text in (
        "2026-03-08T07:00:00Z",  # New York forward
        "2026-03-29T01:00:00Z",  # Berlin forward
        "2026-04-04T15:00:00Z",  # Lord Howe back
        "2026-04-05T03:00:00Z",  # Santiago back
        "2026-09-06T04:00:00Z",  # Santiago forward
        "2026-10-03T15:30:00Z",  # Lord Howe forward
        "2026-10-25T01:00:00Z",  # Berlin back
        "2026-11-01T06:00:00Z",  # New York back
    )
]
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Asia/Kathmandu",
]
NO_ZONES = [None, "", "Mars/Olympus", 7]
SEGMENTS = ["newcomers", "dormant", "ready", "lost"]
GOALS = ["subscribed", "paid"]
TAGS = ["offers", "survey", "news"]
CONSENTS = ["agreed", "agreed_mail"]


@dataclass
class Someone:
    """A person, over time: `agreed[trait]` is since when it is true (and not before)."""

    code: int
    person_id: str
    email: object
    zone: object
    agreed: dict[str, int]
    erased_at: int
    stays: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    reached: dict[str, list[int]] = field(default_factory=dict)

    def is_inside(self, segment_id, at):
        """Whether they are in a segment; stays are disjoint and sorted."""
        stays = self.stays.get(segment_id, [])
        index = bisect_right(stays, (at, FOREVER)) - 1
        return index >= 0 and stays[index][0] <= at < stays[index][1]

    def last_reached(self, goal, at):
        """When they last reached a goal, up to an instant; None: never."""
        times = self.reached.get(goal, [])
        index = bisect_right(times, at) - 1
        return times[index] if index >= 0 else None

    def traits(self, at):
        """Their traits at an instant."""
        known = {"email": self.email, "timezone": self.zone}
        known |= {trait: since <= at for trait, since in self.agreed.items()}
        return {name: value for name, value in known.items() if value is not None}


@dataclass
class World:
    """All that a run is about. `off`: when operators stopped a campaign ("": everything), from
    when to when."""

    seed: int
    acting: Acting
    people: list[Someone]
    suppressed: list[Suppressed]
    off: list[tuple[str, int, int]]
    deliveries: list[Delivery]

    def is_off(self, campaign_id, at):
        """Whether operators have stopped everything, or a campaign."""
        return any(start <= at < end for who, start, end in self.off if who in ("", campaign_id))


def random_world(seed, sends):
    """A world with so many deliveries."""
    chance = random.Random(seed)
    acting = Acting(
        tuple(_campaign(chance, number) for number in range(chance.randint(4, 14))),
        _messaging(chance),
    )
    people = [_someone(chance, seed, code) for code in range(max(10, sends // 60))]
    deliveries = _deliveries(chance, acting, people, sends)
    for one in people:
        one.stays = {segment: _merged(stays) for segment, stays in one.stays.items()}
        one.reached = {goal: sorted(times) for goal, times in one.reached.items()}
    return World(
        seed, acting, people, _suppressions(chance, people), _off(chance, acting), deliveries
    )


def _instant(chance):
    """Any instant; every third one is near a change of clocks."""
    if chance.random() < 0.33:
        return chance.choice(CHANGES) + chance.randint(-30 * HOUR, 30 * HOUR)
    return chance.randint(START, END)


def _hours(chance):
    """Hours in steps of five minutes, sometimes over midnight, sometimes on some days only."""
    start = chance.randrange(0, 1440, 5)
    length = chance.randrange(60, 960, 5)
    days = range(7) if chance.random() < 0.6 else chance.sample(range(7), chance.randint(2, 6))
    return Hours(start, (start + length) % 1440, tuple(sorted(days)))


def _cap(chance):
    return Cap(
        chance.randint(1, 5),
        chance.choice([HOUR, DAY, 2 * DAY, 7 * DAY, 30 * DAY]),
        chance.choice([None, None, *Channel]),
        chance.choice([None, None, *TAGS]),
    )


def _messaging(chance):
    consent = {
        (purpose, channel): chance.choice(CONSENTS)
        for purpose in ("marketing", "service")
        for channel in chance.sample(list(Channel), 2)
        if chance.random() < 0.5
    }
    rates = {
        channel: Rate(chance.choice([1, 3, 10, 40]), chance.choice([SECOND, MINUTE, HOUR]))
        for channel in Channel
        if chance.random() < 0.5
    }
    quiet = Hours(chance.randrange(1140, 1440, 5), chance.randrange(300, 660, 5))
    return Messaging(
        timezone=chance.choice(ZONES),
        holdout=chance.choice([Fraction(0), Fraction(5, 100), Fraction(1, 7)]),
        salt=str(chance.random()),
        quiet=chance.choice([None, quiet, quiet, _hours(chance)]),
        held_at_most=chance.choice([2 * HOUR, 12 * HOUR, DAY, 3 * DAY]),
        caps=tuple(_cap(chance) for _ in range(chance.randint(0, 4))),
        rates=rates,
        consent=consent,
    )


def _campaign(chance, number):
    channel = chance.choice(list(Channel))
    moment = chance.choice([Moment.ENTERING, Moment.ENTERING, Moment.LEAVING, Moment.SCHEDULE])
    look = chance.choice([Look.CARD, Look.BANNER, Look.SLOT])
    if channel is Channel.IN_APP and chance.random() < 0.3:
        moment = Moment.INSIDE
    delay = chance.choice([0, 0, HOUR, 2 * DAY]) if moment is not Moment.INSIDE else 0
    return Campaign(
        id=f"campaign{number}",
        title=f"Campaign {number}",
        segment_id=chance.choice(SEGMENTS),
        when=When(moment, delay),
        channel=channel,
        variants=(Variant("a", Content({})),),
        already_in=AlreadyIn.SKIP,
        goal=chance.choice(["", *GOALS]),
        priority=chance.randint(0, 3),
        holdout=chance.choice([Fraction(0), Fraction(0), Fraction(1, 5)]),
        caps=tuple(_cap(chance) for _ in range(chance.choice([0, 0, 0, 1, 2]))),
        tags=tuple(chance.sample(TAGS, chance.randint(0, 2))),
        purpose=chance.choice(["marketing", "service"]),
        transactional=chance.random() < 0.1,
        max_age=chance.choice([HOUR, DAY]),
        starts_at=chance.choice([None, None, START + 10 * DAY]),
        ends_at=chance.choice([None, None, END - 10 * DAY]),
        window=_hours(chance) if chance.random() < 0.2 else None,
        approve_first=chance.choice([0, 0, 0, 5]),
        enabled=chance.random() < 0.95,
        in_app=InApp(look) if channel is Channel.IN_APP else None,
        sampled=chance.choice([Fraction(1), Fraction(1), Fraction(2, 3)]),
        fingerprint=f"f{number}",
    )


def _someone(chance, seed, code):
    return Someone(
        code,
        f"{seed}-{code}",
        f"{code}@Example.com" if chance.random() < 0.95 else chance.choice([None, "", "none", 5]),
        chance.choice(ZONES) if chance.random() < 0.8 else chance.choice(NO_ZONES),
        {trait: _instant(chance) for trait in CONSENTS if chance.random() < 0.9},
        _instant(chance) if chance.random() < 0.02 else FOREVER,
    )


def _deliveries(chance, acting, people, sends):
    """Bursts: some people, several campaigns, within a second or so."""
    found = []
    while len(found) < sends:
        at = _instant(chance)
        for one in chance.sample(people, min(len(people), chance.randint(1, 12))):
            for campaign in chance.sample(acting.campaigns, chance.randint(1, 4)):
                moment = at + chance.choice([0, 0, 0, chance.randint(0, 1500)])
                found.append(_delivery(chance, campaign, one, moment, len(found)))
    return found[:sends]


def _delivery(chance, campaign, one, moment, number):
    late = chance.choice([0, chance.randint(0, 800), chance.randint(0, 800)])
    if chance.random() < 0.02:
        late = chance.randint(0, 2 * DAY)
    due_at, known_at = moment + campaign.when.delay, moment + late
    stay = round(chance.expovariate(1 / (3 * DAY)))
    begin = moment - stay if campaign.when.moment is Moment.LEAVING else moment
    one.stays.setdefault(campaign.segment_id, []).append((begin, begin + stay))
    if campaign.goal and chance.random() < 0.3:
        reached = moment + round(chance.uniform(-DAY, 3 * DAY))
        one.reached.setdefault(campaign.goal, []).append(reached)
    return Delivery(
        id=f"{chance.getrandbits(64):016x}",
        campaign_id=campaign.id,
        fingerprint=campaign.fingerprint,
        person=one.code,
        person_id=one.person_id,
        channel=campaign.channel,
        variant="a",
        occasion=Occasion.TRANSITION,
        occasion_key=number,
        due_at=due_at,
        known_at=known_at,
        not_before=max(due_at, known_at),
        tags=campaign.tags,
        transactional=campaign.transactional,
    )


def _merged(stays):
    """Disjoint stays, touching ones joined."""
    found = []
    for start, end in sorted(one for one in stays if one[0] < one[1]):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def _suppressions(chance, people):
    found = []
    for one in chance.sample(people, len(people) // 6):
        channel = chance.choice(list(Channel))
        address = str(one.email).lower() if channel is Channel.EMAIL else one.person_id
        reason = chance.choice(list(Suppression))
        purpose = chance.choice(["", "marketing", "service"])
        found.append(Suppressed(address, channel, purpose, reason, _instant(chance)))
    return found


def _off(chance, acting):
    found = [("", at, at + chance.randint(HOUR, DAY)) for at in [_instant(chance)]]
    for campaign in acting.campaigns:
        if chance.random() < 0.3:
            at = _instant(chance)
            found.append((campaign.id, at, at + chance.randint(HOUR, 10 * DAY)))
    return found
