"""One version of a definition against the next, measured on the same people and time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from segue.insight.comparisons import Difference
from segue.services.insight.documents import difference_document
from segue.services.insight.measures_document import segment_measures_document
from segue.services.insight.measuring import Measures
from segue.services.insight.past import Goal
from segue.services.insight.wording import needs_words, share_words
from segue.services.words import people


@dataclass(frozen=True)
class Versions:
    """A segment as it is now defined (`new`) and as it was (`old`), both measured alike.

    `conversion` is by the id of each goal that both projects have, `engagement` of the last whole
    week: the new version (a) against the old one (b). Most people are in both, which makes the
    intervals wider than they need be, never narrower.
    """

    segment_id: str
    new: Measures
    old: Measures
    conversion: Mapping[str, Difference]
    engagement: Difference

    @property
    def words(self) -> list[str]:
        """What the change does, sentence by sentence."""
        new, old = (one.of(self.segment_id) for one in (self.new, self.old))
        said = [f"{people(new.size.count)} are in now; before it would be {old.size.count:,}."]
        goal = self.new.goal
        if goal is not None and goal.id in self.conversion:
            said.append(_conversion_words(goal, self.conversion[goal.id]))
        said.append(f"Engaged in the last whole week: {_against(self.engagement)}.")
        return said


def versions(segment_id: str, new: Measures, old: Measures) -> Versions:
    """Set the measures of a segment in one version of a project against those in another.

    Raises `KeyError` where one of them has no such segment.
    """
    one, other = new.of(segment_id), old.of(segment_id)
    return Versions(
        segment_id,
        new,
        old,
        {
            goal: Difference.measured(standing.now, other.conversion[goal].now)
            for goal, standing in one.conversion.items()
            if goal in other.conversion
        },
        Difference.measured(one.engagement.now, other.engagement.now),
    )


def _conversion_words(goal: Goal, one: Difference) -> str:
    return f"Of those who entered reached “{goal.id}”: {_against(one)}."


def _against(one: Difference) -> str:
    text = f"{share_words(one.a)}, before {share_words(one.b)}"
    if one.value is None:
        return text
    if one.is_told:
        return f"{text}: {'more' if one.value > 0 else 'fewer'} than before"
    return f"{text}: {needs_words(one)}"


def versions_document(found: Versions) -> dict[str, Any]:
    """Two versions of a definition as plain values."""
    return {
        "segment_id": found.segment_id,
        "words": found.words,
        "conversion": {goal: difference_document(one) for goal, one in found.conversion.items()},
        "engagement": difference_document(found.engagement),
        "new": segment_measures_document(found.new, found.segment_id),
        "old": segment_measures_document(found.old, found.segment_id),
    }
