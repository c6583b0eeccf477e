"""What the server acknowledged: the ids of the events in every request that it answered with 200."""

from __future__ import annotations

import json
import random
from collections import Counter

from segue.adapters.wire import read_body
from tests.sdks.relay import Exchange, Relay, Trouble

TROUBLES = [Trouble.REFUSED, Trouble.FORGOTTEN, Trouble.OVERLOADED, Trouble.CUT]
"""What becomes of a request now and then; all SDKs send again after these."""


class Ledger(list[Exchange]):
    """Takes the place of a relay's list of exchanges, and keeps of each only what is needed."""

    def __init__(self) -> None:
        super().__init__()
        self.acknowledged: set[str] = set()
        self.statuses: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()

    def append(self, exchange: Exchange) -> None:
        """Note an exchange."""
        if exchange.method != "POST":
            return
        self.statuses[f"{exchange.path} {exchange.status}"] += 1
        ids = _ids(exchange)
        self.sent.update(ids)
        if exchange.status == 200:
            self.acknowledged.update(ids)


class Careless(Relay):
    """A relay that makes trouble by itself and delivers some requests twice, as networks do."""

    def __init__(self, upstream: str, seed: int) -> None:
        super().__init__(upstream)
        self.ledger = self.exchanges = Ledger()
        self.repeated = 0
        self._random = random.Random(seed)

    def _asked(self, handler, body):
        if self._random.random() < 0.005:
            self.make(self._random.choice(TROUBLES))
        answer = super()._asked(handler, body)
        if handler.command == "POST" and self._random.random() < 0.05:
            self.repeated += 1
            answer = super()._asked(handler, body)
        return answer


def _ids(exchange: Exchange) -> list[str]:
    """The ids that an SDK gave to the events of a request."""
    if exchange.path.rstrip("/") not in {"/e", "/batch", "/i/v0/e", "/capture", "/v1/batch"}:
        return []
    body = json.loads(read_body(exchange.body))  # a page that closes sends a form with base64
    events = body.get("batch", [body]) if isinstance(body, dict) else body
    return [event.get("messageId") or event["uuid"] for event in events]
