"""Following transitions from a cursor: from memory where the feed reaches back, else the store."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import Final

from segue.domain.live import Published, Transition, TransitionReader
from segue.services.live.feed import Feed

BEGINNING: Final = -1
"""The cursor before the first transition."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which transitions somebody follows: of one segment (None: any), of one person by all their
    ids (None: anybody), and whether only those that may be acted upon."""

    segment_id: str | None = None
    person_ids: frozenset[str] | None = None
    only_live: bool = False

    @property
    def all(self) -> bool:
        """Whether nothing is left out."""
        return self.segment_id is None and self.person_ids is None and not self.only_live

    def takes(self, one: Transition) -> bool:
        """Whether the transition is one of them."""
        return (
            (self.segment_id is None or one.segment_id == self.segment_id)
            and (self.person_ids is None or one.person_id in self.person_ids)
            and (one.live or not self.only_live)
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Transitions, ascending, and the cursor to go on with: it may be beyond the last of them,
    where what follows was left out."""

    transitions: Sequence[Transition]
    cursor: int


def recent_page(feed: Feed, wanted: Wanted, cursor: int, most: int) -> Page | None:
    """What comes after the cursor, out of at most so many transitions, from memory; None where the
    feed does not reach back so far: then `stored_page` knows."""
    found = feed.after(cursor, most)
    if found is None:
        return None
    if not found:
        return Page((), cursor)
    kept = found if wanted.all else [one for one in found if wanted.takes(one)]
    return Page(kept, found[-1].id)


def stored_page(
    store: TransitionReader, feed: Feed, wanted: Wanted, cursor: int, most: int
) -> Page:
    """What comes after the cursor, at most so many, from the store."""
    # What is told before the store is asked is in its answer; what comes meanwhile may not be.
    told = feed.next_transition - 1
    found = stored(store, wanted, cursor, most)
    if len(found) == most:
        return Page(found, found[-1].id)
    return Page(found, max(cursor, told, found[-1].id if found else cursor))


def stored(store: Published, wanted: Wanted, cursor: int, most: int) -> list[Transition]:
    """The transitions after the cursor, at most so many, ascending. A person's stand under the id
    that they had when each was published."""
    each = [
        store.transitions(
            after=cursor,
            limit=most,
            segment_id=wanted.segment_id,
            person_id=person_id,
            only_live=wanted.only_live,
        )
        for person_id in ([None] if wanted.person_ids is None else sorted(wanted.person_ids))
    ]
    return list(islice(heapq.merge(*each, key=attrgetter("id")), most))
