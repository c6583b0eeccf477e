"""A server on a socket, over a workspace in a folder: real store, real live loop, real clock."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from segue.bootstrap import environment
from segue.bootstrap.serving import Serving
from segue.bootstrap.settings import Settings
from segue.bootstrap.workspace import Workspace
from segue.domain.instant import DAY, HOUR, MINUTE
from segue.http.context import Context
from segue.http.server import Server, bound
from segue.services.live.intake import Batch

DEFINITIONS = """\
# What the shop knows.
project: shop
actions:
  buy: purchase   # money
journey:
  - {stage: aware, when: everyone}
  - {stage: paying, when: did buy}
segments:
  # people with money
  buyers:
    title: "Buyers"   # shown in the studio
    kind: purchase
    when: did buy
  lookers:
    title: Lookers
    kind: intent
    when: did look within 7 days and did not buy
"""


@dataclass
class Shop:
    """A served workspace, and a client with its secret key."""

    serving: Serving
    address: str
    client: httpx.Client = field(repr=False)
    count: int = 0

    @property
    def now(self) -> int:
        return environment.now()

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.client.get(path, params=query)

    def json(self, path: str, **query: Any) -> Any:
        response = self.get(path, **query)
        assert response.status_code == 200, response.text
        return response.json()

    def did(self, *events: tuple[str, str, int, dict[str, Any]], imported: bool = False) -> None:
        """Store events (who, what, how long ago in ms, properties) and wait until they are."""
        now = self.now
        first, self.count = self.count, self.count + len(events)
        batch = Batch(
            [who for who, _, _, _ in events],
            [what for _, what, _, _ in events],
            [now - ago for _, _, ago, _ in events],
            [f"{who}-{first + place}" for place, (who, *_) in enumerate(events)],
            [None] * len(events),
            [json.dumps(properties) for *_, properties in events],
            now,
            imported,
        )
        self.serving.live.submit(batch).result(30)

    def entered(self, *people: str) -> None:
        """Let people enter `lookers`, one transition of that segment each."""
        self.did(*((person, "look", 0, {}) for person in people))


@contextlib.contextmanager
def served(folder: Path, *, definitions: str = DEFINITIONS) -> Iterator[Shop]:
    """Serve a new workspace in the folder."""
    folder.mkdir(exist_ok=True)
    (folder / "segue.yaml").write_text(definitions)
    with (
        contextlib.closing(bound("127.0.0.1", 0)) as listener,
        Serving.open(Workspace(folder), Settings()) as serving,
    ):
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        serving.start(address, turned=lambda _: None)
        ready = threading.Event()
        server = Server(context_of(serving), ready.set)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        assert ready.wait(60)
        headers = {"authorization": f"Bearer {serving.secret}"}
        try:
            with httpx.Client(base_url=address, headers=headers, timeout=60) as client:
                yield Shop(serving, address, client)
        finally:
            server.should_exit = True
            thread.join(60)


def context_of(serving: Serving) -> Context:
    """What the routes may use."""
    return Context(
        live=serving.live,
        store=serving.store,
        feed=serving.feed,
        keys=serving.keys,
        clock=environment.now,
        settings=serving.settings,
        workspace=serving.workspace,
        project=serving.project,
        webhooks=serving.webhooks,
        actor=serving.actor,
        in_app=serving.in_app,
        is_turning=lambda: serving.is_turning,
    )


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Shop]:
    """A shop in which nobody was yet."""
    with served(tmp_path / "shop") as shop:
        yield shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop with three people, for tests that change nothing."""
    with served(tmp_path_factory.mktemp("http") / "shop") as made:
        furnish(made)
        yield made


def furnish(shop: Shop) -> None:
    """Ada, also known as anon-1, looked and bought; Ben looks; Cat looked long ago."""
    shop.did(
        ("cat", "look", 60 * DAY, {"page": "/a"}),
        ("anon-1", "look", 3 * DAY, {"page": "/a"}),
        ("ada", "$identify", 2 * DAY, {"$anon_distinct_id": "anon-1", "email": "ada@shop.test"}),
        ("ada", "$set", DAY, {"plan": "pro", "age": None}),
        ("ada", "purchase", 5 * HOUR, {"price": 19.9}),
        ("ben", "look", 10 * MINUTE, {"page": "/b"}),
        ("ben", "$set", 10 * MINUTE, {"email": "ben@shop.test"}),
    )
