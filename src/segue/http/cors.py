"""What a browser is told about who may call: web pages anywhere may send events, few may manage.

The routes of ingestion and those that SDKs ask when they start take calls from every origin; their
answers say so whatever their status, so that an SDK sees why it was refused. The management API
takes calls from the origins in the settings, by default from none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segue.http.paths import is_public

PREFLIGHT_SECONDS: Final = b"86400"
METHODS: Final = b"GET, POST, OPTIONS"
MANAGING_METHODS: Final = b"GET, POST, PUT, PATCH, DELETE, OPTIONS"
EXPOSED: Final = b"Retry-After, Segue-Ticket, X-Request-Id"

_ORIGIN: Final = b"origin"
_ASKED_HEADERS: Final = b"access-control-request-headers"
_ASKED_METHOD: Final = b"access-control-request-method"


class Cors:
    """Answers preflights and marks every answer to another origin."""

    def __init__(self, app: ASGIApp, allowed_origins: Collection[str] = ()) -> None:
        self._app = app
        self._allowed = {origin.rstrip("/").encode() for origin in allowed_origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its answer marked where its origin may see it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        public = is_public(scope["path"])
        origin = _header(scope["headers"], _ORIGIN)
        may = public or origin in self._allowed
        if scope["method"] == "OPTIONS" and may and (public or _asks(scope)):
            await _answer_preflight(scope, origin, public, send)
        elif origin is None or not may:
            await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, _marking(send, origin))


def _asks(scope: Scope) -> bool:
    return _header(scope["headers"], _ASKED_METHOD) is not None


def _marking(send: Send, origin: bytes) -> Send:
    """A `send` that marks the start of an answer."""
    marks = [*_marks(origin), (b"access-control-expose-headers", EXPOSED)]

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *marks]
        await send(message)

    return marked


def _marks(origin: bytes) -> list[tuple[bytes, bytes]]:
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"vary", b"Origin"),
    ]


async def _answer_preflight(scope: Scope, origin: bytes | None, public: bool, send: Send) -> None:
    methods = METHODS if public else MANAGING_METHODS
    headers = [(b"allow", methods), (b"content-length", b"0")]
    if origin is not None:
        asked = _header(scope["headers"], _ASKED_HEADERS)
        headers += [*_marks(origin), (b"access-control-allow-methods", methods)]
        headers += [(b"access-control-max-age", PREFLIGHT_SECONDS)]
        headers += [(b"access-control-allow-headers", asked)] if asked else []
        headers += [(b"vary", b"Access-Control-Request-Headers")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    return next((value for key, value in headers if key == name), None)
