"""The page of one segment: what it means, how it went, what it does, and who is in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from segue.domain.campaigns import Campaign
from segue.domain.instant import DAY
from segue.domain.users import Role
from segue.language.text import to_text
from segue.services.daily import Day
from segue.services.insight.lint_words import HEADINGS, severity
from segue.services.insight.measures_words import definitions as measure_definitions
from segue.services.insight.measures_words import score_words
from segue.services.insight.wording import share_words
from segue.services.live.segment_history import daily_history, days_between
from segue.services.view import known_segment
from segue.ui import analyses
from segue.ui.board import Board
from segue.ui.members import end_of, members_called, members_leaving, members_now, members_then
from segue.ui.pages import Page
from segue.ui.segment_figures import figures, flow_chart, overlaps, size_chart
from segue.ui.segments import MONTH, sentence, titles_of, written_of
from segue.ui.signing import SignedIn
from segue.ui.undo import undoable
from segue.ui.versions import compared, versions_of

LONGEST: Final = 1098
PERIODS: Final = ((MONTH, "28 days"), (90, "90 days"), (366, "a year"), (LONGEST, "three years"))

router = APIRouter()


class Shown(BaseModel):
    """What of a segment is looked at: its members at the end of which day (empty: now), its history
    over how many days, the members after which cursor, or those called `who`, in which order (who
    came last first, or who leaves next first), and which version of the file its definition is set
    against (0: none)."""

    on: str = Field(default="", max_length=10)
    days: int = Field(default=MONTH, ge=7, le=LONGEST)
    after: str = Field(default="", max_length=1000)
    who: str = Field(default="", max_length=1000)
    order: Literal["latest", "leaving"] = "latest"
    compare: int = Field(default=0, ge=0)

    def with_(self, **changes: str | int) -> str:
        """The address of the same page with something else in it."""
        values = {**self.model_dump(), "after": "", **changes}
        defaults = type(self)().model_dump()
        kept = {key: one for key, one in values.items() if one != defaults[key]}
        return "?" + urlencode(kept)


@router.get("/segments/{segment_id:path}")
def one_segment(
    request: Request, session: SignedIn, segment_id: str, shown: Annotated[Shown, Query()]
) -> Response:
    """One segment: what it means, how it went, what it does, and who is in it, now or at the end of
    a day."""
    page = Page.of(request)
    definitions = page.serving.live.definitions
    segment = definitions.segment(known_segment(definitions, segment_id))
    if shown.on:
        end_of(shown.on, page)
    condition = written_of(page).get(segment_id, segment.condition)
    values: dict[str, Any] = {
        "segment": segment,
        "shown": shown,
        "when": to_text(condition),
        "sentence": sentence(condition, titles_of(page)),
        "is_level": "." in segment_id,
        "may_change": session.user.role.may(Role.EDITOR),
        "campaigns": _campaigns_on(page, segment_id),
        "share_words": share_words,
        "score_words": score_words,
        "undoing": undoable(request),
        **_history(page, segment_id, shown),
        **_members(page, segment_id, shown),
        **_worked_out(page, request.app.state.quick, segment_id),
        **_versions(request, page, segment_id, shown),
    }
    return page.shown("segment", values, title=segment.title)


def _history(page: Page, segment_id: str, shown: Shown) -> dict[str, Any]:
    """How it went, and how many were in on the day that is looked at."""
    calendar = days_between(page.now - (shown.days - 1) * DAY, page.now, page.now, page.zone)
    history = daily_history(page.serving.store, segment_id, calendar)
    at = dt.date.fromisoformat(shown.on) if shown.on else None
    place = next((i for i, one in enumerate(history) if one.day == at), None)
    return {
        "history": history,
        "place": place,
        "sizes": size_chart(history, place),
        "flows": flow_chart(history),
        "periods": PERIODS,
        "size": _size(page, segment_id, shown.on, history),
    }


def _size(page: Page, segment_id: str, on: str, history: Sequence[Day]) -> int:
    if not on:
        sizes = (one for one in page.serving.live.segments() if one.segment_id == segment_id)
        return next(one.size for one in sizes)
    at = end_of(on, page)
    day = dt.date.fromisoformat(on)
    known = {one.day: one.size for one in history}
    if day in known:
        return known[day]
    calendar = days_between(at, at, page.now, page.zone)
    return daily_history(page.serving.store, segment_id, calendar)[-1].size


def _members(page: Page, segment_id: str, shown: Shown) -> dict[str, Any]:
    at = end_of(shown.on, page) if shown.on else None
    if shown.who.strip():
        found = members_called(page, segment_id, at, shown.who.strip())
    elif at is None and shown.order == "leaving":
        found = members_leaving(page, segment_id)
    elif at is None:
        found = members_now(page, segment_id, shown.after)
    else:
        found = members_then(page, segment_id, at, shown.after)
    return {"members": found.members, "after": found.after}


def _worked_out(page: Page, quick: Board, segment_id: str) -> dict[str, Any]:
    """What takes a while: measures, overlaps, what lint says, voices, versions."""
    measures, lint = analyses.measures(page), analyses.lint(page)
    surveys = [one for one in page.serving.actor.acting.campaigns if one.survey]
    linted, measured = lint.result, measures.result
    told = None if measured is None else figures(measured, segment_id)
    used = () if told is None else told.measured.adoption.features
    return {
        "measures": measures,
        "figures": told,
        "features": list(zip(measured.features if measured else (), used, strict=False)),
        "measured_as": {} if measured is None else measure_definitions(measured),
        "lint": lint,
        "mistakes": []
        if linted is None
        else [
            (HEADINGS[one.mistake], severity(one.mistake).name.lower(), one)
            for one in linted.findings
            if segment_id in one.segments
        ],
        "overlaps": [] if linted is None else overlaps(linted, segment_id, titles_of(page)),
        "survey_titles": {one.id: one.title or one.id for one in surveys},
        "voices": analyses.voices_of(page, quick, segment_id) if surveys else None,
    }


def _versions(request: Request, page: Page, segment_id: str, shown: Shown) -> dict[str, Any]:
    quick: Board = request.app.state.quick
    return {
        "published": page.serving.store.segment_versions(segment_id)[::-1],
        "versions": versions_of(page, quick, segment_id),
        "comparison": compared(page, segment_id, shown.compare) if shown.compare else None,
    }


def _campaigns_on(page: Page, segment_id: str) -> list[Campaign]:
    return [one for one in page.serving.actor.acting.campaigns if one.segment_id == segment_id]
