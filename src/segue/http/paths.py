"""Which paths belong to ingestion and to SDKs that start: those any web page may call."""

from __future__ import annotations

from typing import Final

_PUBLIC: Final = frozenset(
    {
        *("/batch", "/e", "/capture", "/track", "/engage", "/s"),
        *("/flags", "/decide", "/flags/definitions", "/sourceConfig"),
        *("/api/surveys", "/api/early_access_features", "/api/web_experiments"),
        "/api/product_tours",
        "/sdk.js",
    }
)
_PUBLIC_PREFIXES: Final = ("/v1/", "/i/", "/beacon/", "/array/", "/static/", "/sdk/")


def plain(path: str) -> str:
    """The path without a slash at its end: both forms are one path."""
    return path[:-1] if path.endswith("/") and path != "/" else path


def is_public(path: str) -> bool:
    """Whether any web page may call the path: it takes events, or tells SDKs how to start."""
    return plain(path) in _PUBLIC or path.startswith(_PUBLIC_PREFIXES)
