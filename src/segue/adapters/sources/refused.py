"""What to do about rows that were refused: what kind of reason it is, and a hint for each kind."""

from __future__ import annotations

import re
from typing import Final

_PLACE: Final = re.compile(r" at (byte|character) \d+$")
_HINTS: Final = (
    ("no person_id", "choose the column that says who did it, or leave such rows out"),
    ("no event", "choose the column that says what was done, or name one event for all rows"),
    ("derived events", "leave them out: Segue works sessions out itself"),
    ("no occurred_at", "choose the column that says when, or leave such rows out"),
    ("occurred_at is no instant", "say how times are written, for example %d/%m/%Y %H:%M"),
    ("occurred_at is not within", "look at the form of the times, or at the clock that wrote them"),
    ("sequence is no integer", "choose a column of whole numbers, or none"),
    ("properties is no JSON object", "choose a column of JSON objects, or none"),
    ("no UTF-8", "save the file as UTF-8"),
    ("no JSON", "one JSON object is read per line"),
)
_CELLS: Final = "a cell may hold the delimiter or a line break: put such cells in double quotes"


def kind_of(reason: str) -> str:
    """A reason without where in the row it was found, to count by."""
    return _PLACE.sub("", reason)


def hint_for(reason: str) -> str:
    """What somebody may do about rows that were refused for this reason."""
    if reason[:1].isdigit():
        return _CELLS
    return next((hint for start, hint in _HINTS if reason.startswith(start)), "")
