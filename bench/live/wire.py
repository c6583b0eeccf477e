"""HTTP by hand: requests as bytes, many connections, one thread, no waiting.

A generator must cost little beside what it loads. A request of a batch costs some microseconds
here; a client library takes a hundred times as long.
"""

from __future__ import annotations

import base64
import select
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

Make = Callable[[], bytes]
"""Makes the next request."""

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length: "
_MOST: Final = 1 << 18


@dataclass
class Answers:
    """What came back: how often each status, and how long each answer took (ns), counted from when
    its request was due."""

    statuses: dict[int, int] = field(default_factory=dict)
    took: list[int] = field(default_factory=list)
    failed: int = 0
    """Connections that broke."""

    def note(self, status: int, took: int) -> None:
        """Note an answer."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.took.append(took)

    @property
    def errors(self) -> int:
        """Answers other than 200, and broken connections."""
        return self.failed + sum(n for status, n in self.statuses.items() if status != 200)


class _Connection:
    """One connection: at most one request at a time."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.out = memoryview(b"")
        self.came = bytearray()
        self.due = 0

    def send(self, request: bytes, due: int) -> bool:
        """Begin a request that was due (ns); whether all of it is out."""
        self.due, self.came = due, bytearray()
        self.out = memoryview(request)
        return self.flush()

    def flush(self) -> bool:
        """Send on; whether all of it is out."""
        try:
            self.out = self.out[self.socket.send(self.out) :]
        except BlockingIOError:
            return False
        return not self.out

    def receive(self) -> int | None:
        """Read on; the status once the answer is whole. Raises `ConnectionError` where it ends."""
        data = self.socket.recv(_MOST)
        if not data:
            raise ConnectionResetError
        self.came += data
        head = self.came.find(_HEAD_END)
        if head < 0:
            return None
        place = self.came.find(_LENGTH, 0, head)
        # An answer without a body need not say so.
        length = (
            0 if place < 0 else int(self.came[place + len(_LENGTH) : self.came.find(b"\r", place)])
        )
        return int(self.came[9:12]) if len(self.came) >= head + 4 + length else None


class Connections:
    """Some connections to one server."""

    def __init__(self, host: str, port: int, count: int) -> None:
        self._place = host, port
        self._poll = select.epoll()
        self._open: dict[int, _Connection] = {}
        self._idle: deque[_Connection] = deque()
        self.answers = Answers()
        for _ in range(count):
            self._connect()

    def __enter__(self) -> Connections:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._open.values():
            one.socket.close()
        self._poll.close()

    def _connect(self) -> None:
        one = _Connection(*self._place)
        self._open[one.socket.fileno()] = one
        self._poll.register(one.socket.fileno(), select.EPOLLIN)
        self._idle.append(one)

    def hurry(self, make: Make, seconds: float) -> None:
        """Send for so long, on every connection the next as soon as the last is answered; then wait
        for what is out."""
        until = time.monotonic_ns() + int(seconds * 1e9)
        while (now := time.monotonic_ns()) < until:
            while self._idle:
                self._send(make(), now)
            self._await(until - now)
        self.drain()

    def pace(self, make: Make, rate: float, seconds: float) -> None:
        """Send so many a second for so long, whether or not earlier ones are answered; then wait
        for what is out.

        A request that finds no connection free waits for one, and its time runs meanwhile.
        """
        began, gap = time.monotonic_ns(), 1e9 / rate
        count = int(seconds * rate)
        for number in range(count):
            due = began + int(number * gap)
            while (now := time.monotonic_ns()) < due:
                self._await(due - now)
            while not self._idle:
                self._await(int(1e9))
            self._send(make(), due)
        self.drain()

    def once(self, request: bytes) -> None:
        """Send a request and wait for its answer."""
        self._send(request, time.monotonic_ns())
        self.drain()

    def drain(self, seconds: float = 60.0) -> None:
        """Wait until everything is answered, at most so long."""
        until = time.monotonic() + seconds
        while len(self._idle) < len(self._open) and time.monotonic() < until:
            self._await(int(1e9))

    def _send(self, request: bytes, due: int) -> None:
        one = self._idle.popleft()
        if not one.send(request, due):
            self._poll.modify(one.socket.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def _await(self, nanoseconds: int) -> None:
        """Wait at most so long for anything to happen, and take it in."""
        for number, what in self._poll.poll(max(nanoseconds, 0) / 1e9):
            one = self._open[number]
            try:
                if what & select.EPOLLOUT and one.flush():
                    self._poll.modify(number, select.EPOLLIN)
                status = one.receive() if what & ~select.EPOLLOUT else None
            except BlockingIOError:
                continue
            except OSError:
                self._broken(number)
                continue
            if status is not None:
                self.answers.note(status, time.monotonic_ns() - one.due)
                self._idle.append(one)

    def _broken(self, number: int) -> None:
        self.answers.failed += 1
        self._poll.unregister(number)
        self._open.pop(number).socket.close()
        self._connect()


def posting(path: str, key: str) -> Callable[[bytes], bytes]:
    """What makes a request of a body."""
    secret = base64.b64encode(f"{key}:".encode()).decode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: segue\r\nauthorization: Basic {secret}\r\n"
        "content-type: application/json\r\ncontent-length: "
    ).encode()
    return lambda body: b"%b%d\r\n\r\n%b" % (head, len(body), body)


def getting(path: str, secret: str) -> bytes:
    """A request of the management API."""
    return (
        f"GET {path} HTTP/1.1\r\nhost: segue\r\nauthorization: Bearer {secret}\r\n\r\n"
    ).encode()
