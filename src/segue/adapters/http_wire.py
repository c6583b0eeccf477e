"""Requests over HTTP/1.1, thousands a second: connections that are kept, and no more than that.

A general client takes milliseconds of a processor for each request, most of them for what no
message needs: redirects, cookies, proxies, streams. Here a request is one write, and an answer is
its status, its headers and the beginning of its body.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx

READ: Final = 16_384
"""Bytes of a body that are read at most; a connection with more to come is not used again."""
_HEAD: Final = 65_536
"""Bytes of a line, or of all headers, at most."""


class AnswerError(Exception):
    """What came back is no HTTP."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a connection leads: an address, a port, and for TLS the name to be proved (None: no
    TLS)."""

    address: str
    port: int
    name: str | None


@dataclass(frozen=True, slots=True)
class Came:
    """An answer: its status, its headers by name in lower case, and the beginning of its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Connection:
    """One connection, used by one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @property
    def is_good(self) -> bool:
        """Whether a request may be tried on it."""
        return not self.reader.at_eof() and not self.writer.is_closing()

    def abort(self) -> None:
        """Close it at once."""
        self.writer.transport.abort()


class Connections:
    """At most so many connections, kept between requests. One event loop uses it."""

    def __init__(self, most: int) -> None:
        self._slots = asyncio.Semaphore(most)
        self._idle: dict[Place, deque[_Connection]] = {}
        self._trust: ssl.SSLContext | None = None

    async def ask(self, place: Place, request: bytes) -> Came:
        """Send a whole request and read its answer. Raises `OSError` and `AnswerError`; where it is
        cancelled, its connection is closed."""
        async with self._slots:
            connection = await self._connected(place)
            try:
                connection.writer.write(request)
                await connection.writer.drain()
                came, may_stay = await _answer(connection.reader)
            except asyncio.IncompleteReadError as error:
                connection.abort()
                raise AnswerError("the connection was closed before the answer") from error
            except (asyncio.LimitOverrunError, ValueError) as error:
                connection.abort()
                raise AnswerError("the answer is no HTTP") from error
            except BaseException:
                connection.abort()
                raise
            if may_stay:
                self._idle.setdefault(place, deque()).append(connection)
            else:
                connection.abort()
            return came

    async def close(self) -> None:
        """Close all that are kept."""
        kept = [one for every in self._idle.values() for one in every]
        self._idle.clear()
        for one in kept:
            one.abort()
        await asyncio.sleep(0)

    async def _connected(self, place: Place) -> _Connection:
        idle = self._idle.get(place, ())
        while idle:
            connection = idle.pop()
            if connection.is_good:
                return connection
            connection.abort()
        secure = (
            {} if place.name is None else {"ssl": self._trusted(), "server_hostname": place.name}
        )
        streams = await asyncio.open_connection(
            place.address,
            place.port,
            limit=_HEAD,
            **secure,  # type: ignore[arg-type]
        )
        return _Connection(*streams)

    def _trusted(self) -> ssl.SSLContext:
        if self._trust is None:
            self._trust = httpx.create_ssl_context(trust_env=False)
        return self._trust


def request_of(method: str, target: bytes, headers: Mapping[str, str], body: bytes) -> bytes:
    """A request as bytes. Raises `ValueError` where a header would break out of its line."""
    lines = [f"{name}: {value}".encode("latin-1") for name, value in headers.items()]
    if any(b"\r" in line or b"\n" in line for line in lines):
        raise ValueError("a header holds a line feed")
    head = b"\r\n".join([b"%s %s HTTP/1.1" % (method.encode(), target), *lines])
    return b"%s\r\ncontent-length: %d\r\n\r\n%s" % (head, len(body), body)


async def _answer(reader: asyncio.StreamReader) -> tuple[Came, bool]:
    """The answer, and whether the connection may be used again."""
    status, headers = await _head(reader)
    while 100 <= status < 200:  # only says that an answer will come
        status, headers = await _head(reader)
    body, is_whole = await _body(reader, status, headers)
    stays = is_whole and "close" not in headers.get("connection", "").lower()
    return Came(status, headers, body), stays


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = text.split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError(version)
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    if version == "HTTP/1.0":
        headers.setdefault("connection", "close")
    return int(rest[:3]), headers


async def _body(
    reader: asyncio.StreamReader, status: int, headers: Mapping[str, str]
) -> tuple[bytes, bool]:
    """The beginning of a body, and whether that is all of it."""
    if status in (204, 304):
        return b"", True
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return await _chunks(reader)
    length = headers.get("content-length")
    if length is None:  # it ends with the connection
        return await _upto(reader, READ), False
    return await _upto(reader, min(int(length), READ)), int(length) <= READ


async def _upto(reader: asyncio.StreamReader, most: int) -> bytes:
    """So many bytes, fewer where no more come."""
    try:
        return await reader.readexactly(most)
    except asyncio.IncompleteReadError as error:
        return error.partial


async def _chunks(reader: asyncio.StreamReader) -> tuple[bytes, bool]:
    body = bytearray()
    while len(body) < READ:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        if size == 0:
            while await reader.readuntil(b"\r\n") != b"\r\n":
                pass  # what may follow the last piece
            return bytes(body), True
        body += (await reader.readexactly(min(size, READ) + (2 if size <= READ else 0)))[:size]
    return bytes(body[:READ]), False
