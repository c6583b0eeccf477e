"""What the people of each segment answered on scales: CSAT, NPS, CES, ratings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from segue.domain.campaigns import Acting, Question, QuestionKind
from segue.insight.arrays import Int64s, Valued, holds, person_of
from segue.insight.scores import Scale, Score, score
from segue.insight.tallies import Counts, Tally, counts, numbers, under
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


def tallied(past: Past, acting: Acting) -> dict[str, Counts]:
    """What `satisfaction` sums up, counted over the people of the past: for each question and
    segment the last answers of who was in it (`inside`) and of who was not, and how many of either
    were asked."""
    found = dict[str, Counts]()
    for place, one in enumerate(scored(acting)):
        person, at, value = _last(past, one)
        asked = _asked(past, one)
        for segment_id, spans in past.spans.items():
            name, inside = _name(place, segment_id), holds(spans, person, at)
            found[f"{name}/inside"] = Counts.of(value[inside])
            found[f"{name}/outside"] = Counts.of(value[~inside])
            were = holds(spans, *asked)
            found[f"{name}/asked"] = Counts.table(np.array([were.sum(), (~were).sum()]))
    return found


def satisfaction(
    tally: Tally, acting: Acting, segment_ids: Sequence[str]
) -> dict[str, tuple[Satisfaction, ...]]:
    """What was answered in each segment, by its id; questions that nobody answered are left out."""
    questions = list(enumerate(scored(acting)))
    return {
        segment_id: tuple(
            found
            for place, one in questions
            if (found := _summed(one, under(_name(place, segment_id), tally))) is not None
        )
        for segment_id in segment_ids
    }


def _name(place: int, segment_id: str) -> str:
    return f"{place} {segment_id}"


def _summed(one: Scored, tally: Tally) -> Satisfaction | None:
    inside, outside = (counts(tally, side).each / _UNIT for side in ("inside", "outside"))
    if not len(inside) + len(outside):
        return None
    asked = numbers(tally, "asked", [2]).tolist()
    return Satisfaction(
        one,
        *(
            score(one.scale, answers, max(people, len(answers)))
            for answers, people in zip((inside, outside), asked, strict=True)
        ),
    )


Rows = tuple[Int64s, Int64s, Int64s]
"""People, instants in ms and answers in millionths, int64[N] each."""


def _asked(past: Past, one: Scored) -> tuple[Int64s, Int64s]:
    """Who counts and was asked, and when last (ms), int64[N] each."""
    shown = past.occurred[one.shown]
    asked = np.flatnonzero(np.diff(shown.offsets))
    last = shown.at[shown.offsets[asked + 1] - 1]
    counts = holds(past.counted, asked, last)
    return asked[counts], last[counts]


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
