"""How late a job that looks now and then would have been, against knowing at once.

The job is given every advantage: it takes no time, and it evaluates exactly. What is left is what
looking now and then costs: entries that are known late, and stays that were over before anybody
looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from segue.insight.arrays import Int64s
from segue.insight.shares import Share

SLOW: Final = 0.9
"""The share of the entries of which `Lateness.slow` tells the longest wait."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """What a job that looks at certain instants knows of entries, and when.

    `never` is the share of the entries that it never knows, because the stay was over when it
    looked next; of the others `median` and `slow` (of 90 % at most so much) say how late it is
    (ms), None where there are none. Entries after its last look are left out: nobody knows yet.
    """

    never: Share
    median: int | None
    slow: int | None

    @classmethod
    def measured(cls, start: Int64s, end: Int64s, looks: Int64s) -> Lateness:
        """Of stays `[start, end)`, int64[N] in ms, by a job that looks at `looks`, ascending."""
        place = np.searchsorted(looks, start, side="left")
        known = place < len(looks)
        if not known.any():
            return cls(Share.measured(0, 0), None, None)
        entered, left, seen_at = start[known], end[known], looks[place[known]]
        in_time = seen_at < left
        never = Share.measured(int(np.count_nonzero(~in_time)), len(entered))
        late = (seen_at - entered)[in_time]
        if not len(late):
            return cls(never, None, None)
        median, slow = np.quantile(late, [0.5, SLOW], method="inverted_cdf")
        return cls(never, int(median), int(slow))
