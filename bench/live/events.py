"""Events as an SDK of Segment sends them: bodies of requests, made quickly."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import time
from collections.abc import Callable

from bench.generate import World
from bench.live.segments import PROBE_EVENT
from bench.live.server import WRITE_KEY
from bench.live.wire import Make, posting
from bench.live.world import person


class Traffic:
    """Events of the people of a history, now: people at random, event names as frequent as there.

    Almost every event is of another person, which is the most work that events can make.
    """

    def __init__(self, world: World, seed: int) -> None:
        self._random = random.Random(seed)
        self._people = world.people
        self._names = [name.encode() for name in world.event_names]
        self._codes = world.code_table.tolist()
        self._ids = (b"%d-%d" % (seed, number) for number in itertools.count())
        self._salt = b"%x" % time.time_ns()

    def batches(self, size: int) -> Make:
        """What makes requests of so many events each."""
        request = posting("/v1/batch", WRITE_KEY)

        def make() -> bytes:
            stamp = _stamp()
            events = b",".join([self._event(stamp) for _ in range(size)])
            return request(b'{"batch":[%b],"sentAt":"%b"}' % (events, stamp))

        return make

    def singles(self) -> Make:
        """What makes requests of one event each."""
        request = posting("/v1/track", WRITE_KEY)
        return lambda: request(self._event(_stamp()))

    def _event(self, stamp: bytes) -> bytes:
        chance = self._random.getrandbits(48)
        name = self._names[self._codes[chance & 0xFFFF]]
        who = person((chance >> 16) % self._people).encode()
        return (
            b'{"type":"track","event":"%b","userId":"%b","messageId":"%b-%b","timestamp":"%b",'
            b'"properties":{"amount":%d}}'
            % (name, who, self._salt, next(self._ids), stamp, chance % 100)
        )


def probes(sent: Callable[[str, int], None]) -> Make:
    """What makes requests of one event of somebody new each, who is in the segment `PROBE` at once;
    `sent` is told who, and when (ms)."""
    request = posting("/v1/track", WRITE_KEY)
    salt = f"{time.time_ns():x}"
    numbers = itertools.count()

    def make() -> bytes:
        who = f"probe-{salt}-{next(numbers)}"
        stamp = _stamp()
        sent(who, time.time_ns() // 1_000_000)
        return request(
            b'{"type":"track","event":"%b","userId":"%b","messageId":"m-%b","timestamp":"%b",'
            b'"properties":{}}' % (PROBE_EVENT.encode(), who.encode(), who.encode(), stamp)
        )

    return make


def _stamp() -> bytes:
    now = dt.datetime.fromtimestamp(time.time_ns() / 1e9, dt.UTC)
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()


def marked(who: str, event: str, key: str) -> bytes:
    """A request of one event of a person, now."""
    stamp = _stamp()
    body = (
        b'{"type":"track","event":"%b","userId":"%b","messageId":"mark-%b-%d","timestamp":"%b",'
        b'"properties":{"amount":1}}'
        % (event.encode(), who.encode(), who.encode(), time.time_ns(), stamp)
    )
    return posting("/v1/track", key)(body)
