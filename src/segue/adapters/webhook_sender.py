"""Requests to one webhook endpoint: over connections of its own, to addresses that may be reached.

The name of the host is resolved here, the addresses are checked, and the connection goes to the
address that was checked: a name that answers differently the next time leads nowhere. Redirects
are not followed, proxies of the environment are not used, cookies are not kept.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx

from segue.domain.instant import SECOND
from segue.domain.webhooks import Answer, Post, Reach, may_reach

KEPT: Final = 500
"""Bytes of the body of an answer that are kept where it is no success."""
_READ: Final = 16_384
CONNECTIONS: Final = 8
TIME_LIMIT: Final = 15.0
"""Seconds that one request may take, from the look-up of its host to the end of its answer."""


class _ForbiddenError(Exception):
    """No address of the host may be reached."""


class HttpSender:
    """Sends to one endpoint: a `Sender`. `now` gives the instant (ms) and is asked only where an
    answer names a date."""

    def __init__(
        self, reach: Reach, *, now: Callable[[], int], time_limit: float = TIME_LIMIT
    ) -> None:
        self._reach, self._now, self._time_limit = reach, now, time_limit
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        # The transport alone: a client would keep cookies and read the environment.
        self._transport = httpx.AsyncHTTPTransport(limits=limits, trust_env=False)
        # Threads of its own: another endpoint's name server that hangs holds nobody up.
        self._resolving = ThreadPoolExecutor(2, thread_name_prefix="segue-resolve")

    async def post(self, post: Post) -> Answer:
        """See `Sender.post`."""
        try:
            async with asyncio.timeout(self._time_limit):
                return await self._send(post)
        except TimeoutError:
            return Answer(None, f"no answer within {self._time_limit:g} seconds")
        except _ForbiddenError as error:
            return Answer(None, f"{error} has no address that may be sent to", forbidden=True)
        except (OSError, UnicodeError, httpx.HTTPError, httpx.InvalidURL) as error:
            return Answer(None, f"{type(error).__name__}: {error}"[:KEPT])

    async def close(self) -> None:
        """See `Sender.close`."""
        self._resolving.shutdown(wait=False, cancel_futures=True)
        await self._transport.aclose()

    async def _send(self, post: Post) -> Answer:
        url = httpx.URL(post.url)
        address = await self._resolved(url)
        request = httpx.Request(
            "POST",
            url.copy_with(host=address),
            headers={**post.headers, "host": url.netloc.decode("ascii")},
            content=post.body,
            extensions={"sni_hostname": url.host, "timeout": self._timeouts()},
        )
        response = await self._transport.handle_async_request(request)
        try:
            return await self._read(response)
        finally:
            await response.aclose()

    def _timeouts(self) -> dict[str, float]:
        return httpx.Timeout(self._time_limit).as_dict()  # type: ignore[return-value]

    async def _resolved(self, url: httpx.URL) -> str:
        """An address of the host that may be reached."""
        loop = asyncio.get_running_loop()
        port = url.port or (443 if url.scheme == "https" else 80)
        found = await loop.run_in_executor(self._resolving, _look_up, url.host, port)
        for *_, place in found:
            if may_reach(str(place[0]), self._reach):
                return str(place[0])
        raise _ForbiddenError(url.host)

    async def _read(self, response: httpx.Response) -> Answer:
        """The answer; of its body no more than it takes to use the connection again."""
        body = bytearray()
        async for part in response.aiter_raw():
            body += part
            if len(body) >= _READ:
                break
        if response.is_success:
            return Answer(response.status_code)
        words = bytes(body[:KEPT]).decode(errors="replace").replace("\x00", "�").strip()
        error = f"HTTP {response.status_code}{': ' if words else ''}{words}"
        return Answer(response.status_code, error, self._patience(response))

    def _patience(self, response: httpx.Response) -> int | None:
        """The wait that `Retry-After` asks for (ms), given in seconds or as a date."""
        asked = response.headers.get("retry-after", "").strip()
        if asked.isascii() and asked.isdigit():
            return int(asked[:9]) * SECOND
        try:
            until = parsedate_to_datetime(asked)
        except ValueError:
            return None
        return max(0, int(until.timestamp() * SECOND) - self._now())


def _look_up(host: str, port: int) -> list[tuple[Any, ...]]:
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
