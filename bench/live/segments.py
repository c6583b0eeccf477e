"""The 50 segments that are kept exact meanwhile: one of every kind that people write, and a probe
that single events enter and time alone leaves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

SEGMENTS: Final = 50
PROBE: Final = "probe"
PROBE_EVENT: Final = "probe_sent"
PROBE_SECONDS: Final = 2
"""How long somebody who was probed stays in the segment `PROBE`."""
TRAIT_EVENT: Final = "$identify"


def segments(names: int) -> dict[str, dict[str, str]]:
    """The segments of a log with so many event names, the most frequent first, as a project file
    has them: `PROBE` and 49 others."""
    conditions = [PROBE_CONDITION, *_conditions(names)]
    assert len(conditions) == SEGMENTS
    titles = [PROBE, *(f"segment_{place:02}" for place in range(1, SEGMENTS))]
    return {title: {"when": when} for title, when in zip(titles, conditions, strict=True)}


PROBE_CONDITION: Final = f"did {PROBE_EVENT} within {PROBE_SECONDS} seconds"


def _conditions(names: int) -> Iterator[str]:
    def event(place: int) -> str:
        return f"event_{place % names:02}"

    windows = ("10 minutes", "1 hour", "1 day", "7 days", "14 days", "30 days", "90 days")
    for i in range(11):
        times = 1 + i % 5
        yield f"did {event(3 * i)} at least {times} times within {windows[i % len(windows)]}"
    for i in range(8):
        quiet, other = event(3 * i), event(3 * i + 1)
        yield f"last {quiet} more than {7 + i} days ago and not did {other} within 3 days"
    for i in range(8):
        yield f"did ({event(3 * i)} then {event(3 * i + 1)} within {1 + i} days) within 30 days"
    for i in range(8):
        first, then = event(3 * i), event(3 * i + 1)
        yield f"did {first} within 7 days and did not {then} since last {first}"
    for i in range(6):
        yield f"did {event(3 * i)} where amount >= {10 * i} at least 2 times within 14 days"
    yield f"last {event(2)} has amount >= 50"
    yield f"first {event(5)} has amount < 20"
    yield 'trait plan = "pro"'
    yield f"sum({event(1)}.amount) >= 200 within 30 days"
    yield f"avg({event(4)}.amount) > 60 within 30 days"
    yield "active on at least 3 days within 14 days"
    yield 'did "$session_started" at least 3 times within 7 days'
    yield f"in segment_03 and did {event(0)} within 1 hour"
