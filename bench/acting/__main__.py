"""`python -m bench.acting`: how soon after an event somebody is messaged, at so many a second.

A server in a process of its own, with so many people already in it; new people enter a segment at
a steady pace, each by one event; a campaign messages each of them over a webhook to a receiver in
another process. What counts is from when the event was sent to when the message arrived.
"""

from __future__ import annotations

import argparse
import http.client
import json
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from bench.live.record import Found, write
from bench.live.server import WRITE_KEY, Server, served
from bench.measure import machine
from bench.report import Target, targets_table
from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap.workspace import Workspace

WANTED: Final = 0.5
"""Seconds within which 99 of 100 messages are to be on the wire."""
_PER_REQUEST: Final = 20
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
    already, in so many further segments."""

    rate: int
    seconds: float
    people: int
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


def main(arguments: list[str] | None = None) -> int:
    """Print what was measured, and record it where wanted; 1 where the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--segments", type=int, default=20)
    parser.add_argument("--record", type=Path)
    given = parser.parse_args(arguments)
    order = Order(given.rate, given.seconds, given.people, given.segments)
    found = section(order, run(order))
    print(found.text)
    print(targets_table(found.targets))
    if given.record is not None:
        options = f"--rate {order.rate} --seconds {order.seconds:g} --people {order.people}"
        write(given.record, f"python -m bench.acting {options}", machine(), [found])
    return 0 if all(target.met for target in found.targets) else 1


def section(order: Order, came: Came) -> Found:
    """What was measured, as a section of a record."""
    rows = [f"| {name} | {came.within(share) * 1_000:,.0f} ms |" for name, share in _SHARES]
    came_of_it = (
        f"{came.entered:,} people entered at {order.rate:,} a second, beside {order.people:,} known"
        f" ones and in {order.segments + 1} segments; {came.messaged:,} were messaged, the rest"
        f" held out; {came.doubled} twice. The server used {came.cores:.1f} cores."
    )
    head = ["| from the event to the message at its receiver | |", "|---|---|"]
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
            _enter(server, "warm", 500, 200)
            time.sleep(2.0)
            used = server.cpu_seconds
            began = time.perf_counter()
            sent = _enter(server, "p", int(order.rate * order.seconds), order.rate)
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
    for first in range(0, order.people, 50_000):
        numbers = range(first, min(first + 50_000, order.people))
        size = len(numbers)
        ids = pa.array([f"old{n}" for n in numbers])
        columns = {
            "distinct_id": ids,
            "event": pa.array([f"x{n % (order.segments + 1)}" for n in numbers]),
            "occurred_at": pa.array([now - 10_000 * (n % 8_000) for n in numbers], pa.int64()),
            "event_id": ids,
            "sequence": pa.nulls(size, pa.int64()),
            "properties": pa.array(["{}"] * size),
        }
        store.append(pa.table(columns), received_at=now)
    store.close()
    return workspace


def _enter(server: Server, prefix: str, people: int, rate: float) -> dict[str, float]:
    """Let people enter at a pace; when the event of each was sent (s)."""
    key = b64encode(f"{WRITE_KEY}:".encode()).decode()
    headers = {"content-type": "application/json", "authorization": f"Basic {key}"}
    connections = [http.client.HTTPConnection(server.host, server.port) for _ in range(4)]
    sent: dict[str, float] = {}
    began = time.perf_counter()
    for number, first in enumerate(range(0, people, _PER_REQUEST)):
        wait = began + first / rate - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        names = [f"{prefix}{n}" for n in range(first, min(first + _PER_REQUEST, people))]
        body = {"batch": [_look(name) for name in names]}
        sent |= dict.fromkeys(names, time.time())
        connection = connections[number % len(connections)]
        if number >= len(connections):
            answer = connection.getresponse()
            answer.read()
            assert answer.status == http.client.OK, answer.status
        connection.request("POST", "/v1/batch", json.dumps(body), headers)
    for connection in connections:
        connection.getresponse().read()
        connection.close()
    return sent


def _look(name: str) -> dict[str, str]:
    return {"type": "track", "userId": name, "event": "look", "messageId": name}


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


if __name__ == "__main__":
    sys.exit(main())
