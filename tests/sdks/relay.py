"""A relay between an SDK and the server: writes down what passes, and makes trouble when told to."""

import gzip
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


class Trouble(Enum):
    """What may become of a request instead of its answer."""

    REFUSED = "500, and the server never saw the request"
    FORGOTTEN = "500, although the server has stored it"
    BUSY = "429 with Retry-After: 1, and the server never saw the request"
    CUT = "the server has stored it, and the connection ends without an answer"


@dataclass(frozen=True)
class Exchange:
    """A request as it was sent, and the status that its sender saw (None: nothing came back)."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    status: int | None

    @property
    def path(self) -> str:
        """Where it was sent, without the query."""
        return urlsplit(self.target).path

    @property
    def zipped(self) -> bool:
        """Whether the body is gzip, whatever the headers say."""
        return self.body.startswith(b"\x1f\x8b")

    def json(self) -> Any:
        """The body."""
        return json.loads(gzip.decompress(self.body) if self.zipped else self.body)


class Relay:
    """A server on a free port of the loopback that passes everything on to another one."""

    def __init__(self, upstream: str) -> None:
        self.exchanges: list[Exchange] = []
        self._upstream = urlsplit(upstream).netloc
        self._troubles: deque[Trouble] = deque()
        relay = self

        class Handler(_Handler):
            def answer(self) -> None:
                relay._pass_on(self)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        """What an SDK is pointed at."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def posts(self, *paths: str) -> list[Exchange]:
        """The POST requests so far, to these paths or to any."""
        return [
            exchange
            for exchange in self.exchanges
            if exchange.method == "POST" and (not paths or exchange.path in paths)
        ]

    def make(self, *troubles: Trouble) -> None:
        """Let the next POST requests meet these troubles, one each."""
        self._troubles.extend(troubles)

    @contextmanager
    def running(self) -> Iterator["Relay"]:
        """Open until the block ends."""
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    def _pass_on(self, handler: "_Handler") -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        trouble = self._trouble(handler.command)
        answer = _FAULTS.get(trouble) if trouble else None
        if trouble in {None, Trouble.FORGOTTEN, Trouble.CUT}:
            true_answer = self._ask(handler, body)
            answer = answer or true_answer
        status = None if trouble is Trouble.CUT or answer is None else answer.status
        self.exchanges.append(
            Exchange(handler.command, handler.path, dict(handler.headers), body, status)
        )
        if status is None or answer is None:
            handler.close_connection = True
        else:
            handler.reply(answer)

    def _trouble(self, method: str) -> Trouble | None:
        with suppress(IndexError):
            return self._troubles.popleft() if method == "POST" else None
        return None

    def _ask(self, handler: "_Handler", body: bytes) -> "_Answer":
        connection = HTTPConnection(self._upstream, timeout=30)
        try:
            connection.request(handler.command, handler.path, body, dict(handler.headers))
            response = connection.getresponse()
            return _Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


_ANY_ORIGIN = ("Access-Control-Allow-Origin", "*")
_FAULT = b'{"code":"scripted","message":"scripted","detail":"scripted"}'
_FAULTS = {
    Trouble.REFUSED: _Answer(500, [_ANY_ORIGIN], _FAULT),
    Trouble.FORGOTTEN: _Answer(500, [_ANY_ORIGIN], _FAULT),
    Trouble.BUSY: _Answer(429, [_ANY_ORIGIN, ("Retry-After", "1")], _FAULT),
}
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10  # an idle kept-alive connection must not outlive the test by much

    def answer(self) -> None:
        raise NotImplementedError

    def reply(self, answer: _Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        if answer.status not in {204, 304}:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_POST = do_OPTIONS = do_HEAD = do_PUT = do_DELETE = lambda self: self.answer()  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing: the exchanges are the log."""
