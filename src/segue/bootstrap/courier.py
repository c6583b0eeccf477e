"""The courier of one webhook endpoint: takes what was published to it, in order, until it is told.

It sleeps until transitions are published or a repetition is due. A message is sent at least once:
the cursor moves after the answer, so what was under way when the process died is sent again, under
the same `webhook-id`.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from segue.adapters.webhook_sender import TIME_LIMIT, HttpSender
from segue.domain.errors import SegueError
from segue.domain.instant import MINUTE, SECOND
from segue.domain.live import Transition
from segue.domain.webhook_urls import shown_url
from segue.domain.webhooks import (
    Answer,
    DeadLetter,
    Endpoint,
    Post,
    Reach,
    Sender,
    Stretch,
    Watcher,
    WebhookStore,
)
from segue.services.live.outbox import WINDOW, Delivery, Outbox, Schedule, Verdict
from segue.services.live.webhooks import Facts, compose

_LOG: Final = logging.getLogger("segue.webhooks")

ResultT = TypeVar("ResultT")

KEEPING: Final = 0.5
"""Seconds between two writes of a cursor that deliveries have moved."""
PASSING: Final = 60.0
"""Seconds between two writes of a cursor that only passed over what is not wanted."""
GRACE: Final = 1.0
"""Seconds that requests under way get when a courier stops."""
TROUBLE: Final = 5 * SECOND
"""How long a courier waits where the store has trouble (ms)."""
LONGEST_SLEEP: Final = MINUTE
"""A courier with something due looks at the clock this often (ms): clocks are set."""


class Unwatched:
    """A `Watcher` that counts nothing."""

    def delivered(self, endpoint_id: str, seconds: float) -> None:
        """See `Watcher.delivered`."""

    def failed(self, endpoint_id: str, answer: Answer) -> None:
        """See `Watcher.failed`."""

    def buried(self, endpoint_id: str) -> None:
        """See `Watcher.buried`."""


@dataclass(frozen=True)
class Means:
    """What webhooks work with. `title_of` gives the title of a segment by its id; `answers_at` is
    where Segue's API is; `now` gives ms, `chance` random numbers in [0, 1)."""

    store: WebhookStore
    now: Callable[[], int]
    title_of: Callable[[str], str]
    answers_at: str = ""
    reach: Reach = Reach.PUBLIC
    schedule: Schedule = field(default_factory=Schedule)
    time_limit: float = TIME_LIMIT
    watcher: Watcher = field(default_factory=Unwatched)
    chance: Callable[[], float] = random.random

    def sender(self) -> Sender:
        """A sender for one endpoint."""
        return HttpSender(self.reach, now=self.now, time_limit=self.time_limit)

    def composed(self, endpoint: Endpoint, transition: Transition) -> Post:
        """The message of a transition; reads the store."""
        facts = Facts(
            self.title_of(transition.segment_id),
            self.store.distinct_ids(transition.person_id),
            self.answers_at,
        )
        return compose(endpoint, transition, facts, self.now())


class Courier:
    """Delivers to one endpoint until it is stopped, or the endpoint wants nothing any more."""

    def __init__(self, endpoint: Endpoint, means: Means, workers: ThreadPoolExecutor) -> None:
        self._endpoint, self._means, self._workers = endpoint, means, workers
        self._outbox = Outbox(endpoint.cursor, means.schedule, means.chance)
        self._sender = means.sender()
        self._flights: set[asyncio.Task[None]] = set()
        self._moved = asyncio.Event()
        self._more, self._stopping = True, False
        self._replay_after: int | None = None
        self._kept, self._kept_at, self._delivered = endpoint.cursor, 0.0, False
        self._task = asyncio.create_task(self._run())

    def wake(self) -> None:
        """There may be new transitions."""
        self._more = True
        self._moved.set()

    def replay(self, chosen: list[Transition] | None) -> None:
        """Take in these dead letters again, or all of them."""
        if chosen is None:
            self._replay_after = -1
        else:
            self._outbox.replay(chosen)
        self._moved.set()

    async def stop(self) -> None:
        """End, and note how far it came."""
        self._stopping = True
        self._moved.set()
        await self._task

    async def _run(self) -> None:
        try:
            while not self._stopping:
                self._moved.clear()
                sleep = await self._turn()
                if not self._stopping:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._moved.wait(), sleep)
        finally:
            await self._end()

    async def _turn(self) -> float | None:
        """Do what can be done now; for how many seconds there is nothing to do after that."""
        try:
            await self._fill()
            for delivery in self._outbox.ready(self._means.now()):
                flight = asyncio.create_task(self._deliver(delivery))
                self._flights.add(flight)
                flight.add_done_callback(self._landed)
            kept_in = await self._keep_cursor()
        except SegueError as error:
            self._complain(error)
            return self._later()
        except Exception:  # noqa: BLE001 - the next turn may go well
            _LOG.exception("webhook %s stumbled", self._endpoint.id)
            return self._later()
        due = self._outbox.next_due()
        if due is not None:
            due_in = min(max(0, due - self._means.now()), LONGEST_SLEEP) / SECOND
            return due_in if kept_in is None else min(due_in, kept_in)
        return kept_in

    def _later(self) -> float:
        """Seconds to wait after a turn that failed; what it did not read is read then."""
        self._more = True
        return TROUBLE / SECOND

    async def _fill(self) -> None:
        """Take in what comes next, half a window at a time at least."""
        while self._more and self._outbox.room >= WINDOW // 2 and not self._stopping:
            room = self._outbox.room
            self._more = False  # before it is read: who wakes this meanwhile knows of more
            stretch = await self._ask(partial(self._next, room))
            self._outbox.take(stretch)
            self._more = self._more or len(stretch.transitions) == room
        if self._replay_after is not None and self._outbox.room >= WINDOW // 2:
            await self._fill_dead(self._replay_after, self._outbox.room)

    def _next(self, room: int) -> Stretch:
        return self._means.store.undelivered(
            after=self._outbox.upto,
            limit=room,
            live_only=self._endpoint.live_only,
            segments=self._endpoint.segments,
            kinds=self._endpoint.kinds,
        )

    async def _fill_dead(self, after: int, room: int) -> None:
        letters = await self._ask(
            lambda: self._means.store.dead_letters(self._endpoint.id, after=after, limit=room)
        )
        self._outbox.replay(letter.transition for letter in letters)
        self._replay_after = letters[-1].transition.id if letters else None

    async def _deliver(self, delivery: Delivery) -> None:
        """Send once, and see what is to become of the delivery."""
        began = time.perf_counter()
        answer = await self._sent(delivery)
        now = self._means.now()
        verdict = self._outbox.settle(delivery, answer, now)
        if verdict is Verdict.REPEAT:
            self._means.watcher.failed(self._endpoint.id, answer)
        elif verdict is Verdict.DISABLE:
            await self._disable(answer)
        elif await self._finished(delivery, verdict, answer, now):
            self._count(verdict, time.perf_counter() - began)

    async def _sent(self, delivery: Delivery) -> Answer:
        """What came of sending once; what could not even be composed is to be tried again."""
        try:
            post = await self._ask(
                lambda: self._means.composed(self._endpoint, delivery.transition)
            )
            return await self._sender.post(post)
        except SegueError as error:
            return Answer(None, error.message)
        except Exception as error:  # noqa: BLE001 - one message must not keep all others waiting
            _LOG.exception("webhook %s failed to send", self._endpoint.id)
            return Answer(None, type(error).__name__)

    async def _finished(
        self, delivery: Delivery, verdict: Verdict, answer: Answer, now: int
    ) -> bool:
        """Note durably what became of a delivery; where the store cannot, it is sent again."""
        try:
            if verdict is Verdict.BURY:
                await self._bury(delivery, answer, now)
            elif delivery.replayed:
                ids = [delivery.transition.id]
                await self._ask(lambda: self._means.store.exhume(self._endpoint.id, ids))
        except SegueError as error:
            self._complain(error)
            self._outbox.postpone(delivery, now + TROUBLE)
            return False
        self._delivered = True
        self._outbox.finish(delivery)
        return True

    async def _bury(self, delivery: Delivery, answer: Answer, now: int) -> None:
        letter = DeadLetter(
            self._endpoint.id,
            delivery.transition,
            delivery.attempts,
            now,
            answer.error,
        )
        await self._ask(lambda: self._means.store.bury(letter))
        _LOG.warning(
            "webhook %s to %s: transition %d is a dead letter after %d attempts",
            *(self._endpoint.id, shown_url(self._endpoint.url)),
            *(delivery.transition.id, delivery.attempts),
        )

    def _count(self, verdict: Verdict, seconds: float) -> None:
        if verdict is Verdict.BURY:
            self._means.watcher.buried(self._endpoint.id)
        else:
            self._means.watcher.delivered(self._endpoint.id, seconds)

    async def _disable(self, answer: Answer) -> None:
        """Send nothing more; the cursor stays before what the endpoint did not take."""
        self._stopping = True
        stopped = dataclasses.replace(
            self._endpoint, disabled=answer.error, cursor=self._outbox.cursor
        )
        _LOG.warning("webhook %s is disabled: %s", stopped.id, answer.error)
        try:
            await self._ask(lambda: self._means.store.save_endpoint(stopped))
        except SegueError as error:
            self._complain(error)

    def _landed(self, flight: asyncio.Task[None]) -> None:
        self._flights.discard(flight)
        self._moved.set()
        if not flight.cancelled() and (error := flight.exception()) is not None:
            _LOG.error("webhook %s failed to deliver", self._endpoint.id, exc_info=error)

    async def _keep_cursor(self) -> float | None:
        """Make the cursor durable, not too often; in how many seconds it wants to be again."""
        if self._outbox.cursor <= self._kept:
            return None
        wait = (KEEPING if self._delivered else PASSING) - (time.monotonic() - self._kept_at)
        if wait > 0:
            return wait
        await self._advance()
        return None

    async def _advance(self) -> None:
        cursor = self._outbox.cursor
        if cursor > self._kept:
            self._delivered = False  # before it is awaited: what lands meanwhile is not in it
            await self._ask(lambda: self._means.store.advance(self._endpoint.id, cursor))
            self._kept, self._kept_at = cursor, time.monotonic()

    async def _end(self) -> None:
        if self._flights:
            await asyncio.wait(self._flights, timeout=GRACE)
        for flight in list(self._flights):
            flight.cancel()
        await asyncio.gather(*self._flights, return_exceptions=True)
        await self._sender.close()
        try:
            await self._advance()
        except SegueError as error:
            self._complain(error)

    def _complain(self, error: SegueError) -> None:
        _LOG.warning("webhook %s: the store has trouble: %s", self._endpoint.id, error.message)

    async def _ask(self, question: Callable[[], ResultT]) -> ResultT:
        """Ask the store, on another thread."""
        return await asyncio.get_running_loop().run_in_executor(self._workers, question)
