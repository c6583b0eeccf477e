"""The protocol of one connection: what uvicorn does, with bounds on what a sender may make it wait
for and hold.

uvicorn waits for ever for the head of a request, keeps as much of it as comes, and waits for ever
for a reader who does not read. Here each of these ends.
"""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from segue.bootstrap.settings import Limits
from segue.http.limits import WHOLE


class GuardedProtocol(HttpToolsProtocol):
    """See the module. `limits` is set by `guarded`."""

    limits: ClassVar[Limits] = Limits()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection begins: its first request has to come soon, and there has to be room."""
        super().connection_made(transport)
        self._head_bytes, self._piece_bytes, self._in_head = 0, 0, True
        self._head_deadline: asyncio.TimerHandle | None = None
        self._write_deadline: asyncio.TimerHandle | None = None
        self._await_head()
        if len(self.connections) > self.limits.connections:
            self._end(503, "busy", "too many connections are open")

    def connection_lost(self, exc: Exception | None) -> None:
        """A connection ends, and with it what it was waited for."""
        self._head_came()
        self._written()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, as long as the head of the request stays within its bounds."""
        self._piece_bytes = len(data) if self._in_head else 0
        super().data_received(data)
        if self._in_head:
            self._head_bytes += self._piece_bytes
            if self._head_bytes > self.limits.header_bytes:
                self._end(431, "head_too_large", "the head of the request is too large")

    def on_message_begin(self) -> None:
        """The first byte of a request came: the rest of its head has to follow soon."""
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        """The head came; of the piece of data that ended it nothing more counts."""
        self._head_bytes, self._piece_bytes, self._in_head = 0, 0, False
        self._head_came()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request came as a whole: what follows is the head of the next."""
        self._in_head = True
        self.scope[WHOLE] = True  # type: ignore[typeddict-unknown-key]
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The reader lags: it has to catch up soon."""
        super().pause_writing()
        if self._write_deadline is None:
            self._write_deadline = self.loop.call_later(
                self.limits.write_seconds, self.transport.abort
            )

    def resume_writing(self) -> None:
        """The reader has caught up."""
        super().resume_writing()
        self._written()

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP."""
        self._end(400, "malformed", msg)

    def _await_head(self) -> None:
        if self._head_deadline is None:
            self._head_deadline = self.loop.call_later(self.limits.header_seconds, self._late)

    def _head_came(self) -> None:
        if self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None

    def _written(self) -> None:
        if self._write_deadline is not None:
            self._write_deadline.cancel()
            self._write_deadline = None

    def _late(self) -> None:
        self._end(408, "late", "the head of the request took too long")

    def _end(self, status: int, code: str, message: str) -> None:
        """Say why, in the shape of all errors, and close the connection; between two answers only,
        so that none is torn."""
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(_raw(status, code, message))
        self.transport.close()


def guarded(limits: Limits) -> type[GuardedProtocol]:
    """The protocol with these limits."""
    return type("Guarded", (GuardedProtocol,), {"limits": limits})


def _raw(status: int, code: str, message: str) -> bytes:
    body = json.dumps({"code": code, "message": message, "detail": message, "hint": ""}).encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
