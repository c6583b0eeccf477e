"""A relay between an SDK and the server: writes down what passes, and makes trouble when told to."""

import gzip
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from http.client import HTTPConnection
from urllib.parse import urlsplit

from tests.sdks.loopback import Handler, Loopback


class Trouble(Enum):
    """What may become of a request instead of its answer."""

    REFUSED = "500, and the server never saw the request"
    FORGOTTEN = "500, although the server has stored it"
    BUSY = "429 with Retry-After: 1, and the server never saw the request"
    OVERLOADED = "503 with Retry-After: 1, and the server never saw the request"
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

    @property
    def text(self) -> str:
        """The body, unpacked."""
        return (gzip.decompress(self.body) if self.zipped else self.body).decode()


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


_FAULT = b'{"code":"scripted","message":"scripted","detail":"scripted"}'
_ANY_ORIGIN = ("Access-Control-Allow-Origin", "*")
_FAULTS = {
    Trouble.REFUSED: _Answer(500, [_ANY_ORIGIN], _FAULT),
    Trouble.FORGOTTEN: _Answer(500, [_ANY_ORIGIN], _FAULT),
    Trouble.BUSY: _Answer(429, [_ANY_ORIGIN, ("Retry-After", "1")], _FAULT),
    Trouble.OVERLOADED: _Answer(503, [_ANY_ORIGIN, ("Retry-After", "1")], _FAULT),
}
_OWN_HEADERS = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class Relay:
    """A server on a free port that passes everything on to another one."""

    def __init__(self, upstream: str) -> None:
        self.exchanges: list[Exchange] = []
        self._upstream = urlsplit(upstream).netloc
        self._troubles: deque[Trouble] = deque()
        relay = self

        class Passing(Handler):
            def do_POST(self) -> None:  # noqa: N802
                relay._pass_on(self, relay._troubles.popleft() if relay._troubles else None)

            def do_GET(self) -> None:  # noqa: N802
                relay._pass_on(self, None)

            do_OPTIONS = do_GET  # noqa: N815

        self._server = Loopback(Passing)

    @property
    def url(self) -> str:
        """What an SDK is pointed at."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator["Relay"]:
        """Open until the block ends."""
        with self._server.running():
            yield self

    def make(self, *troubles: Trouble) -> None:
        """Let the next POST requests meet these troubles, one each."""
        self._troubles.extend(troubles)

    def sent(self, method: str = "POST", *paths: str) -> list[Exchange]:
        """The requests so far, to these paths or to any."""
        return [
            exchange
            for exchange in list(self.exchanges)
            if exchange.method == method and (not paths or exchange.path in paths)
        ]

    def _pass_on(self, handler: Handler, trouble: Trouble | None) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        true_answer = None
        if trouble in {None, Trouble.FORGOTTEN, Trouble.CUT}:
            true_answer = self._asked(handler, body)
        answer = None if trouble is Trouble.CUT else _FAULTS.get(trouble, true_answer)
        status = answer.status if answer else None
        self.exchanges.append(
            Exchange(handler.command, handler.path, dict(handler.headers), body, status)
        )
        if answer:
            _reply(handler, answer)
        else:
            handler.close_connection = True

    def _asked(self, handler: Handler, body: bytes) -> _Answer:
        connection = HTTPConnection(self._upstream, timeout=120)
        try:
            connection.request(handler.command, handler.path, body, dict(handler.headers))
            response = connection.getresponse()
            return _Answer(response.status, response.getheaders(), response.read())
        finally:
            connection.close()


def _reply(handler: Handler, answer: _Answer) -> None:
    handler.send_response(answer.status)
    for name, value in answer.headers:
        if name.lower() not in _OWN_HEADERS:
            handler.send_header(name, value)
    if answer.status != 204:
        handler.send_header("Content-Length", str(len(answer.body)))
    handler.end_headers()
    handler.wfile.write(answer.body)
