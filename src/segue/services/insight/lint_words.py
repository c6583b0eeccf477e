"""What lint found, in words: each mistake by its name, and how much it matters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Final

from segue.insight.portfolio.findings import LintFinding, Mistake

HEADINGS: Final = {
    Mistake.NEVER_HOLDS: "Conditions that can never hold",
    Mistake.REDUNDANT_PART: "Parts that add nothing",
    Mistake.IDLE_PART: "Parts that never kept anybody out",
    Mistake.TRAITS_ONLY: "Who people are, not what they do",
    Mistake.NOBODY: "Nobody is in it",
    Mistake.EVERYBODY: "Everybody is in it",
    Mistake.NEAR_DUPLICATE: "Nearly the same people",
    Mistake.CONTAINED: "One lies in another, and both speak",
    Mistake.STALE: "Nothing has moved for a month",
    Mistake.SILENT_EVENT: "Events that no longer arrive",
    Mistake.NEVER_ENDS: "Behaviour taken as permanent",
    Mistake.THRASHING: "Gone before a message can be read",
    Mistake.TOO_LATE: "Messages that come too late",
    Mistake.TOO_SMALL: "Too few to act on",
    Mistake.CANNOT_MEASURE: "Campaigns that nobody will be able to judge",
    Mistake.NOT_ACTED_ON: "Segments that nobody acts on",
    Mistake.NO_GOAL: "Campaigns without a goal",
    Mistake.NOT_READ: "Messages that nobody reads",
    Mistake.NEVER_ASKED: "Numbers without voices",
    Mistake.IN_NO_SEGMENT: "People in no segment",
    Mistake.IN_TOO_MANY: "People in too many segments",
    Mistake.ALL_ALIKE_AFTER_SIGNUP: "Everybody treated the same after sign-up",
    Mistake.INACTIVITY_UNWATCHED: "Nobody watches for silence",
    Mistake.STAGE_WITHOUT_SEGMENT: "Stages without a segment",
    Mistake.TOO_MANY_SEGMENTS: "More segments than the traffic feeds",
}
"""Each mistake as a reader is told of it."""


class Severity(IntEnum):
    """How much a mistake matters, from what could be had to what does not work."""

    MISSING = 1
    """Something that would help is not there."""
    WASTED = 2
    """Something is done in vain."""
    BROKEN = 3
    """Something does not do what it says."""


_BROKEN: Final = frozenset(
    {
        Mistake.NEVER_HOLDS,
        Mistake.NOBODY,
        Mistake.SILENT_EVENT,
        Mistake.STALE,
        Mistake.EVERYBODY,
        Mistake.TOO_LATE,
        Mistake.THRASHING,
        Mistake.NEVER_ENDS,
    }
)
_MISSING: Final = frozenset(
    {
        Mistake.IN_NO_SEGMENT,
        Mistake.STAGE_WITHOUT_SEGMENT,
        Mistake.ALL_ALIKE_AFTER_SIGNUP,
        Mistake.INACTIVITY_UNWATCHED,
        Mistake.CANNOT_MEASURE,
        Mistake.NO_GOAL,
        Mistake.NOT_ACTED_ON,
        Mistake.NEVER_ASKED,
    }
)


def severity(mistake: Mistake) -> Severity:
    """How much a mistake matters."""
    if mistake in _BROKEN:
        return Severity.BROKEN
    return Severity.MISSING if mistake in _MISSING else Severity.WASTED


def worst(findings: Iterable[LintFinding]) -> Severity | None:
    """The severity of the worst of them; None where there are none."""
    return max((severity(one.mistake) for one in findings), default=None)


def by_mistake(findings: Sequence[LintFinding]) -> dict[Mistake, list[LintFinding]]:
    """Those of one mistake together, in the order in which each is first found."""
    found: dict[Mistake, list[LintFinding]] = {}
    for one in findings:
        found.setdefault(one.mistake, []).append(one)
    return found
