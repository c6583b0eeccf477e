"""The one reading of the log behind evaluate, history, summaries and "who leaves next"."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segue.domain.errors import NotFoundError
from segue.domain.instant import FOREVER
from segue.domain.ports import EventStore, LogReader
from segue.language.tree import Definitions
from segue.services.memberships import members_at, memberships_until
from segue.services.stays import Stays, stays
from segue.services.summarise import COUNTED, Summary, summarise, with_counted
from segue.timeline.evaluate import history, requests_of
from segue.timeline.log import Log, Request, TraitRequest
from segue.timeline.spans import Spans

Store = EventStore[Request | TraitRequest, Log, pa.Table]
"""The store as the services use it."""
Reader = LogReader[Request | TraitRequest, Log]
"""The part of it that answers about everybody."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """One person about to leave one segment, if nothing more happens."""

    segment_id: str
    title: str
    person_id: str
    leaves_at: int


@dataclass(frozen=True)
class View:
    """The spans of the chosen segments, of the log cut at `at`, and whose they are."""

    definitions: Definitions
    spans: dict[str, Spans]
    person_ids: pa.Array
    at: int

    def members(self) -> pa.Table:
        """Who is in now, since when and until when; see `memberships.MEMBERS`."""
        return members_at(self._chosen(), self.person_ids, self.at)

    def memberships(self, person_id: str | None = None) -> pa.Table:
        """Who ever was in (or only when that person was), from when to when; see
        `memberships.MEMBERSHIPS`."""
        table = memberships_until(self._chosen(), self.person_ids, self.at)
        if person_id is None:
            return table
        return table.filter(pc.equal(table.column("person_id"), person_id))

    def soonest(self, most: int) -> pa.Table:
        """The first so many members by segment, those who leave soonest first."""
        order = [("segment_id", "ascending"), ("leaves_at", "ascending")]
        return self.members().sort_by(order).slice(0, most)

    def stays(self) -> tuple[Stays, ...]:
        """How long people stay in each segment."""
        return stays(self.definitions, self.spans, self.at)

    def summary(self) -> Summary:
        """Sizes, shares, comings and goings, what ends next."""
        return summarise(self.definitions, self.spans, self.at)

    def leaving_next(self, most: int, *, segment_ids: Collection[str] = ()) -> list[Leaving]:
        """The members who will leave first, soonest first, at most so many, of the segments
        named (none named: of all)."""
        found = [
            leaving
            for segment_id, spans in self._chosen().items()
            if not segment_ids or segment_id in segment_ids
            for leaving in self._leaving(segment_id, spans.at(self.at), most)
        ]
        found.sort(key=lambda one: (one.leaves_at, one.segment_id, one.person_id))
        return found[:most]

    def without(self, segment_id: str) -> View:
        """The view without one of its segments."""
        kept = tuple(one for one in self.definitions.segments if one.id != segment_id)
        spans = {key: spans for key, spans in self.spans.items() if key != segment_id}
        return replace(self, definitions=replace(self.definitions, segments=kept), spans=spans)

    def _leaving(self, segment_id: str, members: Spans, most: int) -> list[Leaving]:
        title = self.definitions.segment(segment_id).title
        soonest = np.argsort(members.end, kind="stable")[:most]
        people, ends = members.person[soonest], members.end[soonest]
        return [
            Leaving(segment_id, title, self.person_ids[int(person)].as_py(), int(end))
            for person, end in zip(people, ends, strict=True)
            if end < FOREVER
        ]

    def _chosen(self) -> dict[str, Spans]:
        return {key: spans for key, spans in self.spans.items() if key != COUNTED}


def look(
    store: Reader, definitions: Definitions, at: int, segment_ids: Sequence[str] | None = None
) -> View:
    """Read the log cut at the instant once and make the spans of the segments (None: of all).

    Raises `NotFoundError` where a segment does not exist.
    """
    for segment_id in segment_ids or ():
        known_segment(definitions, segment_id)
    chosen = (
        [one.id for one in definitions.segments]
        if segment_ids is None
        else list(dict.fromkeys(segment_ids))
    )
    wanted = [*chosen, COUNTED]
    counted = with_counted(definitions)
    requests = requests_of(counted, wanted)
    read = store.read(requests, at=at, not_activity=definitions.not_activity)
    spans = history(counted, read.log, at, wanted)
    return View(
        definitions, {key: spans[key] for key in wanted}, pa.array(read.person_ids, pa.string()), at
    )


def known_segment(definitions: Definitions, segment_id: str) -> str:
    """The id, given that there is such a segment; else `NotFoundError` with the nearest ids."""
    known = [segment.id for segment in definitions.segments]
    if segment_id in known:
        return segment_id
    near = get_close_matches(segment_id, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known[:10])}"
    raise NotFoundError(f"There is no segment {segment_id!r}", hint=hint if known else "")
