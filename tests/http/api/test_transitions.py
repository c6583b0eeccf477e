"""The feed over a real socket: each transition exactly once, whoever is slow, away or many."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from segue.bootstrap.following import server_sent
from tests.http.api.conftest import Shop, served

STREAM = "/api/transitions/stream"


class Stream:
    """One connection to the stream, read as far as asked."""

    def __init__(self, shop: Shop, *, last_event_id: int | None = None, **query) -> None:
        headers = {} if last_event_id is None else {"last-event-id": str(last_event_id)}
        self._opened = shop.client.stream("GET", STREAM, params=query, headers=headers)

    def __enter__(self):
        self.response = self._opened.__enter__()
        self._events = server_sent(self.response.iter_lines())
        self.begins_after, _ = next(self._events) if self.response.is_success else (None, None)
        return self

    def __exit__(self, *error):
        return self._opened.__exit__(*error)

    def take(self, count: int) -> list[dict]:
        return [json.loads(next(self._events)[1]) for _ in range(count)]

    def rest(self) -> list[dict]:
        return [json.loads(data) for _, data in self._events]


def lookers(found: list[dict]) -> list[str]:
    return [one["person_id"] for one in found if one["segment_id"] == "lookers"]


def test_pages_go_on_from_their_cursor(shop: Shop) -> None:
    """Every transition once, whatever the size of the pages; the end gives the same cursor again."""
    whole = shop.json("/api/transitions", limit=1000)
    for limit in (1, 2, 5):
        found, cursor = [], -1
        while True:
            page = shop.json("/api/transitions", after=cursor, limit=limit)
            if page["cursor"] == cursor:
                break
            found, cursor = found + page["transitions"], page["cursor"]

        assert found == whole["transitions"]
        assert cursor == whole["cursor"]
    assert [one["id"] for one in whole["transitions"]] == list(range(len(whole["transitions"])))


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({"segment": "lookers"}, lambda one: one["segment_id"] == "lookers"),
        ({"person": "anon-1"}, lambda one: one["person_id"] == "ada"),
        ({"live": True}, lambda one: one["live"]),
        ({"segment": "buyers", "person": "ben"}, lambda one: False),
    ],
    ids=["segment", "person", "live", "nothing"],
)
def test_pages_of_some(shop: Shop, query: dict, kept) -> None:
    everything = shop.json("/api/transitions", limit=1000)["transitions"]
    found, cursor = [], -1
    while True:
        page = shop.json("/api/transitions", after=cursor, limit=2, **query)
        found += page["transitions"]
        if page["cursor"] == cursor:
            break
        cursor = page["cursor"]

    assert found == [one for one in everything if kept(one)]


def test_a_page_waits_for_what_comes(empty: Shop) -> None:
    """Long polling: the answer comes with the transition, not with the end of the time."""
    timer = threading.Timer(0.2, empty.entered, ["ada"])
    timer.start()
    began = time.monotonic()
    page = empty.json("/api/transitions", after=-1, wait=20)
    timer.join()

    assert page["transitions"]
    assert time.monotonic() - began < 10


def test_a_page_waits_no_longer_than_asked(empty: Shop) -> None:
    assert empty.json("/api/transitions", after=-1, wait=0.05) == {"transitions": [], "cursor": -1}


def test_a_page_asked_for_as_a_stream_is_a_stream(empty: Shop) -> None:
    headers = {"accept": "text/event-stream"}
    with empty.client.stream("GET", "/api/transitions", headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-store"


def test_a_stream_begins_with_what_comes_now(empty: Shop) -> None:
    empty.entered("ada")
    with Stream(empty) as stream:
        empty.entered("ben")
        found = stream.take(2)

    assert {one["person_id"] for one in found} == {"ben"}
    assert found[0]["id"] == stream.begins_after + 1


def test_who_connects_again_misses_nothing_and_sees_nothing_twice(empty: Shop) -> None:
    """Cut off again and again in the middle of what is published, going on from the last id."""
    people = [f"p-{number}" for number in range(60)]
    publisher = threading.Thread(target=lambda: [empty.entered(person) for person in people])
    seen: list[dict] = []
    publisher.start()
    last = -1
    while len(lookers(seen)) < len(people):
        with Stream(empty, last_event_id=last) as stream:
            seen += stream.take(7 if len(seen) < 100 else 1)
        last = seen[-1]["id"]
    publisher.join()

    assert [one["id"] for one in seen] == list(range(len(seen)))
    assert sorted(lookers(seen)) == sorted(people)


def test_a_stream_outlives_its_server_by_its_last_id(tmp_path: Path) -> None:
    """The cursor is good for the next process too."""
    with served(tmp_path / "shop") as shop:
        shop.entered("ada")
        with Stream(shop, after=-1) as stream:
            before = stream.take(1)
    with served(tmp_path / "shop") as shop:
        shop.entered("ben")
        with Stream(shop, last_event_id=before[-1]["id"]) as stream:
            after = stream.take(3)

    assert [one["id"] for one in before + after] == [0, 1, 2, 3]
    assert lookers(before + after) in (["ada", "ben"], ["ada"])


def test_a_client_that_does_not_read_holds_up_nobody_and_loses_nothing(empty: Shop) -> None:
    """It reads the store from its cursor when it comes back to it, long after memory has moved on."""
    host = urlsplit(empty.address)
    with socket.create_connection((host.hostname, host.port)) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        secret = empty.serving.secret
        request = f"GET {STREAM}?after=-1 HTTP/1.1\r\nhost: segue\r\nauthorization: Bearer {secret}\r\n\r\n"
        slow.sendall(request.encode())
        total = 10
        empty.serving.feed._most = 100  # so that memory moves on quickly
        with Stream(empty, after=-1) as stream:
            for turn in range(total):
                empty.entered(*(f"p-{turn}-{number}" for number in range(400)))
            quick = len(stream.take(2 * 400 * total))
        assert quick == 2 * 400 * total

        slow.settimeout(20)
        received, last = bytearray(), f"id: {quick - 1}\n".encode()
        while last not in received[-100_000:]:
            chunk = slow.recv(1 << 16)
            assert chunk, "the server hung up"
            received += chunk
    text = received.decode(errors="replace").replace("\r\n", "\n")
    found = [int(line[4:]) for line in text.splitlines() if line.startswith("id: ")]

    assert [number for number in found if number >= 0] == list(range(quick))


def test_many_follow_at_once(empty: Shop) -> None:
    """Two hundred streams, each with every transition once, in order."""
    people = [f"p-{number}" for number in range(20)]
    clients = 200

    async def follow(client: httpx.AsyncClient, ready: asyncio.Semaphore) -> list[int]:
        found = []
        async with client.stream("GET", STREAM, params={"after": -1}) as response:
            ready.release()
            async for line in response.aiter_lines():
                if line.startswith("id: ") and line != "id: -1":
                    found.append(int(line[4:]))
                if len(found) == 2 * len(people):
                    break
        return found

    async def all_of_them() -> list[list[int]]:
        ready = asyncio.Semaphore(0)
        limits = httpx.Limits(max_connections=None)
        headers = dict(empty.client.headers)
        async with httpx.AsyncClient(
            base_url=empty.address, headers=headers, limits=limits, timeout=60
        ) as client:
            tasks = [asyncio.create_task(follow(client, ready)) for _ in range(clients)]
            for _ in range(clients):
                await ready.acquire()
            await asyncio.to_thread(lambda: [empty.entered(person) for person in people])
            return await asyncio.gather(*tasks)

    before = empty.serving.feed.listeners

    assert asyncio.run(all_of_them()) == [list(range(2 * len(people)))] * clients
    assert empty.serving.feed.listeners <= before + 1, "all streams share one listener"


def test_a_stream_ends_in_order_when_the_server_does(tmp_path: Path) -> None:
    found: list[dict] = []
    with served(tmp_path / "shop") as shop:
        stream = Stream(shop, after=-1)
        stream.__enter__()
        shop.entered("ada")
        found += stream.take(2)
        shop.serving.feed.close()
        assert stream.rest() == []
        stream.__exit__(None, None, None)

    assert [one["id"] for one in found] == [0, 1]


def test_a_silent_stream_says_that_it_is_alive(empty: Shop, monkeypatch) -> None:
    monkeypatch.setattr("segue.http.api.transitions.server_sent.__defaults__", (0.01,))
    with empty.client.stream("GET", STREAM) as response:
        lines = response.iter_lines()
        assert next(line for line in lines if line.startswith(":")) == ": alive"


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        (f"{STREAM}?segment=nothing", {}, 404, "not_found"),
        (f"{STREAM}?person=nobody", {}, 404, "not_found"),
        (STREAM, {"last-event-id": "abc"}, 400, "usage"),
        (f"{STREAM}?after=abc", {}, 422, "malformed"),
        ("/api/transitions?after=-2", {}, 422, "malformed"),
        ("/api/transitions?limit=0", {}, 422, "malformed"),
        ("/api/transitions?wait=61", {}, 422, "malformed"),
        ("/api/transitions?after=99999999999999999999999", {}, 422, "malformed"),
    ],
)
def test_what_cannot_be_followed(shop: Shop, path, headers, status, code) -> None:
    response = shop.client.get(path, headers=headers)

    assert response.status_code == status
    assert response.json()["code"] == code
