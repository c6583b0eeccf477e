"""The questions of a survey: which answers they have, and where each answer leads."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from segue.domain.campaigns import SCALES, QuestionKind
from segue.language.campaign_models import END, QuestionDefinition
from segue.language.yaml_source import Loc

ELSE: Final = "else"
"""In a branch: any answer, and none."""
FIVE: Final = 5
"""The highest rating, where a question does not say another one."""
_CHOSEN: Final = (QuestionKind.SINGLE, QuestionKind.MULTIPLE)
_RANGE: Final = re.compile(r"(\d+) (?:to|-) (\d+)")


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong with the questions: where it stands below the survey, and what."""

    loc: Loc
    message: str
    suggestion: str = ""
    doubt: bool = False


def answers_of(question: QuestionDefinition, written: str) -> tuple[str, ...]:
    """The answers that a branch is for: of `0 to 6` each of these numbers, of `else` none: any."""
    if written == ELSE:
        return ()
    if question.kind in _CHOSEN:
        return (written,)
    found = _RANGE.fullmatch(written)
    if found is None:
        return (written,)
    low, high = int(found[1]), int(found[2])
    return tuple(str(number) for number in range(low, min(high, low + 1000) + 1))


def scale_of(question: QuestionDefinition) -> tuple[int, int] | None:
    """The lowest and the highest answer of a question that is answered with a number."""
    if question.kind is QuestionKind.RATING:
        return 1, question.scale or FIVE
    return SCALES.get(question.kind)


def possible_answers(question: QuestionDefinition) -> tuple[str, ...] | None:
    """Every answer that there can be, as text; None where it is free."""
    if question.kind in _CHOSEN:
        return tuple(question.choices)
    scale = scale_of(question)
    return None if scale is None else tuple(map(str, range(scale[0], scale[1] + 1)))


def mistakes(questions: Sequence[QuestionDefinition]) -> Iterator[Mistake]:
    """Repeated ids, choices that are missing or too many, branches that lead nowhere or back."""
    seen: set[str] = set()
    for place, question in enumerate(questions):
        loc: Loc = ("questions", place)
        if question.id in seen:
            yield Mistake((*loc, "id"), f"there is a question `{question.id}` already")
        if question.id == END:
            yield Mistake((*loc, "id"), f"`{END}` ends the survey; choose another name")
        seen.add(question.id)
        yield from _choices(question, loc)
        yield from _branches(question, [one.id for one in questions], loc)
    yield from _ways(questions)


def _choices(question: QuestionDefinition, loc: Loc) -> Iterator[Mistake]:
    chosen = question.kind in _CHOSEN
    if chosen and len(question.choices) < 2:
        yield Mistake((*loc, "choices"), f"a `{question.kind}` question needs two choices or more")
    if not chosen and question.choices:
        yield Mistake((*loc, "choices"), f"a `{question.kind}` question has no choices")
    if len(set(question.choices)) < len(question.choices):
        yield Mistake((*loc, "choices"), "the same choice stands here twice")
    if question.kind is not QuestionKind.RATING and question.scale is not None:
        yield Mistake((*loc, "scale"), f"a `{question.kind}` question has its own scale")


def _branches(question: QuestionDefinition, ids: list[str], loc: Loc) -> Iterator[Mistake]:
    possible = possible_answers(question)
    for written, to in question.then.items():
        at = (*loc, "then", written)
        if to != END and to not in ids:
            close = difflib.get_close_matches(to, [*ids, END], n=1)
            yield Mistake(at, f"there is no question `{to}`", "".join(close))
        if possible is None and written != ELSE:
            yield Mistake(
                at, f"a `{question.kind}` question has free answers: only `else` is known"
            )
        elif possible is not None:
            yield from _unknown_answers(question, written, possible, at)


def _unknown_answers(
    question: QuestionDefinition, written: str, possible: tuple[str, ...], at: Loc
) -> Iterator[Mistake]:
    answers = answers_of(question, written)
    unknown = [answer for answer in answers if answer not in possible]
    if unknown or (not answers and written != ELSE):
        scale = scale_of(question)
        close = difflib.get_close_matches(written, possible, n=1)
        known = (
            f"answers go from {scale[0]} to {scale[1]}" if scale else "it is none of the choices"
        )
        yield Mistake(
            at, f"nobody can answer `{written}`: {known}", "" if scale else "".join(close)
        )


# ------------------------------------------------------------------------------------------- ways


def _ways(questions: Sequence[QuestionDefinition]) -> Iterator[Mistake]:
    """Circles, and questions to which no way leads."""
    following = {one.id: _following(questions, place) for place, one in enumerate(questions)}
    places = {one.id: place for place, one in enumerate(questions)}
    reached: set[str] = set()
    circle = _circle(questions[0].id, following, reached)
    if circle:
        way = " → ".join((*circle, circle[0]))
        loc: Loc = ("questions", places[circle[-1]], "then")
        yield Mistake(loc, f"the questions go round in a circle: {way}")
    for one, place in places.items():
        if not circle and one not in reached:
            yield Mistake(("questions", place), f"no answer ever leads to `{one}`", doubt=True)


def _following(questions: Sequence[QuestionDefinition], place: int) -> list[str]:
    """The questions that can come next."""
    question = questions[place]
    ids = {one.id for one in questions}
    named = [to for to in question.then.values() if to in ids]
    onward = [] if _always_branches(question) else [one.id for one in questions[place + 1 :][:1]]
    return [*named, *onward]


def _always_branches(question: QuestionDefinition) -> bool:
    if ELSE in question.then:
        return True
    possible = possible_answers(question)
    covered = {answer for written in question.then for answer in answers_of(question, written)}
    return bool(question.required and possible and covered >= set(possible))


def _circle(first: str, following: dict[str, list[str]], reached: set[str]) -> list[str]:
    """The first circle met on a walk from a question, in order; fills in what was reached."""
    way: list[str] = []
    waiting = [(first, False)]
    done: set[str] = set()
    while waiting:
        one, left = waiting.pop()
        if left:
            way.remove(one)
            done.add(one)
        elif one in way:
            return way[way.index(one) :]
        elif one not in done:
            reached.add(one)
            way.append(one)
            waiting.append((one, True))
            waiting.extend((other, False) for other in reversed(following.get(one, [])))
    return []
