"""Who entered or left a segment from one day to another: the people behind every such number."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from segue.domain.errors import NotFoundError, UsageError
from segue.domain.instant import (
    DAY,
    EARLIEST,
    LATEST,
    format_instant,
    local_date,
    parse_instant,
    start_of_day,
)
from segue.domain.live import Boundary, CrossingsPage
from segue.services.live.answers import CurrentMembership
from segue.services.view import known_segment
from segue.services.words import day, moment
from segue.ui.analyses import RECENT, Quick
from segue.ui.board import Looked
from segue.ui.pages import Page
from segue.ui.signing import SignedIn

SHOWN: Final = 50
"""People on a page of the list."""

How: TypeAlias = Literal["entered", "left"]

router = APIRouter()


class Asked(BaseModel):
    """Who is asked for: those who entered (or left) a segment from the first day to the last one,
    both whole; or after one instant, up to another. `before` is where the page begins."""

    model_config = ConfigDict(populate_by_name=True)

    segment: str = Field(max_length=200)
    how: How = "entered"
    first: str = Field(default="", max_length=40, alias="from")
    last: str = Field(default="", max_length=40, alias="to")
    before: str = Field(default="", max_length=50, pattern=r"^(\d{1,15}\.\d{1,9})?$")

    def with_(self, **changes: str) -> str:
        """The address of the same list with something else in it."""
        values = self.model_dump(by_alias=True) | {"before": ""} | changes
        return "/studio/moved?" + urlencode({key: one for key, one in values.items() if one})

    @property
    def cursor(self) -> tuple[int, int] | None:
        """Where the page begins, as the store knows it."""
        at, _, person = self.before.partition(".")
        return (int(at), int(person)) if at else None


@dataclass(frozen=True, slots=True)
class Stretch:
    """The time `(after, until]` (ms), and how a reader says it."""

    after: int
    until: int
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """Somebody who entered or left: when (ms), and since when and until when they are in it now
    (None: they are not)."""

    person_id: str
    at: int
    now: CurrentMembership | None


def moved_address(segment_id: str, how: How, first: str, last: str) -> str:
    """The address of the list of who entered or left a segment, for pages with such numbers; days
    (`2026-05-01`), or instants as `instants_of` has them."""
    asked = {"segment": segment_id, "how": how, "from": first, "to": last}
    return Asked.model_validate(asked).with_()


def instants_of(until: int, length: int) -> tuple[str, str]:
    """The stretch of this length up to an instant (ms), as an address has it."""
    return format_instant(until - length), format_instant(until)


@router.get("/moved")
def moved(request: Request, session: SignedIn, asked: Annotated[Asked, Query()]) -> Response:
    """Who entered or left a segment in a stretch of time, the latest first."""
    del session
    page = Page.of(request)
    definitions = page.serving.live.definitions
    segment = definitions.segment(known_segment(definitions, asked.segment))
    stretch = stretch_of(asked, page)
    looked = _looked(Quick.of(request, page), asked, stretch)
    found = looked.result
    values = {
        "asked": asked,
        "segment": segment,
        "stretch": stretch,
        "looked": looked,
        "rows": _rows(page, asked.segment, found) if found else [],
        "next": asked.with_(before="{}.{}".format(*found.cursor)) if found and found.cursor else "",
        "first": asked.with_() if asked.before else "",
        "other": asked.with_(how="left" if asked.how == "entered" else "entered"),
    }
    return page.shown("moved", values, title=f"Who {asked.how} {segment.title}")


def stretch_of(asked: Asked, page: Page) -> Stretch:
    """The time that is meant, today where nothing is said. Raises `UsageError` where it is none."""
    today = local_date(page.now, page.zone).isoformat()
    first, last = asked.first or asked.last or today, asked.last or today
    after, begins = _border(first, page.zone, ends=False)
    until, ends = _border(last, page.zone, ends=True)
    if after >= until:
        raise UsageError(f"{last} comes before {first}", hint="choose a last day after the first")
    if begins == ends:
        return Stretch(after, until, f"on {begins}")
    return Stretch(after, until, f"from {begins} to {ends}")


def _border(text: str, zone: str, *, ends: bool) -> tuple[int, str]:
    """The instant (ms) at which a stretch begins or ends, and how it is said: of a day, its first
    or its last one."""
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        instant = _accepted(lambda: parse_instant(text, zone), text)
        return instant, moment(instant, zone)
    first = _accepted(lambda: start_of_day(date, zone), text)
    next_ = _accepted(lambda: start_of_day(date + dt.timedelta(days=1), zone), text)
    return (next_ if ends else first) - 1, day(first, zone)


def _accepted(found: Callable[[], int], text: str) -> int:
    """An instant at which events may be, about. Raises `UsageError`."""
    with contextlib.suppress(ValueError, OverflowError):
        if EARLIEST - DAY <= (instant := found()) <= LATEST + DAY:
            return instant
    raise UsageError(f"{text!r} is no day", hint="for example 2026-05-01")


def _looked(quick: Quick, asked: Asked, stretch: Stretch) -> Looked[CrossingsPage]:
    """Who it was; of very many transitions that takes a moment to find."""
    store, boundary = quick.page.serving.store, Boundary(asked.how)

    def work() -> CrossingsPage:
        return store.crossings(
            asked.segment,
            boundary,
            after=stretch.after,
            until=stretch.until,
            before=asked.cursor,
            limit=SHOWN,
        )

    key = ("moved", asked.segment, asked.how, stretch.after, stretch.until, asked.before)
    return quick.look(key, work, fresh=RECENT)


def _rows(page: Page, segment_id: str, found: CrossingsPage) -> list[Row]:
    return [
        Row(one.person_id, one.at, _now(page, segment_id, one.person_id)) for one in found.crossings
    ]


def _now(page: Page, segment_id: str, person_id: str) -> CurrentMembership | None:
    try:
        memberships = page.serving.live.standing(person_id).memberships
    except NotFoundError:  # erased a moment ago
        return None
    return next((one for one in memberships if one.segment_id == segment_id), None)
