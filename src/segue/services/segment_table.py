"""Definitions as a table: what each segment is, for whoever reads memberships elsewhere."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from segue.language.text import to_text
from segue.language.tree import Definitions

SEGMENTS: Final = pa.schema(
    [(name, pa.string()) for name in ("segment_id", "title", "kind", "stage", "condition")]
)
"""One row per segment; `condition` in the language of segments."""


def segments_table(definitions: Definitions) -> pa.Table:
    """The segments in the order of the definitions; the table has the schema `SEGMENTS`."""
    rows = [
        (one.id, one.title, one.kind, one.stage, to_text(one.condition))
        for one in definitions.segments
    ]
    columns = zip(*rows, strict=True) if rows else [()] * len(SEGMENTS)
    return pa.table([pa.array(column, pa.string()) for column in columns], schema=SEGMENTS)
