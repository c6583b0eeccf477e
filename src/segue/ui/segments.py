"""The pages of segments: all of them, and one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from segue.domain.errors import UsageError
from segue.domain.instant import DAY, local_date, start_of_day
from segue.domain.live import Member
from segue.domain.users import Role
from segue.language.describe import describe
from segue.language.resolve import JOURNEY
from segue.language.text import to_text
from segue.language.tree import Condition, Segment
from segue.services.daily import Day
from segue.services.live.segment_history import daily_history, days_between, recent_days
from segue.services.view import known_segment
from segue.ui.charts import Line, line
from segue.ui.pages import Page
from segue.ui.signing import SignedIn

MONTH: Final = 28
MEMBERS: Final = 50

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Row:
    """One segment in the list: its size and share, what came and went in seven days, its sizes of
    28 days as a line (None: it has no history), and in words what it means."""

    id: str
    title: str
    kind: str
    stage: str
    sentence: str
    size: int
    share: float
    entered: int
    left: int
    spark: Line | None


@router.get("/segments")
def all_segments(
    request: Request,
    session: SignedIn,
    q: Annotated[str, Query(max_length=200)] = "",
    by: Literal["stage", "kind"] = "stage",
) -> Response:
    """Every segment with its size and how it goes, by stage or by kind."""
    page = Page.of(request)
    rows = [one for one in _rows(page) if q.casefold() in f"{one.title} {one.id}".casefold()]
    groups: dict[str, list[Row]] = {}
    for one in rows:
        groups.setdefault(one.stage if by == "stage" else one.kind, []).append(one)
    values = {"groups": groups, "q": q, "by": by, "shown": len(rows)}
    values["may_change"] = session.user.role.may(Role.EDITOR)
    return page.shown("segments", values, title="Segments")


class Shown(BaseModel):
    """What of a segment is looked at: at the end of which day (empty: now), over how many days
    before it, and the members after which person."""

    on: str = Field(default="", max_length=10)
    days: int = Field(default=MONTH, ge=7, le=366)
    after: str | None = Field(default=None, max_length=1000)


@router.get("/segments/{segment_id:path}")
def one_segment(
    request: Request, session: SignedIn, segment_id: str, shown: Annotated[Shown, Query()]
) -> Response:
    """One segment: what it means, how it went, and who is in it, now or at the end of a day."""
    page = Page.of(request)
    store, definitions = page.serving.store, page.serving.live.definitions
    segment = definitions.segment(known_segment(definitions, segment_id))
    at = _end_of(shown.on, page) if shown.on else page.now
    calendar = days_between(at - (shown.days - 1) * DAY, at, page.now, page.zone)
    history = daily_history(store, segment_id, calendar)
    members = store.members(segment_id, at=at, after=shown.after, limit=MEMBERS)
    condition = _written(page).get(segment_id, segment.condition)
    values = {
        "segment": segment,
        "when": to_text(condition),
        "sentence": _sentence(condition, _titles(page)),
        "is_level": "." in segment_id,
        "may_change": session.user.role.may(Role.EDITOR),
        "history": history,
        "size": history[-1].size if history else 0,
        "line": line([day.size for day in history], 640, 140, from_zero=True) if history else None,
        "members": members.members if shown.on else _expected(page, segment_id, members.members),
        "cursor": members.cursor,
        "on": shown.on,
        "days": shown.days,
        "versions": store.segment_versions(segment_id)[::-1],
    }
    return page.shown("segment", values, title=segment.title)


def _expected(page: Page, segment_id: str, members: Sequence[Member]) -> list[Member]:
    """Members as they are now, with when they will leave if nothing more happens."""
    found = []
    for one in members:
        stays = page.serving.live.standing(one.person_id).memberships
        until = next((stay.until for stay in stays if stay.segment_id == segment_id), one.until)
        found.append(replace(one, until=until))
    return found


def _rows(page: Page) -> list[Row]:
    live = page.serving.live
    segments = {one.id: one for one in live.definitions.segments}
    titles, written = _titles(page), _written(page)
    standings = [one for one in live.segments() if one.segment_id in segments]
    sizes = {one.segment_id: one.size for one in standings}
    calendar = days_between(page.now - (MONTH - 1) * DAY, page.now, page.now, page.zone)
    histories = recent_days(page.serving.store, calendar, sizes)
    people = live.health().people
    return [
        _row(
            segments[one.segment_id],
            _sentence(written.get(one.segment_id, segments[one.segment_id].condition), titles),
            one.size,
            people,
            histories[one.segment_id],
        )
        for one in standings
    ]


def _row(segment: Segment, means: str, size: int, people: int, history: Sequence[Day]) -> Row:
    sizes = [day.size for day in history]
    week = history[-7:]
    return Row(
        segment.id,
        segment.title,
        segment.kind or "other",
        segment.stage or segment.id.partition(".")[0] * ("." in segment.id) or "other",
        means,
        size,
        size / people if people else 0.0,
        sum(day.entered for day in week),
        sum(day.left for day in week),
        line(sizes, 96, 24) if sizes else None,
    )


def _titles(page: Page) -> dict[str, str]:
    return {one.id: one.title for one in page.serving.live.definitions.segments}


def _written(page: Page) -> Mapping[str, Condition]:
    """The conditions as the project file has them, in the words of its actions, by segment; of a
    level or a stage its own, not that it is none of the higher ones."""
    project = page.serving.project.project
    stages = {f"{JOURNEY}.{one.stage}": one.when for one in project.journey}
    levels = {
        f"{name}.{one.level}": one.when
        for name, ladder in project.ladders.items()
        for one in ladder.levels
    }
    return stages | levels | {id_: one.when for id_, one in project.segments.items()}


def _sentence(condition: Condition, titles: Mapping[str, str]) -> str:
    text = describe(condition, titles=titles)
    return f"{text[:1].upper()}{text[1:]}."


def _end_of(day: str, page: Page) -> int:
    """The last instant of a day in the project's zone, or now where that is earlier."""
    try:
        date = dt.date.fromisoformat(day)
    except ValueError:
        raise UsageError(f"{day!r} is no day", hint="for example 2026-05-01") from None
    if date > local_date(page.now, page.zone):
        raise UsageError(f"{day} has not come yet", hint="choose a day up to today")
    return min(start_of_day(date + dt.timedelta(days=1), page.zone) - 1, page.now)
