"""What lint looks at: definitions, who was where when, and what campaigns came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np

from segue.domain.campaigns import Campaign
from segue.domain.instant import DAY
from segue.domain.ports import EventSummary
from segue.insight.arrays import Bools, Int64s, Spans, holds, people_in
from segue.insight.overlap import Overlaps
from segue.insight.shares import Share
from segue.language.tree import Condition, Definitions, Segment

ENOUGH: Final = 20
"""Fewer people, entries or stays than this say nothing."""
MONTH: Final = 30 * DAY
NOBODY: Final = Share(0, 0, None)


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """What a campaign came to: people whom its message reached, and of them who clicked it;
    `lateness`, how long after it was due half of its messages left later (ms; None: none did);
    `entrants`, who reached its goal of those who entered its segment and had the time (of nobody
    where it has none); `held`, the share of people held out of it, between 0 and 1."""

    reached: int = 0
    clicked: int = 0
    lateness: int | None = None
    entrants: Share = NOBODY
    held: float = 0.05


@dataclass(frozen=True)
class Portfolio:
    """A project as it stands at the instant `at` (ms).

    `spans` are those of each of its segments by id; `without` those that a segment would have
    without one term of its conjunction, by id and the term's place. `written` are the conditions as
    the file has them. `counted` are the spans of the people who count, `quiet` those of people who
    did nothing for 30 days; `first_seen` int64[P]. `facts` are by campaign.
    """

    at: int
    definitions: Definitions
    spans: Mapping[str, Spans] = field(repr=False)
    without: Mapping[tuple[str, int], Spans] = field(repr=False)
    written: Mapping[str, Condition] = field(repr=False)
    counted: Spans = field(repr=False)
    quiet: Spans = field(repr=False)
    first_seen: Int64s = field(repr=False)
    events: Sequence[EventSummary] = field(repr=False)
    campaigns: Sequence[Campaign] = ()
    facts: Mapping[str, CampaignFacts] = field(default_factory=dict)

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The segments that somebody wrote one by one: no stages and no levels of ladders."""
        return tuple(one for one in self.definitions.segments if "." not in one.id)

    @cached_property
    def known(self) -> Mapping[str, Condition]:
        """The conditions of all segments by id."""
        return {one.id: one.condition for one in self.definitions.segments}

    @cached_property
    def started(self) -> int:
        """When the first person was seen (ms); `at` where there is nobody."""
        return int(min(self.first_seen.min(initial=self.at), self.at))

    @cached_property
    def people(self) -> int:
        """How many people count now."""
        return int(np.count_nonzero(self.who(self.counted)))

    def who(self, spans: Spans, at: int | None = None) -> Bools:
        """Who is inside at the instant (None: now), bool[P]."""
        everybody = np.arange(people_in(spans))
        return holds(spans, everybody, np.full(len(everybody), self.at if at is None else at))

    @cached_property
    def members(self) -> Bools:
        """Who is in each of `segments` now, bool[S, P]."""
        return self.members_at(self.at)

    def members_at(self, at: int) -> Bools:
        """Who is in each of `segments` at the instant, bool[S, P]."""
        rows = [self.who(self.spans[one.id], at) for one in self.segments]
        return np.array(rows, np.bool_).reshape(len(rows), len(self.first_seen))

    @cached_property
    def overlaps(self) -> Overlaps:
        """How much `segments` are the same people now."""
        return Overlaps.measured(self.members)

    def size(self, segment_id: str) -> int:
        """How many people are in the segment now."""
        return int(np.count_nonzero(self.who(self.spans[segment_id])))

    def entries(self, segment_id: str, since: int) -> int:
        """How often somebody entered the segment after the instant, up to now."""
        start = self.spans[segment_id].start
        return int(np.count_nonzero((start > since) & (start <= self.at)))

    def changes(self, segment_id: str, since: int) -> int:
        """How often somebody entered or left the segment after the instant, up to now."""
        end = self.spans[segment_id].end
        left = int(np.count_nonzero((end > since) & (end <= self.at)))
        return left + self.entries(segment_id, since)

    def stays(self, segment_id: str) -> Int64s:
        """How long the stays were that have ended, int64[N] in ms."""
        spans = self.spans[segment_id]
        lengths: Int64s = (spans.end - spans.start)[spans.end <= self.at]
        return lengths

    def ever(self, segment_id: str) -> int:
        """How many people have ever been in the segment."""
        spans = self.spans[segment_id]
        begun = np.concatenate(([0], np.cumsum(spans.start <= self.at)))
        return int(np.count_nonzero(np.diff(begun[spans.offsets])))

    @cached_property
    def deserted(self) -> frozenset[str]:
        """The segments that nobody is in, and nobody was within the last 30 days."""
        return frozenset(
            one.id
            for one in self.segments
            if not self.size(one.id) and not self.changes(one.id, self.at - MONTH)
        )

    def speaking(self, segment_id: str) -> tuple[Campaign, ...]:
        """The campaigns, not surveys, of the segment that are switched on."""
        return tuple(
            one
            for one in self.campaigns
            if one.segment_id == segment_id and one.enabled and one.survey is None
        )

    @cached_property
    def surveys(self) -> tuple[Campaign, ...]:
        """The surveys that are switched on."""
        return tuple(one for one in self.campaigns if one.survey is not None and one.enabled)
