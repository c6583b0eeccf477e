"""What became of those who entered, of everybody else, and of those who entered the period before.

A cohort are the people who entered segments in a stretch of time that lies so far back that what is
looked for had its whole time: nobody is counted as a failure whose time is not over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from segue.domain.instant import FOREVER
from segue.insight.arrays import Bools, Int64s
from segue.insight.entries import Entries, Stays, joined, landmarks, union
from segue.insight.shares import Share
from segue.insight.standing import Standing
from segue.insight.waits import Waits

Group: TypeAlias = tuple[Stays, ...]
"""The stays of one segment, or of the several segments of one kind."""
Outcome: TypeAlias = Callable[[Int64s, Int64s], Bools]
"""Whether it happened to people (int64[Q]) after an instant of theirs (int64[Q]): bool[Q]."""

Outcomes: TypeAlias = Callable[[Int64s, Int64s], Sequence[Bools]]
"""The same of several outcomes at once."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The people who are looked at: who entered in `(middle, until]`, and for the period before in
    `(after, middle]`; ms."""

    after: int
    middle: int
    until: int


@dataclass(frozen=True, slots=True)
class Everybody:
    """All P people who might be compared: `first_seen` int64[P] in ms (FOREVER: not seen), and when
    they count."""

    first_seen: Int64s = field(repr=False)
    counted: Stays = field(repr=False)

    @property
    def people(self) -> int:
        """P."""
        return len(self.first_seen)


@dataclass(frozen=True, slots=True)
class Cohort:
    """The entrants of G groups in a stretch, with an instant for everybody else.

    `now`, `before`: the entries of each group in the two halves of the stretch. `inside` are those
    who are in each group at their landmark (ascending), `landmark` int64[P] is FOREVER for whom
    there is none.
    """

    stretch: Stretch
    now: tuple[Entries, ...] = field(repr=False)
    before: tuple[Entries, ...] = field(repr=False)
    inside: tuple[Int64s, ...] = field(repr=False)
    landmark: Int64s = field(repr=False)

    @classmethod
    def gathered(cls, groups: Sequence[Group], everybody: Everybody, stretch: Stretch) -> Cohort:
        """The entrants of each group, and a landmark for everybody."""
        landmark = landmarks(everybody.first_seen, everybody.counted, stretch.middle, stretch.until)
        people = everybody.people
        return cls(
            stretch,
            tuple(_entered(one, stretch.middle, stretch.until, people) for one in groups),
            tuple(_entered(one, stretch.after, stretch.middle, people) for one in groups),
            tuple(_inside(one, landmark) for one in groups),
            landmark,
        )

    def standings(self, outcome: Outcome) -> list[Standing]:
        """The share of each group to whom it happened, against everybody else from their landmarks
        and against the period before."""
        return self.standings_of(lambda person, since: (outcome(person, since),))[0]

    def standings_of(self, outcomes: Outcomes) -> list[list[Standing]]:
        """The same of several outcomes that are looked up together, each of all groups."""
        there = np.flatnonzero(self.landmark < FOREVER)
        everybody = outcomes(there, self.landmark[there])
        now = [outcomes(one.person, one.at) for one in self.now]
        before = [outcomes(one.person, one.at) for one in self.before]
        return [
            self._standings(
                there, truth, [one[place] for one in now], [one[place] for one in before]
            )
            for place, truth in enumerate(everybody)
        ]

    def _standings(
        self, there: Int64s, truth: Bools, now: Sequence[Bools], before: Sequence[Bools]
    ) -> list[Standing]:
        happened = np.zeros(len(self.landmark), np.bool_)
        happened[there] = truth
        total = int(np.count_nonzero(truth))
        others = Share.each(
            [total - int(np.count_nonzero(happened[inside])) for inside in self.inside],
            [len(there) - len(inside) for inside in self.inside],
        )
        return Standing.each(_shares(now), others, _shares(before))

    def waits(self, next_after: Callable[[Int64s, Int64s], Int64s], at: int) -> list[Pair]:
        """How long each group and everybody else waited for something, followed until `at` (ms).

        `next_after` says when it first happened to people (int64[Q]) after an instant of theirs
        (int64[Q]): int64[Q] in ms, FOREVER where not.
        """
        longest = at - self.stretch.middle
        there = np.flatnonzero(self.landmark < FOREVER)

        def counted(person: Int64s, since: Int64s) -> Waits:
            then = next_after(person, since)
            return Waits.counted(np.minimum(then, at) - since, then <= at, longest)

        everybody = counted(there, self.landmark[there])
        return [
            (counted(now.person, now.at), everybody.without(counted(inside, self.landmark[inside])))
            for now, inside in zip(self.now, self.inside, strict=True)
        ]


Pair: TypeAlias = tuple[Waits, Waits]
"""The waits of a group, and of everybody else."""


def _entered(group: Group, after: int, until: int, people: int) -> Entries:
    found = [stays.entered(after, until) for stays in group]
    return found[0] if len(found) == 1 else joined(found, people)


def _inside(group: Group, landmark: Int64s) -> Int64s:
    return union([stays.at_own(landmark) for stays in group])


def _shares(found: Sequence[Bools]) -> list[Share]:
    counts = [int(np.count_nonzero(one)) for one in found]
    return Share.each(counts, [len(one) for one in found])
