"""What lint finds: which mistake, where, what shows it, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mistake(StrEnum):
    """The mistakes that lint knows."""

    NEVER_HOLDS = "never-holds"
    REDUNDANT_PART = "redundant-part"
    IDLE_PART = "idle-part"
    TRAITS_ONLY = "traits-only"
    NOBODY = "nobody"
    EVERYBODY = "everybody"
    NEAR_DUPLICATE = "near-duplicate"
    CONTAINED = "contained"
    STALE = "stale"
    SILENT_EVENT = "silent-event"
    NEVER_ENDS = "never-ends"
    THRASHING = "thrashing"
    TOO_LATE = "too-late"
    TOO_SMALL = "too-small"
    CANNOT_MEASURE = "cannot-measure"
    NOT_ACTED_ON = "not-acted-on"
    NO_GOAL = "no-goal"
    NOT_READ = "not-read"
    NEVER_ASKED = "never-asked"
    IN_NO_SEGMENT = "in-no-segment"
    IN_TOO_MANY = "in-too-many"
    ALL_ALIKE_AFTER_SIGNUP = "all-alike-after-signup"
    INACTIVITY_UNWATCHED = "inactivity-unwatched"
    STAGE_WITHOUT_SEGMENT = "stage-without-segment"
    TOO_MANY_SEGMENTS = "too-many-segments"


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One mistake. `segments` and `campaigns` are the ids it is about (none: the whole project).

    `evidence` is what shows it, counted on the log or read from the text; `advice` what to do.
    `edit` is the condition that the first segment could have instead ("": there is no such one).
    """

    mistake: Mistake
    evidence: str
    advice: str
    segments: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    edit: str = ""
