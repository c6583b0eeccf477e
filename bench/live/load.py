"""How many events a second are taken: answered with 200, which is said when they are durable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.live.generator import Order, begin, ended
from bench.live.server import Server
from bench.live.weather import Watch, Weather
from bench.live.world import Past


@dataclass(frozen=True)
class Load:
    """One load: events per request, connections, and how it went; `cpu` is the processors that the
    server's process kept busy, `answer_ms` how long answers took: the middle one, and of a hundred
    the longest; and what else the machine did."""

    size: int
    connections: int
    events_per_second: float
    answer_ms: tuple[float, float]
    errors: int
    cpu: float
    evaluated: int
    weather: Weather


def load(server: Server, past: Past, size: int, connections: int, seconds: float) -> Load:
    """Send as much as is answered, for so long."""
    order = Order(past.events, past.people, size, connections, seconds, seed=size + connections)
    watch = Watch(server)
    cpu, turned = server.cpu_seconds, server.counted("segue_people_evaluated_total")
    sent = ended(begin(server, order))
    took = np.array(sent.took) / 1e6
    return Load(
        size,
        connections,
        sent.events / sent.seconds,
        (float(np.median(took)), float(np.percentile(took, 99))),
        sent.errors,
        (server.cpu_seconds - cpu) / sent.seconds,
        int(server.counted("segue_people_evaluated_total") - turned),
        watch.weather(),
    )
