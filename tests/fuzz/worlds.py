"""Random logs: few people, clustered instants, ties, boundaries exactly at the edges of windows."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, replace

from segue.domain.instant import DAY, format_instant, local_date, parse_instant, start_of_day
from segue.language.tree import Definitions, Segment
from tests.fuzz.conditions import (
    DURATIONS,
    OWN_NAMES,
    PLAIN_NAMES,
    Conditions,
)

# A zone and an instant near which the clocks change there.
CHANGES = (
    ("UTC", "2025-06-01T00:00:00Z"),
    ("UTC", "2024-02-29T00:00:00Z"),
    ("Europe/Berlin", "2025-03-30T01:00:00Z"),
    ("Europe/Berlin", "2025-10-26T01:00:00Z"),
    ("America/Sao_Paulo", "2018-11-04T03:00:00Z"),
    ("America/Sao_Paulo", "2018-02-18T02:00:00Z"),
    ("Australia/Lord_Howe", "2025-04-05T15:00:00Z"),
    ("Australia/Lord_Howe", "2025-10-04T15:30:00Z"),
    ("Africa/Cairo", "2024-04-25T22:00:00Z"),
    ("Africa/Cairo", "2024-10-31T21:00:00Z"),
)

NUMBERS = (
    0, 1, 2, 3, 10, -3, 0.5, 10.5, 0.1, 0.2, 5e-07, 4e-07, -5e-07, 2.0000005, 9007199254740993,
    9007199254740992, 1e30, 0.0000015,
)  # fmt: skip
NUMERIC_TEXTS = (
    "10",
    "1",
    "-3",
    "10.50",
    "1e2",
    "010",
    "+5",
    " 10",
    "NaN",
    "0.0000005",
    "2.",
    "1E1",
)
TEXTS = ("pro", "free", "/pricing", "/pricing/é", "/", "", "true", "false", "É", "prö")
ODD = (True, False, None, {"total": 5}, {"total": "10.5", "deep": {"x": 1}}, [1, 2], [])


@dataclass(frozen=True)
class CaseWorld:
    """Definitions and the plain events that they are evaluated on; `ats` are instants to ask at."""

    definitions: Definitions
    events: tuple
    ats: tuple


@dataclass
class Worlds:
    """A source of random worlds."""

    rng: random.Random
    quantiles: bool = True

    def world(self, segments=12, people=5):
        """A world of so many segments and at most so many people."""
        zone, base = self.rng.choice(CHANGES)
        self.zone, self.base = zone, parse_instant(base)
        self.durations = tuple(self.rng.sample(DURATIONS, 4))
        events = self.log(people)
        definitions = self.definitions(segments)
        return CaseWorld(definitions, tuple(events), self.ats(events))

    # ------------------------------------------------------------------------------- definitions

    def definitions(self, count):
        source = Conditions(self.rng, self.durations, self.moments(), (), self.quantiles)
        exclude = None
        if self.rng.random() < 0.3:
            exclude = replace(source, quantiles=False).condition(1)
        segments = []
        for i in range(count):
            ids = tuple(segment.id for segment in segments[-4:])
            condition = replace(source, segments=ids).condition(self.rng.choice((0, 1, 1, 2, 3)))
            segments.append(Segment(f"s{i}", f"Segment {i}", condition))
        return Definitions(
            segments=tuple(segments),
            timezone=self.zone,
            exclude=exclude,
            not_activity=self.rng.choice(((), ("c",), ("nightly job", "buy"))),
            page_events=self.rng.choice(((), ("page",), ("page", "Page*"))),
            campaign_keys=self.rng.choice(((), ("utm_source",))),
        )

    def moments(self):
        """Texts of dates and instants around the base, with and without a zone."""
        day = local_date(self.base, self.zone)
        texts = [str(day + dt.timedelta(days=i)) for i in (-1, 0, 1, 3)]
        texts += [format_instant(self.base), format_instant(self.base + 3_600_000)]
        local = dt.datetime.combine(day, dt.time(0, 30))
        texts += [local.isoformat(), (local + dt.timedelta(hours=2)).isoformat()]
        return tuple(texts)

    # ----------------------------------------------------------------------------------- instants

    def next_instant(self, t, earlier):
        """The instant of the next event: a tie, an edge of a window, or somewhere near."""
        kind = self.rng.random()
        if kind < 0.2:
            return t
        if kind < 0.5:
            reference = self.rng.choice(earlier)
            t = max(t, reference + self.rng.choice(self.durations))
            return t + self.rng.choice((0, 0, 0, 1, -1))
        if kind < 0.65:
            midnight = start_of_day(local_date(t, self.zone) + dt.timedelta(days=1), self.zone)
            return midnight + self.rng.choice((0, 0, -1, 1))
        if kind < 0.9:
            return t + self.rng.randrange(0, 3_600_000)
        return t + self.rng.randrange(0, 2 * DAY)

    def instants(self, count):
        t = self.base + self.rng.choice((0, -DAY, -DAY, -3 * DAY, -3_600_000, -1_800_000))
        found = []
        for _ in range(count):
            found.append(t)
            t = self.next_instant(t, found)
        return found

    def ats(self, events):
        """Instants to evaluate at: events, edges of windows, and anywhere."""
        instants = [event["occurred_at"] for event in events]
        chosen = [max(instants) + self.rng.choice((0, DAY, 40 * DAY))]
        for _ in range(2):
            near = self.rng.choice(instants) + self.rng.choice((0, 0, *self.durations))
            chosen.append(near + self.rng.choice((0, 0, -1, 1)))
        return tuple(chosen)

    # ---------------------------------------------------------------------------------------- log

    def log(self, people):
        self.serial = 0
        events = []
        for i in range(self.rng.randint(1, people)):
            ids = [f"u{i}"] + [f"anon{i}{x}" for x in "ab"[: self.rng.choice((0, 0, 1, 1, 2))]]
            if self.rng.random() < 0.05:
                ids.append("guest")
            instants = self.instants(self.rng.choice((1, 3, 6, 8, 12, 18, 25)))
            events += [self.event(at, ids) for at in instants]
        events += self.stray_links(events, people)
        return self.late(events)

    def event(self, at, ids):
        kind = self.rng.random()
        distinct_id = self.rng.choice(ids)
        if len(ids) > 1 and kind < 0.05:
            return self.made(
                at, ids[0], "$identify", self.traits(at) | {"$anon_distinct_id": ids[-1]}
            )
        if kind < 0.1:
            return self.made(at, distinct_id, "$identify", self.traits(at))
        if kind < 0.17:
            return self.made(
                at, distinct_id, self.rng.choice(("$set", "$set_once")), self.traits(at)
            )
        if kind < 0.19:
            return self.made(at, distinct_id, "$unset", self.traits(at))
        if kind < 0.24:
            return self.made(at, distinct_id, self.rng.choice(OWN_NAMES), self.properties(at))
        names = PLAIN_NAMES[:5] if self.rng.random() < 0.85 else PLAIN_NAMES
        return self.made(at, distinct_id, self.rng.choice(names), self.properties(at))

    def made(self, at, distinct_id, name, properties):
        self.serial += 1
        sequence = self.rng.choice((None, None, None, 0, 1, 2, -1, 10))
        return {
            "distinct_id": distinct_id,
            "event": name,
            "occurred_at": at,
            "event_id": f"{self.rng.choice('abzAZé')}{self.serial}",
            "sequence": sequence,
            "received_at": self.base + self.rng.choice((0, 10, 20)),
            "properties": properties,
        }

    def stray_links(self, events, people):
        """Links between people: aliases, merges, refused ones, ids that nobody may share."""
        links = []
        for _ in range(self.rng.choice((0, 0, 0, 1, 2))):
            a, b = (f"u{self.rng.randrange(people)}" for _ in range(2))
            at = self.rng.choice(events)["occurred_at"]
            name = self.rng.choice(("$identify", "$create_alias", "$merge_dangerously"))
            key = "$anon_distinct_id" if name == "$identify" else "alias"
            other = b if self.rng.random() < 0.8 else self.rng.choice(("null", "anonymous", "new"))
            links.append(self.made(at, a, name, {key: other}))
        return links

    def late(self, events):
        """Shuffle; send some twice; let some ids come again with other content, later."""
        copies = []
        for event in events:
            if self.rng.random() < 0.06:
                copies.append(dict(event))
            if self.rng.random() < 0.04:
                changed = dict(event, received_at=event["received_at"] + self.rng.choice((-1, 1)))
                changed["event"] = self.rng.choice(PLAIN_NAMES)
                changed["occurred_at"] += self.rng.choice((0, 5000, -5000))
                copies.append(changed)
        events = events + copies
        self.rng.shuffle(events)
        return events

    # --------------------------------------------------------------------------------- properties

    def properties(self, at):
        made = {}
        for key in ("amount", "n", "path", "vip", "plan", "cart", "due", "mixed", "utm_source"):
            if self.rng.random() < 0.5:
                made[key] = self.value(key, at)
        if self.rng.random() < 0.1:
            made["odd.key"] = {"total": self.rng.choice(NUMBERS)}
        if self.rng.random() < 0.1:
            made["referrer"] = self.rng.choice(TEXTS)
        return made

    def value(self, key, at):
        if self.rng.random() < 0.08:
            return self.rng.choice(ODD + TEXTS + NUMERIC_TEXTS + NUMBERS)
        if key in ("amount", "n", "age"):
            return self.rng.choice(NUMBERS[:7] if self.rng.random() < 0.7 else NUMBERS)
        if key in ("path", "plan", "utm_source", "email"):
            return self.rng.choice(TEXTS)
        if key == "vip":
            return self.rng.choice((True, False, "true", "false", 1, 0, "yes"))
        if key == "cart":
            return self.rng.choice(({"total": 5}, {"total": 10.5}, {"total": "3"}, {"totals": 1}))
        if key == "address":
            return self.rng.choice(({"city": "pro"}, {"city": "É"}, {"zip": 10}, "pro"))
        if key == "due":
            return self.date(at)
        return self.rng.choice(ODD + TEXTS + NUMERIC_TEXTS + NUMBERS)

    def date(self, at):
        """An instant near `at`, in one of the forms that are read, or in one that is not."""
        instant = at + self.rng.choice((0, 0, *self.durations, *(-d for d in self.durations)))
        kind = self.rng.randrange(8)
        if kind == 0:
            return instant
        if kind == 1:
            return instant // 1000
        if kind == 2:
            return str(local_date(instant, self.zone))
        if kind == 3:
            return format_instant(instant)[:19]
        if kind == 4:
            return str(instant)
        if kind == 5:
            return self.rng.choice(("2025-13-01", "soon", "2025-02-30", "12", 1.5))
        return format_instant(instant)

    def traits(self, at):
        made = {}
        for key in ("plan", "vip", "age", "due", "address", "email"):
            if self.rng.random() < 0.45:
                made[key] = None if self.rng.random() < 0.15 else self.value(key, at)
        return made


def random_world(seed, *, segments=12, people=5, quantiles=True):
    """The world of a seed: the same seed always makes the same world."""
    return Worlds(random.Random(seed), quantiles).world(segments, people)
