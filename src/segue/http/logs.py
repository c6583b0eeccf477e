"""Every request: its id, one line in the log, one count; and no defect ever shows its innards.

A line never holds a key, a query, a body or anything of a person, not even in a path.
"""

from __future__ import annotations

import itertools
import logging
import secrets
import time
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segue.adapters.remote_store import PATH
from segue.http.context import Context
from segue.http.errors import unexpected
from segue.http.paths import is_public, plain

REQUEST_ID: Final = b"x-request-id"

_LOG: Final = logging.getLogger("segue.http")
_PROCESS: Final = secrets.token_hex(4)
_NUMBERS: Final = itertools.count(1)
"""An id for each request without asking the system for chance, which costs more than the rest."""
_QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics", PATH})


class Observed:
    """Stands in front of everything: gives each request an id, logs and counts its answer; whatever
    fails unforeseen behind it is mended as `Mended` does."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self._app, self._metrics = app, context.metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and look at its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        seen = _Seen(send)
        scope["segue.request_id"] = seen.request_id
        try:
            await self._app(scope, receive, seen.send)
        except Exception:  # noqa: BLE001 - the edge
            await _mend(scope, receive, seen)
        self._count(scope, seen, began)

    def _count(self, scope: Scope, seen: _Seen, began: float) -> None:
        route = _route_of(scope)
        self._metrics.answered(route, seen.status, began)
        level = logging.DEBUG if _is_quiet(scope, seen.status) else logging.INFO
        if _LOG.isEnabledFor(level):
            fields = {
                "request_id": seen.request_id,
                "method": scope["method"],
                "path": route,
                "status": seen.status,
                "ms": round((time.perf_counter() - began) * 1000, 1),
            }
            _LOG.log(level, "request", extra=fields)


class Mended:
    """Turns whatever fails unforeseen into a 500 and a line in the log: nothing passes it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = _Answer(send)
        try:
            await self._app(scope, receive, seen.send)
        except Exception:  # noqa: BLE001 - the edge
            await _mend(scope, receive, seen)


async def _mend(scope: Scope, receive: Receive, seen: _Answer) -> None:
    """Log the defect that is being handled, and answer where nothing was answered yet."""
    _LOG.exception("a defect", extra={"request_id": scope.get("segue.request_id")})
    if not seen.status:
        await unexpected()(scope, receive, seen.send)


class _Answer:
    """Notes the status of an answer; 0 as long as it has not begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def send(self, message: Message) -> None:
        """Send on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


def _is_quiet(scope: Scope, status: int) -> bool:
    """What comes thousands of times a second, or from machines that look whether all is well."""
    often = scope.get("segue.often", False) or scope["path"] in _QUIET
    return status < 400 and (often or is_public(scope["path"]))


def _route_of(scope: Scope) -> str:
    """The path with names for what varies, so that ids in paths do not multiply what is counted."""
    path = str(scope["path"])
    if scope.get("segue.known"):
        return plain(path)
    if "endpoint" not in scope:
        return "other"
    for name, value in reversed(scope.get("path_params", {}).items()):
        before, found, after = f"{path}/".rpartition(f"/{value}/")
        path = f"{before}/{{{name}}}/{after}".removesuffix("/") if found else path
    return path


class _Seen(_Answer):
    """Gives an answer the request's id, too."""

    def __init__(self, send: Send) -> None:
        super().__init__(send)
        self.request_id = f"{_PROCESS}-{next(_NUMBERS):x}"

    async def send(self, message: Message) -> None:
        """Send on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = (REQUEST_ID, self.request_id.encode())
            message["headers"] = [*message.get("headers", ()), own]
        await self._send(message)
