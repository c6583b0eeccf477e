"""A share of a segment's people beside that of everybody else, and beside the period before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from segue.insight.arrays import Int64s
from segue.insight.comparisons import Difference, false_discovery
from segue.insight.shares import LEVEL, Share

NOW, REST, BEFORE = range(3)
"""The sides of a standing: these people, everybody else, these people in the period before."""
SIDES: Final = 3


@dataclass(frozen=True, slots=True)
class Standing:
    """A share as it is `now`, against everybody else (`rest`: None where there are no others to
    compare) and against the period before (`before`).

    The q-values are those of the two differences among those of all segments: the share of false
    findings to be expected when every difference that is no less sure is believed.
    """

    now: Share
    rest: Difference | None
    before: Difference | None
    rest_q: float = 1.0
    before_q: float = 1.0

    @classmethod
    def measured(cls, now: Share, rest: Share | None, before: Share | None) -> Standing:
        """Compare a share with those of others and of before; q-values are still to come."""
        return cls(now, _difference(now, rest), _difference(now, before))

    @classmethod
    def each(
        cls, now: Sequence[Share], rest: Sequence[Share | None], before: Sequence[Share | None]
    ) -> list[Standing]:
        """Many at once; as `measured` makes them, only faster."""
        against = _differences(now, rest)
        since = _differences(now, before)
        return [cls(*one) for one in zip(now, against, since, strict=True)]

    @property
    def differs(self) -> bool:
        """Whether these people surely differ from everybody else."""
        return self.rest is not None and self.rest.is_told and self.rest_q < 1 - LEVEL

    @property
    def changed(self) -> bool:
        """Whether it surely changed since the period before."""
        return self.before is not None and self.before.is_told and self.before_q < 1 - LEVEL


def counted(groups: int) -> Int64s:
    """Counts of so many groups in which nobody is yet, for `standings_of`: int64[SIDES, G, 2]."""
    return np.zeros((SIDES, groups, 2), np.int64)


def standings_of(counts: Int64s) -> list[Standing]:
    """What counts of G groups come to, int64[SIDES, G, 2]: of each side of each group, to how many
    people it happened, and of how many. A side on which there is nobody is not compared. Counts of
    different people add up."""
    now, rest, before = (Share.each(*side.T.tolist()) for side in counts)
    return Standing.each(now, rest, before)


def together(found: Sequence[Standing]) -> list[Standing]:
    """The same, of as many segments, with q-values: each comparison was made so many times."""
    rest = _q_values([one.rest for one in found])
    before = _q_values([one.before for one in found])
    return [
        replace(one, rest_q=q_rest, before_q=q_before)
        for one, q_rest, q_before in zip(found, rest, before, strict=True)
    ]


def _q_values(made: Sequence[Difference | None]) -> list[float]:
    """Of the comparisons that were made; 1.0 where there was none."""
    q_values = iter(false_discovery([one.p_value for one in made if one is not None]).tolist())
    return [1.0 if one is None else next(q_values) for one in made]


def _differences(now: Sequence[Share], others: Sequence[Share | None]) -> list[Difference | None]:
    pairs = [
        (one, other)
        for one, other in zip(now, others, strict=True)
        if other is not None and other.of and one.of
    ]
    found = iter(Difference.each(pairs))
    return [
        next(found) if other is not None and other.of and one.of else None
        for one, other in zip(now, others, strict=True)
    ]


def _difference(now: Share, other: Share | None) -> Difference | None:
    if other is None or not other.of or not now.of:
        return None
    return Difference.measured(now, other)
