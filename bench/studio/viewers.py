"""People who watch Live, as browsers do: connections that read what comes, in a process of their
own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection

from bench.live.server import Server

_LINK = re.compile(r"/studio/enter/[\w-]+")


class NotLetInError(Exception):
    """The studio let nobody in, or a stream did not begin."""


@dataclass(frozen=True)
class Watched:
    """What they got: messages and bytes in all, in so many seconds, and the most messages that one
    of them got."""

    viewers: int
    messages: int
    bytes: int
    seconds: float
    most: int

    @property
    def messages_a_second(self) -> float:
        """Messages per second and viewer."""
        return self.messages / self.seconds / max(self.viewers, 1)


def cookie_of(server: Server) -> str:
    """The cookie of a session, by the link that the server printed. Raises `NotLetInError`."""
    link = _LINK.search((server.workspace.folder / "server.log").read_text())
    if link is None:
        raise NotLetInError("the server printed no link into the studio")
    connection = HTTPConnection(server.host, server.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("POST", link[0], headers={"content-length": "0"})
        cookie = connection.getresponse().getheader("set-cookie")
    if cookie is None:
        raise NotLetInError("the link lets nobody in")
    return cookie.partition(";")[0]


@contextlib.contextmanager
def watching(server: Server, cookie: str, viewers: int) -> Iterator[list[Watched]]:
    """So many viewers for a block; afterwards the list has what they got."""
    found: list[Watched] = []
    if not viewers:
        yield found
        return
    given = json.dumps([server.host, server.port, cookie, viewers])
    command = [sys.executable, "-m", "bench.studio.viewers", given]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        if process.stdout.readline().strip() != "watching":
            raise NotLetInError("a stream did not begin")
        yield found
        text, _ = process.communicate("")
        found.append(Watched(**json.loads(text)))
    finally:
        process.kill()
        process.wait()


class _Viewer:
    """One connection: what came on it."""

    def __init__(self) -> None:
        self.messages = self.bytes = 0

    async def watch(self, host: str, port: int, cookie: str, begun: asyncio.Event) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        request = f"GET /studio/live/stream HTTP/1.1\r\nhost: {host}:{port}\r\ncookie: {cookie}\r\n"
        writer.write(f"{request}accept: text/event-stream\r\n\r\n".encode())
        with contextlib.closing(writer):
            if b" 200 " not in await reader.readline():
                raise NotLetInError("a stream did not begin")
            begun.set()
            while data := await reader.read(1 << 16):
                self.messages += data.count(b"data: ")
                self.bytes += len(data)


async def _all(host: str, port: int, cookie: str, count: int) -> Watched:
    viewers = [_Viewer() for _ in range(count)]
    begun = [asyncio.Event() for _ in viewers]
    tasks = [
        asyncio.create_task(one.watch(host, port, cookie, event))
        for one, event in zip(viewers, begun, strict=True)
    ]
    await asyncio.wait_for(asyncio.gather(*(event.wait() for event in begun)), 60)
    print("watching", flush=True)
    began = time.perf_counter()
    await asyncio.to_thread(sys.stdin.read)
    seconds = time.perf_counter() - began
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    messages = [one.messages for one in viewers]
    return Watched(count, sum(messages), sum(one.bytes for one in viewers), seconds, max(messages))


def main() -> None:
    """Watch until the standard input ends; say what came."""
    found = asyncio.run(_all(*json.loads(sys.argv[1])))
    print(json.dumps({name: getattr(found, name) for name in found.__dataclass_fields__}))


if __name__ == "__main__":
    main()
