"""Concurrent senders that remember what was acknowledged, and send again what was not."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

from tests.live.process import WRITE_KEY

EVENTS = ("look", "look", "look", "add", "buy", "ping")


@dataclass
class Book:
    """The ids of events: all that were ever sent, and those whose request was answered with 200.

    `statuses` counts answers; those of neither 200 nor of back-pressure are `wrong`.
    """

    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    statuses: dict[int, int] = field(default_factory=dict)
    unanswered: int = 0


class Sender(threading.Thread):
    """Sends batches or single events, one request after the other, until told to stop."""

    def __init__(self, number: int, port: int, seed: int, book: Book, stop: threading.Event):
        super().__init__(name=f"sender-{number}")
        self._chance = random.Random(seed * 1_000 + number)
        self._number, self._port, self._book, self._ended = number, port, book, stop
        self._count = 0
        self._again: list[dict[str, Any]] = []
        self._connection = HTTPConnection("127.0.0.1", port, timeout=40)

    def run(self) -> None:
        """Send; where nobody answers, wait a moment and try again."""
        while not self._ended.is_set():
            try:
                self._send()
            except (OSError, HTTPException):
                self._book.unanswered += 1
                self._connection.close()
                time.sleep(0.1)
        self._connection.close()

    def _send(self) -> None:
        events = self._again or self._fresh()
        self._again = events if self._chance.random() < 0.8 else []
        ids = {event["messageId"] for event in events}
        self._book.sent |= ids
        path = "/v1/batch" if len(events) > 1 else "/v1/track"
        body = {"batch": events} if len(events) > 1 else events[0]
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", f"{path}?writeKey={WRITE_KEY}", json.dumps(body), headers)
        answer = self._connection.getresponse()
        answer.read()
        statuses = self._book.statuses
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
        if answer.status == 200:
            self._book.acknowledged |= ids
            self._again = []
        else:
            time.sleep(0.1)

    def _fresh(self) -> list[dict[str, Any]]:
        number = 1 if self._number % 2 else self._chance.randint(2, 40)
        return [self._event() for _ in range(number)]

    def _event(self) -> dict[str, Any]:
        """Something that somebody does: now, lately, or soon; sometimes two ids become one."""
        chance = self._chance
        self._count += 1
        who = f"p{chance.randrange(300)}"
        event: dict[str, Any] = {
            "type": "track",
            "event": chance.choice(EVENTS),
            "userId": who,
            "messageId": f"{self._number}-{self._count}-{chance.randrange(1 << 30)}",
            "timestamp": _rfc3339(time.time() + self._delay()),
            "properties": {"amount": chance.randrange(200)},
        }
        if chance.random() < 0.05:
            return event | {
                "type": "identify",
                "anonymousId": f"a{chance.randrange(300)}",
                "traits": {"plan": chance.choice(("free", "pro"))},
            }
        return event

    def _delay(self) -> float:
        kind = self._chance.random()
        if kind < 0.1:
            return -self._chance.expovariate(1 / 30)
        return self._chance.expovariate(1 / 5) if kind < 0.13 else 0.0


def _rfc3339(seconds: float) -> str:
    whole, part = divmod(seconds, 1)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{int(part * 1000):03}Z"


@contextmanager
def sending(port: int, senders: int, seed: int, book: Book) -> Iterator[None]:
    """Let so many send until the block ends."""
    stop = threading.Event()
    threads = [Sender(number, port, seed, book, stop) for number in range(senders)]
    for one in threads:
        one.start()
    try:
        yield
    finally:
        stop.set()
        for one in threads:
            one.join(60)
