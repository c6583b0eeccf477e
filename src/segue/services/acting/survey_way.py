"""The way of somebody through a survey: which question follows which answer, as pages have it too.

The script of pages (`http/sdk/survey.js`) walks by the same rules; a test holds the two together.
Answers are values of JSON: a number on a scale, a text, a list of the choices of `multiple`. A
question that was left out has none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias
from urllib.parse import quote

from segue.domain.campaigns import Question, QuestionKind

Answer: TypeAlias = int | str | tuple[str, ...]
"""What was answered to one question."""

LONGEST_TEXT: Final = 4_000
"""Characters of an open answer; the rest is cut off."""
MOST: Final = 100
"""Links to answers in a message."""
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""Control characters, line breaks and tabs left out, and halves of characters."""


def answers_to(question: Question) -> tuple[str, ...]:
    """Every single answer that there can be, as text; none where several go together or it is
    free."""
    if question.range is not None:
        lowest, highest = question.range
        return tuple(map(str, range(lowest, highest + 1)))
    return question.choices if question.kind is QuestionKind.SINGLE else ()


def links_to(question: Question, page: str) -> dict[str, str]:
    """Addresses of a survey's page that carry an answer to its first question, by answer; none
    where there are too many, or no single one is an answer."""
    return {one: f"{page}?answer={quote(one, safe='')}" for one in answers_to(question)[:MOST]}


def answer_of(question: Question, texts: Sequence[str]) -> Answer | None:
    """The answer that a form means; None where it means none that there can be."""
    if question.kind is QuestionKind.MULTIPLE:
        return tuple(one for one in question.choices if one in texts) or None
    if question.kind is QuestionKind.TEXT:
        told = "".join(texts[:1]).replace("\r\n", "\n")
        return _UNSEEN.sub("", told).strip()[:LONGEST_TEXT] or None
    if not texts or texts[0] not in answers_to(question):
        return None
    return texts[0] if question.kind is QuestionKind.SINGLE else int(texts[0])


def following(questions: Sequence[Question], question: Question, answer: Answer | None) -> str:
    """The id of the question after one with an answer; "" at the end."""
    given = set(map(str, answer)) if isinstance(answer, tuple) else {str(answer)}
    for branch in question.branches:
        if not branch.answers or (answer is not None and given & set(branch.answers)):
            return branch.to
    ids = [one.id for one in questions]
    return "".join(ids[ids.index(question.id) + 1 :][:1])


def way(questions: Sequence[Question], answers: Mapping[str, Answer]) -> list[str]:
    """The ids of the questions on the way that these answers lead, from the first to the end."""
    by_id = {one.id: one for one in questions}
    found: list[str] = []
    at = questions[0].id
    while at in by_id and at not in found:
        found.append(at)
        at = following(questions, by_id[at], answers.get(at))
    return found
