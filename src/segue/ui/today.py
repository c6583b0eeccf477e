"""The first page: what changed, what works, what is to be mended, and what happens now."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from segue.bootstrap.serving import Serving
from segue.domain.access import KeyKind
from segue.domain.browsing import Since
from segue.domain.instant import DAY, MINUTE, local_date, start_of_day
from segue.insight.lift import Finding
from segue.insight.portfolio.findings import LintFinding
from segue.services.insight.discovering import WINDOWS, Discovered
from segue.services.insight.discovering_words import finding_words, summary_words
from segue.services.insight.lint_words import HEADINGS, Severity, severity
from segue.services.live.moving import WEEK, Change, Moved, Movements, movements
from segue.services.words import number
from segue.ui import analyses, discover
from segue.ui.board import Looked
from segue.ui.campaigns import Row, came_of_all, quick, rows_of
from segue.ui.journey import long_ago
from segue.ui.live import rate_words
from segue.ui.moved import instants_of, moved_address
from segue.ui.pages import HEADERS, Page
from segue.ui.signing import SignedIn

MOVED: Final = 8
"""Segments that are listed as having moved."""
MENDED: Final = 5
"""Mistakes that are listed."""
FOUND: Final = 3
"""Findings that are listed."""
LETTERS: Final = 100
"""Dead letters that are counted of each endpoint; more are "100 or more"."""
_FRESH: Final = 5 * MINUTE
_PATIENCE: Final = 0.04

router = APIRouter()


@dataclass(frozen=True, slots=True)
class MovedRow:
    """A segment that moved: its title, how many are in, and by how much it changed in a day and in
    a week, each with what is usual for it."""

    id: str
    title: str
    size: int
    day: Change
    week: Change


@dataclass(frozen=True, slots=True)
class Letters:
    """Messages of a webhook that were given up."""

    url: str
    count: int


@router.get("/today")
def today(request: Request, session: SignedIn) -> Response:
    """What changed, what works, and what is to be mended; to whom nothing has come yet, how to send
    the first event."""
    del session
    page = Page.of(request)
    extent = page.serving.store.extent()
    if extent.events == 0:
        return page.shown("first_event", _sending(request, page), title="Send the first event")
    came, answers = came_of_all(request, page), _answers(request, page)
    moved = _movements(request, page, extent.first_at)  # last, as it takes longest
    linted = analyses.lint(page)
    values = {
        "now_words": _now(request, page),
        "latest": long_ago(extent.last_at, page),
        "moved": moved,
        "moved_address": moved_address,
        "stretches": _stretches(moved.as_of),
        "rows": _rows(page, moved.result),
        "by_chance": _by_chance(moved.result),
        "campaigns": _judged(rows_of(page, came, surveys=False)),
        "came": came,
        "surveys": [one for one in rows_of(page, came, surveys=True) if one.heard],
        "answers": answers,
        "linted": linted,
        "mistakes": _worst(linted.result.findings if linted.result else ()),
        "headings": HEADINGS,
        **_findings(page),
        "letters": _letters(page.serving),
        "most_letters": LETTERS,
        "file_trouble": page.serving.project.trouble,
    }
    return page.shown("today", values, title="Today")


@router.get("/today/now")
def now(request: Request, session: SignedIn) -> Response:
    """How many events and transitions there were today, in words, for the counter of the page."""
    del session
    page = Page.of(request)
    return JSONResponse(_now(request, page), headers=HEADERS)


# ------------------------------------------------------------------------------------- what is now


@dataclass(slots=True)
class Counter:
    """How much came since the beginning of a day: counted in the store once, and from then on by
    what was taken in and published."""

    serving: Serving
    day: str = ""
    before: Since = field(default_factory=lambda: Since(0, 0))
    guard: threading.Lock = field(default_factory=threading.Lock)

    def today(self, now: int, zone: str) -> Since:
        """What came on the day of the instant (ms) in the zone, up to it."""
        date = local_date(now, zone)
        with self.guard:
            so_far = self._so_far()
            if self.day != date.isoformat():
                with self.serving.store.browsing() as browser:
                    stored = browser.since(start_of_day(date, zone))
                self.before = Since(
                    stored.events - so_far.events, stored.transitions - so_far.transitions
                )
                self.day = date.isoformat()
            return Since(
                max(0, self.before.events + so_far.events),
                max(0, self.before.transitions + so_far.transitions),
            )

    def _so_far(self) -> Since:
        live = self.serving.live
        return Since(live.tap.total, live.health().next_transition)


def _now(request: Request, page: Page) -> dict[str, str]:
    """Events and transitions of today, events a second and people, in words."""
    state, live = request.app.state, page.serving.live
    counter = getattr(state, "counter", None) or Counter(page.serving)
    state.counter = counter
    came = counter.today(page.now, page.zone)
    return {
        "events": number(came.events),
        "changes": number(came.transitions),
        "rate": rate_words(live.tap.rate(page.now)),
        "people": number(live.health().people),
    }


def _sending(request: Request, page: Page) -> dict[str, object]:
    keys = page.serving.store.keys()
    good = (one for one in keys if one.revoked_at is None and one.kind is KeyKind.WRITE)
    write = next(good, None)
    return {
        "key": write.text if write is not None else "",
        "host": f"{request.url.scheme}://{request.headers['host']}",
    }


# ------------------------------------------------------------------------------------- what moved


def _movements(request: Request, page: Page, first: int | None) -> Looked[Movements]:
    store, live = page.serving.store, page.serving.live
    sizes = {one.segment_id: one.size for one in live.segments()}
    return quick(request).look(
        "movements",
        lambda _: movements(store, sizes, page.now, first),
        now=page.now,
        basis=live.definitions,
        fresh=_FRESH,
        patience=_PATIENCE,
    )


def _rows(page: Page, found: Movements | None) -> list[MovedRow]:
    titles = {one.id: one.title for one in page.serving.live.definitions.segments}
    moved: Sequence[Moved] = found.moved if found else ()
    return [
        MovedRow(one.segment_id, titles[one.segment_id], one.size, one.day, one.week)
        for one in moved[:MOVED]
        if one.segment_id in titles
    ]


def _stretches(as_of: int | None) -> dict[str, tuple[str, str]]:
    """The stretches of time of which it is said who came and went, as an address has them."""
    until = as_of or 0
    return {"day": instants_of(until, DAY), "week": instants_of(until, WEEK * DAY)}


def _by_chance(found: Movements | None) -> str:
    """How many segments would stand out if nothing but chance moved them."""
    if found is None or not found.known_days:
        return ""
    day, week = math.ceil(found.chance_days), math.ceil(found.chance_weeks)
    weekly = f", and up to {week} in a week" if found.known_weeks else ""
    return (
        f"If only chance moved them, up to {day} of {found.known_days} segments would stand out on "
        f"a day{weekly}."
    )


# ------------------------------------------------------------------- what works, what is to mend


def _judged(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The campaigns of which something can be said, and the others."""
    known = [one for one in rows if one.found]
    kinds = {"harm": Finding.WORSE, "work": Finding.BETTER}
    judged = {
        name: [one for one in known if one.found and one.found.lift.finding is kind]
        for name, kind in kinds.items()
    }
    others = [one for one in known if not any(one in listed for listed in judged.values())]
    return judged | {"open": others}


def _answers(request: Request, page: Page) -> Looked[dict[str, int]]:
    """By survey, how many people answered in the last day."""
    store = page.serving.store
    surveys = [one for one in page.serving.actor.acting.campaigns if one.survey is not None]

    def work(_: object) -> dict[str, int]:
        since = page.now - DAY
        return {
            one.id: len(
                {said.delivery_id for said in store.survey_answers(one.id) if said.at > since}
            )
            for one in surveys
        }

    return quick(request).look(
        "new answers",
        work,
        now=page.now,
        basis=page.serving.actor.acting,
        fresh=_FRESH,
        patience=_PATIENCE,
    )


def _findings(page: Page) -> dict[str, object]:
    """What people do early that goes along with the first goal, in words; looked for once a day,
    under the name that the page of discovery has it on the board."""
    if not page.serving.live.definitions.goals:
        return {"discovered": None, "findings": [], "found": ""}
    windows = discover.Asked().windows or list(WINDOWS)
    looked: Looked[Discovered] = page.looked(
        ("discover", "", "", tuple(windows)),
        lambda insight, tick: insight.discover(windows=windows, tick=tick),
        fresh=DAY,
    )
    found = looked.result
    told = [finding_words(found, one) for _, one in found.distinct[:FOUND]] if found else []
    return {
        "discovered": looked,
        "findings": told,
        "found": summary_words(found) if found else "",
    }


def _worst(findings: Sequence[LintFinding]) -> list[LintFinding]:
    """What is broken or in vain, the worst first."""
    bad = [one for one in findings if severity(one.mistake) > Severity.MISSING]
    return sorted(bad, key=lambda one: -severity(one.mistake))


def _letters(serving: Serving) -> list[Letters]:
    """The webhooks that gave up messages."""
    store = serving.store
    found = (
        Letters(one.url, len(store.dead_letters(one.id, limit=LETTERS)))
        for one in store.endpoints()
    )
    return [one for one in found if one.count]
