"""The face of a store that keeps webhooks and how far they have got: a `WebhookStore`."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from segue.adapters.duckdb_store import published, webhook_tables
from segue.adapters.duckdb_store.opened import Opened
from segue.domain.webhooks import DeadLetter, Endpoint, Stretch


class KeptWebhooks(Opened):
    """Endpoints, their cursors in the published transitions, and dead letters."""

    def endpoints(self) -> list[Endpoint]:
        """See `WebhookStore.endpoints`."""
        with self._reading() as now:
            return webhook_tables.endpoints(now.db)

    def save_endpoint(self, endpoint: Endpoint) -> None:
        """See `WebhookStore.save_endpoint`."""
        with self._writing_beside() as db:
            webhook_tables.save_endpoint(db, endpoint)

    def delete_endpoint(self, endpoint_id: str) -> None:
        """See `WebhookStore.delete_endpoint`."""
        with self._writing_beside() as db:
            webhook_tables.delete_endpoint(db, endpoint_id)

    def advance(self, endpoint_id: str, cursor: int) -> None:
        """See `WebhookStore.advance`."""
        with self._writing_beside() as db:
            webhook_tables.advance(db, endpoint_id, cursor)

    def bury(self, letter: DeadLetter) -> None:
        """See `WebhookStore.bury`."""
        with self._writing_beside() as db:
            webhook_tables.bury(db, letter)

    def dead_letters(
        self, endpoint_id: str, *, after: int = -1, limit: int = 100
    ) -> list[DeadLetter]:
        """See `WebhookStore.dead_letters`."""
        with self._reading() as now:
            named = self._named(now)
            return webhook_tables.dead_letters(named, endpoint_id, after=after, limit=limit)

    def exhume(self, endpoint_id: str, transition_ids: Sequence[int]) -> int:
        """See `WebhookStore.exhume`."""
        with self._writing_beside() as db:
            return webhook_tables.exhume(db, endpoint_id, transition_ids)

    def undelivered(
        self,
        *,
        after: int,
        limit: int,
        live_only: bool = False,
        segments: Collection[str] = (),
        kinds: Collection[str] = (),
    ) -> Stretch:
        """See `WebhookStore.undelivered`."""
        with self._reading() as now:
            return published.undelivered(
                self._named(now),
                after=after,
                limit=limit,
                live_only=live_only,
                segments=segments,
                kinds=kinds,
            )
