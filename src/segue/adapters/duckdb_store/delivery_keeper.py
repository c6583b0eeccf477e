"""The face of a store that keeps deliveries and what belongs to them: an `ActingStore`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import duckdb
import numpy as np

from segue.adapters.duckdb_store import acting_tables, delivery_tables
from segue.adapters.duckdb_store.opened import Opened
from segue.adapters.duckdb_store.suspects import Suspects, hashes_in
from segue.adapters.hashset import Hashes
from segue.domain.acting import Contact, Controls, Count, FactStretch, Past, TriggeringEvent
from segue.domain.campaigns import Because, Channel, Delivery, State, Suppressed
from segue.timeline.log import Int32s


class KeptDeliveries(Opened):
    """Deliveries, suppressed addresses, switches, and how far acting has got."""

    _made: Suspects
    """The ids of all deliveries."""
    _listed: Suspects
    """The addresses on the suppression list, as they stand there."""

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
        with self._writing_beside() as db:
            self._with_deliveries.add(np.array([one.person for one in made], np.int32))
            known = self._add(db, made)
            if changed:
                delivery_tables.update(db, changed)
            delivery_tables.move(db, cursors)
            for campaign_id, at in (launched or {}).items():
                acting_tables.set_launched(db, campaign_id, at)
        return known

    def _add(self, db: duckdb.DuckDBPyConnection, made: Sequence[Delivery]) -> set[str]:
        """Add those that are new; the ids of the others."""
        unique = {one.id: one for one in made}
        suspects = self._made.among(list(unique))
        known = delivery_tables.those_known(db, suspects) if suspects else set()
        fresh = [one for one in unique.values() if one.id not in known]
        if fresh:
            self._made.add([one.id for one in fresh])
            delivery_tables.insert(db, delivery_tables.table_of(fresh))
        return known

    def _ids_made(self) -> Hashes:
        with self._asking() as now:
            return hashes_in(now.db, "deliveries", "id")

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
        people = self._with_deliveries.among(people)
        if not people:
            return []
        with self._asking() as now:
            return delivery_tables.offers(now.db, people)

    def contacts(self, people: Collection[int], since: int) -> list[Contact]:
        """See `ActingStore.contacts`."""
        people = self._with_deliveries.among(people)
        if not people:
            return []
        with self._asking() as now:
            return delivery_tables.contacts(now.db, people, since)

    def _who_has_deliveries(self) -> Int32s:
        with self._asking() as now:
            return delivery_tables.people(now.db)

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
        because: Because | None = None,
        channel: Channel | None = None,
        after: str | None = None,
        limit: int = 100,
        latest_first: bool = False,
    ) -> list[Delivery]:
        """See `ActingStore.deliveries`."""
        if people and not self._with_deliveries.among(people):
            return []
        with self._asking() as now:
            return delivery_tables.page(
                now.db,
                campaign_id=campaign_id,
                people=people,
                states=states,
                because=because,
                channel=channel,
                after=after,
                limit=limit,
                latest_first=latest_first,
            )

    def theirs(self, people: Collection[int]) -> list[Delivery]:
        """All deliveries to a few people (codes of distinct ids), by (known_at, id)."""
        people = self._with_deliveries.among(people)
        if not people:
            return []
        with self._asking() as now:
            return delivery_tables.theirs(now.db, people)

    def past(self, campaigns: Collection[str], people: Collection[int]) -> list[Past]:
        """See `ActingStore.past`."""
        people = self._with_deliveries.among(people)
        if not people:
            return []
        with self._asking() as now:
            return delivery_tables.past(now.db, campaigns, people)

    def unconverted(self, people: Collection[int], since: int) -> list[Delivery]:
        """See `ActingStore.unconverted`."""
        people = self._with_deliveries.among(people)
        if not people:
            return []
        with self._asking() as now:
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
        asked = acting_tables.forms(addresses)
        suspects = self._listed.among(list(asked))
        if not suspects:
            return []
        with self._asking() as now:
            rows = acting_tables.listed(now.db, suspects, channel)
        return [replace(one, address=asked[one.address]) for one in rows]

    def suppress(self, entries: Sequence[Suppressed]) -> int:
        """See `ActingStore.suppress`."""
        with self._writing_beside() as db:
            self._listed.add([one.address.lower() for one in entries])
            return acting_tables.suppress(db, entries)

    def _addresses_listed(self) -> Hashes:
        with self._asking() as now:
            return hashes_in(now.db, "suppressions", "address")

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
