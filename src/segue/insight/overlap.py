"""How much segments are the same people: exact counts for every pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segue.insight.arrays import Bools, Floats, Int64s

_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Overlaps:
    """Of S segments: `size` int64[S], and `both` int64[S, S], how many people are in two of them at
    once."""

    size: Int64s
    both: Int64s

    @classmethod
    def measured(cls, members: Bools) -> Overlaps:
        """Count over who is in which segment, bool[S, P]."""
        both = np.zeros((len(members), len(members)), np.int64)
        for first in range(0, members.shape[1], _AT_ONCE):
            # Sums of so few ones are whole numbers below 2 ** 24, which float32 holds exactly.
            part = members[:, first : first + _AT_ONCE].astype(np.float32)
            both += (part @ part.T).astype(np.int64)
        return cls(np.diagonal(both).copy(), both)

    @property
    def jaccard(self) -> Floats:
        """float64[S, S]: of those who are in either, the share that is in both; 0 of nobody."""
        either = self.size[:, None] + self.size[None, :] - self.both
        return _share(self.both, either)

    @property
    def containment(self) -> Floats:
        """float64[S, S]: of those in the row's segment, the share that is in the column's."""
        return _share(self.both, np.broadcast_to(self.size[:, None], self.both.shape))


def _share(part: Int64s, of: Int64s) -> Floats:
    return np.divide(part, of, out=np.zeros(part.shape), where=of > 0)
