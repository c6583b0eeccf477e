"""The analyses that several pages look at, each under one name on the board: what one page had
worked out, the others show at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final, Self, TypeVar

from fastapi import Request

from segue.domain.campaigns import Campaign
from segue.domain.errors import BusyError
from segue.domain.instant import SECOND
from segue.services.acting.voices import SurveyVoices, codebook, voices
from segue.services.insight.linting import Linted
from segue.services.insight.measuring import WEEKS, Measures
from segue.ui.board import FRESH, Board, Looked
from segue.ui.pages import Page

PATIENCE: Final = 0.1
"""How long (s) a page waits in all for what is quick as a rule."""
RECENT: Final = 20 * SECOND
"""How old may be what is shown of transitions (ms)."""

T = TypeVar("T")


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


@dataclass(frozen=True, slots=True)
class Quick:
    """Questions that need not wait behind those to the whole log: a board of their own, and until
    when (s) a page waits for all of its questions together."""

    page: Page
    board: Board
    until: float

    @classmethod
    def of(cls, request: Request, page: Page) -> Self:
        """For the page that answers a request."""
        return cls(page, request.app.state.quick, time.perf_counter() + PATIENCE)

    def look(
        self,
        key: Hashable,
        work: Callable[[], T],
        *,
        basis: object = None,
        fresh: int = FRESH,
    ) -> Looked[T]:
        """What is known of a question; see `Board.look`. Its answer is of the definitions in force,
        unless told that it has another basis."""
        try:
            return self.board.look(
                key,
                lambda _: work(),
                now=self.page.now,
                basis=basis or self.page.serving.live.definitions,
                fresh=fresh,
                patience=max(0.0, self.until - time.perf_counter()),
            )
        except BusyError as error:  # the rest of the page is there all the same
            return Looked(None, trouble=error)


def voices_of(quick: Quick, segment_id: str) -> Looked[tuple[SurveyVoices, ...]]:
    """What was answered to each survey, by the people of a segment and by everybody."""
    acting = quick.page.serving.actor.acting
    surveys = [one for one in acting.campaigns if one.survey]
    return quick.look(
        ("voices", segment_id), lambda: _voices(quick.page, surveys, segment_id), basis=acting
    )


def _voices(page: Page, surveys: list[Campaign], segment_id: str) -> tuple[SurveyVoices, ...]:
    themes = codebook(page.serving.project.project.themes)
    return tuple(voices(page.serving.store, one, themes, segment_id) for one in surveys)
