"""How soon after an event somebody is messaged, at so many a second.

A server in a process of its own, with so many people already in it, who have traits, and every
fourth of whom was messaged two days ago. People enter a segment at a steady pace, each by one
event, every second of them known; a campaign messages each of them over a webhook to a receiver in
another process. What counts is from when the event was due to be sent to when the message arrived.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from bench.live.record import Found
from bench.live.server import WRITE_KEY, Server, served
from bench.report import Target
from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap.workspace import Workspace
from segue.domain.campaigns import Channel, Delivery, Occasion, State
from segue.domain.instant import DAY, FOREVER
from segue.services.acting.taking import delivery_id

WANTED: Final = 0.5
"""Seconds within which 99 of 100 messages are to be on the wire."""
_PER_REQUEST: Final = 20
_CONNECTIONS: Final = 32
_AT_ONCE: Final = 50_000
_MESSAGED: Final = 4
"""One in so many of the known people was messaged before."""
_SETTLING: Final = 10.0
"""Seconds that the last messages get to arrive."""
_PROJECT: Final = """\
project: bench
goals:
  bought: {{event: purchase, within: 7 days}}
segments:
{segments}
messaging:
  holdout: 5%
  caps: [{{at_most: 3, within: 7 days}}]
campaigns:
  nudge:
    segment: lookers
    when: entering
    already_in: skip
    channel: webhook
    to: http://127.0.0.1:{port}/
    payload: {{hello: "{{{{ person.name | default('you') }}}}"}}
    goal: bought
    holdout: 0%
"""


@dataclass(frozen=True)
class Order:
    """What to do: so many people enter a second, for so many seconds, where so many are known
    already, with so many events each, in so many further segments."""

    rate: int
    seconds: float
    people: int
    events: int
    segments: int


@dataclass(frozen=True)
class Came:
    """What came of it: how many people entered, how many were messaged, how often one was more
    than once, the seconds from event to message of each, ascending, and the share of a core that
    the server used."""

    entered: int
    messaged: int
    doubled: int
    seconds: tuple[float, ...]
    cores: float

    def within(self, share: float) -> float:
        """The seconds within which this share was messaged."""
        return float(np.quantile(self.seconds, share))


def section(order: Order, came: Came) -> Found:
    """What was measured, as a section of a record."""
    rows = [f"| {name} | {came.within(share) * 1_000:,.0f} ms |" for name, share in _SHARES]
    came_of_it = (
        f"{came.entered:,} people entered at {order.rate:,} a second, every second of them one of"
        f" {order.people:,} known ones with {order.people * (order.events + 1):,} events; there"
        f" were {order.segments + 1} segments. {came.messaged:,} were messaged, the rest held out;"
        f" {came.doubled} twice. The server used {came.cores:.1f} cores."
    )
    head = ["| from when the event was due to the message at its receiver | |", "|---|---|"]
    text = "\n".join([came_of_it, "", *head, *rows])
    p99 = came.within(0.99)
    target = Target(
        f"event to message at {order.rate:,} people a second, p99",
        f"< {WANTED * 1_000:.0f} ms",
        f"{p99 * 1_000:.0f} ms",
        p99 < WANTED,
    )
    return Found("acting", "How soon people are messaged", text, [target])


_SHARES: Final = (("half of them", 0.5), ("95 %", 0.95), ("99 %", 0.99), ("all", 1.0))


def run(order: Order) -> Came:
    """Do what is ordered."""
    with tempfile.TemporaryDirectory() as folder, listening() as receiver:
        workspace = _workspace(Path(folder) / "bench", order, receiver.port)
        with served(workspace) as server:
            _enter(server, [f"warm{n}" for n in range(500)], 200)
            time.sleep(2.0)
            used = server.cpu_seconds
            began = time.perf_counter()
            sent = _enter(server, _entrants(order), order.rate)
            cores = (server.cpu_seconds - used) / (time.perf_counter() - began)
            time.sleep(_SETTLING)
        heard = receiver.said()
    arrived = {who: at for who, at in heard.items() if who in sent}
    seconds = sorted(at[0] - sent[who] for who, at in arrived.items())
    doubled = sum(len(at) > 1 for at in arrived.values())
    return Came(len(sent), len(arrived), doubled, tuple(seconds), cores)


def _workspace(folder: Path, order: Order, port: int) -> Workspace:
    """A workspace in which people did things already."""
    kinds = [f"  other{n}: {{when: did x{n} within {1 + n} days}}" for n in range(order.segments)]
    segments = "\n".join(["  lookers: {when: did look within 1 days}", *kinds])
    workspace = Workspace(folder)
    workspace.create(_PROJECT.format(port=port, segments=segments))
    store = DuckDBStore.open(workspace.store)
    now = int(time.time() * 1_000)
    for turn in range(order.events + 1):
        for first in range(0, order.people, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, order.people))
            store.append(_past(numbers, turn, order.segments + 1, now), received_at=now)
    for first in range(0, order.people, _AT_ONCE):
        numbers = range(first, min(first + _AT_ONCE, order.people), _MESSAGED)
        store.save_deliveries(made=[_messaged(n, store, now) for n in numbers])
    store.close()
    return workspace


def _past(people: range, turn: int, kinds: int, now: int) -> pa.Table:
    """What these people did in a turn: who they are in the first one."""
    size = len(people)
    if turn == 0:
        traits = [json.dumps({"name": f"Ann {n}", "email": f"a{n}@x.example"}) for n in people]
    return pa.table(
        {
            "distinct_id": pa.array([f"old{n}" for n in people]),
            "event": pa.array([f"x{(n + turn) % kinds}" if turn else "$identify" for n in people]),
            "occurred_at": pa.array(
                [now - 10_000 * ((n + 797 * turn) % 8_000) for n in people], pa.int64()
            ),
            "event_id": pa.array([f"{turn}/{n}" for n in people]),
            "sequence": pa.nulls(size, pa.int64()),
            "properties": pa.array(["{}"] * size if turn else traits),
        }
    )


def _messaged(number: int, store: DuckDBStore, now: int) -> Delivery:
    """That a known person got another message two days ago."""
    person_id, at = f"old{number}", now - 2 * DAY
    person = store.person_code(person_id)
    assert person is not None
    return Delivery(
        id=delivery_id("before", person, Occasion.LAUNCH, at),
        campaign_id="before",
        fingerprint="",
        person=person,
        person_id=person_id,
        channel=Channel.WEBHOOK,
        variant="",
        occasion=Occasion.LAUNCH,
        occasion_key=at,
        due_at=at,
        known_at=at,
        not_before=FOREVER,
        state=State.DELIVERED,
        attempts=1,
        handed_at=at,
        delivered_at=at,
    )


def _entrants(order: Order) -> list[str]:
    """Who enters, in order: every second one is known."""
    number = int(order.rate * order.seconds)
    assert number <= 2 * order.people
    return [f"old{n // 2}" if n % 2 else f"p{n}" for n in range(number)]


def _enter(server: Server, people: Sequence[str], rate: float) -> dict[str, float]:
    """Let people enter at a pace; when the event of each was due to be sent (s)."""
    key = b64encode(f"{WRITE_KEY}:".encode()).decode()
    headers = {"content-type": "application/json", "authorization": f"Basic {key}"}
    connections = [
        http.client.HTTPConnection(server.host, server.port) for _ in range(_CONNECTIONS)
    ]
    free, busy = deque(connections), deque[http.client.HTTPConnection]()
    sent: dict[str, float] = {}
    began = time.time()
    for first in range(0, len(people), _PER_REQUEST):
        due = began + first / rate
        wait = due - time.time()
        if wait > 0:
            time.sleep(wait)
        names = people[first : first + _PER_REQUEST]
        body = {"batch": [_look(name) for name in names]}
        sent |= dict.fromkeys(names, due)
        connection = free.popleft() if free else _answered(busy.popleft())
        connection.request("POST", "/v1/batch", json.dumps(body), headers)
        busy.append(connection)
    for connection in busy:
        _answered(connection).close()
    return sent


def _answered(connection: http.client.HTTPConnection) -> http.client.HTTPConnection:
    answer = connection.getresponse()
    answer.read()
    assert answer.status == http.client.OK, answer.status
    return connection


def _look(name: str) -> dict[str, str]:
    return {"type": "track", "userId": name, "event": "look", "messageId": f"look {name}"}


class Receiver:
    """A receiver in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self._process = process
        self.port = int(process.stdout.readline())

    def said(self) -> dict[str, list[float]]:
        """When it heard of whom (s); it ends."""
        text, _ = self._process.communicate("\n")
        heard: dict[str, list[float]] = json.loads(text)
        return heard


@contextmanager
def listening() -> Iterator[Receiver]:
    """A receiver for a block."""
    command = [sys.executable, "-m", "bench.acting.receiver"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Receiver(process)
    finally:
        process.kill()
        process.communicate()
