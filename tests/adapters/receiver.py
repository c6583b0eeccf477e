"""A receiver of webhooks on this machine that answers by a script."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What to answer: a status, or, with status None, nothing: hang up, or let the caller wait."""

    status: int | None = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    after: float = 0.0


HANG_UP = Reply(None)
HANG = Reply(after=3600)
OK = Reply()


class Receiver:
    """An HTTP server; the `n`-th request gets `script(n, request)` for an answer."""

    def __init__(self, script: Callable[[int, Received], Reply]) -> None:
        self._script = script
        self._loop = asyncio.new_event_loop()
        self._changed = threading.Condition()
        self._received: list[Received] = []
        self._connections: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=hush"

    @property
    def received(self) -> list[Received]:
        with self._changed:
            return list(self._received)

    def wait_for(self, count: int, seconds: float = 60.0) -> list[Received]:
        """The requests, once there are so many."""
        with self._changed:
            enough = self._changed.wait_for(lambda: len(self._received) >= count, seconds)
            assert enough, f"{len(self._received)} requests, not {count}"
            return list(self._received)

    def close(self) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _close(self) -> None:
        self._server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._connections.add(task)
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        lines = (line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in lines}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        request = Received(head[0].split(" ")[1], headers, body)
        with self._changed:
            number = len(self._received)
            self._received.append(request)
            self._changed.notify_all()
        reply = self._script(number, request)
        await asyncio.sleep(reply.after)
        if reply.status is None:
            return False
        lines = [f"HTTP/1.1 {reply.status} Some Phrase", f"content-length: {len(reply.body)}"]
        lines += [f"{name}: {value}" for name, value in reply.headers]
        writer.write("\r\n".join([*lines, "", ""]).encode() + reply.body)
        await writer.drain()
        return True


@contextlib.contextmanager
def receiving(*replies: Reply, then: Reply = OK) -> Iterator[Receiver]:
    """A receiver that gives these answers one after another, then always the last."""
    receiver = Receiver(lambda n, _: replies[n] if n < len(replies) else then)
    try:
        yield receiver
    finally:
        receiver.close()


@contextlib.contextmanager
def receiving_by(script: Callable[[int, Received], Reply]) -> Iterator[Receiver]:
    """A receiver that answers by a function of the request's number and the request."""
    receiver = Receiver(script)
    try:
        yield receiver
    finally:
        receiver.close()
