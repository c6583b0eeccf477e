"""Comings and goings: who entered and left between instants, and how many were in at each."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from segue.insight.arrays import Int64s, Spans


@dataclass(frozen=True, slots=True)
class Flow:
    """What came and went in D stretches of time `(limits[i], limits[i + 1]]`.

    `entered` and `left` int64[D] count starts and ends of spans, `size` int64[D] those who are in
    at the end of each stretch; `before` is how many were in at the first limit.
    """

    before: int
    entered: Int64s = field(repr=False)
    left: Int64s = field(repr=False)
    size: Int64s = field(repr=False)

    @classmethod
    def measured(cls, spans: Spans, limits: Int64s) -> Flow:
        """The flow of spans between D + 1 ascending limits, int64[D + 1] in ms."""
        began, ended = _until(spans.start, limits), _until(spans.end, limits)
        size = (began - ended).astype(np.int64)
        before = int(size[0]) if len(size) else 0
        return cls(before, np.diff(began), np.diff(ended), size[1:])


def _until(instants: Int64s, limits: Int64s) -> Int64s:
    """How many of the instants lie at or before each limit."""
    place = np.searchsorted(limits, instants, side="left")
    count: Int64s = np.cumsum(np.bincount(place, minlength=len(limits) + 1))[: len(limits)]
    return count
