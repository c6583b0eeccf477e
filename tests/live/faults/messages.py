"""`kill -9` at random points while people are messaged: nobody twice, nobody forgotten.

    python -m tests.live.faults.messages --kills 50 --record docs/proofs/deliveries.json

People come and do what makes campaigns speak to them; the server is killed, started again, killed
while it starts. In the end the rows, the published transitions and what a receiver got must say the
same. Exits 1 where they do not.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.campaigns import Delivery, State
from segue.domain.live import Boundary
from tests.live.process import Server
from tests.live.record import heading
from tests.sdks.loopback import Handler, Loopback

PROJECT = """\
project: messages
segments:
  looking: {{when: did look within 10 minutes}}
  paused_for_a_second: {{when: last look more than 1 seconds ago}}
messaging:
  holdout: 10%
campaigns:
  at_once:
    segment: looking
    when: entering
    already_in: skip
    channel: webhook
    to: {hook}
    payload: {{campaign: at_once}}
  after_a_while:
    segment: paused_for_a_second
    when: entering
    delay: 2 seconds
    already_in: skip
    channel: webhook
    to: {hook}
    payload: {{campaign: after_a_while}}
"""
SEGMENTS = {"at_once": "looking", "after_a_while": "paused_for_a_second"}
PATIENCE = 120.0
"""Seconds in which everything has to come to its end after the last kill."""


@dataclass
class Told:
    """What a receiver got: how often each message came, and to whom it was."""

    times: Counter[str] = field(default_factory=Counter)
    person: dict[str, str] = field(default_factory=dict)
    campaign: dict[str, str] = field(default_factory=dict)
    confused: list[str] = field(default_factory=list)

    def took(self, key: str, said: dict[str, Any]) -> None:
        """Note a message under its idempotency key."""
        self.times[key] += 1
        person = said["person"]["id"]
        if self.person.setdefault(key, person) != person or said["id"] != key:
            self.confused.append(key)
        self.campaign[key] = said["campaign_id"]


@dataclass
class Toll:
    """What the kills came to."""

    kills: int = 0
    while_starting: int = 0
    people: int = 0
    rows: int = 0
    messages: int = 0
    messages_that_came_again: int = 0
    held_out: int = 0
    refused: int = 0
    failures: list[str] = field(default_factory=list)


@contextmanager
def receiver(told: Told, seed: int) -> Iterator[str]:
    """An endpoint that notes what it gets, is now and then slow, and now and then fails."""
    chance, lock = random.Random(seed), threading.Lock()

    class Taking(Handler):
        def do_POST(self) -> None:  # noqa: N802
            length = int(self.headers["content-length"])
            body = self.rfile.read(length)
            if len(body) < length:  # it was killed in the middle of a word
                self.close_connection = True
                return
            said = json.loads(body)
            with lock:
                luck = chance.random()
                if luck > 0.02:
                    told.took(self.headers["webhook-id"], said)
            if luck < 0.05:
                time.sleep(0.1)
            self.send_response(204 if luck > 0.02 else 503)
            if luck <= 0.02:
                self.send_header("retry-after", "1")
            self.end_headers()

    server = Loopback(Taking)
    with server.running():
        yield f"http://127.0.0.1:{server.server_port}/"


class Crowd:
    """People who come one after another, each told of until the server has acknowledged it."""

    def __init__(self, server: Server, pause: float) -> None:
        self._server, self._pause = server, pause
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.people = 0

    @contextmanager
    def coming(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            first = self.people
            batch = [
                {"type": "track", "userId": f"p{n}", "event": "look", "messageId": f"look-{n}"}
                for n in range(first, first + 25)
            ]
            while not self._posted(batch):
                if self._stopping.is_set():  # the server is gone for good: that says more
                    return
                time.sleep(0.05)
            self.people += len(batch)
            time.sleep(self._pause)

    def _posted(self, batch: list[dict[str, Any]]) -> bool:
        try:
            return self._server.post("/v1/batch", {"batch": batch}).status_code == 200
        except httpx.TransportError:
            return False


def kill_while_messaging(folder: Path, *, kills: int, seed: int, pause: float = 0.05) -> Toll:
    """Kill a server so often while it messages people, and compare everything there is."""
    chance, toll, told = random.Random(seed), Toll(), Told()
    with receiver(told, seed) as hook:
        server = Server(folder / "workspace", PROJECT.format(hook=hook))
        server.start()
        crowd = Crowd(server, pause)
        with crowd.coming():
            for _ in range(kills):
                _die(server, chance, toll)
                server.start()
        toll.people = crowd.people
        _until_settled(server, toll)
        server.stop()
    compare(server.folder / "segue.duckdb", told, toll)
    toll.failures += [f"logged: {line}" for line in server.troubles() if "Traceback" in line]
    return toll


def _die(server: Server, chance: random.Random, toll: Toll) -> None:
    """Kill it after a while, or while it starts."""
    time.sleep(chance.uniform(0.05, 2.5))
    server.kill()
    toll.kills += 1
    if chance.random() < 0.2:
        server.launch()
        time.sleep(chance.uniform(0.2, 2.0))
        server.kill()
        toll.kills += 1
        toll.while_starting += 1


def _until_settled(server: Server, toll: Toll) -> None:
    """Wait until nothing is due or on its way any more."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        time.sleep(1.0)
        open_ = server.ask("deliveries", state=["due", "sending"], limit=1)["deliveries"]
        if not open_ and not _unspoken(server, toll):
            return
    toll.failures.append("something was still due, or on its way, after two minutes")


def _unspoken(server: Server, toll: Toll) -> bool:
    """Whether rows are still to come: two campaigns speak to everybody."""
    counts = [one["counts"] for one in server.ask("campaigns")["campaigns"]]
    return any(sum(c["deliveries"] for c in each) < toll.people for each in counts)


def compare(path: Path, told: Told, toll: Toll) -> None:
    """Compare the transitions, the rows and what the receiver got."""
    store = DuckDBStore.open(path)
    rows = _every(store)
    entered = _entered(store)
    store.close()
    toll.rows, toll.messages = len(rows), told.times.total()
    toll.messages_that_came_again = sum(number - 1 for number in told.times.values())
    toll.held_out = sum(one.state is State.HELD_OUT for one in rows)
    toll.refused = sum(one.state is State.REFUSED for one in rows)
    twice = Counter((one.campaign_id, one.person_id) for one in rows)
    toll.failures += [f"{who}: {n} rows" for who, n in twice.items() if n > 1]
    for campaign, segment in SEGMENTS.items():
        forgotten = entered[segment] - {p for c, p in twice if c == campaign}
        toll.failures += [f"{campaign} forgot {person}" for person in sorted(forgotten)]
    toll.failures += [
        f"{one.campaign_id} of {one.person_id} is {one.state}: {one.detail}"
        for one in rows
        if one.state not in (State.DELIVERED, State.HELD_OUT, State.REFUSED)
    ]
    sent = {one.id for one in rows if one.state is State.DELIVERED}
    got = set(told.times)
    toll.failures += [f"{one} is delivered, but was not received" for one in sorted(sent - got)]
    toll.failures += [f"{one} was received, but is not delivered" for one in sorted(got - sent)]
    toll.failures += [f"{one} came with other contents" for one in told.confused]
    spoken = Counter((told.campaign[one], told.person[one]) for one in got)
    toll.failures += [f"{who} was messaged {n} times" for who, n in spoken.items() if n > 1]


def _every(store: DuckDBStore) -> list[Delivery]:
    return store.deliveries(limit=1_000_000)


def _entered(store: DuckDBStore) -> dict[str, set[str]]:
    """Who entered a segment so that it could be acted upon."""
    found: dict[str, set[str]] = {segment: set() for segment in SEGMENTS.values()}
    for one in store.transitions(limit=10_000_000, only_live=True):
        if one.boundary is Boundary.ENTERED and one.segment_id in found:
            found[one.segment_id].add(one.person_id)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run, say what it came to, and record it where that is wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", type=Path)
    given = parser.parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        toll = kill_while_messaging(Path(folder), kills=given.kills, seed=given.seed)
    found = heading("tests.live.faults.messages") | {
        "seconds": round(time.monotonic() - began),
        **vars(toll),
    }
    print(json.dumps(found, indent=2))
    if given.record is not None:
        given.record.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 1 if toll.failures else 0


if __name__ == "__main__":
    sys.exit(main())
