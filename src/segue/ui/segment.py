"""The page of one segment: what it means, how it went, what it does, and who is in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
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
from segue.ui.analyses import RECENT, Quick
from segue.ui.board import Looked
from segue.ui.members import (
    Members,
    end_of,
    members_called,
    members_leaving,
    members_now,
    members_then,
)
from segue.ui.moved import moved_address
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


@dataclass(frozen=True, slots=True)
class Past:
    """How a segment went, and how many were in on the day that is looked at (None: now)."""

    days: Sequence[Day] = ()
    size: int | None = None


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
    quick = Quick.of(request, page)
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
        **_history(page, quick, segment_id, shown),
        **_members(page, quick, segment_id, shown),
        **_versions(page, quick, segment_id, shown),
        **_worked_out(page, quick, segment_id),
    }
    return page.shown("segment", values, title=segment.title)


def _history(page: Page, quick: Quick, segment_id: str, shown: Shown) -> dict[str, Any]:
    """How it went, and how many were in on the day that is looked at."""
    looked = quick.look(
        ("history", segment_id, shown.days, shown.on),
        lambda: _past(page, segment_id, shown),
        fresh=RECENT,
    )
    past = looked.result or Past()
    at = dt.date.fromisoformat(shown.on) if shown.on else None
    place = next((i for i, one in enumerate(past.days) if one.day == at), None)
    return {
        "past": looked,
        "history": past.days,
        "place": place,
        "sizes": size_chart(past.days, place) if past.days else None,
        "flows": flow_chart(past.days) if past.days else None,
        "moved": partial(moved_address, segment_id),
        "periods": PERIODS,
        "size": past.size if shown.on else _size_now(page, segment_id),
    }


def _size_now(page: Page, segment_id: str) -> int:
    sizes = (one for one in page.serving.live.segments() if one.segment_id == segment_id)
    return next(one.size for one in sizes)


def _past(page: Page, segment_id: str, shown: Shown) -> Past:
    store, now, zone = page.serving.store, page.now, page.zone
    calendar = days_between(now - (shown.days - 1) * DAY, now, now, zone)
    days = daily_history(store, segment_id, calendar)
    if not shown.on:
        return Past(days)
    sizes = {one.day.isoformat(): one.size for one in days}
    if shown.on in sizes:
        return Past(days, sizes[shown.on])
    at = end_of(shown.on, page)
    return Past(days, daily_history(store, segment_id, days_between(at, at, now, zone))[-1].size)


def _members(page: Page, quick: Quick, segment_id: str, shown: Shown) -> dict[str, Any]:
    """The members, and what is being done where those of a past day are yet to be found."""
    at = end_of(shown.on, page) if shown.on else None
    if shown.who.strip():
        looked = Looked(members_called(page, segment_id, at, shown.who.strip()))
    elif at is not None:
        looked = members_then(quick, segment_id, shown.on, shown.after)
    elif shown.order == "leaving":
        looked = Looked(members_leaving(page, segment_id))
    else:
        looked = Looked(members_now(page, segment_id, shown.after))
    found = looked.result or Members(())
    return {"members": found.members, "after": found.after, "looking": looked}


def _worked_out(page: Page, quick: Quick, segment_id: str) -> dict[str, Any]:
    """What takes a while: measures, overlaps, what lint says, voices."""
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
        "voices": analyses.voices_of(quick, segment_id) if surveys else None,
    }


def _versions(page: Page, quick: Quick, segment_id: str, shown: Shown) -> dict[str, Any]:
    return {
        "published": page.serving.store.segment_versions(segment_id)[::-1],
        "versions": versions_of(quick, segment_id),
        "comparison": compared(page, segment_id, shown.compare) if shown.compare else None,
    }


def _campaigns_on(page: Page, segment_id: str) -> list[Campaign]:
    return [one for one in page.serving.actor.acting.campaigns if one.segment_id == segment_id]
