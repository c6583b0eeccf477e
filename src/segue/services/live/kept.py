"""Where everybody stood when a server ended: kept, so that the next one need evaluate nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from segue.timeline.log import Int32s, Int64s


@dataclass(frozen=True, slots=True)
class KeptStanding:
    """Memberships and timers as of the turn at `ticked_at` (int64[1], ms) under the versions with
    `codes` (int32, ascending).

    Person i of `person` int32[P] has the rows `offsets[i]:offsets[i + 1]` of `segment` int32[N]
    (version codes), `since` and `until` int64[N]; `due_person` int32[D] is due at `due_at`
    int64[D].
    """

    ticked_at: Int64s
    codes: Int32s
    person: Int32s
    offsets: Int64s
    segment: Int32s
    since: Int64s
    until: Int64s
    due_person: Int32s
    due_at: Int64s

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> Self | None:
        """What was kept as arrays by name; None where some are missing."""
        names = [field.name for field in fields(cls)]
        if not arrays.keys() >= set(names):
            return None
        return cls(**{name: arrays[name] for name in names})

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it, by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def fits(self, ticked_at: int | None, codes: Iterable[int]) -> bool:
        """Whether that is where everybody stands: as of that turn, under these versions."""
        found = self.ticked_at.tolist(), self.codes.tolist()
        return bool(found == ([ticked_at], sorted(codes)))


def codes_of(codes: Iterable[int]) -> Int32s:
    """Codes of versions, ascending."""
    return np.array(sorted(codes), np.int32)
