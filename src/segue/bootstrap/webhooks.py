"""Webhooks at work: managed from any thread, served on one of their own.

Every endpoint has a courier of its own there: one that hangs, fails or has much to catch up with
never keeps another from its turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import ipaddress
import secrets
import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from segue.bootstrap.courier import Courier, Means
from segue.domain.errors import NotFoundError, UsageError
from segue.domain.live import Transition
from segue.domain.signing import SECRET_BYTES, new_secret
from segue.domain.webhook_urls import checked_url
from segue.domain.webhooks import Answer, DeadLetter, Endpoint, Reach
from segue.services.live.webhooks import compose_sample

ResultT = TypeVar("ResultT")

DISABLED_BY_HAND: Final = "disabled by hand"


def default_reach(host: str) -> Reach:
    """Where webhooks may go when nothing else is said: a server that listens to this machine only
    may also send to it, one that others can reach may not."""
    if host == "localhost":
        return Reach.LOOPBACK
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return Reach.LOOPBACK
    return Reach.PUBLIC


class Webhooks:
    """The endpoints of a store: managed from any thread, served on a thread of its own."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._loop = asyncio.new_event_loop()
        self._couriers: dict[str, Courier] = {}
        self._workers = ThreadPoolExecutor(4, thread_name_prefix="segue-webhooks")
        self._thread = threading.Thread(target=self._loop.run_forever, name="segue-webhooks")
        self._closed = False

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()
        for endpoint in self._means.store.endpoints():
            self._do(self._begin(endpoint))

    def wake(self) -> None:
        """Say that transitions were published; returns at once."""
        if not self._closed:
            self._loop.call_soon_threadsafe(self._wake)

    def close(self) -> None:
        """Stop: what is under way gets a moment, the rest waits in the store. Twice does
        nothing."""
        if self._closed:
            return
        self._closed = True
        if self._thread.ident is not None:
            self._do(self._end_all())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._workers.shutdown()
        self._loop.close()

    # ------------------------------------------------------------------------------- management

    def endpoints(self) -> list[Endpoint]:
        """All endpoints, oldest first."""
        return self._means.store.endpoints()

    def endpoint(self, endpoint_id: str) -> Endpoint:
        """The endpoint. Raises `NotFoundError` where there is none with this id."""
        for endpoint in self.endpoints():
            if endpoint.id == endpoint_id:
                return endpoint
        raise NotFoundError(f"there is no webhook {endpoint_id!r}", hint="GET /api/webhooks")

    def create(
        self,
        url: str,
        *,
        live_only: bool = True,
        segments: Sequence[str] = (),
        kinds: Sequence[str] = (),
        description: str = "",
        after: int | None = None,
    ) -> Endpoint:
        """Add an endpoint; it is told of what is published from now on, or after a transition.

        Raises `UsageError` where the URL cannot be one.
        """
        last = self._means.store.position().next_transition - 1
        endpoint = Endpoint(
            id=f"we_{secrets.token_hex(8)}",
            url=checked_url(url, self._means.reach),
            secret=new_secret(secrets.token_bytes(SECRET_BYTES)),
            cursor=last if after is None else min(max(after, -1), last),
            created_at=self._means.now(),
            live_only=live_only,
            segments=tuple(segments),
            kinds=tuple(kinds),
            description=description,
        )
        self._do(self._put(endpoint))
        return endpoint

    def change(self, endpoint_id: str, *, enabled: bool | None = None, **changes: Any) -> Endpoint:
        """Change fields of an endpoint, or stop and resume it: what it was not told meanwhile it
        is told then. Raises `NotFoundError`, or `UsageError` where the URL cannot be one."""
        self.endpoint(endpoint_id)
        if "url" in changes:
            changes["url"] = checked_url(changes["url"], self._means.reach)
        if enabled is not None:
            changes["disabled"] = "" if enabled else DISABLED_BY_HAND
        return self._do(self._changed(endpoint_id, changes))

    def delete(self, endpoint_id: str) -> None:
        """Forget an endpoint and its dead letters. Raises `NotFoundError`."""
        self.endpoint(endpoint_id)
        self._do(self._deleted(endpoint_id))

    def try_out(self, endpoint_id: str) -> Answer:
        """Send a sample and wait for the answer. Raises `NotFoundError`."""
        return self._do(self._sampled(self.endpoint(endpoint_id)))

    def dead_letters(
        self, endpoint_id: str, *, after: int = -1, limit: int = 100
    ) -> list[DeadLetter]:
        """See `WebhookStore.dead_letters`. Raises `NotFoundError`."""
        self.endpoint(endpoint_id)
        return self._means.store.dead_letters(endpoint_id, after=after, limit=limit)

    def replay(self, endpoint_id: str, transition_ids: Sequence[int] | None = None) -> None:
        """Send dead letters again (None: all); each stays one until it is delivered.

        Raises `NotFoundError`, and `UsageError` where the endpoint is disabled.
        """
        endpoint = self.endpoint(endpoint_id)
        if endpoint.disabled:
            raise UsageError(f"the webhook is disabled: {endpoint.disabled}", hint="enable it")
        chosen = None if transition_ids is None else self._exactly(endpoint_id, transition_ids)
        self._do(self._replayed(endpoint_id, chosen))

    def discard(self, endpoint_id: str, transition_ids: Sequence[int]) -> int:
        """Forget dead letters; how many there were. Raises `NotFoundError`."""
        self.endpoint(endpoint_id)
        return self._means.store.exhume(endpoint_id, transition_ids)

    def _exactly(self, endpoint_id: str, transition_ids: Sequence[int]) -> list[Transition]:
        found = []
        for wanted in transition_ids:
            first = self._means.store.dead_letters(endpoint_id, after=wanted - 1, limit=1)
            if not first or first[0].transition.id != wanted:
                raise NotFoundError(f"transition {wanted} is no dead letter", hint="list them")
            found.append(first[0].transition)
        return found

    # -------------------------------------------------------------------------- on the own thread

    def _do(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Do it on the own thread, so that nothing there needs a lock."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _wake(self) -> None:
        for courier in self._couriers.values():
            courier.wake()

    async def _begin(self, endpoint: Endpoint) -> None:
        if not endpoint.disabled:
            self._couriers[endpoint.id] = Courier(endpoint, self._means, self._workers)

    async def _end(self, endpoint_id: str) -> None:
        courier = self._couriers.pop(endpoint_id, None)
        if courier is not None:
            await courier.stop()

    async def _end_all(self) -> None:
        await asyncio.gather(*(self._end(one) for one in list(self._couriers)))

    async def _put(self, endpoint: Endpoint) -> None:
        self._means.store.save_endpoint(endpoint)
        await self._begin(endpoint)

    async def _changed(self, endpoint_id: str, changes: dict[str, Any]) -> Endpoint:
        await self._end(endpoint_id)
        endpoint = dataclasses.replace(self.endpoint(endpoint_id), **changes)
        await self._put(endpoint)
        return endpoint

    async def _deleted(self, endpoint_id: str) -> None:
        await self._end(endpoint_id)
        self._means.store.delete_endpoint(endpoint_id)

    async def _replayed(self, endpoint_id: str, chosen: list[Transition] | None) -> None:
        courier = self._couriers.get(endpoint_id)
        if courier is not None:
            courier.replay(chosen)

    async def _sampled(self, endpoint: Endpoint) -> Answer:
        sender = self._means.sender()
        try:
            return await sender.post(compose_sample(endpoint, self._means.now()))
        finally:
            await sender.close()
