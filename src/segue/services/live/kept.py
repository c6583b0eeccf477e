"""Where everybody stood when a server ended: kept, so that the next one need evaluate nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from segue.timeline.log import Int32s, Int64s
from segue.timeline.parts import Groups


@dataclass(frozen=True, slots=True)
class KeptStanding:
    """Memberships and timers as of the turn at `ticked_at` (int64[1], ms) under the versions with
    `codes` (int32, ascending).

    Person i of `person` int32[P] has the rows `offsets[i]:offsets[i + 1]` of `segment` int32[N]
    (version codes), `since` and `until` int64[N]; `due_person` int32[D] is due at `due_at`
    int64[D]. Each distinct id of `whos` int32[M], ascending, was one of the person `owners`
    int32[M].
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
    whos: Int32s
    owners: Int32s

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

    def fits(self, codes: Iterable[int], at: int) -> bool:
        """Whether people stood so under these versions, and not later than at an instant (ms): of a
        store that was put back to an earlier state it says nothing."""
        return bool(self.codes.tolist() == sorted(codes) and self.ticked_at[0] <= at)


def codes_of(codes: Iterable[int]) -> Int32s:
    """Codes of versions, ascending."""
    return np.array(sorted(codes), np.int32)


def owners_of(groups: Groups) -> tuple[Int32s, Int32s]:
    """Every distinct id, int32[M] ascending, and whose it is, int32[M]."""
    order = np.argsort(groups.whos, kind="stable")
    owners = np.repeat(groups.person, np.diff(groups.offsets))
    return groups.whos[order], owners[order]
