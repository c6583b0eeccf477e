"""The face of a store that reads what was written into profiles, for many people at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from segue.adapters.duckdb_store.opened import Opened
from segue.adapters.extract.names import TRAIT_EVENTS
from segue.domain.ports import StoredEvent
from segue.timeline.log import Int32s

_WRITTEN: Final = """
    SELECT event_id, who, name, occurred_at, received_at, sequence, properties::JSON::VARCHAR
    FROM events
    WHERE who IN (SELECT unnest($whos::INTEGER[])) AND name IN ({names})
    ORDER BY occurred_at, sequence NULLS FIRST, event_id
"""


class WrittenProfiles(Opened):
    """Events that write traits."""

    def written(self, whos: Int32s) -> list[tuple[int, StoredEvent]]:
        """The events that write traits of these distinct ids (int32 codes), in event order, each
        with the code of its distinct id."""
        writing = self._writing_traits.among(whos.tolist())
        if not writing:
            return []
        with self._asking() as now:
            # Numbers in the text are looked for as the table is read.
            names = ", ".join(map(str, _codes(now.names)))
            rows = now.db.execute(_WRITTEN.format(names=names), {"whos": writing}).fetchall()
            texts = self._ids
            return [
                (who, StoredEvent(event_id, texts.was(who), now.names[name], *rest))
                for event_id, who, name, *rest in rows
            ]

    def _who_wrote_traits(self) -> Int32s:
        with self._asking() as now:
            names = _codes(now.names)
            if not names:
                return np.zeros(0, np.int32)
            query = f"SELECT DISTINCT who FROM events WHERE name IN ({', '.join(map(str, names))})"
            found: Int32s = now.db.execute(query).fetchnumpy()["who"]
            return found


def _codes(names: Sequence[str]) -> list[int]:
    """The codes of the events that write traits."""
    return [code for code, name in enumerate(names) if name in TRAIT_EVENTS]
