"""Which events are `any`: what people did themselves, told by the event's name."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

NEVER_ACTIVITY: Final = frozenset(
    {
        *("$identify", "$set", "$set_once", "$unset"),
        *("$groupidentify", "$create_alias", "$merge_dangerously"),
        *("$message_delivered", "$message_shown", "$survey_shown"),
    }
)
"""Profile and identity events, and what was done to the person: never `any`."""
DERIVED_EVENTS: Final = frozenset({"$session_started", "$session_ended", "$page_left"})
"""Computed from the log, never stored, and never `any`."""


def is_activity(name: str, not_activity: Collection[str] = ()) -> bool:
    """Whether events of that name are `any`, given the names of the project that are not (one that
    ends in `*` is a prefix)."""
    if name in NEVER_ACTIVITY or name in DERIVED_EVENTS:
        return False
    return not any(selects(other, name) for other in not_activity)


def selects(pattern: str, name: str) -> bool:
    """Whether a name, or a prefix that ends in `*`, selects the event name."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
