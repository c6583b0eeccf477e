"""Derived events: sessions and time on page, computed from the person's activity and never stored.

A session begins at the first activity and at each after a gap of 30 minutes or more. Each derived
event knows the activity whose properties it carries (`origin`) and the numbers computed for it, in
millionths (`computed`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from segue.domain.instant import MINUTE
from segue.timeline.intervals import later
from segue.timeline.log import AFTER_EVENTS, Bools, Int64s
from segue.timeline.points import Points, offsets_of, orders

SESSION_STARTED: Final = "$session_started"
SESSION_ENDED: Final = "$session_ended"
PAGE_LEFT: Final = "$page_left"
DERIVED: Final = (SESSION_STARTED, SESSION_ENDED, PAGE_LEFT)
GAP: Final = 30 * MINUTE
"""Idle time that ends a session, in ms."""
SESSION_PROPERTIES: Final = ("path", "referrer")
"""What a session takes over from its first event, beside the campaign properties."""

_MILLIONTHS_PER_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Derived:
    """Derived events of one name, N in all: when they are (`points`), for each the index of the
    activity that it comes from (`origin` int64[N]), which top-level properties of it it carries
    (`carries`; None: all), and what was computed."""

    points: Points
    origin: Int64s
    carries: frozenset[str] | None
    computed: Mapping[str, Int64s]


def session_started(activity: Points, campaign_keys: tuple[str, ...]) -> Derived:
    """Immediately before the first event of each session."""
    first = np.flatnonzero(begins(activity))
    carries = frozenset((*SESSION_PROPERTIES, *campaign_keys))
    return Derived(
        _at(activity, activity.key[first], orders(activity)[first] - 1), first, carries, {}
    )


def session_ended(activity: Points, is_page: Bools) -> Derived:
    """30 minutes after the last event of each session; after all events of that instant."""
    first = np.flatnonzero(begins(activity))
    stop = np.append(first[1:], len(activity)) if len(first) else first
    key, last = activity.key, stop - 1
    order = np.full(len(first), AFTER_EVENTS, np.int32)
    pages = np.concatenate(([0], np.cumsum(is_page)))
    computed = {
        "duration": (key[last] - key[first]) * _MILLIONTHS_PER_MS,
        "events": (stop - first) * 1_000_000,
        "pages": (pages[stop] - pages[first]) * 1_000_000,
    }
    return Derived(_at(activity, later(key[last], GAP), order), last, frozenset(), computed)


def page_left(activity: Points, is_page: Bools) -> Derived:
    """Immediately before the next event of the session after each page event."""
    starts = begins(activity)
    page = np.flatnonzero(is_page[:-1] & ~starts[1:]) if len(activity) else np.empty(0, np.int64)
    key = activity.key
    spent = {"time_on_page": (key[page + 1] - key[page]) * _MILLIONTHS_PER_MS}
    return Derived(_at(activity, key[page + 1], orders(activity)[page + 1] - 2), page, None, spent)


BUILDERS: Final[Mapping[str, Callable[[Points, Bools, tuple[str, ...]], Derived]]] = {
    SESSION_STARTED: lambda activity, _, keys: session_started(activity, keys),
    SESSION_ENDED: lambda activity, is_page, _: session_ended(activity, is_page),
    PAGE_LEFT: lambda activity, is_page, _: page_left(activity, is_page),
}
"""By name: from activity, which of it is page events, and the campaign keys."""


def begins(activity: Points) -> Bools:
    """Which activity begins a session; keys of two people are always further apart than the gap."""
    starts = np.ones(len(activity), np.bool_)
    starts[1:] = np.diff(activity.key) >= GAP
    return starts


def _at(activity: Points, key: Int64s, order: np.ndarray[tuple[int], np.dtype[np.int32]]) -> Points:
    return Points(offsets_of(key, activity.people), key, order)
