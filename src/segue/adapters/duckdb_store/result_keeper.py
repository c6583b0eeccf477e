"""The face of a store that counts what became of campaigns: a `ResultsStore`."""

from __future__ import annotations

from typing import Final

from segue.adapters.duckdb_store.opened import Opened
from segue.domain.campaigns import Because
from segue.domain.results import Tally

_BEFORE_ASSIGNMENT: Final = ("stopped", "ended", "too_late", "harm", "erased", "not_sampled")
"""Reasons that are looked at before the holdout, so that they stop both arms alike."""
_TALLIES: Final = """
    WITH assigned AS (
        SELECT * FROM deliveries
        WHERE campaign_id = $campaign AND NOT (
            state = 'refused' AND ended_at = known_at
            AND because IN (SELECT unnest($before_assignment::VARCHAR[]))
        )
        QUALIFY row_number() OVER (PARTITION BY person ORDER BY due_at, id) = 1
    )
    SELECT variant, state = 'held_out' AS held_out, count(*), count(handed_at),
        count(delivered_at), count(shown_at), count(clicked_at), count(dismissed_at),
        count_if(due_at < $complete), count_if(due_at < $complete AND converted_at IS NOT NULL)
    FROM assigned GROUP BY ALL ORDER BY ALL
"""
_REFUSALS: Final = """
    SELECT because, count(*) FROM deliveries
    WHERE campaign_id = ? AND state IN ('refused', 'failed') AND because IS NOT NULL
    GROUP BY because ORDER BY because
"""


class KeptResults(Opened):
    """Arms of campaigns and what was refused, counted in one statement each."""

    def tallies(self, campaign_id: str, *, complete_before: int) -> list[Tally]:
        """See `ResultsStore.tallies`."""
        asked = {
            "campaign": campaign_id,
            "complete": complete_before,
            "before_assignment": list(_BEFORE_ASSIGNMENT),
        }
        with self._reading() as now:
            return [Tally(*row) for row in now.db.execute(_TALLIES, asked).fetchall()]

    def refusals(self, campaign_id: str) -> dict[Because, int]:
        """See `ResultsStore.refusals`."""
        with self._reading() as now:
            rows = now.db.execute(_REFUSALS, [campaign_id]).fetchall()
        return {Because(why): number for why, number in rows}
