"""Answers as servers send them: every shape of body, and what is no HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from segue.adapters.http_wire import READ, AnswerError, Came, Connections, Place, request_of

Asked = Callable[[Connections, Place], object]


def asked(*answers: bytes, times: int = 1, closes: bool = False) -> tuple[list[Came], int]:
    """What came of as many requests as `times`, and over how many connections."""
    opened = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        try:
            for answer in answers:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
                await writer.drain()
            if not closes:
                await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def ask() -> list[Came]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        place = Place("127.0.0.1", server.sockets[0].getsockname()[1], None)
        connections = Connections(2)
        try:
            request = request_of("POST", b"/", {"host": "x"}, b"")
            return [await connections.ask(place, request) for _ in range(times)]
        finally:
            await connections.close()
            server.close()
            await asyncio.sleep(0.01)

    return asyncio.run(ask()), opened


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (OK, 200, b"hi"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"hi"),
        (b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 200, b"hi"),
        (
            b"HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n1;x=y\r\na\r\n2\r\nbc\r\n0\r\nt: u\r\n\r\n",
            500,
            b"abc",
        ),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n" + b"x" * 99_999, 200, b"x" * READ),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1869f\r\n" + b"x" * 99_999,
            200,
            b"x" * READ,
        ),
    ],
)
def test_an_answer_is_its_status_and_the_beginning_of_its_body(
    answer: bytes, status: int, body: bytes
) -> None:
    ((came,), _) = asked(answer)
    assert (came.status, came.body) == (status, body)


def test_a_body_without_length_ends_with_its_connection() -> None:
    ((came,), _) = asked(b"HTTP/1.1 200 OK\r\n\r\nall of it", closes=True)
    assert came.body == b"all of it"


def test_a_connection_is_used_again() -> None:
    found, opened = asked(OK, OK, OK, times=3)
    assert [one.body for one in found] == [b"hi"] * 3
    assert opened == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 2\r\n\r\nhi",
        b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n" + b"x" * 99_999,
    ],
)
def test_a_connection_that_is_spent_is_not_used_again(answer: bytes) -> None:
    found, opened = asked(answer, times=2)
    assert len(found) == opened == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 fine\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_http_is_said_so(answer: bytes) -> None:
    with pytest.raises(AnswerError, match="no HTTP"):
        asked(answer)


def test_a_connection_that_ends_too_early() -> None:
    with pytest.raises(AnswerError, match="before the answer"):
        asked(b"HTTP/1.1 200 OK\r\n", closes=True)


def test_a_header_stays_in_its_line() -> None:
    with pytest.raises(ValueError, match="line feed"):
        request_of("POST", b"/", {"x": "a\r\nhost: elsewhere"}, b"")
