"""What people answered to a survey: scores, choices and themes, in a segment against the rest.

A person counts as in a segment when they were in it at the time the survey was shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.domain.campaigns import Campaign, Question, QuestionKind
from segue.domain.results import ResultsStore, SurveyAnswer
from segue.insight.scores import Scale, Score, score
from segue.insight.shares import Share
from segue.insight.texts import says_something
from segue.insight.themes import Proposal, Theme, assign, default_codebook, propose
from segue.insight.voices import Spoken, TellingWord, compare_themes, telling_words
from segue.language.models import ThemeDefinition
from segue.language.resolve import humanised

QUOTES: Final = 3
_SCALES: Final = {
    QuestionKind.NPS: Scale.NPS,
    QuestionKind.CSAT: Scale.CSAT,
    QuestionKind.CES: Scale.CES,
    QuestionKind.RATING: Scale.RATING,
}


@dataclass(frozen=True, slots=True)
class Numbers:
    """The answers on a scale: of everybody, and of those in the segment (None: none was named)."""

    everybody: Score
    segment: Score | None


@dataclass(frozen=True, slots=True)
class Choices:
    """The share of respondents who chose each answer, in the order of the question: of everybody,
    and of those in the segment (None: none was named)."""

    everybody: Mapping[str, Share]
    segment: Mapping[str, Share] | None


@dataclass(frozen=True, slots=True)
class Quote:
    """What somebody said: `person` is a code of a distinct id of theirs, `at` the instant (ms)."""

    text: str
    person: int
    at: int


@dataclass(frozen=True, slots=True)
class Voice:
    """A theme: who speaks of it, in the segment against the rest (everybody against nobody where
    no segment was named), and what they say in their own words."""

    title: str
    spoken: Spoken
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Texts:
    """Open answers: how many there are, and how many say nothing; `themes` by the codebook,
    `proposals` of further ones among what it does not know, and the words that tell the segment
    from the rest."""

    answers: int
    empty: int
    themes: tuple[Voice, ...]
    unassigned: int
    proposals: tuple[Proposal, ...]
    telling: tuple[TellingWord, ...]


@dataclass(frozen=True, slots=True)
class QuestionVoices:
    """What was answered to one question; `response` is the share of those asked who answered."""

    question: Question
    response: Share
    said: Numbers | Choices | Texts


@dataclass(frozen=True, slots=True)
class SurveyVoices:
    """What was answered to a survey: how many saw it, in all and in the segment, and the
    questions."""

    survey_id: str
    segment_id: str | None
    shown: int
    shown_in_segment: int
    questions: tuple[QuestionVoices, ...]


def codebook(themes: Mapping[str, ThemeDefinition]) -> tuple[Theme, ...]:
    """The themes of a project, or those of any software where it names none."""
    if not themes:
        return default_codebook()
    return tuple(
        Theme(name, one.title or humanised(name), tuple(one.words), tuple(one.examples))
        for name, one in themes.items()
    )


def voices(
    store: ResultsStore,
    campaign: Campaign,
    themes: Sequence[Theme],
    segment_id: str | None = None,
) -> SurveyVoices:
    """What was answered to a survey, by everybody and by the people of a segment."""
    assert campaign.survey is not None
    shown = store.survey_shown(campaign.id)
    inside = sum(segment_id in segments for segments in shown) if segment_id else 0
    asked = _Asked(len(shown), inside, segment_id)
    answers: dict[str, list[SurveyAnswer]] = {one.id: [] for one in campaign.survey.questions}
    for answer in store.survey_answers(campaign.id):
        if _says_anything(answer):
            answers.setdefault(answer.question_id, []).append(answer)
    questions = [
        _question(one, answers[one.id], asked, themes) for one in campaign.survey.questions
    ]
    return SurveyVoices(campaign.id, segment_id, len(shown), inside, tuple(questions))


@dataclass(frozen=True, slots=True)
class Heard:
    """A survey in short: the share of those who saw it that answered anything, and the answers to
    its questions on a scale."""

    response: Share
    scores: tuple[tuple[Question, Score], ...]


def heard(store: ResultsStore, campaign: Campaign) -> Heard:
    """What was answered to a survey, in short: without the words."""
    assert campaign.survey is not None
    answers = [one for one in store.survey_answers(campaign.id) if _says_anything(one)]
    responses = len({one.delivery_id for one in answers})
    shown = max(len(store.survey_shown(campaign.id)), responses)
    scores = [
        (one, _score(_SCALES[one.kind], [a for a in answers if a.question_id == one.id], shown))
        for one in campaign.survey.questions
        if one.kind in _SCALES
    ]
    return Heard(Share.measured(responses, shown), tuple(scores))


def _says_anything(answer: SurveyAnswer) -> bool:
    """Whether there is an answer: what was skipped at last, or taken back, is none."""
    return answer.number is not None or bool(answer.choices or answer.text)


@dataclass(frozen=True, slots=True)
class _Asked:
    """How many were asked, in all and in the segment."""

    everybody: int
    inside: int
    segment_id: str | None

    def of(self, answers: Sequence[SurveyAnswer]) -> list[SurveyAnswer]:
        """The answers of people in the segment."""
        return [one for one in answers if self.segment_id in one.segments]

    def shared(self, answered: int) -> Share:
        """The share who answered: an answer without a showing that was stored was shown too."""
        return Share.measured(answered, max(answered, self.everybody))


def _question(
    question: Question, answers: Sequence[SurveyAnswer], asked: _Asked, themes: Sequence[Theme]
) -> QuestionVoices:
    said: Numbers | Choices | Texts
    if question.kind in _SCALES:
        said = _numbers(question, answers, asked)
    elif question.kind is QuestionKind.TEXT:
        answers = [one for one in answers if one.text]
        said = _texts(answers, asked, themes)
    else:
        said = _choices(question, answers, asked)
    return QuestionVoices(question, asked.shared(len(answers)), said)


def _numbers(question: Question, answers: Sequence[SurveyAnswer], asked: _Asked) -> Numbers:
    scale = _SCALES[question.kind]
    mine = asked.of(answers)
    return Numbers(
        _score(scale, answers, asked.everybody),
        _score(scale, mine, asked.inside) if asked.segment_id else None,
    )


def _score(scale: Scale, answers: Sequence[SurveyAnswer], asked: int) -> Score:
    numbers = [one.number for one in answers if one.number is not None]
    return score(scale, numbers, max(asked, len(numbers)))


def _choices(question: Question, answers: Sequence[SurveyAnswer], asked: _Asked) -> Choices:
    return Choices(
        _chosen(question, answers),
        _chosen(question, asked.of(answers)) if asked.segment_id else None,
    )


def _chosen(question: Question, answers: Sequence[SurveyAnswer]) -> dict[str, Share]:
    counts = {text: sum(text in one.choices for one in answers) for text in question.choices}
    return {text: Share.measured(count, len(answers)) for text, count in counts.items()}


def _texts(answers: Sequence[SurveyAnswer], asked: _Asked, themes: Sequence[Theme]) -> Texts:
    saying = [one for one in answers if says_something(one.text)]
    texts = [one.text for one in saying]
    found = assign(texts, themes)
    inside = _inside(saying, asked.segment_id)
    unknown = [text for text, names in zip(texts, found, strict=True) if not names]
    return Texts(
        answers=len(answers),
        empty=len(answers) - len(saying),
        themes=tuple(_themes(saying, found, themes, inside)),
        unassigned=len(unknown),
        proposals=tuple(propose(unknown)),
        telling=tuple(telling_words(texts, inside)) if asked.segment_id else (),
    )


def _inside(answers: Sequence[SurveyAnswer], segment_id: str | None) -> NDArray[np.bool_]:
    return np.array([segment_id is None or segment_id in one.segments for one in answers], np.bool_)


def _themes(
    answers: Sequence[SurveyAnswer],
    found: Sequence[tuple[str, ...]],
    themes: Sequence[Theme],
    inside: NDArray[np.bool_],
) -> list[Voice]:
    """The themes that anybody speaks of, those that differ most surely first."""
    titles = {one.id: one.title for one in themes}
    spoke = {name: np.array([name in names for names in found], np.bool_) for name in titles}
    spoken = compare_themes({name: who for name, who in spoke.items() if who.any()}, inside)
    return [
        Voice(titles[one.theme], one, _quotes(answers, spoke[one.theme], inside)) for one in spoken
    ]


def _quotes(
    answers: Sequence[SurveyAnswer], spoke: NDArray[np.bool_], inside: NDArray[np.bool_]
) -> tuple[Quote, ...]:
    """What people said, those in the segment first, neither the shortest nor the longest."""
    here = spoke & inside if np.any(spoke & inside) else spoke
    said = [one for one, yes in zip(answers, here.tolist(), strict=True) if yes]
    middle = sorted(len(one.text) for one in said)[len(said) // 2]
    once = {one.text: one for one in reversed(said)}.values()
    ordered = sorted(once, key=lambda one: (abs(len(one.text) - middle), one.text))
    return tuple(Quote(one.text, one.person, one.at) for one in ordered[:QUOTES])
