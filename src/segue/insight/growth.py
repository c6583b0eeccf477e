"""Growth in parts: what was there, plus who is new, plus who came back, less who went.

`now = before + new + returned - gone` holds exactly, as sets of people: nobody is in two parts and
nobody in none. The quick ratio is (new + returned) / gone (Social Capital 2015; Amplitude's pulse):
above 1 it grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from segue.insight.arrays import Bools, Int64s
from segue.insight.days import ActiveDays
from segue.insight.entries import Stays


@dataclass(frozen=True, slots=True)
class Growth:
    """From one instant (or period) to the next: `before` people, of whom `gone` are not there any
    more, `new` for the first time ever, `returned` not for the first time; `now` in the end."""

    before: int
    new: int
    returned: int
    gone: int
    now: int

    @property
    def quick_ratio(self) -> float | None:
        """How many came for each that went; None where nobody went."""
        return (self.new + self.returned) / self.gone if self.gone else None


def growth_of_members(stays: Stays, instants: Sequence[int]) -> list[Growth]:
    """The growth of a segment between consecutive instants (ms, ascending); new is whoever was
    never in before. The stays of a person must be in the order of time."""
    late = np.flatnonzero(stays.end > instants[0])  # the others are over by then
    known = Stays(stays.person[late], stays.start[late], stays.end[late])
    members = [known.at(instant) for instant in instants]
    people = int(stays.person[-1]) + 1 if len(stays.person) else 0
    first = np.full(people, np.iinfo(np.int64).max)
    opening = np.flatnonzero(np.diff(stays.person, prepend=-1) > 0)
    first[stays.person[opening]] = stays.start[opening]
    return [
        _growth(before, now, first > instant)
        for before, now, instant in zip(members, members[1:], instants, strict=False)
    ]


def growth_of_active(active: ActiveDays, counted: Int64s, ends: Sequence[int]) -> list[Growth]:
    """The growth of the people who are active in consecutive stretches of days `[end, next end)`;
    `counted` int64[C] are those looked at, ascending. The first stretch has none before it and is
    what the second one is told against; new is whoever was never active before the stretch."""
    stretches = [counted[active.any(counted, first, until)] for first, until in pairwise(ends)]
    limits = active.days.limits
    return [
        _growth(before, now, active.first > limits[end])
        for before, now, end in zip(stretches, stretches[1:], ends[1:], strict=False)
    ]


def _growth(before: Int64s, now: Int64s, is_first: Bools) -> Growth:
    """The parts, of ascending person indices; `is_first` bool[P] are people who were never there
    at or before the first of the two."""
    came = np.setdiff1d(now, before, assume_unique=True)
    new = int(np.count_nonzero(is_first[came]))
    gone = len(before) - (len(now) - len(came))
    return Growth(len(before), new, len(came) - new, gone, len(now))
