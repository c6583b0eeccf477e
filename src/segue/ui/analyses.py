"""The analyses that several pages look at, each under one name on the board: what one page had
worked out, the others show at once."""

from __future__ import annotations

from typing import Final

from segue.domain.campaigns import Campaign
from segue.domain.errors import BusyError
from segue.services.acting.voices import SurveyVoices, codebook, voices
from segue.services.insight.linting import Linted
from segue.services.insight.measuring import WEEKS, Measures
from segue.ui.board import Board, Looked
from segue.ui.pages import Page

PATIENCE: Final = 0.1
"""How long (s) a page waits for what is quick as a rule."""


def measures(page: Page, goal: str | None = None, weeks: int = WEEKS) -> Looked[Measures]:
    """What each segment does, as `segue report measures` tells it; `goal` is the main one
    (None: the first of the project)."""
    return page.looked(
        ("measures", goal, weeks),
        lambda insight, tick: insight.measures(goal=goal, weeks=weeks, tick=tick),
    )


def lint(page: Page) -> Looked[Linted]:
    """The mistakes of the segments and campaigns as a whole, and how much segments overlap."""
    return page.looked("lint", lambda insight, _: insight.lint())


def voices_of(page: Page, quick: Board, segment_id: str) -> Looked[tuple[SurveyVoices, ...]]:
    """What was answered to each survey, by the people of a segment and by everybody: a question
    that need not wait behind those to the whole log, on a board of its own."""
    surveys = [one for one in page.serving.actor.acting.campaigns if one.survey]
    try:
        return quick.look(
            ("voices", segment_id),
            lambda _: _voices(page, surveys, segment_id),
            now=page.now,
            basis=page.serving.actor.acting,
            patience=PATIENCE,
        )
    except BusyError as error:
        return Looked(None, trouble=error)


def _voices(page: Page, surveys: list[Campaign], segment_id: str) -> tuple[SurveyVoices, ...]:
    themes = codebook(page.serving.project.project.themes)
    return tuple(voices(page.serving.store, one, themes, segment_id) for one in surveys)
