"""The console: a line of the server's log, for trying."""

from __future__ import annotations

import logging
from typing import Final

from segue.domain.acting import Message, Outcome
from segue.domain.campaigns import Channel

LONGEST: Final = 500
"""Characters of a message that are shown."""

_LOG: Final = logging.getLogger("segue.console")


class ConsoleCarrier:
    """Writes messages into the log: a `Carrier`."""

    channel = Channel.CONSOLE

    async def carry(self, message: Message) -> Outcome:
        """See `Carrier.carry`."""
        _LOG.info("%s to %s: %s", *map(_plain, _told(message)))
        return Outcome()

    async def close(self) -> None:
        """See `Carrier.close`."""


def _told(message: Message) -> tuple[str, str, str]:
    return message.campaign_id, message.person_id, message.parts.get("body", "")


def _plain(text: str) -> str:
    """In one line, and nothing in it that a terminal would obey."""
    line = " ".join(text.split())
    return "".join(one if one.isprintable() else "�" for one in line)[:LONGEST]
