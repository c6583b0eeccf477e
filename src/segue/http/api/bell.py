"""From the thread of the live loop to whoever waits on the loop of the server: one call per turn,
however many wait."""

from __future__ import annotations

import asyncio
import contextlib

from fastapi import Request

from segue.services.live.feed import Feed


class Bell:
    """Rings for everybody at once. All but `_pull` happens on one asyncio loop.

    Take `next_ring` first, then look whether there is something to do, then wait: so no ring is
    missed.
    """

    def __init__(self, feed: Feed) -> None:
        self._loop = asyncio.get_running_loop()
        self._ring = asyncio.Event()
        self._pulled = False
        self.stop = feed.listen(self._pull)
        """Ring no more."""

    @property
    def next_ring(self) -> asyncio.Event:
        """Set when the bell next rings."""
        return self._ring

    def _pull(self) -> None:
        """Called by the live loop, on its own thread."""
        if not self._pulled:
            self._pulled = True
            # The server's loop may have ended before the live one did: then nobody waits.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._rung)

    def _rung(self) -> None:
        self._pulled = False
        ring, self._ring = self._ring, asyncio.Event()
        ring.set()


def bell_of(request: Request, feed: Feed) -> Bell:
    """The bell of the application, hung when it is first needed."""
    state = request.app.state
    bell = getattr(state, "bell", None)
    if not isinstance(bell, Bell):
        bell = state.bell = Bell(feed)
    return bell


async def rung(ring: asyncio.Event, seconds: float) -> bool:
    """Wait for the bell, at most so long; whether it rang."""
    try:
        await asyncio.wait_for(ring.wait(), seconds)
    except TimeoutError:
        return False
    return True
