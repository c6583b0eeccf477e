"""What a marketer asks of a set of segments: how many, what share, who came and went, what ends.

Everything is counted on spans: the size at an instant is the number of spans that began by then
less those that ended by then, so the sizes of the last weeks cost a binary search each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from segue.domain.instant import DAY, FOREVER, HOUR, WEEK
from segue.language.tree import Definitions, Everyone, Segment
from segue.timeline.spans import Spans

WEEKS: Final = 12
"""How many weekly sizes a summary carries."""

HORIZONS: Final = (
    HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 3 * DAY,
    *(days * DAY for days in (7, 14, 30, 90, 180, 365)),
)  # fmt: skip
"""The spans of time in which "what ends next" is told, shortest first."""

COUNTED: Final = "$counted"
"""The id of the segment that holds the people who count: everyone who is not excluded."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What ends next: the first instant at which somebody leaves if nothing more happens, and how
    many leave within `horizon` ms (None: all who ever will)."""

    first_at: int
    people: int
    horizon: int | None


@dataclass(frozen=True, slots=True)
class SegmentSummary:
    """One segment at one instant.

    `share` is of all people who count (0 to 1). `entered` and `left` count the transitions of the
    last seven days. `sizes` are the sizes 11, 10, … 1 weeks ago and now.
    """

    segment_id: str
    title: str
    kind: str
    stage: str
    size: int
    share: float
    entered: int
    left: int
    next_ending: Ending | None
    sizes: tuple[int, ...]

    @property
    def ladder(self) -> str:
        """The ladder that this segment is a level of (`engagement` of `engagement.high`), or ""."""
        return self.segment_id.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Summary:
    """All segments at one instant, in the project's order; `people` is how many count in all."""

    at: int
    people: int
    segments: tuple[SegmentSummary, ...]


def with_counted(definitions: Definitions) -> Definitions:
    """The definitions with one more segment, `COUNTED`: everyone who is not excluded."""
    counted = Segment(COUNTED, "Everyone who counts", Everyone())
    return replace(definitions, segments=(*definitions.segments, counted))


def summarise(definitions: Definitions, spans: Mapping[str, Spans], at: int) -> Summary:
    """Summarise the spans (those of `with_counted(definitions)`) at the instant."""
    people = size_at(spans[COUNTED], at)
    chosen = [segment for segment in definitions.segments if segment.id in spans]
    return Summary(
        at, people, tuple(_summary(segment, spans[segment.id], at, people) for segment in chosen)
    )


def size_at(spans: Spans, at: int) -> int:
    """How many people are in at the instant."""
    return int(np.count_nonzero(spans.start <= at) - np.count_nonzero(spans.end <= at))


def _summary(segment: Segment, spans: Spans, at: int, people: int) -> SegmentSummary:
    starts, ends = np.sort(spans.start), np.sort(spans.end)
    instants = at - WEEK * np.arange(WEEKS - 1, -1, -1)
    began = np.searchsorted(starts, instants, side="right")
    ended = np.searchsorted(ends, instants, side="right")
    sizes = began - ended
    return SegmentSummary(
        segment.id,
        segment.title,
        segment.kind,
        segment.stage,
        size=int(sizes[-1]),
        share=int(sizes[-1]) / people if people else 0.0,
        entered=int(began[-1] - began[-2]),
        left=int(ended[-1] - ended[-2]),
        next_ending=_next_ending(spans, at),
        sizes=tuple(int(size) for size in sizes),
    )


def _next_ending(spans: Spans, at: int) -> Ending | None:
    leaves = spans.end[(spans.start <= at) & (at < spans.end) & (spans.end < FOREVER)]
    if not len(leaves):
        return None
    first = int(leaves.min())
    for horizon in HORIZONS:
        if first <= at + horizon:
            return Ending(first, int(np.count_nonzero(leaves <= at + horizon)), horizon)
    return Ending(first, len(leaves), None)
