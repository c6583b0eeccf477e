"""The face of a store that counts what became of campaigns: a `ResultsStore`."""

from __future__ import annotations

import json
from typing import Any, Final

from segue.adapters.duckdb_store.opened import Opened
from segue.domain.campaigns import Because
from segue.domain.results import SurveyAnswer, Tally

_BEFORE_ASSIGNMENT: Final = ("stopped", "ended", "too_late", "harm", "erased", "not_sampled")
"""Reasons that are looked at before the holdout, so that they stop both arms alike."""
_TALLIES: Final = """
    WITH assigned AS (
        SELECT * FROM deliveries
        WHERE campaign_id = $campaign AND NOT (
            state = 'refused' AND handed_at IS NULL AND approved IS NULL
            AND not_before = greatest(due_at, known_at) -- it never waited, so it never passed
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
_LATENESS: Final = """
    SELECT median(handed_at - due_at) FROM deliveries
    WHERE campaign_id = ? AND occasion = 'transition' AND handed_at IS NOT NULL
"""
_ANSWERED: Final = "$survey_answered"
_ANSWERS: Final = """
    SELECT who, occurred_at, properties::JSON::VARCHAR FROM events
    WHERE name = ? AND properties.campaign_id::VARCHAR = ?
    ORDER BY occurred_at, ref
"""
_SHOWN: Final = """
    SELECT segments FROM deliveries
    WHERE campaign_id = ? AND shown_at IS NOT NULL AND state <> 'held_out' ORDER BY shown_at, id
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

    def lateness(self, campaign_id: str) -> int | None:
        """See `ResultsStore.lateness`."""
        with self._reading() as now:
            found = now.db.execute(_LATENESS, [campaign_id]).fetchall()[0][0]
        return None if found is None else round(found)

    def survey_answers(self, survey_id: str) -> list[SurveyAnswer]:
        """See `ResultsStore.survey_answers`."""
        with self._reading() as now:
            if _ANSWERED not in now.names:
                return []
            rows = now.db.execute(_ANSWERS, [now.names.index(_ANSWERED), survey_id]).fetchall()
        answers = [_answer(who, at, json.loads(text)) for who, at, text in rows]
        last = {(one.delivery_id, one.question_id): one for one in answers if one is not None}
        return list(last.values())

    def survey_shown(self, survey_id: str) -> list[tuple[str, ...]]:
        """See `ResultsStore.survey_shown`."""
        with self._reading() as now:
            rows = now.db.execute(_SHOWN, [survey_id]).fetchall()
        return [tuple(json.loads(segments)) for (segments,) in rows]


def _answer(who: int, at: int, facts: dict[str, Any]) -> SurveyAnswer | None:
    """The answer that an event tells of; None where it tells of none."""
    delivery, question = facts.get("delivery_id"), facts.get("question_id")
    if not isinstance(delivery, str) or not isinstance(question, str):
        return None
    said = facts.get("answer")
    is_number = isinstance(said, int | float) and not isinstance(said, bool)
    chosen = said if isinstance(said, list) else [said]
    is_open = facts.get("question_type") == "text"
    return SurveyAnswer(
        delivery,
        who,
        question,
        at,
        number=float(said) if is_number and said is not None else None,
        choices=() if is_open else tuple(one for one in chosen if isinstance(one, str)),
        text=said if is_open and isinstance(said, str) else "",
        segments=tuple(one for one in facts.get("segments") or () if isinstance(one, str)),
    )
