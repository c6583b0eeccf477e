"""What became of a campaign's deliveries, counted: what results are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from segue.domain.campaigns import Because


@dataclass(frozen=True, slots=True)
class Tally:
    """People of one arm of a campaign, each counted once, by their first delivery.

    `variant` is what they were to get, `held_out` whether they were deliberately not messaged.
    `complete` are those whose time for the goal is over, `complete_converted` those of them who
    reached it, whatever became of the delivery.
    """

    variant: str
    held_out: bool
    people: int
    handed: int
    delivered: int
    shown: int
    clicked: int
    dismissed: int
    complete: int
    complete_converted: int


@dataclass(frozen=True, slots=True)
class SurveyAnswer:
    """What somebody answered to one question of a survey, at last.

    `person` is a code of a distinct id of theirs. `number` is the answer on a scale, `choices` are
    the texts of those chosen, `text` is open text; the others are empty. `segments` are the ids of
    those that the person was in when the survey was shown.
    """

    delivery_id: str
    person: int
    question_id: str
    at: int
    number: float | None
    choices: tuple[str, ...]
    text: str
    segments: tuple[str, ...]


class ResultsStore(Protocol):
    """What results ask of an event store."""

    def tallies(self, campaign_id: str, *, complete_before: int) -> list[Tally]:
        """The arms of a campaign by variant. Those whose first delivery was due before
        `complete_before` (ms) are complete. Deliveries that were refused at once, for a reason that
        stops treated and held-out people alike, belong to no arm."""

    def refusals(self, campaign_id: str) -> Mapping[Because, int]:
        """How many deliveries of a campaign were refused or failed, by why."""

    def lateness(self, campaign_id: str) -> int | None:
        """How long after they were due half of the deliveries that transitions made left, or later
        (ms); None where none did."""

    def survey_answers(self, survey_id: str) -> list[SurveyAnswer]:
        """The last answer to each question in each showing of a survey, in event order."""

    def survey_shown(self, survey_id: str) -> list[tuple[str, ...]]:
        """For each delivery of a survey that was shown, the segments the person was in then."""
