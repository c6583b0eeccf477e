"""Addresses that webhooks are sent to: which may be, and how they are shown."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from segue.domain.errors import UsageError
from segue.domain.webhooks import Reach, may_reach

LONGEST_URL: Final = 2_000


def checked_url(url: str, reach: Reach) -> str:
    """The URL, given that messages may go there.

    Raises `UsageError` where it is no http or https URL, names a user or a password (they would
    end up in logs), or names an address that may not be reached.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"this is no URL: {error}", hint="https://example.com/hook") from error
    if parts.scheme not in ("http", "https") or not host or len(url) > LONGEST_URL:
        raise UsageError(
            "a webhook's URL begins with https:// or http:// and names a host",
            hint=f"for example https://example.com/hook; at most {LONGEST_URL} characters",
        )
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "a webhook's URL may not hold a user or a password",
            hint="let the receiver check the signature instead",
        )
    if _is_address(host) and not may_reach(host, reach):
        raise UsageError(f"webhooks may not be sent to {host}", hint=REACH_HINT)
    return url


REACH_HINT: Final = "segue serve --webhook-reach loopback, or private, allows more addresses"
"""What to do where an address may not be reached."""


def shown_url(url: str) -> str:
    """The URL as logs show it: its host only, since paths and queries may hold keys."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}/…"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
