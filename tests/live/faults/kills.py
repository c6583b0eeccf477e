"""`kill -9` at random points under load: what was acknowledged stays, what was published is right.

After every death the files are looked at as they were left, before any server has mended them.
"""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.live import Transition
from segue.language.project import load_project
from segue.language.resolve import resolve
from segue.services.view import look
from tests.live.faults.senders import Book, sending
from tests.live.process import Server
from tests.live.published import boundaries, differences, net_of
from tests.sdks.loopback import Handler, Loopback

PROJECT = """\
project: faults
segments:
  looking: {when: did look within 2 seconds}
  keen: {when: did look at least 3 times within 5 seconds}
  spender: {when: sum(buy.amount) >= 300 within 1 minute}
  abandoned: {when: 'did (add then not buy within 1 seconds) within 5 seconds'}
  visiting: {when: did $session_started within 10 seconds}
  dormant: {when: last any more than 3 seconds ago}
  pro: {when: trait plan = "pro"}
  back: {when: entered looking at least 2 times within 30 seconds}
"""
TOLD = ["abandoned", "pro", "spender"]
"""The segments of which a webhook is told: those with few transitions."""
PATIENCE = 60.0
"""Seconds without any news after which a webhook counts as forgotten."""


@dataclass
class Toll:
    """What the kills came to."""

    kills: int = 0
    while_starting: int = 0
    ended: int = 0
    looks: int = 0
    failures: list[str] = field(default_factory=list)
    seen: list[Transition] = field(default_factory=list)
    events: int = 0
    replayed: int = 0
    messages: int = 0
    told: int = 0
    untold: int = 1 << 60


class Receiver:
    """A webhook endpoint that notes which transitions it was told of, and how often."""

    def __init__(self) -> None:
        self.told: Counter[str] = Counter()
        told = self.told

        class Taking(Handler):
            def do_POST(self) -> None:  # noqa: N802
                self.rfile.read(int(self.headers["content-length"]))
                told[self.headers["webhook-id"]] += 1
                self.send_response(204)
                self.end_headers()

        self._server = Loopback(Taking)

    @contextmanager
    def running(self) -> Iterator[str]:
        """Listen until the block ends; the URL."""
        with self._server.running():
            yield f"http://127.0.0.1:{self._server.server_port}/"


def kill_often(folder: Path, *, kills: int, seed: int, senders: int = 6) -> tuple[Toll, Book]:
    """Kill a server so often while it is sent to, and compare all there is each time."""
    chance, toll, book = random.Random(seed), Toll(), Book()
    server, receiver = Server(folder / "workspace", PROJECT), Receiver()
    with receiver.running() as hook:
        server.start()
        _tell(server, hook)
        with sending(server.port, senders, seed, book):
            for _ in range(kills):
                if chance.random() < 0.2:
                    _end(server, toll)
                    look_at_the_remains(folder, toll, book)
                    server.start()
                _die(server, chance, toll)
                look_at_the_remains(folder, toll, book)
                server.start()
        _until_told(server, receiver, toll)
        toll.messages = receiver.told.total()
        _end(server, toll)
    look_at_the_remains(folder, toll, book)
    toll.failures += [f"logged: {line}" for line in server.troubles()]
    toll.failures += [f"answered {status}" for status in book.statuses if status not in {200, 429}]
    return toll, book


def _tell(server: Server, hook: str) -> None:
    """Ask the server to tell an endpoint of every transition of some segments."""
    wanted = {"url": hook, "live_only": False, "after": -1, "segments": TOLD}
    headers = {"Authorization": f"Bearer {server.secret_key}"}
    made = httpx.post(f"{server.url}/api/webhooks", json=wanted, headers=headers, timeout=60)
    made.raise_for_status()


def _end(server: Server, toll: Toll) -> None:
    """End the server in order, at work or not: the next one begins with the log that it kept."""
    toll.ended += 1
    if (code := server.stop()) != 0:
        toll.failures.append(f"it ended with {code}")


def _die(server: Server, chance: random.Random, toll: Toll) -> None:
    """Kill the server at work; sometimes the next one also, while it starts."""
    time.sleep(chance.uniform(0.0, 2.0))
    server.kill()
    toll.kills += 1
    if chance.random() < 0.15:
        server.launch()
        time.sleep(chance.uniform(0.2, 2.5))
        server.kill()
        toll.kills += 1
        toll.while_starting += 1


def look_at_the_remains(folder: Path, toll: Toll, book: Book) -> None:
    """Open a copy of the store as it was left, and compare."""
    workspace, copy = folder / "workspace", folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for file in workspace.glob("segue.duckdb*"):
        shutil.copy(file, copy)
        toll.replayed += file.name.endswith(".wal")
    acknowledged = set(book.acknowledged)  # of what was answered before the death
    definitions = resolve(load_project(workspace / "segue.yaml"))
    store = DuckDBStore.open(copy / "segue.duckdb")
    try:
        _compare(store, definitions, toll, acknowledged)
    finally:
        store.close()


def _compare(store: DuckDBStore, definitions, toll: Toll, acknowledged: set[str]) -> None:
    toll.looks += 1
    position = store.position()
    events = store.events(range(store.next_ref()))
    ids = Counter(one.event_id for one in events)
    own = {one for one in ids if "#" not in one}
    toll.events = len(events)
    toll.failures += [f"lost: {one}" for one in sorted(acknowledged - own)[:5]]
    toll.failures += [f"stored twice: {one}" for one, times in ids.items() if times > 1]
    moves = store.transitions(after=-1, limit=100_000_000)
    if moves[: len(toll.seen)] != toll.seen:
        toll.failures.append("what was published before is not there as it was")
    toll.seen = moves
    if position.ticked_at is None:
        return
    versions = {one.segment_id: one.version for one in store.versions()}
    standing, wrongs = net_of(moves, versions)
    memberships = look(store, definitions, position.ticked_at).memberships().to_pylist()
    toll.failures += wrongs
    toll.failures += differences(standing, boundaries(memberships), most=3)


def _until_told(server: Server, receiver: Receiver, toll: Toll) -> None:
    """Wait until the endpoint was told of everything that was published by now."""
    due = _published(server)
    end = time.monotonic() + PATIENCE
    while missing := due - {int(one.rpartition("-")[2]) for one in list(receiver.told)}:
        if len(missing) < toll.untold:
            toll.untold, end = len(missing), time.monotonic() + PATIENCE
        if time.monotonic() > end:
            first = sorted(missing)[:5]
            toll.failures.append(f"a webhook was never told of {len(missing)}, the first {first}")
            return
        time.sleep(0.2)
    toll.told = len(due)


def _published(server: Server) -> set[int]:
    """The ids of the transitions that the endpoint is to be told of."""
    found: set[int] = set()
    after = -1
    while page := server.ask("transitions", after=after, limit=1000)["transitions"]:
        after = page[-1]["id"]
        found |= {one["id"] for one in page if one["segment_id"] in TOLD}
    return found
