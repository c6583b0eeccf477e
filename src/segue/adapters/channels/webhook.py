"""Webhooks of campaigns: signed JSON, to addresses that may be reached, each host by itself."""

from __future__ import annotations

import contextlib
import json
import logging
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from segue.domain.acting import Message, Outcome
from segue.domain.campaigns import Channel
from segue.domain.errors import SegueError
from segue.domain.signing import signed
from segue.domain.webhook_urls import checked_url
from segue.domain.webhooks import Answer, Post, Reach, Sender

TYPE: Final = "campaign.message"
"""The type of what is sent."""
MOST_HOSTS: Final = 64
"""Hosts whose connections are kept; beyond, those of the one that was written to longest ago are
closed, unless something is under way there."""

_LOG: Final = logging.getLogger("segue.channels")


class WebhookCarrier:
    """Sends campaigns' JSON: a `Carrier`. `connect` makes the sender of one host, `secret_of` gives
    the secret that signs a campaign's messages; `now` is ms."""

    channel = Channel.WEBHOOK

    def __init__(
        self,
        connect: Callable[[], Sender],
        *,
        reach: Reach,
        secret_of: Callable[[str], str],
        now: Callable[[], int],
    ) -> None:
        self._connect, self._reach, self._secret_of, self._now = connect, reach, secret_of, now
        self._senders: OrderedDict[str, Sender] = OrderedDict()
        self._under_way: Counter[str] = Counter()

    async def carry(self, message: Message) -> Outcome:
        """See `Carrier.carry`."""
        try:
            answer = await self._posted(self._composed(message))
        except SegueError as error:
            return Outcome(error.message, permanent=True)
        except Exception as error:  # noqa: BLE001 - a carrier raises nothing
            _LOG.exception("a webhook could not be sent")
            return Outcome(type(error).__name__)
        return Outcome(answer.error, permanent=answer.hopeless, retry_after=answer.retry_after)

    async def close(self) -> None:
        """See `Carrier.close`."""
        while self._senders:
            _, sender = self._senders.popitem()
            await sender.close()

    def _composed(self, message: Message) -> Post:
        """The request. Raises `UsageError` where the address cannot be one."""
        url = checked_url(message.address, self._reach)
        secret = self._secret_of(message.campaign_id)
        return Post(url, *signed(secret, message.id, _document(message), self._now()))

    async def _posted(self, post: Post) -> Answer:
        """Send by the sender of the URL's host: one that hangs holds no other up."""
        host = urlsplit(post.url).netloc.lower()
        if host not in self._senders:
            self._senders[host] = self._connect()
        self._senders.move_to_end(host)
        sender = self._senders[host]
        self._under_way[host] += 1
        try:
            await self._forget_others()
            return await sender.post(post)
        finally:
            self._under_way[host] -= 1
            if not self._under_way[host]:
                del self._under_way[host]

    async def _forget_others(self) -> None:
        if len(self._senders) <= MOST_HOSTS:
            return
        idle = next((one for one in self._senders if one not in self._under_way), None)
        if idle is not None:
            await self._senders.pop(idle).close()


def _document(message: Message) -> dict[str, Any]:
    """What is said: the payload as JSON where it is some, else as text."""
    payload: Any = message.parts.get("payload", "")
    with contextlib.suppress(ValueError):
        payload = json.loads(payload)
    return {
        "type": TYPE,
        "id": message.id,
        "campaign_id": message.campaign_id,
        "person": {"id": message.person_id},
        "payload": payload,
        **({"facts": dict(message.facts)} if message.facts else {}),
    }
