"""Links in messages: the page to unsubscribe, clicks, openings.

Whoever has a link may follow it; nobody can make one. What only looks (`HEAD`, a prefetch, a
scanner that opens the page) changes nothing: to unsubscribe takes a `POST` (RFC 8058).
"""

from __future__ import annotations

import base64
import logging
import threading
from collections import OrderedDict
from typing import Any, Final
from urllib.parse import parse_qs

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from segue.domain.addresses import masked_address
from segue.domain.errors import BusyError
from segue.http.context import Context, Here
from segue.http.pages import PRIVATE, shown, unknown
from segue.services.acting.followed import Followed, click_id
from segue.services.acting.links import LinkKind, Ticket, unseal

REMEMBERED: Final = 20_000
"""Clicks that are known to be noted, so that repeated ones are not even offered again."""
LONGEST_FORM: Final = 1_000
"""Bytes of a form that are looked at."""

_LOG: Final = logging.getLogger("segue.links")
_PREFETCHES: Final = ("sec-purpose", "purpose", "x-purpose", "x-moz")
PICTURE: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""A transparent picture of one point."""


def links_router() -> APIRouter:
    """The routes of links, for one application."""
    router = APIRouter(include_in_schema=False)
    seen = _Recent(REMEMBERED)

    @router.api_route("/u/{token}", methods=["GET", "HEAD"])
    def ask(token: str, here: Here) -> Response:
        """The page that asks what somebody no longer wants."""
        ticket = _ticket(here, LinkKind.UNSUBSCRIBE, token)
        return unknown() if ticket is None else _page("asks", ticket, ticket.purpose)

    @router.post("/u/{token}")
    async def unsubscribe(request: Request, token: str, here: Here) -> Response:
        """Do it: from the purpose of the message, or from everything where the form says so."""
        everything = _everything(await request.body())
        return await run_sync(_unsubscribed, here, token, everything)

    @router.api_route("/c/{token}", methods=["GET", "HEAD"])
    def click(request: Request, token: str, here: Here) -> Response:
        """Note a click and lead on to where the link in the message led."""
        ticket = _ticket(here, LinkKind.CLICK, token)
        if ticket is None:
            return unknown()
        if not only_looks(request) and seen.is_new(click_id(ticket)):
            _quietly(Followed(here.store, here.live.submit).clicked, ticket, here.clock())
        return RedirectResponse(ticket.url, 302, headers=PRIVATE)

    @router.api_route("/o/{token}", methods=["GET", "HEAD"])
    def open_(request: Request, token: str, here: Here) -> Response:
        """Note that a message was opened, where that is counted, and give a picture."""
        ticket = _ticket(here, LinkKind.OPEN, token)
        if ticket is None:
            return unknown()
        counts = here.settings.channels.counts_opens and not only_looks(request)
        if counts and seen.is_new(f"{ticket.delivery_id}:shown"):
            _quietly(Followed(here.store, here.live.submit).opened, ticket, here.clock())
        return Response(PICTURE, media_type="image/gif", headers=PRIVATE)

    return router


class _Recent:
    """The names that came last."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, threading.Lock()
        self._names: OrderedDict[str, None] = OrderedDict()

    def is_new(self, name: str) -> bool:
        """Whether a name comes for the first time in a while."""
        with self._lock:
            known = name in self._names
            self._names[name] = None
            self._names.move_to_end(name)
            if len(self._names) > self._most:
                self._names.popitem(last=False)
        return not known


def _ticket(here: Context, kind: LinkKind, token: str) -> Ticket | None:
    return unseal(here.store.link_secret(), kind, token)


def _unsubscribed(here: Context, token: str, everything: bool) -> Response:
    ticket = _ticket(here, LinkKind.UNSUBSCRIBE, token)
    if ticket is None:
        return unknown()
    everything = everything or not ticket.purpose
    followed = Followed(here.store, here.live.submit)
    try:
        followed.unsubscribed(ticket, everything=everything, now=here.clock())
    except BusyError:  # the address is on the list, which is what counts
        _LOG.warning("somebody unsubscribed; the event of it was not taken in")
    return _page("done", ticket, "" if everything else ticket.purpose)


def _quietly(note: Any, ticket: Ticket, now: int) -> None:
    """Note what somebody did; where there is no room for it, they are led on all the same."""
    try:
        note(ticket, now)
    except BusyError:
        _LOG.warning("a click was not taken in")


def _everything(body: bytes) -> bool:
    """Whether a form asks to leave everything; what mail programs send does not."""
    try:
        form = parse_qs(body[:LONGEST_FORM].decode("latin-1"), max_num_fields=20)
    except ValueError:
        return False
    return form.get("from") == ["everything"]


def only_looks(request: Request) -> bool:
    """Whether nobody is there: a `HEAD`, or a program that fetches ahead."""
    told = " ".join(request.headers.get(name, "") for name in _PREFETCHES).lower()
    return request.method == "HEAD" or "prefetch" in told or "preview" in told


# ----------------------------------------------------------------------------------------- the page

_TITLES: Final = {"asks": "Unsubscribe", "done": "You are unsubscribed"}


def _page(state: str, ticket: Ticket, purpose: str) -> Response:
    return shown(
        "unsubscribe",
        {
            "state": state,
            "title": _TITLES[state],
            "address": masked_address(ticket.address),
            "purpose": purpose.replace("_", " "),
        },
    )
