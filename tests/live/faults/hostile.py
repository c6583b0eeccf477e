"""Senders that mean no good, or cannot write: payloads by a grammar, requests by the OpenAPI
document, and a thousand that send a byte now and then."""

from __future__ import annotations

import asyncio
import base64
import random
import threading
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pyarrow.parquet as pq
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings

from segue.adapters.wire import read_body
from segue.domain.errors import InputError
from tests.adapters.wire.payloads import SEGMENT, Payload, payload
from tests.live.process import WRITE_KEY, Server

SEGMENT_BATCHES: Final = ("/v1/batch", "/v1/import", "/beacon/v1/batch", "/v1/b")
POSTHOG: Final = ("/batch/", "/e/", "/i/v0/e/", "/capture/", "/i/v1/analytics/events", "/engage/")
CONTENT_TYPES: Final = (
    "application/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "nonsense",
    "application/json; charset=utf-16",
)
ENCODINGS: Final = ("gzip", "deflate", "br", "identity", "gzip, gzip", "nonsense")


@dataclass
class Pelted:
    """What came of many requests. `good`: ids in requests that were answered with 200."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: int = 0
    bad_answers: list[str] = field(default_factory=list)
    good: set[str] = field(default_factory=set)

    def plus(self, other: Pelted) -> Pelted:
        """Both together."""
        return Pelted(
            self.requests + other.requests,
            self.statuses + other.statuses,
            self.unanswered + other.unanswered,
            self.bad_answers + other.bad_answers,
            self.good | other.good,
        )


@dataclass(frozen=True)
class Held:
    """What a process holds: bytes of memory, files and sockets, threads."""

    memory: int
    files: int
    threads: int

    @classmethod
    def by(cls, pid: int) -> Held:
        """What a process holds now."""
        status = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        )
        files = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
        return cls(1024 * int(status["VmRSS"].split()[0]), files, int(status["Threads"]))


def pelt(port: int, count: int, first_seed: int, senders: int = 64) -> Pelted:
    """Send so many payloads of the grammar to the routes of SDKs, several at a time."""
    found = [Pelted() for _ in range(senders)]
    threads = [
        threading.Thread(target=_pelt, args=(port, -(-count // senders), first_seed + number, one))
        for number, one in enumerate(found)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    whole = Pelted()
    for one in found:
        whole = whole.plus(one)
    return whole


def _pelt(port: int, count: int, number: int, found: Pelted) -> None:
    chance = random.Random(number)
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(count):
        sent = payload(chance)
        found.requests += 1
        try:
            _send(connection, chance, sent, found)
        except (OSError, HTTPException) as error:
            found.unanswered += 1
            found.bad_answers.append(f"{type(error).__name__} {error} to {sent.body[:200]!r}")
            connection.close()
    connection.close()


def _send(connection: HTTPConnection, chance: random.Random, sent: Payload, found: Pelted) -> None:
    path, query = _path(chance, sent), dict(sent.query)
    headers = _headers(chance, sent)
    method, body = "POST", sent.body
    if sent.family != SEGMENT and chance.random() < 0.05 and len(sent.body) < 3_000:
        method, body = "GET", b""
        query["data"] = base64.b64encode(sent.body).decode()
    keyed = chance.random() < 0.97
    if keyed:
        headers["Authorization"] = "Basic " + base64.b64encode(f"{WRITE_KEY}:".encode()).decode()
    target = f"{path}?{urlencode(query)}" if query else path
    connection.request(method, target, body, headers)
    answer = connection.getresponse()
    text = answer.read()
    found.statuses[answer.status] += 1
    if answer.status >= 500 or (answer.status == 400 and b'"code"' not in text):
        found.bad_answers.append(f"{answer.status} {text[:200]!r} to {sent.body[:200]!r}")
    trusted = sent.whole and method == "POST" and not {"Content-Encoding", "Sec-GPC"} & {*headers}
    if answer.status == 200 and trusted:
        found.good.update(sent.good)
    elif trusted and keyed and sent.good and b"mixed_keys" not in text:
        found.bad_answers.append(f"{answer.status} {text[:200]!r} to what is right")


def _path(chance: random.Random, sent: Payload) -> str:
    if sent.family != SEGMENT:
        return chance.choice(POSTHOG)
    if sent.path_type in {None, "batch"}:
        return chance.choice(SEGMENT_BATCHES) if _is_batch(sent) else f"/v1/{chance.choice('tip')}"
    return f"/v1/{sent.path_type}"


def _is_batch(sent: Payload) -> bool:
    """Whether the body has a batch, as far as it can be read at all."""
    try:
        return b'"batch"' in read_body(sent.body, content_encoding=sent.content_encoding)
    except InputError:
        return True


def _headers(chance: random.Random, sent: Payload) -> dict[str, str]:
    headers = {"Content-Type": chance.choice(CONTENT_TYPES)}
    if sent.content_encoding:
        headers["Content-Encoding"] = sent.content_encoding
    elif chance.random() < 0.05:
        headers["Content-Encoding"] = chance.choice(ENCODINGS)
    if chance.random() < 0.1:
        headers["User-Agent"] = chance.choice(("", "\xff" * 300, "analytics-python/2", "{}"))
    if chance.random() < 0.05:
        headers["Sec-GPC"] = "1"
    return headers


def stored_ids(events: Path) -> Counter[str]:
    """How often each event id stands in exported events."""
    return Counter(pq.read_table(events, columns=["event_id"])["event_id"].to_pylist())


# ------------------------------------------------------------------------------------- the OpenAPI


def probe(server: Server, examples: int, number: int) -> Pelted:
    """Call every operation of the OpenAPI document so often, with what the document allows and
    with what it does not."""
    found = Pelted()
    document = requests.get(f"{server.url}/openapi.json", timeout=120).json()
    schema: Any = schemathesis.openapi.from_dict(document)
    with requests.Session() as session, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its libraries, about examples of the document
        for result in schema.get_all_operations():
            operation = result.ok()
            if not operation.path.endswith("/stream"):  # which never ends
                _probe_one(server, session, operation, examples, number, found)
    return found


def _probe_one(
    server: Server,
    session: requests.Session,
    operation: Any,
    examples: int,
    number: int,
    found: Pelted,
) -> None:
    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=_cases(operation))
    def call(case: Any) -> None:
        if isinstance(case.query, dict) and "wait" in case.query:
            case.query["wait"] = 0
        key = f"Bearer {server.secret_key}" if operation.path.startswith("/api") else _basic()
        own = {name: text for name, text in dict(case.headers or {}).items() if name != "Accept"}
        case.headers = {**own, "Authorization": key, "Accept": "application/json"}
        found.requests += 1
        try:
            answer = case.call(base_url=server.url, session=session, timeout=60)
        except requests.exceptions.InvalidHeader:
            return
        except requests.exceptions.RequestException as error:
            found.unanswered += 1
            found.bad_answers.append(f"{operation.label}: {type(error).__name__} {error}"[:400])
            return
        found.statuses[answer.status_code] += 1
        if answer.status_code >= 500:
            found.bad_answers.append(
                f"{operation.label}: {answer.status_code} {answer.content[:200]!r}"
                f" to {case.as_curl_command()[:600]}"
            )

    call()


def _cases(operation: Any) -> Any:
    modes = schemathesis.GenerationMode
    valid = operation.as_strategy(generation_mode=modes.POSITIVE)
    try:
        return valid | operation.as_strategy(generation_mode=modes.NEGATIVE)
    except Exception:  # noqa: BLE001 - an operation without anything that could be wrong
        return valid


def _basic() -> str:
    return "Basic " + base64.b64encode(f"{WRITE_KEY}:".encode()).decode()


# ------------------------------------------------------------------------------------ slow senders


@dataclass
class Slow:
    """What came of slow senders: how many had connections, the most memory that the server held
    meanwhile, the answers to them, and how long others waited for theirs (s)."""

    connected: int = 0
    most_memory: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    others: list[float] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)


def crawl(server: Server, senders: int, size: int, seconds: float) -> Slow:
    """Let so many announce a body of a size, send most of it and then a byte now and then."""
    found = Slow()
    ends = threading.Event()
    watch = threading.Thread(target=_watch, args=(server, ends, found))
    watch.start()
    try:
        asyncio.run(_crawl(server.port, senders, size, seconds, found))
    finally:
        ends.set()
        watch.join()
    return found


def _watch(server: Server, ends: threading.Event, found: Slow) -> None:
    """Look at the server's memory, and send to it as everybody else would."""
    number = 0
    while not ends.wait(0.2):
        found.most_memory = max(found.most_memory, Held.by(server.pid).memory)
        number += 1
        began = time.monotonic()
        event = {"userId": "swift", "event": "look", "messageId": f"swift-{number}"}
        answer = server.post("/v1/track", event)
        found.others.append(time.monotonic() - began)
        if answer.status_code != 200:
            found.wrongs.append(f"{answer.status_code} to somebody else: {answer.text[:200]}")


async def _crawl(port: int, senders: int, size: int, seconds: float, found: Slow) -> None:
    tasks = [_crawling(port, size, seconds, found) for _ in range(senders)]
    await asyncio.gather(*tasks)


async def _crawling(port: int, size: int, seconds: float, found: Slow) -> None:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError as error:
        found.answers[type(error).__name__] += 1
        return
    found.connected += 1
    head = f"POST /v1/batch?writeKey={WRITE_KEY} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\n"
    try:
        writer.write(head.encode() + b"\r\n" + b" " * (size * 9 // 10))
        answer = await _answer_or_nothing(reader, writer, seconds)
    except OSError as error:
        answer = type(error).__name__
    finally:
        writer.close()
    found.answers[answer] += 1


async def _answer_or_nothing(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float
) -> str:
    """A byte now and then until there is an answer, or the time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            line = await asyncio.wait_for(reader.readline(), 1.0)
            return line.split(b" ")[1].decode() if line else "closed"
        except TimeoutError:
            writer.write(b" ")
    return "waited"
