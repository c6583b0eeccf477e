"""One person's life as a discrete-event simulation: an agenda of what they will do, and when.

A `Life` knows who the person is, their clock and their agenda; what they do at the web site, in the
product and with e-mail are handlers in the modules of those names. Nothing depends on other people
or on when the simulation stops, so a longer simulation only adds later events.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Final, NamedTuple

from segue.demo.calendar import OFFSETS, Arrivals, Dice, first_visit, next_visit
from segue.demo.kinds import CHAMPION, KINDS, Kind
from segue.domain.instant import DAY, SECOND

_KIND_WEIGHTS: Final = tuple(accumulate(kind.share for kind in KINDS))
_OFFSET_WEIGHTS: Final = tuple(accumulate(share for _, share in OFFSETS))
_COMPANY_SIZES: Final = (1, 4, 12, 40, 150, 900)
_COUNTRIES: Final = {
    60: "DE", 0: "GB", -300: "US", -480: "US", 330: "IN", 600: "AU", -180: "BR",
}  # fmt: skip

_encode = json.JSONEncoder(separators=(",", ":")).encode

Value = str | int | float | bool | None


class Happened(NamedTuple):
    """One event of a life. `serial` counts the person's events from 0, in the order they were made
    (instants may tie)."""

    at: int
    person: int
    serial: int
    distinct_id: str
    event: str
    properties: str


class Life:
    """A person who is going to visit the web site, and perhaps much more.

    Attributes say who they are (`kind`, `offset` in minutes east of UTC, ids, `staff`, `is_test`),
    what they have done that changes what they do next, and how often they come (`gap`, the mean in
    ms while they are a member).
    """

    __slots__ = (
        "_agenda",
        "_order",
        "_serial",
        "activated",
        "annual",
        "anonymous_id",
        "bored",
        "campaign",
        "clock",
        "company_size",
        "device",
        "dice",
        "distinct_id",
        "events",
        "gap",
        "index",
        "invited_early",
        "is_test",
        "kind",
        "known_id",
        "mailed",
        "member",
        "offset",
        "onboarded",
        "opens",
        "seed",
        "staff",
        "subscribed",
        "trial_at",
        "two_devices",
        "visit",
        "watched_demo",
    )

    def __init__(self, seed: int, index: int, arrivals: Arrivals) -> None:
        self.index, self.seed = index, seed
        self.dice = Dice(seed, index)
        self._become_someone(seed)
        self.events: list[Happened] = []
        self._agenda: list[tuple[int, int, Handler]] = []
        self._order = self._serial = 0
        self.clock = first_visit(self.dice, arrivals.day_of(index), self.offset)
        self.visit: Handler = nothing
        self.member = self.mailed = self.watched_demo = self.subscribed = self.annual = False
        self.activated = self.invited_early = self.bored = self.two_devices = False
        self.onboarded = False
        self.trial_at = 0
        self.gap = 7 * DAY / self.kind.uses

    def _become_someone(self, seed: int) -> None:
        dice = self.dice
        self.kind: Kind = KINDS[dice.pick(_KIND_WEIGHTS)]
        self.offset = OFFSETS[dice.pick(_OFFSET_WEIGHTS)][0]
        self.staff = self.index % 199 == 7
        self.is_test = self.index % 397 == 11
        if self.staff or self.is_test:
            self.kind = CHAMPION
        # Every sixtieth person sits at the same computer as the one before.
        owner = self.index - 1 if self.index % 61 == 60 else self.index
        self.anonymous_id = anonymous_id(seed, owner)
        self.known_id = f"user-{self.index:06d}"
        self.distinct_id = self.anonymous_id
        self.company_size = _COMPANY_SIZES[dice.below(len(_COMPANY_SIZES))]
        self.device = "mobile" if dice.one_in(0.3) else "desktop"
        self.opens = (0.55, 0.2, 0.2, 0.01)[dice.below(4)]
        self.campaign: dict[str, Value] = {}

    @property
    def email(self) -> str:
        """The address they give when they sign up."""
        domain = "acme.com" if self.staff else f"company{self.index % 977}.example"
        return f"person{self.index}@{domain}"

    @property
    def country(self) -> str:
        """Where they live."""
        return _COUNTRIES[self.offset]

    @property
    def next_at(self) -> int | None:
        """When they do something next; None when they never will again."""
        return self._agenda[0][0] if self._agenda else None

    def plan(self, at: int, handler: Handler) -> None:
        """Put something on the agenda."""
        heapq.heappush(self._agenda, (at, self._order, handler))
        self._order += 1

    def plan_visit(self, handler: Handler, mean: float) -> None:
        """Plan to come back after a mean gap in ms, at a time of day and week that suits them."""
        self.plan(next_visit(self.dice, self.clock, mean, self.offset), handler)

    def step(self) -> None:
        """Do what is next on the agenda; nothing that happens is earlier than its instant."""
        at, _, handler = heapq.heappop(self._agenda)
        self.clock = max(at, self.clock + SECOND)
        handler(self)

    def pause(self, mean_seconds: float) -> None:
        """Let time pass in a visit (less than a session gap, so that visits hold together)."""
        self.clock += SECOND + int(min(self.dice.wait(mean_seconds), 900.0) * SECOND)

    def do(self, event: str, properties: Mapping[str, Value]) -> None:
        """Let an event happen now, under the current distinct id."""
        self.do_as(self.distinct_id, event, properties)

    def do_as(self, distinct_id: str, event: str, properties: Mapping[str, Value]) -> None:
        """Let an event happen now, under another distinct id."""
        self.events.append(
            Happened(self.clock, self.index, self._serial, distinct_id, event, _encode(properties))
        )
        self._serial += 1


Handler = Callable[[Life], None]


def nothing(life: Life) -> None:
    """Do nothing: what a person does who has not come yet."""


def anonymous_id(seed: int, owner: int) -> str:
    """The distinct id of a browser before anybody signed in on it."""
    return f"anon-{((owner + 1) * 2_654_435_761 ^ seed) % (1 << 32):08x}"
