"""Style and scripts of the studio, by addresses that change when they do."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from segue.domain.errors import NotFoundError

TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_FOREVER: Final = "public, max-age=31536000, immutable"

router = APIRouter()


@router.get("/")
def home() -> Response:
    """The first page."""
    return RedirectResponse("/studio/today", 303)


@router.get("/static/{name}")
def asset(request: Request, name: str) -> Response:
    """A file of the studio. It may be kept for ever under the address that pages name."""
    kind = TYPES.get(name.rpartition(".")[2])
    if kind is None or "/" in name or not files("segue.ui").joinpath("static", name).is_file():
        raise NotFoundError(f"there is no {name}", hint="The page that asked for it may be old.")
    keep = _FOREVER if request.query_params.get("v") == _mark(name) else "no-cache"
    headers = {"cache-control": keep, "x-content-type-options": "nosniff"}
    return Response(_read(name), media_type=kind, headers=headers)


def address_of(name: str) -> str:
    """Where a page finds a file of the studio."""
    return f"/studio/static/{name}?v={_mark(name)}"


@cache
def _read(name: str) -> bytes:
    return files("segue.ui").joinpath("static", name).read_bytes()


@cache
def _mark(name: str) -> str:
    return hashlib.sha256(_read(name)).hexdigest()[:12]
