"""A set of 64-bit hashes that grows in sorted runs: which ids, or which rows, occurred before.

What hashes to none of its members is surely new; what does has to be confirmed. Eight bytes per
member, no Python object, and adding costs what sorting the new ones costs: runs
merge when one is no longer much larger than the next.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]


class HashSet:
    """A growing set of 64-bit hashes."""

    def __init__(self, hashes: Hashes) -> None:
        self._runs: list[Hashes] = [np.sort(hashes)]

    def __len__(self) -> int:
        return sum(len(run) for run in self._runs)

    def contains(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Whether each hash may be known; False is certain."""
        found = np.zeros(len(hashes), np.bool_)
        for run in self._runs:
            if len(run):
                place = np.minimum(np.searchsorted(run, hashes), len(run) - 1)
                found |= run[place] == hashes
        return found

    def add(self, hashes: Hashes) -> None:
        """Add hashes; merging keeps the number of runs logarithmic."""
        run = np.sort(hashes)
        while self._runs and len(self._runs[-1]) <= 8 * len(run):
            run = np.sort(np.concatenate((self._runs.pop(), run)), kind="stable")
        self._runs.append(run)


def repeated(hashes: Hashes) -> NDArray[np.bool_]:
    """Whether each hash occurs more than once among these."""
    order = np.argsort(hashes, kind="stable")
    same = hashes[order][1:] == hashes[order][:-1]
    touching = np.concatenate((same, [False])) | np.concatenate(([False], same))
    found = np.zeros(len(hashes), np.bool_)
    found[order] = touching[: len(hashes)]
    return found
