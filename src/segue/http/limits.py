"""What keeps a sender from taking more than its share: sizes, deadlines, rates, room.

Nothing here trusts what a request says of itself: a body is counted as it comes in.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segue.adapters.remote_store import PATH
from segue.bootstrap.settings import Limits
from segue.http.context import Context
from segue.http.errors import Refusal, refusal_answer

LINGER_SECONDS: Final = 2.0
"""How long a body that is too large is still read, unheeded, so that its sender sees the answer."""


class Room:
    """How many requests are in hand, and how many may be."""

    def __init__(self, most: int) -> None:
        self._most, self._taken = most, 0

    def __enter__(self) -> None:
        """Hold one place until the block ends. Raises `Refusal` 429 where there is none."""
        if self._taken >= self._most:
            raise busy(f"{self._taken} requests are in hand already", 1)
        self._taken += 1

    def __exit__(self, *_error: object) -> None:
        self._taken -= 1


class Rates:
    """A bucket of events for each key: it fills steadily, up to the burst, and may be overdrawn by
    one batch, after which its sender has to wait."""

    def __init__(
        self,
        per_second: float,
        burst: int,
        clock: Callable[[], float] = time.monotonic,
        *,
        what: str = "sends more than {} events per second",
    ) -> None:
        self._rate, self._burst, self._clock = per_second, burst, clock
        self._complaint = f"this key {what.format(f'{per_second:g}')}"
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, key: str, events: int) -> None:
        """Take so many events out of the key's bucket. Raises `Refusal` 429 where it is empty."""
        self.check(key)
        now = self._clock()
        self._buckets[key] = (self._level(key, now) - events, now)

    def check(self, key: str) -> None:
        """Raise `Refusal` 429 where the key's bucket is empty."""
        level = self._level(key, self._clock())
        if level < 1:
            raise busy(
                self._complaint,
                max(1, math.ceil((1 - level) / self._rate)),
                code="rate_limited",
            )

    def _level(self, key: str, now: float) -> float:
        """What is in the key's bucket; negative where it is overdrawn."""
        level, since = self._buckets.get(key, (float(self._burst), now))
        return min(float(self._burst), level + (now - since) * self._rate)


class Held:
    """The bytes of all bodies that are being read or waited upon, and how many may be."""

    def __init__(self, most: int) -> None:
        self._most, self.bytes = most, 0

    def add(self, size: int) -> None:
        """Count bytes. Raises `Refusal` 429 where there is no room for them."""
        if self.bytes + size > self._most:
            raise busy("too many large requests are in hand already", 2)
        self.bytes += size

    def release(self, size: int) -> None:
        """Count bytes as gone."""
        self.bytes -= size


WHOLE: Final = "segue.whole"
"""In the scope of a request whose body has come already: nobody need watch over its coming."""


class Body:
    """One body: read within bounds, its bytes counted until the block ends."""

    def __init__(self, scope: Scope, receive: Receive, held: Held, limits: Limits) -> None:
        self._scope, self._receive, self._held, self._limits = scope, receive, held, limits
        self._size = 0

    def __enter__(self) -> Body:
        return self

    def __exit__(self, *_error: object) -> None:
        self._held.release(self._size)

    async def read(self) -> bytes:
        """All of it. Raises `Refusal` 413 where it is too large, 408 where it takes too long,
        400 where the sender leaves before its end, 429 where there is no room for it."""
        if WHOLE in self._scope:
            return await self._whole()
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                return await self._whole()
        except TimeoutError as error:
            raise late(self._limits.body_seconds) from error

    async def _whole(self) -> bytes:
        message = await self._next()
        if not message.get("more_body", False):
            return bytes(message["body"])
        chunks = [message["body"]]
        while message.get("more_body", False):
            message = await self._next()
            chunks.append(message["body"])
        return b"".join(chunks)

    async def _next(self) -> Message:
        message = await self._receive()
        if message["type"] != "http.request":
            raise Refusal(400, "incomplete", "the sender left before the end of the body")
        message.setdefault("body", b"")
        size = len(message["body"])
        if self._size + size > self._limits.body_bytes:
            await linger(self._receive, message)
            raise too_large(self._limits.body_bytes)
        self._held.add(size)
        self._size += size
        return message


STREAMED: Final = frozenset({"/api/import", "/studio/data/import", PATH})
"""Paths whose bodies may have any size: they are worked off as they come in, or come from this
machine."""

LISTENED: Final = frozenset({"/api/transitions", "/api/transitions/stream"})
"""Paths whose answers may take as long as somebody listens."""


class Limited:
    """Stands in front of the framework's routes: room, a bound on bodies, a deadline for them."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self._app, self._limits = app, context.settings.limits
        self._asking, self._listening = Room(self._limits.asking), Room(self._limits.listening)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on within its limits, or answer that there is no room."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        room = self._listening if scope["path"] in LISTENED else self._asking
        if scope["path"] not in STREAMED:
            receive = _bounded(receive, self._limits)
        try:
            with room:
                await self._app(scope, receive, send)
        except Refusal as refusal:
            await refusal_answer(refusal)(scope, receive, send)


def _bounded(receive: Receive, limits: Limits) -> Receive:
    """A `receive` that ends a body which is too large or too late as the framework understands."""
    size, complete = 0, False
    loop = asyncio.get_running_loop()
    deadline = loop.time() + limits.body_seconds

    async def bounded() -> Message:
        nonlocal size, complete
        if complete:  # what follows is the sender's leaving, which may take as long as it wants
            return await receive()
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError as error:
            raise HTTPException(408, "the body took too long", CLOSE) from error
        size += len(message.get("body", b""))
        complete = not message.get("more_body", False)
        if size > limits.call_bytes:
            await linger(receive, message)
            raise HTTPException(413, f"a body has at most {limits.call_bytes} bytes", CLOSE)
        return message

    return bounded


CLOSE: Final = {"connection": "close"}
"""Ends the connection after an answer: the rest of the body would be taken for a next request."""


async def linger(receive: Receive, message: Message) -> None:
    """Read on for a moment without keeping anything: a sender that is cut off while it writes
    would not see the answer."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while message.get("more_body", False):
                message = await receive()


def too_large(most: int) -> Refusal:
    """The answer to a body that is too large."""
    return Refusal(
        413,
        "too_large",
        f"a body has at most {most} bytes",
        hint="Send smaller batches.",
        close=True,
    )


def late(seconds: float) -> Refusal:
    """The answer to a body that takes too long."""
    return Refusal(408, "late", f"the body took more than {seconds:g} seconds", close=True)


def busy(message: str, retry_after: int, *, code: str = "busy") -> Refusal:
    """The answer where too much happens at once."""
    hint = "Send it again after the seconds in Retry-After."
    return Refusal(429, code, message, hint=hint, retry_after=retry_after)
