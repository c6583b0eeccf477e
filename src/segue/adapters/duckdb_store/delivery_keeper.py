"""The face of a store that keeps deliveries and what belongs to them: an `ActingStore`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import duckdb
import numpy as np

from segue.adapters.duckdb_store import acting_tables, delivery_tables
from segue.adapters.duckdb_store.opened import Opened
from segue.adapters.duckdb_store.tables import registered
from segue.adapters.hashset import Hashes, HashSet
from segue.domain.acting import Contact, Controls, Count, FactStretch, Past, TriggeringEvent
from segue.domain.campaigns import Channel, Delivery, State, Suppressed


class KeptDeliveries(Opened):
    """Deliveries, suppressed addresses, switches, and how far acting has got."""

    _made: HashSet | None
    """The ids of all deliveries, read when the first ones are made."""

    # -------------------------------------------------------------------------------- cursors

    def acting_cursor(self) -> int:
        """See `ActingStore.acting_cursor`."""
        with self._reading() as now:
            return delivery_tables.progress(now.db)[0]

    def facts_cursor(self) -> int:
        """See `ActingStore.facts_cursor`."""
        with self._reading() as now:
            return delivery_tables.progress(now.db)[1]

    def goals_cursor(self) -> int:
        """See `ActingStore.goals_cursor`."""
        with self._reading() as now:
            return delivery_tables.progress(now.db)[2]

    # ------------------------------------------------------------------------------- deliveries

    def save_deliveries(
        self,
        *,
        made: Sequence[Delivery] = (),
        changed: Sequence[Delivery] = (),
        cursor: int | None = None,
        facts_cursor: int | None = None,
        goals_cursor: int | None = None,
        launched: Mapping[str, int] | None = None,
    ) -> set[str]:
        """See `ActingStore.save_deliveries`."""
        cursors = {"transition": cursor, "fact": facts_cursor, "goal": goals_cursor}
        with self._gate.shared(), self._beside:
            with self._writing_beside() as db:
                fresh, hashes, known = self._add(db, made)
                if changed:
                    delivery_tables.update(db, changed)
                delivery_tables.move(db, cursors)
                for campaign_id, at in (launched or {}).items():
                    acting_tables.set_launched(db, campaign_id, at)
            if fresh:
                assert self._made is not None
                self._made.add(hashes)
        return known

    def _add(
        self, db: duckdb.DuckDBPyConnection, made: Sequence[Delivery]
    ) -> tuple[bool, Hashes, set[str]]:
        """Add those that are new: whether any is, their hashes, and the ids of the others."""
        if self._made is None:
            self._made = HashSet(delivery_tables.hashes_of(db, "deliveries"))
        unique = list({one.id: one for one in made}.values())
        rows = delivery_tables.table_of(unique)
        with registered(db, "segue_made", rows.select(["id"])):
            hashes = delivery_tables.hashes_of(db, "segue_made")
        suspects = [unique[place].id for place in self._made.contains(hashes).nonzero()[0]]
        known = delivery_tables.those_known(db, suspects) if suspects else set()
        if known:
            kept = np.array([n for n, one in enumerate(unique) if one.id not in known], np.int64)
            rows, hashes = rows.take(kept), hashes[kept]
        if len(rows):
            delivery_tables.insert(db, rows)
        return len(rows) > 0, hashes, known

    def due_deliveries(
        self, now: int, limit: int, channels: Collection[Channel] | None = None
    ) -> list[Delivery]:
        """See `ActingStore.due_deliveries`."""
        with self._reading() as moment:
            return delivery_tables.due(moment.db, now, limit, channels)

    def next_delivery_at(self, channels: Collection[Channel] | None = None) -> int | None:
        """See `ActingStore.next_delivery_at`."""
        with self._reading() as now:
            return delivery_tables.next_at(now.db, channels)

    def offers(self, people: Collection[int]) -> list[Delivery]:
        """See `ActingStore.offers`."""
        with self._reading() as now:
            return delivery_tables.offers(now.db, people)

    def contacts(self, people: Collection[int], since: int) -> list[Contact]:
        """See `ActingStore.contacts`."""
        with self._reading() as now:
            return delivery_tables.contacts(now.db, people, since)

    def delivery(self, delivery_id: str) -> Delivery | None:
        """See `ActingStore.delivery`."""
        return next(iter(self.deliveries_by_id([delivery_id])), None)

    def deliveries_by_id(self, ids: Collection[str]) -> list[Delivery]:
        """See `ActingStore.deliveries_by_id`."""
        with self._reading() as now:
            return delivery_tables.by_id(now.db, ids)

    def deliveries(
        self,
        *,
        campaign_id: str | None = None,
        people: Collection[int] = (),
        states: Collection[State] = (),
        channel: Channel | None = None,
        after: str | None = None,
        limit: int = 100,
        latest_first: bool = False,
    ) -> list[Delivery]:
        """See `ActingStore.deliveries`."""
        with self._reading() as now:
            return delivery_tables.page(
                now.db,
                campaign_id=campaign_id,
                people=people,
                states=states,
                channel=channel,
                after=after,
                limit=limit,
                latest_first=latest_first,
            )

    def past(self, campaigns: Collection[str], people: Collection[int]) -> list[Past]:
        """See `ActingStore.past`."""
        with self._reading() as now:
            return delivery_tables.past(now.db, campaigns, people)

    def unconverted(self, people: Collection[int], since: int) -> list[Delivery]:
        """See `ActingStore.unconverted`."""
        with self._reading() as now:
            return delivery_tables.unconverted(now.db, people, since)

    def counts(self) -> list[Count]:
        """See `ActingStore.counts`."""
        with self._reading() as now:
            return delivery_tables.counts(now.db)

    def approved_counts(self, campaigns: Collection[str]) -> dict[str, int]:
        """See `ActingStore.approved_counts`."""
        with self._reading() as now:
            return delivery_tables.approved_counts(now.db, campaigns)

    def facts(self, after: int, limit: int) -> FactStretch:
        """See `ActingStore.facts`."""
        with self._reading() as now:
            return acting_tables.facts(now.db, now.names, after, limit)

    def triggering(self, transition_ids: Collection[int]) -> dict[int, TriggeringEvent]:
        """See `ActingStore.triggering`."""
        with self._reading() as now:
            return acting_tables.triggering(now.db, now.names, transition_ids)

    # ----------------------------------------------------------------------------- suppressions

    def suppressed(self, addresses: Collection[str], channel: Channel) -> list[Suppressed]:
        """See `ActingStore.suppressed`."""
        with self._reading() as now:
            return acting_tables.suppressed(now.db, addresses, channel)

    def suppress(self, entries: Sequence[Suppressed]) -> int:
        """See `ActingStore.suppress`."""
        with self._writing_beside() as db:
            return acting_tables.suppress(db, entries)

    def unsuppress(self, address: str, channel: Channel, purpose: str = "") -> bool:
        """See `ActingStore.unsuppress`."""
        with self._writing_beside() as db:
            return acting_tables.unsuppress(db, address, channel, purpose)

    def suppressions(self, *, after: str = "", limit: int = 100) -> list[Suppressed]:
        """See `ActingStore.suppressions`."""
        with self._reading() as now:
            return acting_tables.suppressions(now.db, after=after, limit=limit)

    # --------------------------------------------------------------------------------- switches

    def controls(self) -> Controls:
        """See `ActingStore.controls`."""
        with self._reading() as now:
            return acting_tables.controls(now.db)

    def set_stopped(self, stopped: bool) -> None:
        """See `ActingStore.set_stopped`."""
        with self._writing_beside() as db:
            acting_tables.set_stopped(db, stopped)

    def set_paused(self, campaign_id: str, why: str | None) -> None:
        """See `ActingStore.set_paused`."""
        with self._writing_beside() as db:
            acting_tables.set_paused(db, campaign_id, why)

    def set_launched(self, campaign_id: str, at: int) -> None:
        """See `ActingStore.set_launched`."""
        with self._writing_beside() as db:
            acting_tables.set_launched(db, campaign_id, at)
