"""Identifiers made by chance, where a message has none."""

from __future__ import annotations

import uuid


def new_event_id() -> str:
    """An event id that no other event has."""
    return str(uuid.uuid4())
