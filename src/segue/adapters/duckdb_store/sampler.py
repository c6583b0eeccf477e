"""The face of a store that looks at its latest events, for pages that say what there is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from segue.adapters.duckdb_store.opened import Opened
from segue.domain.browsing import DailyCount, Sampled

_LATEST: Final = """
    SELECT occurred_at, properties::JSON::VARCHAR FROM events
    WHERE name IN ({names}) ORDER BY ref DESC LIMIT ?
"""
_DAILY: Final = """
    SELECT name, (occurred_at - $since) // $step, count(*) FROM events
    WHERE occurred_at >= $since AND occurred_at < $until GROUP BY ALL
"""


class Samples(Opened):
    """The latest events of a name, and how many there were day by day."""

    def latest(self, events: Collection[str], most: int) -> list[Sampled]:
        """The latest events of these names to have come, at most so many, latest first."""
        with self._asking() as now:
            # Numbers in the text are looked for as the table is read.
            codes = [str(code) for code, name in enumerate(now.names) if name in set(events)]
            if not codes:
                return []
            query = _LATEST.format(names=", ".join(codes))
            return [Sampled(*row) for row in now.db.execute(query, [most]).fetchall()]

    def daily(self, since: int, until: int, step: int) -> list[DailyCount]:
        """How often each event occurred in each step of so many ms of `[since, until)`; steps
        without any are left out."""
        with self._asking() as now:
            values = {"since": since, "until": until, "step": step}
            rows = now.db.execute(_DAILY, values).fetchall()
            return [DailyCount(now.names[name], int(place), count) for name, place, count in rows]
