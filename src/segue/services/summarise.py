"""What a marketer asks of a set of segments: how many, what share, who came and went, what ends.

Everything is counted on spans: the size at an instant is the number of spans that began by then
less those that ended by then, so the sizes of the last weeks cost a binary search each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from segue.domain.instant import DAY, FOREVER, HOUR, WEEK
from segue.language.tree import Definitions, Everyone, Segment
from segue.timeline.log import Int64s
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


@dataclass(frozen=True, slots=True)
class Tally:
    """What a summary counts of one segment; tallies of different people add up.

    began, ended: int64[WEEKS], how many spans did by each weekly instant. leaving:
    int64[len(HORIZONS) + 1], how many members leave within each horizon if nothing more happens,
    and ever; `first_at` is the first such instant (FOREVER: none).
    """

    began: Int64s
    ended: Int64s
    leaving: Int64s
    first_at: int

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.began + other.began,
            self.ended + other.ended,
            self.leaving + other.leaving,
            min(self.first_at, other.first_at),
        )


NOTHING: Final = Tally(
    np.zeros(WEEKS, np.int64),
    np.zeros(WEEKS, np.int64),
    np.zeros(len(HORIZONS) + 1, np.int64),
    FOREVER,
)
"""The tally of a segment that nobody ever was in."""


def tally(start: Int64s, end: Int64s, at: int) -> Tally:
    """Count spans of one segment, given as their starts and ends, around the instant."""
    starts, ends = np.sort(start), np.sort(end)
    instants = at - WEEK * np.arange(WEEKS - 1, -1, -1)
    leaves = np.sort(end[(start <= at) & (at < end) & (end < FOREVER)])
    horizons = [*(at + horizon for horizon in HORIZONS), FOREVER]
    return Tally(
        np.searchsorted(starts, instants, side="right"),
        np.searchsorted(ends, instants, side="right"),
        np.searchsorted(leaves, horizons, side="right"),
        int(leaves[0]) if len(leaves) else FOREVER,
    )


def summarise(definitions: Definitions, spans: Mapping[str, Spans], at: int) -> Summary:
    """Summarise the spans (those of `with_counted(definitions)`) at the instant."""
    tallies = {key: tally(one.start, one.end, at) for key, one in spans.items()}
    return summary_of(definitions, tallies, at)


def summary_of(definitions: Definitions, tallies: Mapping[str, Tally], at: int) -> Summary:
    """The summary that tallies (those of `with_counted(definitions)`) at the instant amount to."""
    people = _size(tallies[COUNTED])
    chosen = [segment for segment in definitions.segments if segment.id in tallies]
    found = (_summary(segment, tallies[segment.id], at, people) for segment in chosen)
    return Summary(at, people, tuple(found))


def added_up(tallies: Iterable[tuple[str, Tally]]) -> dict[str, Tally]:
    """The tally of each segment, of those of parts of the people."""
    found: dict[str, Tally] = {}
    for segment_id, one in tallies:
        found[segment_id] = found.get(segment_id, NOTHING) + one
    return found


def size_at(spans: Spans, at: int) -> int:
    """How many people are in at the instant."""
    return int(np.count_nonzero(spans.start <= at) - np.count_nonzero(spans.end <= at))


def _size(one: Tally) -> int:
    return int(one.began[-1] - one.ended[-1])


def _summary(segment: Segment, one: Tally, at: int, people: int) -> SegmentSummary:
    size = _size(one)
    return SegmentSummary(
        segment.id,
        segment.title,
        segment.kind,
        segment.stage,
        size=size,
        share=size / people if people else 0.0,
        entered=int(one.began[-1] - one.began[-2]),
        left=int(one.ended[-1] - one.ended[-2]),
        next_ending=_next_ending(one, at),
        sizes=tuple((one.began - one.ended).tolist()),
    )


def _next_ending(one: Tally, at: int) -> Ending | None:
    if one.first_at >= FOREVER:
        return None
    for horizon, people in zip(HORIZONS, one.leaving.tolist(), strict=False):
        if one.first_at <= at + horizon:
            return Ending(one.first_at, people, horizon)
    return Ending(one.first_at, int(one.leaving[-1]), None)
