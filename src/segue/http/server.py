"""The process that serves: one socket, one event loop, one workspace, until it is told to end."""

from __future__ import annotations

import contextlib
import gc
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

import uvicorn
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp
from uvicorn.server import HANDLED_SIGNALS

from segue.bootstrap import environment
from segue.bootstrap.serving import STUDIO_PATH, Serving, Welcome, prepare_studio, studio
from segue.bootstrap.settings import Settings
from segue.bootstrap.workspace import Workspace
from segue.domain.errors import UsageError
from segue.http import api, channels, feedback, local, webhooks
from segue.http.app import create_app, fronted
from segue.http.context import Context
from segue.http.desk import Desk
from segue.http.housekeeping import Housekeeping
from segue.http.links import links_router
from segue.http.metrics import Acted, Metrics
from segue.http.protocol import guarded
from segue.http.surveys import surveys_router

KEEP_ALIVE_SECONDS: Final = 30
SHUTDOWN_SECONDS: Final = 10
"""How long requests in hand may take when the server ends."""
COLLECTED_AFTER: Final = 50_000
"""Objects that are made and stay until the collector of garbage looks at them: a thousand requests
in hand are fewer."""
SWITCH_SECONDS: Final = 0.003
"""How long the turning thread may keep the one that answers waiting, where both have work."""

_LOG: Final = logging.getLogger("segue.serving")


def run(workspace: Workspace, settings: Settings, welcome: Callable[[Welcome], None]) -> None:
    """Serve a workspace until SIGTERM or SIGINT: stop to accept, answer what is in hand, take in
    what waits, release the store. See `bootstrap.serving.serve`."""
    sys.setswitchinterval(SWITCH_SECONDS)
    prepare_studio()
    with (
        contextlib.closing(bound(settings.host, settings.port)) as listener,
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
        context = context_of(serving, metrics)
        server = Server(context, lambda: welcome(told), others={STUDIO_PATH: studio(serving)})
        _settle()
        with Housekeeping(serving, context.rejected):
            server.run(sockets=[listener])
        gc.unfreeze()  # or what refers to itself would outlive the interpreter
        _LOG.info("ended")


def _settle() -> None:
    """Keep the collector of garbage from looking at what lives as long as the process: whoever
    asks meanwhile would wait for it, a tenth of a second. Nor is it to look at the requests in hand
    again and again: almost nothing here refers to itself."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER)


def context_of(serving: Serving, metrics: Metrics) -> Context:
    """What the routes may use of a workspace that was started."""
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
        metrics=metrics,
        desk=Desk(alone=serving.alone),
    )


def _config(context: Context, others: Mapping[str, ASGIApp]) -> uvicorn.Config:
    pages = (links_router(), surveys_router())
    own = (webhooks.router, channels.router, feedback.router, *pages, local.router)
    routers = [*api.routers(), *own]
    app = create_app(context, routers=routers)
    for path, other in others.items():
        app.add_route(path, partial(_into, path))
        app.mount(path, other)
    return uvicorn.Config(
        fronted(app, context),
        http=guarded(context.settings.limits),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


async def _into(path: str, _: Request) -> Response:
    """Lead from the bare path of a mounted application into it."""
    return RedirectResponse(f"{path}/", 308)


class Server(uvicorn.Server):
    """A server that says when it listens, ends streams before it waits for them, and ends quietly
    when it is told to."""

    def __init__(
        self,
        context: Context,
        listening: Callable[[], None],
        *,
        others: Mapping[str, ASGIApp] | None = None,
    ) -> None:
        super().__init__(_config(context, others or {}))
        self._context, self._listening = context, listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        if self.started:
            self._listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop to accept; streams end, requests in hand are answered."""
        self._context.feed.close()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals as the wish to end, and not again afterwards: what follows is in order."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {one: signal.signal(one, self.handle_exit) for one in HANDLED_SIGNALS}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def bound(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Raises `UsageError` where it is taken or is none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, place = min(found, key=lambda one: one[0] != socket.AF_INET)
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError, OverflowError) as error:
        raise UsageError(f"{host!r} is no address to listen at", hint="--host 127.0.0.1") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"Cannot listen at {host}:{port}: {error.strerror or error}",
            hint="another program may use it: choose another with --port, 0 takes any",
        ) from error
    return listener


def address_of(listener: socket.socket) -> str:
    """Where clients on this machine reach it."""
    host, port = listener.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"
