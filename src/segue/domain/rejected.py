"""Events that were not taken: the latest of them are kept, so that senders can be mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

LONGEST_EXCERPT: Final = 2000
"""Of what was sent, at most so many characters are kept."""
MOST_REJECTED: Final = 10_000
"""So many rejected events are kept; older ones make room."""


@dataclass(frozen=True, slots=True)
class RejectedEvent:
    """An event that was not taken: when it came (ms) and why not; its id, the SDK that sent it and
    the name of the key, "" where that is not known; the beginning of what was sent."""

    received_at: int
    reason: str
    message_id: str = ""
    sdk: str = ""
    key_name: str = ""
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class RejectedCount:
    """How many of the kept events were not taken for a reason in the hour that begins at `hour`
    (ms)."""

    hour: int
    reason: str
    count: int


class RejectedEvents(Protocol):
    """Keeps the latest rejected events."""

    def note_rejected(self, events: Sequence[RejectedEvent]) -> None:
        """Keep these; the oldest beyond `MOST_REJECTED` go, and texts are cut to
        `LONGEST_EXCERPT`."""

    def rejected_events(self, limit: int = 100) -> list[RejectedEvent]:
        """The latest ones, latest first."""

    def rejected_counts(self, since: int) -> list[RejectedCount]:
        """How many of those that are kept came since an instant (ms), by hour and reason."""
