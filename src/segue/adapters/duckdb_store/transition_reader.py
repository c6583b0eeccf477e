"""The face of a store that shows what was published: a `TransitionReader`."""

from __future__ import annotations

from collections.abc import Sequence

from segue.adapters.duckdb_store import published
from segue.adapters.duckdb_store.opened import Opened
from segue.domain.live import (
    Boundary,
    CrossingsPage,
    Flow,
    Membership,
    MembersPage,
    SegmentVersion,
    Transition,
)


class PublishedTransitions(Opened):
    """Transitions, and the memberships that they amount to."""

    def transitions(
        self,
        *,
        after: int = -1,
        limit: int = 100,
        segment_id: str | None = None,
        person_id: str | None = None,
        only_live: bool = False,
    ) -> list[Transition]:
        """See `TransitionReader.transitions`."""
        with self._reading() as now:
            return published.transitions(
                self._named(now),
                after=after,
                limit=limit,
                segment_id=segment_id,
                person_id=person_id,
                only_live=only_live,
            )

    def members(
        self, segment_id: str, *, at: int, after: str | None = None, limit: int = 100
    ) -> MembersPage:
        """See `TransitionReader.members`."""
        with self._reading() as now:
            return published.members(now.db, segment_id, at=at, after=after, limit=limit)

    def memberships_of(self, person_id: str, segment_id: str | None = None) -> list[Membership]:
        """See `TransitionReader.memberships_of`."""
        with self._reading() as now, self._workers.large():
            code = self._ids.code(person_id)
            return [] if code is None else published.memberships_of(now.db, code, segment_id)

    def flows(self, segment_id: str, limits: Sequence[int]) -> list[Flow]:
        """See `TransitionReader.flows`."""
        with self._reading() as now:
            return published.flows(now.db, segment_id, limits)

    def crossings(
        self,
        segment_id: str,
        boundary: Boundary,
        *,
        after: int,
        until: int,
        before: tuple[int, int] | None = None,
        limit: int = 100,
    ) -> CrossingsPage:
        """See `TransitionReader.crossings`."""
        with self._reading() as now:
            return published.crossings(
                self._named(now),
                segment_id,
                boundary,
                after=after,
                until=until,
                before=before,
                limit=limit,
            )

    def changes(self, limits: Sequence[int]) -> dict[str, list[tuple[int, int]]]:
        """See `TransitionReader.changes`."""
        with self._reading() as now:
            return published.changes(now.db, limits)

    def published_segments(self) -> set[str]:
        """See `TransitionReader.published_segments`."""
        with self._reading() as now:
            return published.published_segments(now.db)

    def segment_versions(self, segment_id: str) -> list[SegmentVersion]:
        """See `TransitionReader.segment_versions`."""
        with self._reading() as now:
            return published.segment_versions(now.db, segment_id)

    def count_transitions(self) -> int:
        """See `TransitionReader.count_transitions`."""
        with self._reading() as now:
            return published.count_transitions(now.db)
