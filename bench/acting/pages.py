"""What pages are told under load: questions at a steady pace, and fresh decisions on open streams.

A server in a process of its own offers a message in the product to everybody who enters a segment.
First pages ask what to show at a steady pace, some of which know it already. Then so many streams
are open, and everybody who listens enters the segment, one after another, while pages go on asking.
"""

from __future__ import annotations

import itertools
import json
import re
import selectors
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.live.record import Found
from bench.live.server import WRITE_KEY, Server, served
from bench.live.wire import Connections, Make, posting
from bench.report import Target
from segue.bootstrap.workspace import Workspace

PUSHED_WITHIN: Final = 1.0
"""Seconds after an event within which 99 of 100 pages that listen have a fresh decision."""
_ASKING: Final = 16
"""Connections that questions come over."""
_OFFERED: Final = 500
"""People who have an offer and ask again and again."""
_SETTLING: Final = 5.0
_PATIENCE: Final = 30.0
_PROJECT: Final = """\
project: bench
segments:
  lookers: {when: did look within 1 days}
messaging: {holdout: 0%}
campaigns:
  help:
    segment: lookers
    when: entering
    already_in: skip
    channel: in_app
    heading: Hello {{ person.name | default('you') }}
    body: Most people who get here need one more step.
    button: Show me
    url: /docs
    show: {look: card}
"""
_TICKET: Final = re.compile(rb"segue-ticket: (\S+)", re.IGNORECASE)
_FRESH: Final = b"event: decision"


@dataclass(frozen=True)
class Order:
    """What to do: so many questions a second, so many open streams, for so many seconds each."""

    questions: int
    streams: int
    seconds: float


@dataclass(frozen=True)
class Told:
    """Questions of one kind: the milliseconds of every answer, from when its question was due, and
    how often each status came."""

    kind: str
    took: Sequence[float]
    statuses: dict[int, int]


@dataclass(frozen=True)
class Came:
    """What came of it: questions by kind; the milliseconds from an event until the fresh decision
    came in on the stream, for each that came; and how many streams heard nothing."""

    told: Sequence[Told]
    pushed: Sequence[float]
    missed: int
    cores: float


def run(order: Order) -> Came:
    """Do what is ordered."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder) / "bench")
        workspace.create(_PROJECT)
        with served(workspace) as server:
            return _measured(server, order)


def _measured(server: Server, order: Order) -> Came:
    offered = [f"offered{n}" for n in range(_OFFERED)]
    _enter(server, offered, 200.0)
    time.sleep(_SETTLING)
    marks = [_ask(server, {"userId": one})["etag"] for one in offered]
    known = [{"userId": one, "etag": mark} for one, mark in zip(offered, marks, strict=True)]
    kinds: dict[str, list[dict[str, Any]]] = {
        "of people with a message": [{"userId": one} for one in offered],
        "of people with a message who have it already": known,
        "of people nobody knows": [{"anonymousId": f"nobody{n}"} for n in range(5_000)],
    }
    told = [_told(server, kind, given, order) for kind, given in kinds.items()]
    names = [f"listens{n}" for n in range(order.streams)]
    with _listening(server, names) as ear:
        used, began = server.cpu_seconds, time.perf_counter()
        asking = threading.Thread(
            target=lambda: told.append(
                _told(server, "the same while streams are told", known, order)
            )
        )
        asking.start()
        due = _enter(server, names, len(names) / order.seconds)
        asking.join()
        cores = (server.cpu_seconds - used) / (time.perf_counter() - began)
        heard = ear.wait(len(names))
    pushed = sorted((heard[one] - due[one]) * 1_000 for one in heard)
    return Came(told, pushed, len(names) - len(heard), cores)


# ----------------------------------------------------------------------------------- questions


def _question(given: dict[str, Any]) -> bytes:
    return json.dumps({"writeKey": WRITE_KEY, **given}).encode()


def _ask(server: Server, given: dict[str, Any]) -> dict[str, Any]:
    """Ask once; the answer, which is to hold a message."""
    connection = HTTPConnection(server.host, server.port, timeout=_PATIENCE)
    connection.request("POST", "/v1/decide", _question(given))
    found: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    assert found["items"], given
    return found


def _told(server: Server, kind: str, given: Sequence[dict[str, Any]], order: Order) -> Told:
    """Ask at the pace, in turn for each."""
    make = posting("/v1/decide", WRITE_KEY)
    each = itertools.cycle([make(_question(one)) for one in given])
    with Connections(server.host, server.port, _ASKING) as connections:
        connections.pace(lambda: next(each), order.questions, order.seconds)
        answers = connections.answers
    assert not answers.failed
    return Told(kind, [one / 1e6 for one in answers.took], answers.statuses)


def _enter(server: Server, names: Sequence[str], rate: float) -> dict[str, float]:
    """Let people enter one by one, at a pace; when the event of each was due to be sent (s)."""
    make = posting("/v1/track", WRITE_KEY)
    due: dict[str, float] = {}
    waiting = iter(names)
    began = time.monotonic()

    def event() -> bytes:
        name = next(waiting)
        due[name] = began + len(due) / rate
        return make(json.dumps({"userId": name, "event": "look", "messageId": name}).encode())

    send: Make = event
    with Connections(server.host, server.port, _ASKING) as connections:
        connections.pace(send, rate, (len(names) + 0.5) / rate)
        assert not connections.answers.errors
    return due


# ------------------------------------------------------------------------------------- streams


class Ear:
    """Listens to many streams on a thread of its own, and notes when each has a fresh decision."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self.heard: dict[str, float] = {}
        self._ending = False
        self._thread = threading.Thread(target=self._listen)

    def add(self, name: str, stream: socket.socket) -> None:
        """Listen to one more, before it starts."""
        self._selector.register(stream, selectors.EVENT_READ, name)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def wait(self, number: int) -> dict[str, float]:
        """When each was told (s), once so many are, or nothing more comes."""
        until = time.monotonic() + _SETTLING
        while len(self.heard) < number and time.monotonic() < until:
            time.sleep(0.05)
        return dict(self.heard)

    def end(self) -> None:
        """Stop listening."""
        self._ending = True
        self._thread.join()
        self._selector.close()

    def _listen(self) -> None:
        while not self._ending:
            for key, _ in self._selector.select(0.2):
                assert isinstance(key.fileobj, socket.socket)
                data = key.fileobj.recv(65_536)
                if not data:
                    self._selector.unregister(key.fileobj)
                elif _FRESH in data:
                    self.heard.setdefault(key.data, time.monotonic())


@contextmanager
def _listening(server: Server, names: Sequence[str]) -> Iterator[Ear]:
    """A stream for each of these people, all open and quiet."""
    ear = Ear()
    with ExitStack() as stack:
        for name in names:
            ear.add(name, stack.enter_context(_opened(server, name)))
        time.sleep(_SETTLING)
        ear.start()
        stack.callback(ear.end)
        yield ear


def _opened(server: Server, name: str) -> socket.socket:
    """A stream that has begun, as a page opens it: with a ticket of its own."""
    ticket = _TICKET.search(
        _first(
            server, posting("/v1/decide", WRITE_KEY)(_question({"userId": name, "stream": True}))
        )
    )
    assert ticket is not None
    stream = socket.create_connection((server.host, server.port), timeout=_PATIENCE)
    path = b"/v1/decide/stream?ticket=" + ticket[1]
    stream.sendall(b"GET %b HTTP/1.1\r\nhost: segue\r\n\r\n" % path)
    begun = b""
    while b"retry:" not in begun:
        begun += stream.recv(65_536)
    assert b" 200 " in begun.split(b"\r\n", 1)[0]
    return stream


def _first(server: Server, request: bytes) -> bytes:
    """The head of the answer to a request."""
    with socket.create_connection((server.host, server.port), timeout=_PATIENCE) as connection:
        connection.sendall(request)
        found = b""
        while b"\r\n\r\n" not in found:
            found += connection.recv(65_536)
    return found


# -------------------------------------------------------------------------------------- record


def section(order: Order, came: Came) -> Found:
    """What was measured, as a section of a record."""
    head = ["| questions | answers | p50 | p95 | p99 |", "|---|---|---|---|---|"]
    rows = [f"| {one.kind} | {_statuses(one)} | {_quantiles(one.took)} |" for one in came.told]
    asked = f"{order.questions:,} questions a second over {_ASKING} connections, from when each was"
    pace = order.streams / order.seconds
    pushed = (
        f"With {order.streams:,} streams open and those questions beside them, everybody who"
        f" listens entered the segment, {pace:,.0f} people a second. From the event to the fresh"
        f" decision on the stream: {_words(came.pushed)}; {came.missed} heard nothing."
        f" The server used {came.cores:.1f} cores."
    )
    text = "\n".join([f"{asked} due:", "", *head, *rows, "", pushed])
    p99 = float(np.quantile(came.pushed, 0.99)) if came.pushed else float("inf")
    target = Target(
        f"event to fresh decision with {order.streams:,} streams open, p99",
        f"< {PUSHED_WITHIN * 1_000:,.0f} ms, none missed",
        f"{p99:,.0f} ms, {came.missed} missed",
        p99 < PUSHED_WITHIN * 1_000 and not came.missed,
    )
    return Found("pages", "What pages are told", text, [target])


def _statuses(told: Told) -> str:
    return ", ".join(f"{count:,} × {status}" for status, count in sorted(told.statuses.items()))


def _quantiles(took: Sequence[float]) -> str:
    return " | ".join(f"{np.quantile(took, share):,.1f} ms" for share in (0.5, 0.95, 0.99))


def _words(took: Sequence[float]) -> str:
    if not took:
        return "never"
    shares = (
        ("half within", 0.5),
        ("95 % within", 0.95),
        ("99 % within", 0.99),
        ("all within", 1.0),
    )
    return ", ".join(f"{name} {np.quantile(took, share):,.0f} ms" for name, share in shares)
