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
        self._since: list[int] = [0]

    def __len__(self) -> int:
        return sum(len(run) for run in self._runs)

    def contains(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Whether each hash may be known; False is certain."""
        order = np.argsort(hashes)
        ordered = hashes[order]  # what is searched for in order is found in memory just read
        found = np.zeros(len(hashes), np.bool_)
        for run in self._runs:
            found[order] |= _among(run, ordered)
        return found

    def since(self, hashes: Hashes) -> int | None:
        """From which `since` on (see `add`) members have these hashes; None where none has."""
        for since, run in zip(self._since, self._runs, strict=True):
            if _among(run, hashes).any():
                return since
        return None

    def add(self, hashes: Hashes, since: int = 0) -> None:
        """Add hashes of members that are numbered from `since` on, more than all before.

        Merging keeps the number of runs logarithmic.
        """
        run = np.sort(hashes)
        while self._runs and len(self._runs[-1]) <= 8 * len(run):
            run = np.sort(np.concatenate((self._runs.pop(), run)), kind="stable")
            since = self._since.pop()
        self._runs.append(run)
        self._since.append(since)


def _among(run: Hashes, hashes: Hashes) -> NDArray[np.bool_]:
    """Whether each hash is in a sorted run."""
    if not len(run):
        return np.zeros(len(hashes), np.bool_)
    place = np.minimum(np.searchsorted(run, hashes), len(run) - 1)
    found: NDArray[np.bool_] = run[place] == hashes
    return found


def repeated(hashes: Hashes) -> NDArray[np.bool_]:
    """Whether each hash occurs more than once among these."""
    order = np.argsort(hashes, kind="stable")
    same = hashes[order][1:] == hashes[order][:-1]
    touching = np.concatenate((same, [False])) | np.concatenate(([False], same))
    found = np.zeros(len(hashes), np.bool_)
    found[order] = touching[: len(hashes)]
    return found
