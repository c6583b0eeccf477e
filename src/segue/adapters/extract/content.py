"""What an event says, as one text to compare."""

from __future__ import annotations

from typing import Final

CONTENT: Final = """
    sha256(concat_ws(chr(31), strlen(distinct_id), distinct_id, strlen(event), event, occurred_at,
        coalesce(sequence::VARCHAR, ''), properties::JSON::VARCHAR))
"""
"""A hash of the content of an event whose `properties` are a VARIANT: of several contents of one
event id that arrived together, the one with the smallest hash counts."""
