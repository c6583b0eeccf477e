"""The face of a store that reads what was written into profiles, for many people at once."""

from __future__ import annotations

from typing import Final

from segue.adapters.duckdb_store.opened import Opened
from segue.adapters.extract.names import TRAIT_EVENTS
from segue.domain.ports import StoredEvent
from segue.timeline.log import Int32s

_WRITTEN: Final = """
    SELECT event_id, who, name, occurred_at, received_at, sequence, properties::JSON::VARCHAR
    FROM events
    WHERE who IN (SELECT unnest($whos::INTEGER[])) AND name IN (SELECT unnest($names::INTEGER[]))
    ORDER BY occurred_at, sequence NULLS FIRST, event_id
"""


class WrittenProfiles(Opened):
    """Events that write traits."""

    def written(self, whos: Int32s) -> list[tuple[int, StoredEvent]]:
        """The events that write traits of these distinct ids (int32 codes), in event order, each
        with the code of its distinct id."""
        with self._reading() as now:
            names = [code for code, name in enumerate(now.names) if name in TRAIT_EVENTS]
            values = {"whos": whos.tolist(), "names": names}
            rows = now.db.execute(_WRITTEN, values).fetchall() if names else []
            texts = self._ids
            return [
                (who, StoredEvent(event_id, texts.was(who), now.names[name], *rest))
                for event_id, who, name, *rest in rows
            ]
