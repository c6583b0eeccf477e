"""The page of data: what arrives, what is not taken, and the lines that send more."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from segue.domain.access import KeyKind
from segue.services.live.catalogue import Catalogue
from segue.ui import importing
from segue.ui.pages import Page
from segue.ui.signing import SignedIn

REJECTED: Final = 20

router = APIRouter()
router.include_router(importing.router)


@router.get("/data")
def data(request: Request, session: SignedIn) -> Response:
    """The events and traits that there are, the latest that were not taken, and how to send."""
    del session
    page = Page.of(request)
    catalogue: Catalogue = request.app.state.catalogue
    names = catalogue.names(page.now)
    keys = (one for one in page.serving.store.keys() if one.revoked_at is None)  # noqa: SIM118
    write = next((one for one in keys if one.kind is KeyKind.WRITE), None)
    values = {
        "events": names.events,
        "traits": names.traits,
        "total": sum(one.count for one in names.events),
        "rejected": page.serving.store.rejected_events(REJECTED),
        "key": write.text if write is not None else "",
        "host": f"{request.url.scheme}://{request.headers['host']}",
        "not_activity": page.serving.live.definitions.not_activity,
    }
    return page.shown("data", values, title="Data")
