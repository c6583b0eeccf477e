"""A live service and a desk over one store: events in, deliveries out, at a clock that a test turns.

Channels are stood for by the list of what was handed over.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from segue.adapters.duckdb_store import DuckDBStore
from segue.adapters.message_templates import MessageTemplates
from segue.domain.acting import Outcome
from segue.domain.campaigns import Channel, Delivery
from segue.domain.instant import DAY, HOUR
from segue.language.acting import acting
from segue.language.project import project_from
from segue.language.resolve import resolve
from segue.services.acting.composing import Composer
from segue.services.acting.desk import PUSHED, Desk
from segue.services.acting.dispatching import Going
from segue.services.acting.gathering import Sources
from segue.services.acting.launching import Calendar
from segue.services.acting.links import Links
from segue.services.acting.profiles import StoredProfiles
from segue.services.live.feed import Feed
from segue.services.live.intake import Batch
from segue.services.live.live import Live

T0 = 1_700_000_000_000 // DAY * DAY + 12 * HOUR
"""Noon of a Tuesday."""

PROJECT = """
project: acme
goals:
  bought: {event: purchase, within: 7 days}
segments:
  lookers: {when: did look within 1 days}
messaging:
  holdout: 0%
campaigns:
  nudge:
    segment: lookers
    when: entering
    already_in: skip
    channel: console
    body: Hello {{ person.name | default('you') }}
"""


class Office:
    """See the module."""

    def __init__(self, store: DuckDBStore, project: str) -> None:
        self.store, self.now = store, T0 - 1
        self.begin(project)
        self.now = T0
        self.count = 0
        self.room = dict.fromkeys(PUSHED, 1_000)

    def begin(self, project: str) -> None:
        """Begin, or begin again as after a crash: nothing in memory is kept."""
        self.live = Live.begin(self.store, resolve(project_from(project)), self.now)
        composer = Composer(MessageTemplates(), Links(b"secret", ""), str.title)
        self.feed = Feed(self.store.position().next_transition)
        sources = Sources(
            self.store,
            StoredProfiles(self.store),
            self.live.stays,
            lambda *_: "they looked",
            self.feed.after,
        )
        self.desk = Desk(sources, composer, chance=lambda: 0.5)
        self.calendar = Calendar(self.desk)
        self.desk.begin(self.now)
        self.adopt(project)

    def adopt(self, project: str) -> None:
        """Put another project in force."""
        given = project_from(project)
        definitions = resolve(given)
        if definitions != self.live.definitions:
            future = self.live.redefine(definitions)
            self.live_turn()
            future.result(0)
        self.desk.adopt(acting(given), definitions)
        self.calendar.turn(self.now)
        self.now += 1

    # ------------------------------------------------------------------------------ what happens

    def did(
        self,
        *events: tuple[str, str],
        ago: int = 0,
        properties: dict[str, Any] | None = None,
        imported: bool = False,
        id: str = "",  # noqa: A002
    ) -> None:
        """People do things now, or did a while ago (ms)."""
        self.count += 1
        size = len(events)
        batch = Batch(
            [who for who, _ in events],
            [name for _, name in events],
            [self.now - ago] * size,
            [id or f"{self.count}/{place}" for place in range(size)],
            [None] * size,
            [json.dumps(properties or {})] * size,
            self.now,
            imported,
        )
        self.live.submit(batch)
        self.live_turn()

    def past(self, *events: tuple[str, str, int]) -> None:
        """People did things so long ago (ms): told of one after another."""
        for who, name, ago in events:
            self.did((who, name), ago=ago)

    def live_turn(self) -> None:
        """A turn of the live loop, of which the feed tells."""
        turned = self.live.turn(self.now)
        self.feed.publish(turned.transitions, turned.next_transition)

    def turn(self, after: int = 0) -> list[Going]:
        """Let time pass (ms), and act; what is handed over."""
        self.now += after
        self.live_turn()
        going = []
        for _ in range(50):
            self.calendar.turn(self.now)
            did = self.desk.turn(self.now, self.room)
            going += self.desk.take_outgoing()
            due = self.desk.next_due(self.room)
            if not did.more and (due is None or due > self.now):
                break
        return going

    def settle(self, going: list[Going], outcome: Outcome | None = None) -> list[Delivery]:
        """Channels took what was handed over, or did what they did."""
        return self.desk.settle([(one, outcome or Outcome()) for one in going], self.now)

    # ------------------------------------------------------------------------------ what is there

    def rows(self, **which: Any) -> list[Delivery]:
        """Every delivery."""
        return self.store.deliveries(limit=100_000, **which)

    def states(self) -> list[tuple[str, str, str | None]]:
        """Who is how far, and why."""
        return sorted(
            (one.person_id, one.state.value, one.because and one.because.value)
            for one in self.rows()
        )


@contextmanager
def office(project: str = PROJECT) -> Iterator[Office]:
    """A new one, over a file."""
    with tempfile.TemporaryDirectory() as folder:
        store = DuckDBStore.open(Path(folder) / "segue.duckdb")
        try:
            yield Office(store, project)
        finally:
            store.close()


IN_APP = Channel.IN_APP
