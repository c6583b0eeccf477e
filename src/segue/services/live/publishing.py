"""From histories to what is published: the boundaries that are new, and those that vanished."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

TRANSITIONS: Final = pa.schema(
    [
        ("segment", pa.int32()),
        ("person", pa.int32()),
        ("entered", pa.bool_()),
        ("retracted", pa.bool_()),
        ("corrected", pa.bool_()),
        ("live", pa.bool_()),
        ("cause", pa.int8()),
        ("at", pa.int64()),
        ("ref", pa.int64()),
    ]
)
"""Transitions as a store takes them: `segment` is the code of a segment's version, `person` the
code of the person's id, `entered` false where they left, `cause` the place in `CAUSES`, `ref` the
event that caused it (null: none did). See `Transition`."""
