"""Numbers that 64-bit fixed point with six decimals cannot hold: counted, because they have no
value as amounts."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_LIMIT: Final = Decimal(2**63).scaleb(-6)
_SUSPICIOUS: Final = r"(^|[^0-9.])(9[2-9][0-9]{11}|[0-9]{14,})|[0-9][eE][+]?[0-9]"
"""Where this occurs in JSON text, some number may be too large."""


def count_unreadable(properties: pa.ChunkedArray) -> int:
    """How many numbers in JSON texts do not fit. Digits in strings are no numbers here: they are
    mostly ids."""
    counter = _Counter()
    for text in properties.filter(pc.match_substring_regex(properties, _SUSPICIOUS)).to_pylist():
        json.loads(text, parse_int=counter.see, parse_float=counter.see)
    return counter.found


class _Counter:
    """Sees the text of every number and counts those that do not fit."""

    def __init__(self) -> None:
        self.found = 0

    def see(self, text: str) -> None:
        """Look at one number."""
        self.found += not -_LIMIT <= Decimal(text) < _LIMIT
