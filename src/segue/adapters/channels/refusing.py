"""A channel that is not set up: it says so of every message."""

from __future__ import annotations

from segue.domain.acting import Message, Outcome
from segue.domain.campaigns import Channel


class RefusingCarrier:
    """Takes nothing, and says why: a `Carrier`."""

    def __init__(self, channel: Channel, words: str) -> None:
        self.channel, self._words = channel, words

    async def carry(self, message: Message) -> Outcome:  # noqa: ARG002 - nothing is looked at
        """See `Carrier.carry`."""
        return Outcome(self._words, permanent=True)

    async def close(self) -> None:
        """See `Carrier.close`."""
