"""What became of those who entered, of everybody else, and of those who entered the period before.

A cohort are the people who entered segments in a stretch of time that lies so far back that what is
looked for had its whole time: nobody is counted as a failure whose time is not over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from segue.domain.instant import FOREVER
from segue.insight.arrays import Bools, Int64s
from segue.insight.entries import Entries, Stays, joined, landmarks, order_of, union
from segue.insight.standing import BEFORE, NOW, REST, counted
from segue.insight.tallies import Counts, Tally, counts
from segue.insight.waits import Waits, waited

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
    """P people who might be compared: `first_seen` int64[P] in ms (FOREVER: not seen), when they
    count, and the place of each among all who are seen (`entries.order_of`)."""

    first_seen: Int64s = field(repr=False)
    counted: Stays = field(repr=False)
    order: Int64s = field(repr=False)

    @classmethod
    def whole(cls, first_seen: Int64s, counted: Stays) -> Everybody:
        """People who are all there are."""
        return cls(first_seen, counted, order_of(first_seen))

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
        people = everybody.people
        landmark = landmarks(
            everybody.order,
            everybody.first_seen,
            everybody.counted,
            stretch.middle,
            stretch.until,
        )
        return cls(
            stretch,
            tuple(_entered(one, stretch.middle, stretch.until, people) for one in groups),
            tuple(_entered(one, stretch.after, stretch.middle, people) for one in groups),
            tuple(_inside(one, landmark) for one in groups),
            landmark,
        )

    def counts(self, outcome: Outcome) -> Int64s:
        """To how many of each group it happened, of everybody else from their landmarks, and of
        those of the period before: see `standing.standings_of`."""
        return self.counts_of(lambda person, since: (outcome(person, since),))[0]

    def counts_of(self, outcomes: Outcomes) -> list[Int64s]:
        """The same of several outcomes that are looked up together, each of all groups."""
        there = np.flatnonzero(self.landmark < FOREVER)
        everybody = outcomes(there, self.landmark[there])
        now = [outcomes(one.person, one.at) for one in self.now]
        before = [outcomes(one.person, one.at) for one in self.before]
        return [
            self._counted(there, truth, [one[place] for one in now], [one[place] for one in before])
            for place, truth in enumerate(everybody)
        ]

    def _counted(
        self, there: Int64s, truth: Bools, now: Sequence[Bools], before: Sequence[Bools]
    ) -> Int64s:
        happened = np.zeros(len(self.landmark), np.bool_)
        happened[there] = truth
        found = counted(len(self.inside))
        for group, inside in enumerate(self.inside):
            for side, one in ((NOW, now[group]), (BEFORE, before[group]), (REST, happened[inside])):
                found[side, group] = np.count_nonzero(one), len(one)
        found[REST] = (np.count_nonzero(truth), len(truth)) - found[REST]
        return found

    def waits(self, next_after: Callable[[Int64s, Int64s], Int64s], at: int) -> Waiting:
        """How long each group and everybody waited for something, followed until `at` (ms).

        `next_after` says when it first happened to people (int64[Q]) after an instant of theirs
        (int64[Q]): int64[Q] in ms, FOREVER where not.
        """

        def found(person: Int64s, since: Int64s) -> Counts:
            then = next_after(person, since)
            return waited(np.minimum(then, at) - since, then <= at)

        there = np.flatnonzero(self.landmark < FOREVER)
        return Waiting(
            found(there, self.landmark[there]),
            tuple(found(one.person, one.at) for one in self.now),
            tuple(found(one, self.landmark[one]) for one in self.inside),
        )


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long people waited (`waits.waited`): everybody from their landmarks, the entrants of each
    group, and of everybody those who are in each group."""

    everybody: Counts
    now: tuple[Counts, ...]
    inside: tuple[Counts, ...]

    @classmethod
    def of(cls, tally: Tally, groups: int) -> Waiting:
        """What was tallied of so many groups."""
        now, inside = (
            tuple(counts(tally, f"{side} {group}") for group in range(groups))
            for side in ("now", "inside")
        )
        return cls(counts(tally, "everybody"), now, inside)

    def tallied(self) -> dict[str, Counts]:
        """The counts by name; those of different people add up."""
        now = {f"now {group}": one for group, one in enumerate(self.now)}
        inside = {f"inside {group}": one for group, one in enumerate(self.inside)}
        return {"everybody": self.everybody, **now, **inside}

    def pairs(self) -> Iterator[tuple[Waits, Waits]]:
        """The waits of each group, and of everybody else."""
        for now, inside in zip(self.now, self.inside, strict=True):
            mine, every, members = Waits.each([now, self.everybody, inside])
            yield mine, every.without(members)


def _entered(group: Group, after: int, until: int, people: int) -> Entries:
    found = [stays.entered(after, until) for stays in group]
    return found[0] if len(found) == 1 else joined(found, people)


def _inside(group: Group, landmark: Int64s) -> Int64s:
    return union([stays.at_own(landmark) for stays in group])
