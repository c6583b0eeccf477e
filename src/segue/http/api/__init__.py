"""The API under `/api/`: what people and programs read, and how definitions are changed."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.routing import APIRoute

from segue.http.access import NEEDS_SECRET_KEY
from segue.http.api import definitions, events, exports, imports, people, segments, transitions

__all__ = ["routers"]

_PARTS = (people, segments, definitions, transitions, events, imports, exports)


def routers() -> list[APIRouter]:
    """All routes of the API; each takes secret keys only."""
    whole = APIRouter(prefix="/api", dependencies=[NEEDS_SECRET_KEY])
    for part in _PARTS:
        whole.include_router(part.router)
    for route in whole.routes:
        if isinstance(route, APIRoute):
            route.openapi_extra = {"security": [{"secretKey": []}]}
    return [whole]
