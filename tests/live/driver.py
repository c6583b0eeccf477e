"""Drives a live service through a random world on a virtual clock, and checks what it says.

Events arrive late, early, twice, out of order and in bursts; definitions are edited, the service is
restarted, events are imported behind its back. At any instant, what was published and not taken
back must be the history of the same log, and what is said of people must be where they stand.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.instant import DAY, FOREVER, HOUR, MINUTE, SECOND
from segue.domain.live import Cause, Transition
from segue.language.tree import Definitions
from segue.services.live.intake import Batch
from segue.services.live.live import Index, Live
from segue.timeline.evaluate import history, requests_of
from tests.fuzz.stores import table
from tests.fuzz.worlds import Worlds

DELAYS = (0, 0, 0, 0, 200, 5 * SECOND, 5 * SECOND, 10 * MINUTE, 3 * HOUR, 2 * DAY)


class Drive:
    """One random world and a live service on a store at a path."""

    def __init__(self, seed: int, path: Path, *, quantiles: bool = True) -> None:
        self.rng = random.Random(seed)
        self.worlds = Worlds(random.Random(seed), quantiles)
        world = self.worlds.world(segments=8, people=6)
        self.path, self.definitions = path, world.definitions
        self.arrivals = self.scheduled(world.events)
        self.now = min([at for at, _ in self.arrivals]) - self.rng.choice((0, 1, HOUR))
        self.told: list[Transition] = []
        self.checks = 0
        self.kept: Index | None = None
        self.begin()

    # ------------------------------------------------------------------------------- the schedule

    def scheduled(self, events) -> list[tuple[int, dict]]:
        """When each event arrives: mostly soon after it happened, some much later, some before."""
        found = []
        for event in events:
            delay = self.rng.choice(DELAYS)
            if self.rng.random() < 0.05:
                delay = -self.rng.choice((1, SECOND, HOUR, DAY))
            found.append((event["occurred_at"] + delay, event))
            if self.rng.random() < 0.05:
                found.append((event["occurred_at"] + delay + self.rng.choice(DELAYS), event))
        return sorted(found, key=lambda one: one[0])

    # ------------------------------------------------------------------------------- the service

    def begin(self, index: Index | None = None) -> None:
        self.store = DuckDBStore.open(self.path, timezone=self.definitions.timezone)
        self.live = Live.begin(self.store, self.definitions, self.now, index=index)

    def end(self) -> None:
        self.store.close()

    def run(self) -> None:
        """Everything arrives; between arrivals time passes, and things happen to the service."""
        while self.arrivals:
            burst = 1 if self.rng.random() < 0.6 else self.rng.randint(1, 12)
            due, self.arrivals = self.arrivals[:burst], self.arrivals[burst:]
            self.pass_time_to(max(self.now, due[-1][0]))
            self.arrive([event for _, event in due])
            if self.rng.random() < 0.25:
                self.check()
            if self.rng.random() < 0.06:
                self.happen()
        self.check()
        self.pass_time_to(self.now + self.rng.choice((HOUR, DAY, 40 * DAY)))
        self.check()

    def pass_time_to(self, then: int) -> None:
        """Turn whenever somebody is due on the way, or only at the end, as if asleep."""
        while self.rng.random() < 0.9 and (due := self.live.next_due()) is not None and due < then:
            self.now = max(self.now, due + self.rng.choice((0, 0, 1, 40)))
            self.turn()
        self.now = max(self.now, then)
        self.turn()

    def arrive(self, events: list[dict]) -> None:
        imported = self.rng.random() < 0.05
        batches = [self.batch([event], imported) for event in events]
        if self.rng.random() < 0.5:
            batches = [self.batch(events, imported)]
        for batch in batches:
            self.live.submit(batch)
        self.turn()
        for batch in batches:
            assert batch.stored.result(timeout=0).events == len(batch)

    def batch(self, events: list[dict], imported: bool) -> Batch:
        return Batch(
            [event["distinct_id"] for event in events],
            [event["event"] for event in events],
            [event["occurred_at"] for event in events],
            [event["event_id"] for event in events],
            [event["sequence"] for event in events],
            [json.dumps(event["properties"], ensure_ascii=False) for event in events],
            self.now,
            imported,
        )

    def turn(self) -> None:
        """Turn until nothing is left to do at this instant."""
        while True:
            before = self.standings()
            turned = self.live.turn(self.now)
            self.listen(turned.transitions, before)
            due = self.live.next_due()
            if not self.live.has_work and (due is None or due > self.now):
                return

    # --------------------------------------------------------------------------- what may happen

    def happen(self) -> None:
        self.rng.choice((self.restart, self.restart, self.import_behind, self.edit))()

    def restart(self) -> None:
        """Orderly, with what was in memory kept; or not."""
        index = self.kept = self.live.index if self.rng.random() < 0.5 else self.kept
        if index is not None and self.store.count_before(index.next_ref) != index.next_ref:
            index = None  # an event gave way to another content: such an index is not used
        self.end()
        self.now += self.rng.choice((0, 1, MINUTE, 5 * HOUR))
        self.begin(index)
        self.turn()

    def import_behind(self) -> None:
        """Events come into the store while the service is down."""
        self.end()
        some, self.arrivals = self.arrivals[:3], self.arrivals[3:]
        store = DuckDBStore.open(self.path, timezone=self.definitions.timezone)
        if some:
            store.append(table([event for _, event in some]), received_at=self.now)
        store.close()
        self.begin()
        self.turn()

    def edit(self) -> None:
        """Some segments are written anew, one goes, one comes."""
        ids = len(self.definitions.segments)
        fresh = self.worlds.definitions(ids + 1).segments
        kept = self.rng.random() < 0.5
        definitions = Definitions(
            segments=self.definitions.segments[:-1] if kept else fresh,
            timezone=self.definitions.timezone,
            exclude=self.definitions.exclude,
            not_activity=self.definitions.not_activity,
            page_events=self.definitions.page_events,
            campaign_keys=self.definitions.campaign_keys,
        )
        if not definitions.segments:
            return
        done = self.live.redefine(definitions)
        self.turn()
        done.result(timeout=0)
        self.definitions = definitions

    # ---------------------------------------------------------------------------------- checking

    def standings(self) -> set[tuple[str, str]]:
        """Who is in what, as the service says."""
        found = set()
        for person_id in self.people():
            for one in self.live.standing(person_id).memberships:
                found.add((one.segment_id, person_id))
        return found

    def people(self) -> list[str]:
        return list(self.store.person_ids(self.store.everybody().person))

    def listen(self, transitions, before) -> None:
        """What may be acted upon holds, and nothing corrected, imported or defined is among it."""
        standing = self.standings()
        for one in transitions:
            assert one.known_at >= one.at
            if not one.live:
                continue
            assert not one.retracted
            assert not one.corrected
            assert one.cause in {Cause.EVENT, Cause.TIME}
            assert one.known_at - one.at <= HOUR
            member = (one.segment_id, one.person_id) in standing
            assert member == (one.boundary == "entered"), one
        self.told += transitions

    def check(self) -> None:
        """Published minus retracted is the history up to now; the memory is the outlook of now."""
        self.checks += 1
        at, definitions = self.live.ticked_at, self.live.definitions
        read = self.store.read(
            requests_of(definitions), at=at, not_activity=definitions.not_activity
        )
        spans = history(definitions, read.log, at)
        rows = [
            (segment_id, read.person_ids[person], start, end)
            for segment_id, one in spans.items()
            for person, start, end in zip(
                one.person.tolist(), one.start.tolist(), one.end.tolist(), strict=True
            )
            if start <= at
        ]
        expected = Counter((*key, "entered", start) for *key, start, _ in rows)
        expected += Counter((*key, "left", end) for *key, _, end in rows if end <= at)
        assert self.published() == expected
        self.check_memory(read.person_ids, [row for row in rows if row[3] > at])

    def published(self) -> Counter:
        """What was published of the versions in force and not taken back."""
        versions = {one.segment_id: one.version for one in self.store.versions()}
        net: Counter = Counter()
        rows = self.store.transitions(after=-1, limit=1_000_000)
        assert [one.id for one in rows] == sorted({one.id for one in rows})
        for one in rows:
            if versions.get(one.segment_id) != one.version:
                continue
            key = (one.segment_id, one.person_id, one.boundary.value, one.at)
            net[key] += -1 if one.retracted else 1
            assert net[key] in {0, 1}, f"published or retracted twice: {one}"
        return +net

    def check_memory(self, people, rows) -> None:
        """Who is in now, since when and until when, and how many."""
        expected = {
            (segment_id, person_id): (start, None if end >= FOREVER else end)
            for segment_id, person_id, start, end in rows
        }
        found = {
            (one.segment_id, person_id): (one.since, one.until)
            for person_id in people
            for one in self.live.standing(person_id).memberships
        }
        assert found == expected
        sizes = Counter(segment_id for segment_id, _ in expected)
        assert {one.segment_id: one.size for one in self.live.segments()} == {
            one.id: sizes[one.id] for one in self.live.definitions.segments
        }
