"""Explanations: what is told about a condition of one person at one instant."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from segue.language.tree import Condition, Happening
from segue.timeline.evidence import References


class Because(StrEnum):
    """What a condition that holds rests on."""

    EVENTS = "events"
    """Without the evidence it would not hold."""
    ABSENCE = "absence"
    """It would hold if nothing had happened; the missing events would end it."""
    PARTS = "parts"
    """Its parts decide."""
    TIME = "time"
    """The person exists, or it holds whatever happens."""
    NOTHING = "nothing"
    """It does not hold."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What would flip the condition: so many more occurrences of `happening` at the instant `at`.

    By `unit`: `times`, on so many further `days`, in so many further `periods`, with so many
    further `values`, or by so many further `patterns`. With `amount` (millionths), one that brings
    so much, or the least bit more where that alone does not flip it."""

    happening: Happening | str
    times: int
    at: int
    unit: str = "times"
    amount: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one condition holds, or not, at an instant.

    value and threshold: exact numbers in `unit` (`times`, `days`, `patterns`, `periods`,
    `milliseconds`, `millionths`), None where the condition has none or the window does not exist.
    evidence: references of the events behind it, in no order. since: when its current state began
    (ms; None: before the person existed). flips_at: when it changes if nothing more happens (None:
    never).
    """

    condition: Condition
    holds: bool
    because: Because
    since: int | None
    flips_at: int | None
    value: Fraction | None = None
    threshold: Fraction | None = None
    unit: str = ""
    evidence: References = frozenset()
    missing: Missing | None = None
    note: str = ""
    children: tuple[Explanation, ...] = ()

    @property
    def size(self) -> int:
        """How many explanations it is, itself and its parts."""
        return 1 + sum(child.size for child in self.children)

    @property
    def margin(self) -> Fraction | None:
        """How far the value is from the threshold: value less threshold."""
        if self.value is None or self.threshold is None:
            return None
        return self.value - self.threshold


@dataclass(frozen=True, slots=True)
class SegmentExplanation:
    """Why a person is in a segment, or not: the condition's tree, and the project's exclusion where
    there is one. `exists` is false where the person is not seen yet."""

    segment_id: str
    at: int
    exists: bool
    holds: bool
    since: int | None
    flips_at: int | None
    condition: Explanation
    excluded: Explanation | None = None
