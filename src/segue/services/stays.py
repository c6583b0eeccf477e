"""How long people stay in each segment: the history of a project in one line per segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from segue.language.tree import Definitions
from segue.timeline.spans import Spans


@dataclass(frozen=True, slots=True)
class Stays:
    """The memberships of one segment up to an instant: how many, of how many people, how many are
    still open, and the median length (ms) of those that ended (None: none did)."""

    segment_id: str
    title: str
    kind: str
    memberships: int
    people: int
    still_in: int
    median_stay: int | None


def stays(definitions: Definitions, spans: Mapping[str, Spans], at: int) -> tuple[Stays, ...]:
    """The stays in each of the segments that have spans, in the project's order."""
    return tuple(
        _stays(segment.id, segment.title, segment.kind, spans[segment.id].until(at), at)
        for segment in definitions.segments
        if segment.id in spans
    )


def _stays(segment_id: str, title: str, kind: str, spans: Spans, at: int) -> Stays:
    ended = spans.end <= at
    lengths = (spans.end - spans.start)[ended]
    return Stays(
        segment_id,
        title,
        kind,
        memberships=len(spans),
        people=int(np.count_nonzero(np.diff(spans.offsets))),
        still_in=int(np.count_nonzero(~ended)),
        median_stay=int(np.median(lengths)) if len(lengths) else None,
    )
