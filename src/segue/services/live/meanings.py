"""What a segment means, as one text: equal exactly where everything that it rests on is equal."""

from __future__ import annotations

import hashlib

from segue.language.tree import Definitions
from segue.language.walk import segments_in
from segue.timeline.block import order_of, places_of


def fingerprints(definitions: Definitions) -> dict[str, str]:
    """The fingerprint of each segment: of its condition, the segments it refers to, who is
    excluded, and what the project says of days, activity, pages and campaigns."""
    exclude = definitions.exclude
    outer = [] if exclude is None else list(segments_in(exclude))
    common = (
        exclude,
        _meanings(definitions, outer),
        definitions.timezone,
        definitions.not_activity,
        definitions.page_events,
        definitions.campaign_keys,
    )
    return {
        segment.id: _digest((_meanings(definitions, [segment.id]), common))
        for segment in definitions.segments
    }


def _meanings(definitions: Definitions, ids: list[str]) -> list[object]:
    places = places_of(definitions)
    return [
        (segment_id, definitions.segments[places[segment_id]].condition)
        for segment_id in order_of(definitions, ids)
    ]


def _digest(meaning: object) -> str:
    return hashlib.sha256(repr(meaning).encode()).hexdigest()
