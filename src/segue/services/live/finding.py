"""Lists of people to look at: who did something lately, and who is in segments now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from segue.domain.live import Member
from segue.language.activity import NEVER_ACTIVITY
from segue.services.live.live import Live
from segue.services.live.reading import ReadingStore, stage_of

ARRIVED: Final = 20_000
"""Who did something lately is looked up among so many events that arrived last."""


class FindingStore(ReadingStore, Protocol):
    """What finding people asks of a store."""

    def next_ref(self) -> int:
        """The reference that the next stored event will get."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A person in a list: their stage ("": none), how many segments they are in, when they did
    something last (ms; None: not looked up), and since when and until when (ms; None: without end)
    they are in the segment that was asked for (None: none was)."""

    person_id: str
    stage: str
    segments: int
    last_at: int | None = None
    stay: Member | None = None


@dataclass(frozen=True, slots=True)
class ListedPage:
    """Some people, and the cursor of the next page (None: there is none)."""

    people: tuple[Listed, ...]
    cursor: int | None = None


def active_lately(store: FindingStore, live: Live, *, limit: int) -> ListedPage:
    """Who did something themselves lately, the most recent first, each once."""
    leaving_out = [*NEVER_ACTIVITY, *live.definitions.not_activity]
    with store.browsing() as browser:
        found = browser.lately(store.next_ref() - ARRIVED, leaving_out, limit * 2)
    people: dict[str, int] = {}
    for one in found:
        person_id = store.person_of(one.distinct_id)
        if person_id is not None:
            people.setdefault(person_id, one.last_at)
    listed = (_listed(live, one, last_at=at) for one, at in list(people.items())[:limit])
    return ListedPage(tuple(listed))


def people_inside(
    live: Live, segment_ids: Sequence[str], *, before: int | None, limit: int
) -> ListedPage:
    """Who is in all of these segments (at least one) now; see `Live.in_segments`."""
    found = live.in_segments(segment_ids, before=before, limit=limit)
    listed = tuple(_listed(live, one.person_id, stay=one) for one in found.members)
    return ListedPage(listed, found.cursor)


def people_named(live: Live, person_ids: Sequence[str]) -> ListedPage:
    """These people."""
    return ListedPage(tuple(_listed(live, one) for one in person_ids))


def _listed(
    live: Live, person_id: str, *, last_at: int | None = None, stay: Member | None = None
) -> Listed:
    memberships = live.standing(person_id).memberships
    stage = stage_of(live.definitions, memberships)
    segments = sum("." not in one.segment_id for one in memberships)
    return Listed(person_id, stage, segments, last_at, stay)
