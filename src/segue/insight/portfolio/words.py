"""Words of findings."""

from __future__ import annotations

from typing import Final

from segue.domain.instant import DAY, HOUR, MINUTE, SECOND
from segue.language.tree import Segment

_UNITS: Final = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))


def title(segment: Segment) -> str:
    """A segment by its name for people."""
    return f"“{segment.title}”"


def quoted(name: str) -> str:
    """A name as written in a condition."""
    return f"`{name}`"


def length(milliseconds: float) -> str:
    """A length of time in its largest unit, rounded: `3 days`, `40 minutes`."""
    for size, name in _UNITS:
        count = round(milliseconds / size)
        if milliseconds >= size:
            return f"{count:,} {name}{'' if count == 1 else 's'}"
    return "less than a second"
