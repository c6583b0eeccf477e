"""Parts of a log that are not resolved to people yet: answers by distinct id.

Who is who changes while events arrive; what a distinct id did does not. So a log that grows is kept
by the codes of distinct ids (`who`), and people are groups of them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from segue.domain.ports import Appended
from segue.timeline.log import Int32s, Int64s, Log


@dataclass(frozen=True, slots=True)
class Part:
    """Answers about the distinct ids with codes `whos` int32[U], ascending: "person" i of `log` is
    the distinct id `whos[i]`. Ordered answers and trait writes carry their `source`."""

    whos: Int32s
    log: Log


@dataclass(frozen=True, slots=True)
class Groups:
    """People as groups of distinct ids, P people with M ids in all.

    person: int32[P], ascending, the code of the person's id; person i has the distinct ids
    `whos[offsets[i]:offsets[i + 1]]` (int32[M]); offsets int64[P + 1].
    """

    person: Int32s
    offsets: Int64s
    whos: Int32s

    def __len__(self) -> int:
        return len(self.person)

    def some(self, every: int) -> Groups:
        """About every so-manieth of them, always the same ones, whatever order they came in: by
        their codes, scattered (Knuth's multiplicative hash)."""
        scattered = self.person.astype(np.uint32) * np.uint32(2_654_435_761) >> np.uint32(8)
        chosen = scattered % np.uint32(every) == 0
        size = np.diff(self.offsets)
        offsets = np.concatenate([[0], np.cumsum(size[chosen])])
        return Groups(self.person[chosen], offsets, self.whos[np.repeat(chosen, size)])


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a batch did to a store.

    The N events that were stored: `who` int32[N], `at` int64[N] (ms), `ref` int64[N], and `row`
    int64[N], where each stood in the batch.
    `before` and `after` are the people whom the batch touched, as they were and as they are: a link
    makes two people of `before` one of `after`. `replaced` int32: codes of distinct ids that lost
    an event to another content of the same id.
    """

    appended: Appended
    who: Int32s
    at: Int64s
    ref: Int64s
    row: Int64s
    before: Groups
    after: Groups
    replaced: Int32s


class Codebook:
    """Codes of texts that stay the same from one reading of the log to the next; never negative.

    Threads may share it.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._codes = {text: code for code, text in enumerate(texts)}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._codes)

    @property
    def texts(self) -> list[str]:
        """The texts in the order of their codes."""
        return list(self._codes)

    def encode(self, texts: Iterable[str]) -> Int64s:
        """The code of each text; a new text gets the next code."""
        codes = self._codes
        with self._lock:
            return np.array([codes.setdefault(text, len(codes)) for text in texts], np.int64)
