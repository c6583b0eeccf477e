"""The demo's world as a table, or as a stream that never ends."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from segue.demo import website
from segue.demo.calendar import Arrivals
from segue.demo.life import Happened, Life
from segue.demo.reactions import react
from segue.domain.instant import DAY, parse_instant

PEOPLE: Final = 3_000
DAYS: Final = 120
SEED: Final = 7
START: Final = parse_instant("2026-03-02")
"""The default world: three thousand people in the 120 days from Monday, 2 March 2026."""

SCHEMA: Final = pa.schema(
    [
        ("person_id", pa.string()),
        ("event", pa.string()),
        ("occurred_at", pa.timestamp("ms", tz="UTC")),
        ("event_id", pa.string()),
        ("properties", pa.string()),
    ]
)
"""The columns of `simulate`: `person_id` is a distinct id, `properties` a JSON object."""


@dataclass(frozen=True, slots=True)
class StreamedEvent:
    """One event of the stream; `occurred_at` in ms, `properties` a JSON object."""

    person_id: str
    event: str
    occurred_at: int
    event_id: str
    properties: str


def simulate(
    people: int = PEOPLE, days: int = DAYS, seed: int = SEED, start: int = START
) -> pa.Table:
    """The events of a small SaaS business, as an Arrow table in time order with `SCHEMA`.

    `people` arrive during `days` days from `start` (ms, UTC; the first instant of a day). The same
    arguments give the same bytes. Raises `ValueError` where people or days are less than one.
    """
    arrivals = _arrivals(people, days, start)
    end = start + days * DAY
    happened: list[Happened] = []
    for index in range(people):
        life = _begin(seed, index, arrivals)
        while life.next_at is not None and life.next_at < end:
            life.step()
        happened += life.events
    happened = [one for one in happened if one.at < end]
    happened.sort()
    return _table(happened)


def stream(
    people: int = PEOPLE,
    days: int = DAYS,
    seed: int = SEED,
    start: int = START,
    *,
    after: int | None = None,
) -> Iterator[StreamedEvent]:
    """The events of the same world, one by one in the same order, and on without an end.

    People keep arriving at the pace of `simulate` with the same arguments, whose table is the
    beginning of this stream. With `after`, only events later than that instant come. Pacing is the
    caller's: each event says when it occurs.
    """
    return World(people, days, seed, start).events(after)


class World:
    """The same world, whose people can be spoken to while they live.

    Attributes say nothing; ask for `events`, and `tell` somebody of a message meanwhile.
    """

    def __init__(
        self, people: int = PEOPLE, days: int = DAYS, seed: int = SEED, start: int = START
    ) -> None:
        self._arrivals, self._seed = _arrivals(people, days, start), seed
        self._waiting: list[tuple[int, int, int, Happened | Life]] = []
        self._lives: dict[str, Life] = {}
        self._arrived = 0

    def events(self, after: int | None = None) -> Iterator[StreamedEvent]:
        """What happens, as of `stream`; asked again, it goes on from there."""
        while True:
            while not self._waiting or self._next_arrival <= self._waiting[0][0]:
                self._let_come()
            at, _, _, next_one = heapq.heappop(self._waiting)
            if isinstance(next_one, Life):
                if next_one.next_at == at:  # else it was queued before something else came up
                    self._live(next_one)
            elif after is None or at > after:
                yield StreamedEvent(
                    next_one.distinct_id,
                    next_one.event,
                    at,
                    _event_id(next_one),
                    next_one.properties,
                )

    def tell(self, person_id: str, campaign_id: str, at: int) -> bool:
        """Let a message of the demo's campaigns reach somebody (any distinct id of theirs), who may
        react to it from then on (ms); whether there is such a person."""
        life = self._lives.get(person_id)
        if life is None:
            return False
        react(life, campaign_id, at)
        self._wait(life)
        return True

    @property
    def _next_arrival(self) -> int:
        return self._arrivals.day_of(self._arrived)

    def _let_come(self) -> None:
        life = _begin(self._seed, self._arrived, self._arrivals)
        self._lives[life.known_id] = self._lives[life.anonymous_id] = life
        self._arrived += 1
        self._wait(life)

    def _live(self, life: Life) -> None:
        """Let the person do the next thing, and queue what happened and what they do after it."""
        life.step()
        for happened in life.events:
            heapq.heappush(self._waiting, (happened.at, life.index, happened.serial, happened))
        life.events = []
        self._wait(life)

    def _wait(self, life: Life) -> None:
        if life.next_at is not None:
            # A person stands before their own events of the same instant: they may add earlier
            # ones.
            heapq.heappush(self._waiting, (life.next_at, -1, life.index, life))


def kinds(
    people: int = PEOPLE, days: int = DAYS, seed: int = SEED, start: int = START
) -> dict[str, str]:
    """The latent kind of every person of `simulate` with the same arguments, by the distinct id
    they have once they sign up: the confounder, for checking what an analysis found."""
    arrivals = _arrivals(people, days, start)
    lives = (Life(seed, index, arrivals) for index in range(people))
    return {life.known_id: life.kind.name for life in lives}


def _arrivals(people: int, days: int, start: int) -> Arrivals:
    if people < 1 or days < 1:
        raise ValueError(f"people and days must be at least 1, not {people} and {days}")
    return Arrivals(people, days, start)


def _begin(seed: int, index: int, arrivals: Arrivals) -> Life:
    life = Life(seed, index, arrivals)
    life.visit = website.visit
    life.plan(life.clock, website.come)
    return life


def _event_id(happened: Happened) -> str:
    return f"{happened.person:06d}-{happened.serial:06d}"


def _table(happened: list[Happened]) -> pa.Table:
    columns = [
        pa.array([one.distinct_id for one in happened], pa.string()),
        pa.array([one.event for one in happened], pa.string()),
        pa.array([one.at for one in happened], pa.int64()).cast(pa.timestamp("ms", tz="UTC")),
        pa.array([_event_id(one) for one in happened], pa.string()),
        pa.array([one.properties for one in happened], pa.string()),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)
