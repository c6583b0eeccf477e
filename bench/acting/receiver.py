"""`python -m bench.acting.receiver`: an HTTP server that notes when it heard of whom, and nothing
else; a line on standard input makes it print what it heard, as JSON, and end."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import Final

_PERSON: Final = re.compile(rb'"person":\{"id":"([^"]+)"')
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_ANSWER: Final = b"HTTP/1.1 204 No Content\r\n\r\n"

heard: dict[str, list[float]] = {}


class Taking(asyncio.Protocol):
    """One connection: whole requests are answered as soon as they are there."""

    def __init__(self) -> None:
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Note every request that is whole now."""
        now = time.time()
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._held, 0, end)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._held) < whole:
                return
            person = _PERSON.search(self._held, end, whole)
            if person is not None:
                heard.setdefault(person[1].decode(), []).append(now)
            self._held = self._held[whole:]
            self._transport.write(_ANSWER)


async def serve() -> None:
    """Listen at a free port, which is printed, until a line comes in."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Taking, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    server.close()
    print(json.dumps(heard), flush=True)


if __name__ == "__main__":
    asyncio.run(serve())
