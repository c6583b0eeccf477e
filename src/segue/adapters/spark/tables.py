"""The tables that Spark keeps and passes on: their columns, as Spark's DDL."""

from __future__ import annotations

from typing import Final

EVENTS: Final = (
    "distinct_id STRING, event STRING, occurred_at BIGINT, event_id STRING,"
    " sequence BIGINT, properties STRING"
)
"""Events as sources give them: `occurred_at` in ms, `properties` the text of a JSON object."""

READ: Final = f"{EVENTS}, reason STRING, row STRING"
"""Rows as they were read: events, and rows that are none, with the `reason` (null: it is one) and
their text."""

LOG: Final = f"person_id STRING, {EVENTS}"
"""Events with the id of the person who each is of, identities resolved."""

PERSONS: Final = "distinct_id STRING, person_id STRING"
"""The person of each distinct id that is not a person of its own."""

SPANS: Final = "segment_id STRING, person_id STRING, entered_at BIGINT, left_at BIGINT"
"""Spans of people in segments, in ms, of a log continued as if nothing more happened: those that
begin later are part of that future; `left_at` null: never."""

PEOPLE: Final = "person_id STRING, first_seen BIGINT, next_change_at BIGINT"
"""Who was evaluated: their first instant, and the next one at which a span of theirs begins or
ends if nothing more happens, or an event of theirs that was stored already occurs (null: none), in
ms. Who is first seen after the instant asked about is among them, and in nothing yet."""
