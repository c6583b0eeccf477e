"""The SDK of web pages: our own script, made by `tools.sdk` of the modules in the folder `sdk`."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

SHORT: Final = "public, max-age=300, stale-while-revalidate=86400"
"""A page that names no version asks now and then whether there is another one."""
LONG: Final = "public, max-age=31536000, immutable"
"""What is asked for by its version never changes."""

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Script:
    """A script as it is served; `version` is of its content."""

    text: bytes
    packed: bytes
    version: str

    @classmethod
    def of(cls, name: str) -> Script:
        """The script with this name."""
        text = files("segue.http").joinpath("static", name).read_bytes()
        return cls(text, gzip.compress(text, mtime=0), hashlib.sha256(text).hexdigest()[:8])


_SDK: Final = Script.of("sdk.js")
_MESSAGES: Final = Script.of("messages.js")


@router.get("/sdk.js")
async def sdk(request: Request) -> Response:
    """What every page has: it tells what visitors do, and asks what to show."""
    return _served(request, _SDK)


@router.get("/sdk/messages.js")
async def messages(request: Request) -> Response:
    """What draws messages: fetched by pages that have one to draw."""
    return _served(request, _MESSAGES)


def _served(request: Request, script: Script) -> Response:
    mark = f'"{script.version}"'
    headers = {
        "etag": mark,
        "cache-control": LONG if request.query_params.get("v") == script.version else SHORT,
        "cross-origin-resource-policy": "cross-origin",
        "x-content-type-options": "nosniff",
        "vary": "Accept-Encoding, Origin",
    }
    if "origin" not in request.headers:  # or else what stands in front says so
        headers["access-control-allow-origin"] = "*"
    if mark in request.headers.get("if-none-match", ""):
        return Response(None, 304, headers)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    if packed:
        headers["content-encoding"] = "gzip"
    body = script.packed if packed else script.text
    return Response(body, 200, headers, "text/javascript; charset=utf-8")
