"""E-mail: handed to a mail server on threads of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from segue.adapters.channels.mime import composed
from segue.adapters.channels.smtp import Connections, MailServer
from segue.domain.acting import Message, Outcome
from segue.domain.addresses import mail_address
from segue.domain.campaigns import Channel, Sender
from segue.domain.errors import SegueError

SIDE_BY_SIDE: Final = 4
"""Connections to the mail server at one time."""
GRACE: Final = 1.0
"""Seconds beyond a server's time limit after which a message is given up in any case."""

_LOG: Final = logging.getLogger("segue.channels")


class EmailCarrier:
    """Hands e-mails to a mail server: a `Carrier`. `sender` says who they are from, at the time;
    `now` is their Date (ms)."""

    channel = Channel.EMAIL

    def __init__(
        self,
        server: MailServer,
        *,
        sender: Callable[[], Sender],
        now: Callable[[], int],
        side_by_side: int = SIDE_BY_SIDE,
    ) -> None:
        self._sender, self._now = sender, now
        self._limit = server.time_limit + GRACE
        self._connections = Connections(server)
        self._workers = ThreadPoolExecutor(side_by_side, thread_name_prefix="segue-email")

    async def carry(self, message: Message) -> Outcome:
        """See `Carrier.carry`. What waits for a connection longer than the time limit is not sent
        later on."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._limit):
                return await loop.run_in_executor(self._workers, self._send, message)
        except TimeoutError:
            return Outcome("the mail server did not answer in time")
        except SegueError as error:
            return Outcome(error.message, permanent=True)
        except Exception as error:  # noqa: BLE001 - a carrier raises nothing
            _LOG.exception("an e-mail could not be sent")
            return Outcome(type(error).__name__)

    async def close(self) -> None:
        """See `Carrier.close`."""
        self._connections.close()
        await asyncio.to_thread(self._workers.shutdown, cancel_futures=True)

    def _send(self, message: Message) -> Outcome:
        sender = self._sender()
        mail = composed(message, sender, self._now())
        addresses = mail_address(sender.address), mail_address(message.address)
        return self._connections.send(mail, *addresses)
