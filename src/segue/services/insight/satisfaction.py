"""What the people of each segment answered on scales: CSAT, NPS, CES, ratings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from segue.domain.campaigns import Acting, Question, QuestionKind
from segue.insight.arrays import Bools, Int64s, Valued, holds, person_of
from segue.insight.scores import Scale, Score, score
from segue.language.tree import EventPattern, FilterAnd, Name, Op, Test
from segue.services.insight.past import Past
from segue.timeline.log import Number
from segue.timeline.occurring import Wanted

SCALES: Final[Mapping[QuestionKind, Scale]] = {
    QuestionKind.NPS: Scale.NPS,
    QuestionKind.CSAT: Scale.CSAT,
    QuestionKind.CES: Scale.CES,
    QuestionKind.RATING: Scale.RATING,
}
"""How the answers to each kind of question on a scale are summed up."""
_ENDS: Final = {Scale.NPS: (0, 10), Scale.CSAT: (1, 5), Scale.CES: (1, 7)}
_UNIT: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Scored:
    """A question on a scale, of a survey."""

    survey_id: str
    question: Question

    @property
    def scale(self) -> Scale:
        """Its scale."""
        return SCALES[self.question.kind]

    @property
    def answered(self) -> Wanted:
        """Its answers."""
        mine = (_is("campaign_id", self.survey_id), _is("question_id", self.question.id))
        pattern = EventPattern((Name("$survey_answered", quoted=True),), FilterAnd(mine))
        return Wanted(pattern, Number(("answer",)))

    @property
    def shown(self) -> Wanted:
        """The showings of its survey."""
        name = (Name("$survey_shown", quoted=True),)
        return Wanted(EventPattern(name, _is("campaign_id", self.survey_id)))

    @property
    def wanted(self) -> tuple[Wanted, Wanted]:
        """What is read of the log."""
        return self.answered, self.shown


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """The answers of people who were in a segment when they answered, and of the others; of each
    person the last answer."""

    scored: Scored
    inside: Score
    outside: Score


def scored(acting: Acting) -> list[Scored]:
    """The questions on scales of all surveys."""
    return [
        Scored(campaign.id, question)
        for campaign in acting.campaigns
        if campaign.survey is not None
        for question in campaign.survey.questions
        if question.kind in SCALES
    ]


def satisfaction(past: Past, acting: Acting) -> dict[str, tuple[Satisfaction, ...]]:
    """What was answered in each segment, by its id; questions that nobody answered are left out."""
    questions = [(one, _last(past, one)) for one in scored(acting)]
    said = [(one, _Said.of(past, one, rows)) for one, rows in questions if len(rows[0])]
    return {
        segment_id: tuple(Satisfaction(one, *answers.by(past, segment_id)) for one, answers in said)
        for segment_id in past.spans
    }


Rows = tuple[Int64s, Int64s, Int64s]
"""People, instants in ms and answers in millionths, int64[N] each."""


@dataclass(frozen=True, slots=True)
class _Said:
    """The last answer of each person, and when each who counts was last asked."""

    scale: Scale
    answers: Rows
    asked: tuple[Int64s, Int64s]

    @classmethod
    def of(cls, past: Past, one: Scored, answers: Rows) -> _Said:
        shown = past.occurred[one.shown]
        asked = np.flatnonzero(np.diff(shown.offsets))
        last = shown.at[shown.offsets[asked + 1] - 1]
        counts = holds(past.counted, asked, last)
        return cls(one.scale, answers, (asked[counts], last[counts]))

    def by(self, past: Past, segment_id: str) -> tuple[Score, Score]:
        """The scores of those in the segment, and of the others."""
        spans = past.spans[segment_id]
        inside = holds(spans, self.answers[0], self.answers[1])
        asked = holds(spans, *self.asked)
        return self._score(inside, int(asked.sum())), self._score(~inside, int((~asked).sum()))

    def _score(self, chosen: Bools, asked: int) -> Score:
        answers = self.answers[2][chosen] / _UNIT
        return score(self.scale, answers, max(asked, len(answers)))


def _last(past: Past, one: Scored) -> Rows:
    """The last answer on the scale of each person who counts."""
    rows: Valued = past.occurred[one.answered]
    person = person_of(rows)
    value = np.zeros(0, np.int64) if rows.value is None else rows.value
    low, high = _ENDS.get(one.scale, (1, one.question.scale))
    kept = holds(past.counted, person, rows.at)
    kept &= (value >= low * _UNIT) & (value <= high * _UNIT)
    if rows.known is not None:
        kept &= rows.known
    person, at, value = person[kept], rows.at[kept], value[kept]
    final = np.flatnonzero(np.diff(person, append=-1))
    return person[final], at[final], value[final]


def _is(key: str, value: str) -> Test:
    return Test((key,), Op.EQ, value)
