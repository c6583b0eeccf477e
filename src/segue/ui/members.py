"""The members of a segment: page by page, by name, and all of them to take away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from segue.bootstrap.streaming import sheet
from segue.domain.errors import UsageError
from segue.domain.instant import local_date, start_of_day
from segue.domain.live import Member
from segue.services.live.exporting import export_stays
from segue.services.live.reading import search
from segue.services.view import known_segment
from segue.ui.analyses import RECENT, Quick
from segue.ui.board import Looked
from segue.ui.pages import HEADERS, Page
from segue.ui.signing import SignedIn

MEMBERS: Final = 50
FOUND: Final = 20

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Members:
    """Some members of a segment, and where the next ones begin (empty: there are no more)."""

    members: Sequence[Member]
    after: str = ""


def members_now(page: Page, segment_id: str, after: str) -> Members:
    """Who is in now, who was first seen last first, with when they leave by themselves. Raises
    `UsageError` where `after` is no cursor."""
    if after and not after.isdecimal():
        raise UsageError(f"{after!r} is no cursor", hint="begin with the first page")
    found = page.serving.live.in_segments(
        [segment_id], before=int(after) if after else None, limit=MEMBERS
    )
    return Members(found.members, "" if found.cursor is None else str(found.cursor))


def members_leaving(page: Page, segment_id: str) -> Members:
    """Who leaves first by themselves, soonest first."""
    return Members(page.serving.live.leaving_first(segment_id, MEMBERS))


def members_then(quick: Quick, segment_id: str, on: str, after: str) -> Looked[Members]:
    """Who was in at the end of a day, by their ids, with when they left; of very many transitions
    that takes a moment to find. Raises as `end_of`."""
    store, at = quick.page.serving.store, end_of(on, quick.page)

    def work() -> Members:
        found = store.members(segment_id, at=at, after=after or None, limit=MEMBERS)
        return Members(found.members, found.cursor or "")

    return quick.look(("members", segment_id, on, after), work, fresh=RECENT)


def members_called(page: Page, segment_id: str, at: int | None, who: str) -> Members:
    """Members (None: of now) with an id that begins so, or of that e-mail address."""
    people = search(page.serving.store, who, page.now, limit=FOUND)
    stays = (_stay(page, segment_id, at, one.person_id) for one in people)
    return Members([one for one in stays if one is not None])


def _stay(page: Page, segment_id: str, at: int | None, person_id: str) -> Member | None:
    """The stay of somebody in a segment; None where they are not in it."""
    if at is None:
        now = page.serving.live.standing(person_id).memberships
        ours = (one for one in now if one.segment_id == segment_id)
        return next((Member(person_id, one.since, one.until) for one in ours), None)
    for one in page.serving.store.memberships_of(person_id, segment_id):
        if one.entered_at <= at and (one.left_at is None or one.left_at > at):
            return Member(person_id, one.entered_at, one.left_at)
    return None


def end_of(day: str, page: Page) -> int:
    """The last instant of a day in the project's zone, or now where that is earlier. Raises
    `UsageError` where it is no day, or has not come."""
    try:
        date = dt.date.fromisoformat(day)
    except ValueError:
        raise UsageError(f"{day!r} is no day", hint="for example 2026-05-01") from None
    if date > local_date(page.now, page.zone):
        raise UsageError(f"{day} has not come yet", hint="choose a day up to today")
    return min(start_of_day(date + dt.timedelta(days=1), page.zone) - 1, page.now)


@router.get("/segments/{segment_id:path}/members.csv")
def all_members(
    request: Request,
    session: SignedIn,
    segment_id: str,
    on: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """All members, now or at the end of a day, as a table for spreadsheets."""
    del session
    page = Page.of(request)
    known_segment(page.serving.live.definitions, segment_id)
    at = end_of(on, page) if on else page.serving.live.ticked_at
    export = export_stays(page.serving.store, page.serving.live, [segment_id], at, ended=False)
    plain = segment_id.replace("/", "-").replace(":", "-")
    name = f"{plain}-{on}.csv" if on else f"{plain}.csv"
    kept = ("cache-control", "x-content-type-options")
    headers = {key: HEADERS[key] for key in kept} | {
        "content-disposition": f'attachment; filename="{name}"'
    }
    return StreamingResponse(
        sheet(export.batches, export.schema), media_type="text/csv; charset=utf-8", headers=headers
    )
