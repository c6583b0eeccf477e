"""An explanation in words, as a tree: what a terminal and a page show of it alike."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from segue.domain.ports import StoredEvent
from segue.language.describe import describe
from segue.language.tree import (
    And,
    Comparison,
    Condition,
    Definitions,
    InSegment,
    Or,
    Quantile,
    Side,
)
from segue.services import words
from segue.services.explain import Explained
from segue.services.explanation_document import COUNTED, happening, latest_first
from segue.timeline.explanation import Explanation, Missing

MOST_EVIDENCE: Final = 3
"""Events told of one condition, latest first."""

_NEEDS: Final = {
    Comparison.EQ: "exactly",
    Comparison.NE: "anything but",
    Comparison.LT: "less than",
    Comparison.LE: "at most",
    Comparison.GT: "more than",
    Comparison.GE: "at least",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One event of the evidence: when (ms), its name, and its properties in short."""

    at: int
    event: str
    properties: str


@dataclass(frozen=True, slots=True)
class Told:
    """One condition: whether it holds, what it says, what is so, and the latest events behind it,
    of which there are `more`; its parts."""

    holds: bool
    sentence: str
    facts: tuple[str, ...]
    evidence: tuple[Seen, ...]
    more: int
    parts: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether somebody is in a segment, since when and until when, in sentences; why, and why they
    are excluded where they are. `exists` is false where they are not seen yet."""

    person_id: str
    title: str
    exists: bool
    holds: bool
    since: str
    until: str
    at: int
    condition: Told
    excluded: Told | None


def verdict(explained: Explained, definitions: Definitions) -> Verdict:
    """An explanation in words."""
    found, zone = explained.explanation, definitions.timezone
    titles = {segment.id: segment.title for segment in definitions.segments}
    told = _Telling(explained.events, found.at, titles)
    excluded = found.excluded if found.excluded is not None and found.excluded.holds else None
    return Verdict(
        explained.person_id,
        titles[found.segment_id],
        found.exists,
        found.holds,
        _since(found.holds, found.since, found.at, zone),
        _until(found.holds, found.flips_at, found.at, zone),
        found.at,
        told.of(found.condition),
        None if excluded is None else told.of(excluded),
    )


def _since(holds: bool, since: int | None, at: int, zone: str) -> str:
    if since is None:
        return ""
    state = "In" if holds else "Out"
    return f"{state} since {words.moment(since, zone)}, {words.duration(at - since)}."


def _until(holds: bool, flips_at: int | None, at: int, zone: str) -> str:
    if flips_at is None:
        return f"{'Stays in' if holds else 'Stays out'} until something happens."
    change = "Leaves" if holds else "Enters"
    when = f"{words.distance(flips_at, at)}, at {words.moment(flips_at, zone)}"
    return f"{change} {when}, if nothing more happens."


class _Telling:
    """Tells of explanations for one person at one instant."""

    def __init__(
        self, events: Mapping[int, StoredEvent], at: int, titles: Mapping[str, str]
    ) -> None:
        self._events = events
        self._at = at
        self._titles = titles

    def of(self, one: Explanation) -> Told:
        """The explanation and all its parts."""
        events = () if one.children else latest_first(one, self._events)
        shown = events[:MOST_EVIDENCE]
        return Told(
            one.holds,
            self._sentence(one.condition),
            tuple(self._facts(one)),
            tuple(Seen(e.occurred_at, e.event, _shortened(e.properties)) for e in shown),
            len(events) - len(shown),
            tuple(self.of(child) for child in one.children),
        )

    def _sentence(self, condition: Condition) -> str:
        if isinstance(condition, And):
            return "all of these"
        if isinstance(condition, Or):
            return "at least one of these"
        if isinstance(condition, InSegment):
            return f"in “{self._titles.get(condition.segment, condition.segment)}”"
        return describe(condition, titles=self._titles)

    def _facts(self, one: Explanation) -> Iterator[str]:
        if one.note:
            yield one.note
        if one.value is not None and one.threshold is not None:
            needed = _said(one.threshold, "" if one.unit in COUNTED else one.unit)
            yield f"{_said(one.value, one.unit)}, needs {_needs(one.condition)} {needed}"
        if one.flips_at is not None and not one.children:
            change = "ends" if one.holds else "begins"
            yield f"{change} {words.distance(one.flips_at, self._at)}"
        if one.missing is not None and not one.holds:
            yield f"missing: {_wanted(one.missing)}"


def _needs(condition: Condition) -> str:
    """What the comparison of the condition asks for, in words."""
    if isinstance(condition, Quantile):
        return "at least" if condition.side is Side.TOP else "at most"
    comparison = getattr(condition, "comparison", None)
    return _NEEDS[comparison] if isinstance(comparison, Comparison) else "against"


def _said(value: Fraction, unit: str) -> str:
    if unit == "milliseconds":
        return words.duration(int(value))
    if unit == "millionths":
        return f"{float(value / 1_000_000):,.6f}".rstrip("0").rstrip(".")
    count = int(value)
    return words.counted(count, unit.removesuffix("s")) if unit else words.number(count)


def _wanted(missing: Missing) -> str:
    if missing.amount is not None:
        return f"{_said(missing.amount, 'millionths')} more from {happening(missing)}"
    unit = missing.unit.removesuffix("s")
    return f"{happening(missing)}, {words.counted(missing.times, unit)} more"


def _shortened(properties: str, most: int = 60) -> str:
    pairs = json.loads(properties) if properties else {}
    text = " ".join(
        f"{key}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for key, value in pairs.items()
    )
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[: most - 1]}…"
