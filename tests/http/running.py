"""A server at work in a thread: a real workspace, a real socket."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from segue.bootstrap.serving import STUDIO_PATH, Serving, studio
from segue.bootstrap.settings import Settings
from segue.bootstrap.workspace import Workspace
from segue.http import webhooks
from segue.http.context import Context
from segue.http.housekeeping import Housekeeping
from segue.http.metrics import Acted, Metrics
from segue.http.server import Server, address_of, bound, context_of
from segue.services.live.answers import Health
from segue.services.live.intake import Batch, Receipt

DEFINITIONS = """\
project: shop
segments:
  buyers:
    title: Buyers
    kind: purchase
    when: did buy
  fresh:
    title: Looked lately
    kind: intent
    when: did look within 7 days
"""

WRITE_KEY = "wk_test"


@dataclass(frozen=True)
class Running:
    """A server at work: where it is, what it works with, and a client that asks it."""

    address: str
    context: Context
    serving: Serving
    secret_key: str
    client: httpx.Client = field(repr=False)
    studio_link: str = ""

    def send(self, path: str, **extra: Any) -> httpx.Response:
        """POST as an SDK does, with the write key as the user name unless told otherwise."""
        extra.setdefault("auth", (WRITE_KEY, ""))
        return self.client.post(path, **extra)

    def ask(self, path: str, **extra: Any) -> httpx.Response:
        """GET with the secret key."""
        headers = {"Authorization": f"Bearer {self.secret_key}"}
        return self.client.get(path, headers=headers, **extra)

    @contextlib.contextmanager
    def connection(self) -> Iterator[socket.socket]:
        """A plain connection, for what no client would send."""
        url = httpx.URL(self.address)
        with socket.create_connection((url.host, url.port), timeout=60) as raw:
            yield raw

    def events(self) -> list[tuple[str, str]]:
        """Who did what, as stored, in the order of storing."""
        everything = range(self.serving.store.next_ref())
        return [(one.distinct_id, one.event) for one in self.serving.store.events(everything)]


class StubLive:
    """A `Live` whose batches end as a test wants: nothing happens by itself."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.came = threading.Event()
        self.error: Exception | None = None
        self.ready, self.erasures = True, 0

    def submit(self, batch: Batch) -> Future[Receipt]:
        if self.error is not None:
            raise self.error
        self.batches.append(batch)
        self.came.set()
        return batch.stored

    def health(self) -> Health:
        trouble = "" if self.ready else "the disk is full"
        return Health(self.ready, trouble, 1, len(self.batches), 0, 0)


@contextlib.contextmanager
def running(
    folder: Path,
    settings: Settings | None = None,
    *,
    live: StubLive | None = None,
    definitions: str = DEFINITIONS,
    change: Callable[[Context], Context] = lambda context: context,
) -> Iterator[Running]:
    """Serve a workspace in the folder, made where there is none; with another live service where
    given."""
    workspace = Workspace(folder)
    if not workspace.exists:
        workspace.create(definitions)
    settings = settings or Settings(port=0, write_key=WRITE_KEY)
    with (
        contextlib.closing(bound("127.0.0.1", 0)) as listener,
        Serving.open(workspace, settings) as serving,
    ):
        metrics = Metrics()
        address = address_of(listener)
        told = serving.start(
            address,
            turned=metrics.turned,
            watcher=webhooks.Delivered(metrics),
            acted=Acted(metrics),
        )
        secret = told.secret_key or serving.secret
        context = context_of(serving, metrics)
        if live is not None:
            context = dataclasses.replace(context, live=live)  # type: ignore[arg-type]
        context = change(context)
        with (
            Housekeeping(serving, context.rejected),
            _thread(context, listener, {STUDIO_PATH: studio(serving)}),
            httpx.Client(base_url=address, timeout=60) as client,
        ):
            yield Running(address, context, serving, secret, client, told.studio_link or "")


@contextlib.contextmanager
def _thread(context: Context, listener: socket.socket, others: Mapping[str, Any]) -> Iterator[None]:
    """Listen in a thread for the length of a block."""
    listening = threading.Event()
    server = Server(context, listening.set, others=others)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        assert listening.wait(60)
        yield
    finally:
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()
