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
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Final

import httpx

from segue.adapters.http_wire import AnswerError, Came, Connections, Place, request_of
from segue.domain.instant import SECOND
from segue.domain.webhooks import Answer, Post, Reach, may_reach

KEPT: Final = 500
"""Bytes of the body of an answer that are kept where it is no success."""
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
        self._connections = Connections(CONNECTIONS)
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
        except AnswerError as error:
            return Answer(None, str(error))
        except (OSError, ValueError, httpx.InvalidURL) as error:
            return Answer(None, f"{type(error).__name__}: {error}"[:KEPT])

    async def close(self) -> None:
        """See `Sender.close`."""
        self._resolving.shutdown(wait=False, cancel_futures=True)
        await self._connections.close()

    async def _send(self, post: Post) -> Answer:
        url = _parsed(post.url)
        is_secure = url.scheme == "https"
        port = url.port or (443 if is_secure else 80)
        place = Place(await self._resolved(url.host, port), port, url.host if is_secure else None)
        headers = {**post.headers, "host": url.netloc.decode("ascii")}
        request = request_of("POST", url.raw_path, headers, post.body)
        return self._read(await self._connections.ask(place, request))

    async def _resolved(self, host: str, port: int) -> str:
        """An address of the host that may be reached."""
        found = [host] if _is_address(host) else await self._looked_up(host, port)
        for place in found:
            if may_reach(place, self._reach):
                return place
        raise _ForbiddenError(host)

    async def _looked_up(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._resolving, _look_up, host, port)
        return [str(place[0]) for *_, place in found]

    def _read(self, came: Came) -> Answer:
        """The answer; of an error's body the beginning."""
        if 200 <= came.status < 300:
            return Answer(came.status)
        words = came.body[:KEPT].decode(errors="replace").replace("\x00", "�").strip()
        error = f"HTTP {came.status}{': ' if words else ''}{words}"
        return Answer(came.status, error, self._patience(came))

    def _patience(self, came: Came) -> int | None:
        """The wait that `Retry-After` asks for (ms), given in seconds or as a date."""
        asked = came.headers.get("retry-after", "")
        if asked.isascii() and asked.isdigit():
            return int(asked[:9]) * SECOND
        try:
            until = parsedate_to_datetime(asked)
        except ValueError:
            return None
        return max(0, int(until.timestamp() * SECOND) - self._now())


@lru_cache(256)
def _parsed(url: str) -> httpx.URL:
    return httpx.URL(url)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _look_up(host: str, port: int) -> list[tuple[Any, ...]]:
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
