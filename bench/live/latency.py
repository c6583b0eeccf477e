"""How soon things are known while 5,000 events a second come in: a transition after its event, an
exit after its instant, and where somebody stands, when asked."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.live.events import probes
from bench.live.generator import Order, Sent, begin, ended
from bench.live.segments import PROBE, PROBE_SECONDS
from bench.live.server import Server
from bench.live.weather import Watch, Weather
from bench.live.wire import Answers, Connections, Make, getting
from bench.live.world import Past, person

_GRACE = 2.0
"""Seconds to wait for what was caused last."""
_CONNECTIONS = 16


@dataclass(frozen=True)
class Steady:
    """What comes in: events per second in batches of `size` on so many connections, probes per
    second and look-ups per second, for so many seconds after some that do not count."""

    events: float = 5_000.0
    size: int = 20
    connections: int = 64
    probes: float = 50.0
    lookups: float = 200.0
    seconds: float = 30.0
    warm_up: float = 3.0


@dataclass(frozen=True)
class Latency:
    """All in ms: `seen` from the sending of an event until its transition is seen on the stream;
    `known` and `left_seen` from the instant of an exit until it is known and is seen; `lookup`
    until a look-up is answered; `missing` probes that were never seen to enter or to leave;
    `cpu` the processors that the server kept busy, `weather` what else the machine did."""

    background: Sent
    seen: list[float]
    known: list[float]
    left_seen: list[float]
    lookup: list[float]
    missing: int
    errors: int
    cpu: float
    weather: Weather


def latency(server: Server, past: Past, steady: Steady) -> Latency:
    """Measure at a steady load."""
    order = Order(
        past.events,
        past.people,
        steady.size,
        steady.connections,
        steady.warm_up + steady.seconds + PROBE_SECONDS,
        steady.events,
        seed=7,
    )
    sent: dict[str, int] = {}
    with Listener(server, f"/api/transitions/stream?segment={PROBE}") as listener:
        generator, cpu = begin(server, order), server.cpu_seconds
        began, watch = time.perf_counter(), Watch(server)
        time.sleep(steady.warm_up)
        asked = _lookups(server, past), steady.lookups
        rates = ((probes(sent.__setitem__), steady.probes), asked)
        probed, looked_up = _together(server, rates, steady.seconds)
        background = ended(generator)
        cpu = (server.cpu_seconds - cpu) / (time.perf_counter() - began)
        weather = watch.weather()
        time.sleep(PROBE_SECONDS + _GRACE)
    entered = {one.person_id: one for one in listener.seen if one.kind == "entered"}
    left = {one.person_id: one for one in listener.seen if one.kind == "left"}
    return Latency(
        background,
        [entered[who].seen - at for who, at in sent.items() if who in entered],
        [one.known_at - one.at for one in left.values()],
        [one.seen - one.at for one in left.values()],
        [took / 1e6 for took in looked_up.took],
        sum((who not in entered) + (who not in left) for who in sent),
        background.errors + probed.errors + looked_up.errors,
        cpu,
        weather,
    )


def _lookups(server: Server, past: Past) -> Make:
    chance = random.Random(3)

    def make() -> bytes:
        who = person(chance.randrange(past.people))
        return getting(f"/api/people/{who}/segments", server.secret)

    return make


def _together(
    server: Server, rates: tuple[tuple[Make, float], ...], seconds: float
) -> list[Answers]:
    """Send each kind of request at its rate, in threads of their own; what came back."""
    with contextlib.ExitStack() as stack:
        kinds = [
            stack.enter_context(Connections(server.host, server.port, _CONNECTIONS)) for _ in rates
        ]
        threads = [
            threading.Thread(target=kind.pace, args=(make, rate, seconds))
            for kind, (make, rate) in zip(kinds, rates, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [kind.answers for kind in kinds]


@dataclass(frozen=True)
class Seen:
    """A transition as it was seen on the stream; instants in ms."""

    kind: str
    person_id: str
    at: int
    known_at: int
    seen: int


@dataclass
class Listener:
    """A client of the stream, in a thread of its own."""

    server: Server
    path: str
    seen: list[Seen] = field(default_factory=list)

    def __enter__(self) -> Listener:
        self._socket = socket.create_connection((self.server.host, self.server.port))
        request = getting(self.path, self.server.secret)
        self._socket.sendall(request[:-2] + b"accept: text/event-stream\r\n\r\n")
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        self._begun.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        for data, seen in self._data():
            self._begun.set()
            document = json.loads(data)
            self.seen.append(
                Seen(
                    document["kind"],
                    document["person_id"],
                    _instant(document["at"]),
                    _instant(document["known_at"]),
                    seen,
                )
            )

    def _data(self) -> Iterator[tuple[bytes, int]]:
        """The data of each message, and when it was seen (ms)."""
        came = b""
        while data := self._socket.recv(1 << 18):
            seen = time.time_ns() // 1_000_000
            self._begun.set()
            *lines, came = (came + data).split(b"\n")
            marked = itertools.compress(lines, (one.startswith(b"data: ") for one in lines))
            yield from ((line[6:], seen) for line in marked)


def _instant(text: str) -> int:
    return round(dt.datetime.fromisoformat(text).timestamp() * 1000)
