"""`python -m bench.live.generator`: sends events to a server and prints, as JSON, how it went."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

from bench.generate import World
from bench.live.events import Traffic
from bench.live.server import Server
from bench.live.wire import Connections


@dataclass(frozen=True)
class Order:
    """What to send: `size` events per request (1: singly) on so many connections, for so many
    seconds; `rate` events per second, 0: as many as are answered."""

    events: int
    people: int
    size: int
    connections: int
    seconds: float
    rate: float = 0.0
    seed: int = 1


@dataclass(frozen=True)
class Sent:
    """How it went: the events that were answered with 200, in how many seconds until the last
    answer, how long each answer took (ns), how many requests went wrong, and by status."""

    events: int
    seconds: float
    took: list[int]
    errors: int
    statuses: dict[str, int]


def begin(server: Server, order: Order) -> subprocess.Popen[str]:
    """Start a generator in a process of its own."""
    given = json.dumps({"host": server.host, "port": server.port, "order": asdict(order)})
    command = [sys.executable, "-m", "bench.live.generator", given]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> Sent:
    """Wait for a generator; how it went."""
    text, _ = process.communicate()
    return Sent(**json.loads(text))


def send(host: str, port: int, order: Order) -> Sent:
    """Send what is ordered."""
    traffic = Traffic(World(events=order.events, people=order.people), order.seed)
    make = traffic.singles() if order.size == 1 else traffic.batches(order.size)
    with Connections(host, port, order.connections) as connections:
        began = time.perf_counter()
        if order.rate:
            connections.pace(make, order.rate / order.size, order.seconds)
        else:
            connections.hurry(make, order.seconds)
        seconds, answers = time.perf_counter() - began, connections.answers
    good = answers.statuses.get(200, 0)
    statuses = {str(status): count for status, count in answers.statuses.items()}
    return Sent(good * order.size, seconds, answers.took, answers.errors, statuses)


def main() -> None:
    """Send what the one argument orders."""
    parser = argparse.ArgumentParser()
    parser.add_argument("given", type=json.loads)
    given = parser.parse_args().given
    print(json.dumps(asdict(send(given["host"], given["port"], Order(**given["order"])))))


if __name__ == "__main__":
    main()
