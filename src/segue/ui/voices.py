"""The pages of surveys: all of them with their scores, and one with what people said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from segue.domain.campaigns import Campaign
from segue.domain.results import SurveyAnswer
from segue.domain.users import Role
from segue.insight.scores import Scale, Score
from segue.insight.shares import Share
from segue.services.acting.voices import (
    Choices,
    Numbers,
    QuestionVoices,
    SurveyVoices,
    Texts,
    Voice,
    codebook,
    voices,
)
from segue.ui.board import Looked
from segue.ui.campaign_words import score_bar, score_in_words, score_range
from segue.ui.campaigns import (
    BEGUN,
    FRESH,
    PATIENCE,
    InQuery,
    came_of_all,
    deliveries_of,
    facts_of,
    framed,
    previewed,
    rehearsed_for,
    rows_of,
    texts_of,
    trace_of,
)
from segue.ui.charts import COUNT, DIFFERENCE, SHARE, Bar, Chart, bars, estimates
from segue.ui.pages import Page
from segue.ui.signing import SignedIn
from segue.ui.undo import undoable

LATEST: Final = 30
"""Open answers that are listed."""

router = APIRouter()


@router.get("/voices")
def all_surveys(request: Request, session: SignedIn) -> Response:
    """Every survey: how many answered, and the scores."""
    page = Page.of(request)
    looked = came_of_all(request, page)
    values = {
        "looked": looked,
        "rows": rows_of(page, looked, surveys=True),
        "score": score_in_words,
        "range": score_range,
        "may_change": session.user.role.may(Role.EDITOR),
        "undoing": undoable(request),
    }
    return page.shown("voices", values, title="Surveys and voices")


@router.get("/voices/{survey_id:path}")
def one_survey(request: Request, session: SignedIn, survey_id: str, shown: InQuery) -> Response:
    """One survey: what people answered, in a segment against the rest, and why somebody is not
    asked."""
    page = Page.of(request)
    survey = page.serving.actor.campaign(survey_id)
    if survey.survey is None:
        return RedirectResponse(f"/studio/campaigns/{survey_id}", 303)
    _said(page, survey, shown.segment, patience=BEGUN)  # is read while the rest is
    preview = previewed(page, survey, shown) if shown.person.strip() else None
    deliveries = deliveries_of(page, survey, shown)
    looked = _said(page, survey, shown.segment)
    values = {
        **facts_of(page, survey),
        **deliveries,
        "looked": looked,
        "drawn_questions": _drawn(page, looked.result, shown.segment) if looked.result else [],
        "segments": page.serving.live.definitions.segments,
        "inside": _title(page, shown.segment),
        "shown": shown,
        "trace": trace_of(page, survey, shown.person),
        "preview": preview,
        "texts": texts_of(preview),
        "rehearsal": rehearsed_for(page, survey, shown.dry),
        "may_change": session.user.role.may(Role.EDITOR),
        "undoing": undoable(request),
    }
    return framed(page.shown("survey", values, title=survey.title))


# ------------------------------------------------------------------------------- what was said


@dataclass(frozen=True, slots=True)
class Said:
    """What was answered to a survey, how often each number was given, by question, the latest
    answers in words, and the ids of those who are quoted, by code."""

    voices: SurveyVoices
    given: Mapping[str, Mapping[int, int]]
    latest: Mapping[str, Sequence[SurveyAnswer]]
    people: Mapping[int, str]

    @property
    def responses(self) -> Share:
        """The share of those who saw it that answered the question most did."""
        found = [one.response for one in self.voices.questions]
        return max(found, key=lambda one: one.count)


def _said(
    page: Page, survey: Campaign, segment: str, *, patience: float = PATIENCE
) -> Looked[Said]:
    return page.board.look(
        ("said", survey.id, segment),
        lambda _: _read(page, survey, segment),
        now=page.now,
        basis=page.serving.actor.acting,
        fresh=FRESH,
        patience=patience,
    )


def _read(page: Page, survey: Campaign, segment: str) -> Said:
    store, themes = page.serving.store, codebook(page.serving.project.project.themes)
    found = voices(store, survey, themes, segment or None)
    answers = store.survey_answers(survey.id)
    words = [one for one in answers if one.text and (not segment or segment in one.segments)]
    latest: dict[str, list[SurveyAnswer]] = {}
    for one in reversed(words):
        latest.setdefault(one.question_id, []).append(one)
    latest = {question: those[:LATEST] for question, those in latest.items()}
    quoted = [q.person for one in found.questions for voice in _themes(one) for q in voice.quotes]
    codes = sorted({*quoted, *(one.person for those in latest.values() for one in those)})
    ids = store.person_ids(np.array(codes, np.int32))
    return Said(found, _given(answers, segment), latest, dict(zip(codes, ids, strict=True)))


def _themes(one: QuestionVoices) -> Sequence[Voice]:
    return one.said.themes if isinstance(one.said, Texts) else ()


def _given(answers: Sequence[SurveyAnswer], segment: str) -> dict[str, dict[int, int]]:
    """How often each number was given, by question, in the segment where one is named."""
    found: dict[str, Counter[int]] = {}
    for one in answers:
        if one.number is not None and (not segment or segment in one.segments):
            found.setdefault(one.question_id, Counter())[round(one.number)] += 1
    return {question: dict(counts) for question, counts in found.items()}


# ------------------------------------------------------------------------------- drawn


def _drawn(page: Page, said: Said, segment: str) -> list[dict[str, Any]]:
    """Each question with what it came to, ready to be drawn."""
    inside = _title(page, segment)
    return [_question(one, said, inside) for one in said.voices.questions]


def _question(one: QuestionVoices, said: Said, inside: str) -> dict[str, Any]:
    made: dict[str, Any] = {
        "question": one.question,
        "response": one.response,
        "latest": said.latest.get(one.question.id, ()),
        "texts": None,
        "chart": None,
        "given": (),
    }
    match one.said:
        case Numbers(everybody, mine):
            scores = [("Everybody", everybody), *([(inside, mine)] if mine else [])]
            made |= {
                "score": everybody,
                "words": score_in_words(everybody),
                "range": score_range(everybody),
                "chart": _scores(scores) if everybody.answers else None,
                "given": _numbers(one, said.given.get(one.question.id, {})),
            }
        case Choices(everybody, mine):
            made["chart"] = _choices(everybody, mine, inside) if one.response.count else None
        case Texts():
            made |= {"texts": one.said, "chart": _themes_drawn(one.said, inside)}
    return made


def _scores(scores: Sequence[tuple[str, Score]]) -> Chart:
    scale = scores[0][1].scale
    return estimates(
        [score_bar(name, one) for name, one in scores],
        unit=SHARE if scale is Scale.CSAT else COUNT,
        nothing=0.0 if scale is Scale.NPS else None,
        names="Who",
        value=scale.value.upper(),
    )


def _numbers(one: QuestionVoices, given: Mapping[int, int]) -> list[tuple[int, int, float]]:
    """Every answer that there can be, how often it was given, and that of the most frequent."""
    low, high = one.question.range or (0, 0)
    most = max(given.values(), default=0) or 1
    return [(n, given.get(n, 0), given.get(n, 0) / most) for n in range(low, high + 1)]


def _choices(
    everybody: Mapping[str, Share], mine: Mapping[str, Share] | None, inside: str
) -> Chart:
    rows = []
    for text, share in everybody.items():
        rows.append(_share(text if mine is None else f"{text}: everybody", share))
        if mine is not None:
            rows.append(_share(f"{text}: {inside}", mine[text]))
    return bars(rows, unit=SHARE, names="Answer", value="Share of who answered")


def _share(name: str, share: Share) -> Bar:
    within = share.interval
    return Bar(
        name,
        share.value,
        within.low if within else None,
        within.high if within else None,
        "" if share.of else "nobody answered",
    )


def _themes_drawn(said: Texts, inside: str) -> Chart | None:
    """The share who speak of each theme; where a segment is named, how much more it does."""
    if not said.themes:
        return None
    if not inside:
        rows = [_share(one.title, one.spoken.inside) for one in said.themes]
        return bars(rows, unit=SHARE, names="Theme", value="Share of who answered")
    return estimates(
        [_difference(one) for one in said.themes],
        unit=DIFFERENCE,
        names="Theme",
        value=f"{inside} against the rest",
    )


def _difference(one: Voice) -> Bar:
    spoken, within = one.spoken, one.spoken.difference
    if within is None or not spoken.is_shown:
        return Bar(one.title, None, note="too few to tell")
    inside, outside = spoken.inside.value or 0.0, spoken.outside.value or 0.0
    return Bar(one.title, inside - outside, within.low, within.high)


def _title(page: Page, segment: str) -> str:
    """The title of a segment; "" of none."""
    found = [one.title for one in page.serving.live.definitions.segments if one.id == segment]
    return found[0] if found else ""
