"""The API under `/api/`: what people and programs read, and how definitions are changed."""

from __future__ import annotations

from fastapi import APIRouter

from segue.http.api import (
    definitions,
    events,
    exports,
    imports,
    keys,
    people,
    segments,
    transitions,
)

__all__ = ["routers"]


def routers() -> list[APIRouter]:
    """All routes of the API; each takes secret keys only."""
    parts = (people, segments, definitions, transitions, events, imports, exports, keys)
    return [part.router for part in parts]
