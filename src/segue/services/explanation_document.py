"""Explanations as JSON documents: the same from the command line and over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from segue.domain.instant import format_instant
from segue.domain.ports import StoredEvent
from segue.language.text import to_text
from segue.services.explain import Explained
from segue.timeline.explanation import Explanation, Missing


def explanation_document(explained: Explained) -> dict[str, Any]:
    """The JSON form: instants in RFC 3339, values in their own unit, every evidence event."""
    found = explained.explanation
    return {
        "segment_id": found.segment_id,
        "person_id": explained.person_id,
        "at": format_instant(found.at),
        "exists": found.exists,
        "holds": found.holds,
        "since": _rfc(found.since),
        "flips_at": _rfc(found.flips_at),
        "condition": _document(found.condition, explained.events),
        "excluded": None if found.excluded is None else _document(found.excluded, explained.events),
    }


def _document(one: Explanation, events: Mapping[int, StoredEvent]) -> dict[str, Any]:
    evidence = latest_first(one, events)
    return {
        "condition": to_text(one.condition),
        "holds": one.holds,
        "because": one.because.value,
        "since": _rfc(one.since),
        "flips_at": _rfc(one.flips_at),
        "value": _plain(one.value, one.unit),
        "threshold": _plain(one.threshold, one.unit),
        "unit": _UNITS.get(one.unit, one.unit),
        "note": one.note,
        "missing": None if one.missing is None else _missing_document(one.missing),
        "evidence": [
            {
                "event_id": event.event_id,
                "event": event.event,
                "occurred_at": format_instant(event.occurred_at),
                "distinct_id": event.distinct_id,
                "properties": json.loads(event.properties),
            }
            for event in evidence
        ],
        "parts": [_document(child, events) for child in one.children],
    }


COUNTED: Final = ("times", "days", "patterns", "periods")
"""Units of values that are counts."""

_UNITS: Final = {"milliseconds": "seconds", "millionths": "number"}
_SCALES: Final = {"milliseconds": 1_000, "millionths": 1_000_000}


def _plain(value: Fraction | None, unit: str) -> float | int | None:
    if value is None:
        return None
    scaled = value / _SCALES.get(unit, 1)
    return int(scaled) if scaled.denominator == 1 else float(scaled)


def _missing_document(missing: Missing) -> dict[str, Any]:
    return {
        "happening": happening(missing),
        "times": missing.times,
        "unit": missing.unit,
        "at": format_instant(missing.at),
        "amount": _plain(missing.amount, "millionths"),
    }


def happening(missing: Missing) -> str:
    """What is missing, as text of the segment language."""
    what = missing.happening
    return what if isinstance(what, str) else to_text(what)


def _rfc(instant: int | None) -> str | None:
    return None if instant is None else format_instant(instant)


def latest_first(one: Explanation, events: Mapping[int, StoredEvent]) -> list[StoredEvent]:
    """The evidence of an explanation, latest first."""
    found = [events[source] for source in one.evidence]
    return sorted(found, key=lambda event: (-event.occurred_at, event.event_id))
