"""The pages of data: what there is, what is not taken, and how more is sent."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Annotated, Final, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from segue.domain.access import KeyKind
from segue.domain.errors import NotFoundError
from segue.domain.instant import DAY, MINUTE, SECOND
from segue.language.lexicon import quote
from segue.services.live.catalogue import Catalogue
from segue.services.portrait import Portrait, portrait
from segue.ui import importing
from segue.ui.board import Board, Looked
from segue.ui.charts import Line, line
from segue.ui.pages import Page
from segue.ui.sending import PAGE, SERVER
from segue.ui.signing import SignedIn

REJECTED: Final = 50
"""Rejected events that are shown."""
SAMPLED: Final = 5_000
"""Events that are looked at for their properties: the latest ones to have come."""
DAYS: Final = 28
WRITING: Final = ("$identify", "$set", "$set_once")
"""Events whose properties become traits."""
_FRESH: Final = 20 * SECOND
_PATIENCE: Final = 0.07
"""Seconds that a page waits for what it has to count, in all."""
_ARRIVED: Final = 10

T = TypeVar("T")

router = APIRouter()
router.include_router(importing.router)


@router.get("/data")
def data(
    request: Request, session: SignedIn, q: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """The events and traits that there are, and the latest events that were not taken."""
    del session
    page, until = Page.of(request), _deadline()
    rejected = page.serving.store.rejected_events(REJECTED)  # before others keep the store busy
    names = _catalogue(request).names(page.now, patience=_left(until))
    found = [one for one in names.events if q.casefold() in one.event.casefold()]
    values = {
        "names": names,
        "events": found,
        "q": q,
        "total": sum(one.count for one in names.events),
        "sparks": _sparks(request, page, until),
        "rejected": rejected,
        "not_activity": page.serving.live.definitions.not_activity,
        "segment_of": _segment_of,
        "imports": page.serving.uploads.all(),
    }
    return page.shown("data", values, title="Data")


@router.get("/data/events/{name:path}")
def one_event(request: Request, session: SignedIn, name: str) -> Response:
    """One event: how often, and what its properties say."""
    del session
    page, until = Page.of(request), _deadline()
    names = _catalogue(request).names(page.now, patience=_left(until))
    summary = next((one for one in names.events if one.event == name), None)
    if summary is None and not names.counting:
        raise NotFoundError(f"No event is called {name!r}", hint="Data lists those that there are.")
    values = {
        "name": name,
        "summary": summary,
        "looked": _portrait(request, page, [name], until),
        "sampled": SAMPLED,
        "segment_of": _segment_of,
        "is_quiet": name in page.serving.live.definitions.not_activity,
        "test_of": partial(_test_of, name),
    }
    return page.shown("data_event", values, title=name)


@router.get("/data/traits")
def traits(request: Request, session: SignedIn) -> Response:
    """The traits that there are, and what they say."""
    del session
    page = Page.of(request)
    values = {
        "test_of": _trait_of,
        "looked": _portrait(request, page, WRITING, _deadline()),
        "sampled": SAMPLED,
    }
    return page.shown("data_traits", values, title="Traits")


@router.get("/data/send")
def send(
    request: Request,
    session: SignedIn,
    since: Annotated[int | None, Query(ge=0)] = None,
    at: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """The lines that send events, and whether one has come since an instant."""
    del session
    page = Page.of(request)
    store, key = page.serving.store, _write_key(page)
    upto = store.next_ref()
    if since is not None and since > upto:  # of another store
        return RedirectResponse("/studio/data/send", 303)
    host = f"{request.url.scheme}://{request.headers['host']}"
    values = {
        "key": key,
        "page_ways": [one.filled(host, key) for one in PAGE],
        "server_ways": [one.filled(host, key) for one in SERVER],
        "host": host,
        "since": since,
        "at": at,
        "arrived": store.events(range(since, min(upto, since + _ARRIVED))) if since else [],
        "refused": [one for one in store.rejected_events(5) if since and one.received_at >= at],
        "wait": urlencode({"since": upto, "at": page.now}),
    }
    return page.shown("data_send", values, title="Send events")


def _catalogue(request: Request) -> Catalogue:
    found: Catalogue = request.app.state.catalogue
    return found


def _deadline() -> float:
    """Up to when a page that is asked for now waits (seconds, as `perf_counter`)."""
    return time.perf_counter() + _PATIENCE


def _left(until: float) -> float:
    """Seconds up to a deadline."""
    return max(0.0, until - time.perf_counter())


def _quick(
    request: Request, page: Page, key: object, work: Callable[[], T], until: float
) -> Looked[T]:
    """What is quickly looked up in the store, kept for some seconds."""
    board: Board = request.app.state.quick
    return board.look(
        ("data", key), lambda _: work(), now=page.now, fresh=_FRESH, patience=_left(until)
    )


def _portrait(
    request: Request, page: Page, events: Collection[str], until: float
) -> Looked[Portrait]:
    store = page.serving.store
    return _quick(
        request,
        page,
        tuple(events),
        lambda: portrait(one.properties for one in store.latest(events, SAMPLED)),
        until,
    )


def _sparks(request: Request, page: Page, until: float) -> Mapping[str, Line] | None:
    """How often each event occurred in each of the last 28 days, as a line; None
    while they are counted."""
    end = page.now - page.now % MINUTE + MINUTE
    since = end - DAYS * DAY

    def count() -> Mapping[str, Line]:
        counts: dict[str, list[int]] = defaultdict(lambda: [0] * DAYS)
        for one in page.serving.store.daily(since, end, DAY):
            counts[one.event][one.step] = one.count
        return {name: line(values, 96, 24, from_zero=True) for name, values in counts.items()}

    return _quick(request, page, "days", count, until).result


def _write_key(page: Page) -> str:
    """The write key that lines name; empty where there is none."""
    keys = (one for one in page.serving.store.keys() if one.revoked_at is None)  # noqa: SIM118
    return next((one.text or "" for one in keys if one.kind is KeyKind.WRITE), "")


def _segment_of(event: str) -> str:
    """Where a segment of those who did an event is made."""
    return f"/studio/builder?{urlencode({'when': f'did {quote(event)}'})}"


def _trait_of(name: str, value: str) -> str:
    """Where a segment of those whose trait has a value is made."""
    return f"/studio/builder?{urlencode({'when': f'trait {name} = {quote(value)}'})}"


def _test_of(event: str, name: str, value: str) -> str:
    """Where a segment of those who did it with a value is made."""
    when = f"did {quote(event)} where {name} = {quote(value)}"
    return f"/studio/builder?{urlencode({'when': when})}"
