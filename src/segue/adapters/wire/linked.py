"""Which pairs of ids are linked already, so that not every message stores the link again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final, TypeAlias

Pair: TypeAlias = tuple[str, str]
"""A known id and an anonymous one."""

_MOST: Final = 100_000


class LinkedPairs:
    """The pairs of ids that were linked last, at most so many. Threads may share it.

    It lives as long as the process. A pair that was forgotten is stored once more when it comes
    again, under the id of the message that brings it, which changes nothing about who is who.
    Pairs are added only after the events that link them are durable: a request that was refused
    and comes again must link again.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._pairs: OrderedDict[Pair, None] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, pair: Pair) -> bool:
        with self._lock:
            known = pair in self._pairs
            if known:
                self._pairs.move_to_end(pair)
            return known

    def __len__(self) -> int:
        return len(self._pairs)

    def add(self, pairs: Iterable[Pair]) -> None:
        """Remember pairs, forgetting those that were not seen for longest."""
        with self._lock:
            for pair in pairs:
                self._pairs[pair] = None
                self._pairs.move_to_end(pair)
            while len(self._pairs) > self._most:
                self._pairs.popitem(last=False)
