"""What one sender may ask: sizes, deadlines, rates; and what it hears where that is too much."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from segue.bootstrap.settings import Limits, Settings
from segue.domain.errors import BusyError, StoreError, StoreFullError
from segue.http.errors import Refusal
from segue.http.limits import Held, Rates, Room
from segue.services.live.intake import Receipt
from tests.http.running import WRITE_KEY, Running, StubLive, running

ORIGIN = "https://shop.example"
SMALL = Limits(
    body_bytes=20_000,
    inflated_bytes=100_000,
    call_bytes=10_000,
    header_bytes=8_000,
    header_seconds=0.8,
    body_seconds=0.8,
    connections=40,
)
EVENT = {"userId": "ana", "event": "look"}


def _settings(limits: Limits) -> Settings:
    return Settings(port=0, write_key=WRITE_KEY, limits=limits)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("shop"), _settings(SMALL)) as server:
        yield server


@pytest.fixture
def stub() -> StubLive:
    return StubLive()


@pytest.fixture
def stubbed(tmp_path: Path, stub: StubLive) -> Iterator[Running]:
    with running(tmp_path, _settings(SMALL), live=stub) as server:
        yield server


def _trouble(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json()
    assert body["code"] == code
    assert all(isinstance(body[name], str) for name in ("code", "message", "detail", "hint"))
    return body


# ------------------------------------------------------------------------------------------ sizes


@pytest.mark.parametrize("stated", [True, False])
def test_a_body_that_is_too_large_is_refused(server: Running, stated: bool) -> None:
    """Whether or not it says so; the page that sent it may read why."""
    body = b'{"batch": [' + b" " * 50_000 + b"]}"
    content = body if stated else iter([body[:25_000], body[25_000:]])

    response = server.send("/v1/batch", content=content, headers={"Origin": ORIGIN})

    _trouble(response, 413, "too_large")
    assert response.headers["connection"] == "close"
    assert response.headers["access-control-allow-origin"] == ORIGIN


@pytest.mark.parametrize("size", [1_000_000, 15_000_000])
def test_a_body_that_unpacks_to_too_much_is_refused(server: Running, size: int) -> None:
    """It is unpacked no further than the limit."""
    bomb = gzip.compress(b"[" + b" " * size + b"]")
    assert len(bomb) < SMALL.body_bytes

    _trouble(server.send("/v1/batch", content=bomb), 413, "too_large")


def test_a_call_of_the_api_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with running(tmp_path, _settings(replace(SMALL, body_seconds=60))) as server:
        headers = {"Authorization": f"Bearer {server.secret_key}"}
        response = server.client.put(
            "/api/definitions", content=json.dumps({"text": "x" * 20_000}), headers=headers
        )

    _trouble(response, 413, "too_large")


def test_the_server_goes_on_after_them(server: Running) -> None:
    assert server.send("/v1/track", json=EVENT).status_code == 200


# -------------------------------------------------------------------------------------- deadlines


def _read_all(connection: socket.socket) -> bytes:
    connection.settimeout(60)
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


HEAD = f"POST /v1/track?writeKey={WRITE_KEY} HTTP/1.1\r\nHost: x\r\n".encode()


@pytest.mark.parametrize("sent", [b"", b"PO", HEAD, HEAD + b"X-More: " + b"y" * 1000])
def test_a_head_that_does_not_come_ends_the_connection(server: Running, sent: bytes) -> None:
    with server.connection() as connection:
        connection.sendall(sent)
        answer = _read_all(connection)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "late"


def test_a_head_that_trickles_ends_the_connection(server: Running) -> None:
    """A byte now and then does not keep a connection open."""
    began = time.monotonic()
    with server.connection() as connection:
        connection.sendall(HEAD)
        _trickle(connection, b"X-A: b\r\n")
        answer = _read_all(connection)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - began < 5


def _trickle(connection: socket.socket, piece: bytes) -> None:
    """Send a piece every now and then until nobody listens, five seconds at most."""
    connection.settimeout(0.05)
    for _ in range(100):
        try:
            connection.sendall(piece)
            if connection.recv(1, socket.MSG_PEEK):
                return
        except TimeoutError:
            continue
        except OSError:
            return


def test_the_head_of_a_second_request_has_to_come_as_well(server: Running) -> None:
    body = json.dumps(EVENT).encode()
    whole = HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    with server.connection() as connection:
        connection.sendall(whole)
        assert connection.recv(12) == b"HTTP/1.1 200"
        connection.sendall(HEAD)
        answer = _read_all(connection)

    assert b"HTTP/1.1 408 " in answer


def test_a_head_that_never_ends_is_refused(server: Running) -> None:
    with server.connection() as connection:
        connection.sendall(HEAD + b"X-Long: " + b"y" * 2 * SMALL.header_bytes)
        answer = _read_all(connection)

    assert answer.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("path", ["/v1/track", "/flags/", "/api/preview"])
def test_a_body_that_does_not_come_ends_the_request(server: Running, path: str) -> None:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nOrigin: {ORIGIN}\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {server.secret_key}\r\nContent-Length: 100\r\n\r\n{{"
    )
    with server.connection() as connection:
        connection.sendall(head.encode())
        answer = _read_all(connection) if path != "/flags/" else connection.recv(65536)

    status = int(answer.split(b" ", 2)[1])
    assert status == (
        200 if path == "/flags/" else 408
    )  # nobody waits for a body that nobody reads


def test_what_is_no_http_is_refused_in_the_same_shape(server: Running) -> None:
    with server.connection() as connection:
        connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        answer = _read_all(connection)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "malformed"


def test_requests_may_follow_each_other_without_waiting(server: Running) -> None:
    """Pipelined: answered one after the other, each event stored."""
    bodies = [json.dumps({"userId": f"pipe-{n}", "event": "look"}).encode() for n in range(5)]
    requests = [HEAD + f"Content-Length: {len(one)}\r\n\r\n".encode() + one for one in bodies]
    with server.connection() as connection:
        connection.sendall(b"".join(requests[:-1]))
        connection.sendall(requests[-1])
        connection.settimeout(60)
        answer = b""
        while answer.count(b'{"success":true}') < 5:
            answer += connection.recv(65536)

    assert answer.count(b"HTTP/1.1 200 OK") == 5
    assert {f"pipe-{n}" for n in range(5)} <= {who for who, _ in server.events()}


def test_more_connections_than_there_is_room_for_are_closed(tmp_path: Path) -> None:
    """Whoever comes when all places are taken is told so; a place that is free again is taken."""
    room = replace(SMALL, connections=5, header_seconds=60)
    with running(tmp_path, _settings(room)) as server:
        with ExitStack() as held:
            for _ in range(room.connections):
                held.enter_context(server.connection())
            answers = [_read_all(held.enter_context(server.connection())) for _ in range(3)]
        came_in = [server.send("/v1/track", json=EVENT).status_code for _ in _waits()]

    assert [answer[:13] for answer in answers] == [b"HTTP/1.1 503 "] * 3
    assert 200 in came_in


def _waits() -> Iterator[None]:
    for _ in range(20):
        time.sleep(0.05)
        yield


# --------------------------------------------------------------------------- rates and back-pressure


def test_a_key_that_sends_too_much_has_to_wait(tmp_path: Path) -> None:
    """A batch may overdraw what there is; the next has to wait. Another key does not."""
    limits = replace(SMALL, events_per_second=2, burst=3)
    batch = {"batch": [{"type": "track", **EVENT} for _ in range(8)]}
    with running(tmp_path, _settings(limits)) as server:
        first = server.send("/v1/batch", json=batch)
        second = server.send("/v1/track", json=EVENT, headers={"Origin": ORIGIN})
        another = server.send("/v1/track", json=EVENT, auth=(server.secret_key, ""))

    assert first.status_code == 200
    _trouble(second, 429, "rate_limited")
    assert second.headers["retry-after"] == "3"
    assert second.headers["access-control-allow-origin"] == ORIGIN
    assert another.status_code == 200


def test_a_bucket_fills_as_time_passes() -> None:
    now = [0.0]
    rates = Rates(10, 5, clock=lambda: now[0])
    rates.take("a", 5)
    with pytest.raises(Refusal) as refused:
        rates.take("a", 1)
    assert (refused.value.status, refused.value.retry_after) == (429, 1)

    now[0] = 0.1
    rates.take("a", 1)
    now[0] = 100.0
    rates.take("a", 5)  # no fuller than full
    with pytest.raises(Refusal):
        rates.check("a")
    rates.check("b")


def test_room_and_bytes_are_given_back() -> None:
    room, held = Room(1), Held(10)
    with room, pytest.raises(Refusal):
        room.__enter__()
    with room:
        held.add(10)
    with pytest.raises(Refusal):
        held.add(1)
    held.release(10)
    held.add(1)


ERRORS = [
    (BusyError("full", retry_after=7), 429, "busy", "7"),
    (StoreError("broken"), 503, "store", "5"),
    (StoreFullError("no space"), 507, "store_full", "5"),
]


@pytest.mark.parametrize(("error", "status", "code", "retry_after"), ERRORS)
@pytest.mark.parametrize("path", ["/v1/track", "/capture/"])
def test_trouble_when_a_batch_is_offered_or_stored_is_told(
    stubbed: Running,
    stub: StubLive,
    error: Exception,
    status: int,
    code: str,
    retry_after: str,
    path: str,
) -> None:
    """At once, or when the store refuses the turn: the sender hears it, with when to try again."""
    body = EVENT | {"distinct_id": "ana"}
    stub.error = error
    at_once = stubbed.send(path, json=body, headers={"Origin": ORIGIN})
    stub.error = None
    with ThreadPoolExecutor(1) as senders:
        sent = senders.submit(stubbed.send, path, json=body, headers={"Origin": ORIGIN})
        assert stub.came.wait(60)
        stub.batches[-1].stored.set_exception(error)
        later = sent.result()

    if path == "/capture/" and status == 429:
        status = 503  # posthog-js throws away what is answered with 429
    for response in (at_once, later):
        _trouble(response, status, code)
        assert response.headers["retry-after"] == retry_after
        assert response.headers["access-control-allow-origin"] == ORIGIN


def test_nothing_is_answered_before_the_events_are_durable(
    stubbed: Running, stub: StubLive
) -> None:
    with ThreadPoolExecutor(1) as senders:
        sent = senders.submit(stubbed.send, "/v1/track", json=EVENT)
        assert stub.came.wait(60)
        assert not sent.done()
        stub.batches[-1].stored.set_result(Receipt(1))
        assert sent.result().status_code == 200


def test_a_store_that_takes_too_long_is_told(tmp_path: Path, stub: StubLive) -> None:
    """The batch stays where it is: it may still be stored, and is not cancelled."""
    limits = replace(SMALL, durable_seconds=0.2)
    with running(tmp_path, _settings(limits), live=stub) as server:
        response = server.send("/v1/track", json=EVENT)

    _trouble(response, 503, "slow")
    assert response.headers["retry-after"]
    assert not stub.batches[-1].stored.cancelled()
    stub.batches[-1].stored.set_result(Receipt(1))


def test_a_sender_that_leaves_does_not_cancel_its_events(stubbed: Running, stub: StubLive) -> None:
    body = json.dumps(EVENT).encode()
    with stubbed.connection() as connection:
        connection.sendall(HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert stub.came.wait(60)

    stub.batches[-1].stored.set_result(Receipt(1))
    assert stubbed.client.get("/healthz").status_code == 200


def test_more_requests_than_there_is_room_for_are_turned_away(
    tmp_path: Path, stub: StubLive
) -> None:
    """And health is told all the same."""
    limits = replace(SMALL, ingesting=1)
    with running(tmp_path, _settings(limits), live=stub) as server, ThreadPoolExecutor(1) as one:
        waiting = one.submit(server.send, "/v1/track", json=EVENT)
        assert stub.came.wait(60)
        second = server.send("/v1/track", json=EVENT)
        health = server.client.get("/readyz")
        stub.batches[-1].stored.set_result(Receipt(1))
        first = waiting.result()

    _trouble(second, 429, "busy")
    assert (first.status_code, health.status_code) == (200, 200)


def test_bodies_that_do_not_fit_together_are_turned_away(tmp_path: Path, stub: StubLive) -> None:
    limits = replace(SMALL, held_bytes=15_000)
    batch = {"batch": [{"type": "track", **EVENT, "padding": "x" * 9_000}]}
    with running(tmp_path, _settings(limits), live=stub) as server, ThreadPoolExecutor(1) as one:
        waiting = one.submit(server.send, "/v1/batch", json=batch)
        assert stub.came.wait(60)
        second = server.send("/v1/batch", json=batch)
        stub.batches[-1].stored.set_result(Receipt(1))
        first = waiting.result()
        third = server.send("/v1/m", json=batch)

    _trouble(second, 429, "busy")
    assert (first.status_code, third.status_code) == (200, 200)


@pytest.mark.parametrize("path", ["/api/transitions", "/api/transitions/stream"])
def test_those_who_listen_take_no_room_from_those_who_ask(tmp_path: Path, path: str) -> None:
    """A stream is open for hours: hundreds of them must not end all other questions."""
    limits = replace(SMALL, asking=1, listening=1)
    with running(tmp_path, _settings(limits)) as server:
        headers = {
            "Authorization": f"Bearer {server.secret_key}",
            "Accept": "text/event-stream",
        }
        with server.client.stream("GET", path, headers=headers) as stream:
            assert stream.status_code == 200
            assert server.ask("/api/segments").status_code == 200
            _trouble(server.client.get(path, headers=headers), 429, "busy")
