"""What every rival offers: ways to ask, each timed for counts and checked for members."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.rules import WINDOWS, Rule
from segue.domain.instant import DAY

BY_PERSON: Final = "person"
BY_EVENT: Final = "event, person"
ONE_BY_ONE: Final = "one query per segment"
FUSED: Final = "one query for all"


@dataclass(frozen=True)
class Way:
    """One way to ask a rival for the size of every segment, and for the members themselves.

    `counts(t)` gives one number per rule, in order: that is what is timed, for then the answer need
    not be carried anywhere. `members(t)` gives the sorted person numbers of each rule, by the same
    query; it is compared with Segue's, untimed.
    """

    engine: str
    name: str
    layout: str
    kind: str
    counts: Callable[[int], Sequence[int]]
    members: Callable[[int], Mapping[Rule, NDArray[np.int32]]]


@dataclass(frozen=True)
class Packing:
    """Several counts in one 64-bit sum: an event adds 1 to the field of every window it lies in.

    One addition instead of one conditional count per window. `bits` per field must hold the
    largest count of any person.
    """

    windows: tuple[int, ...]
    bits: int

    @property
    def fits(self) -> bool:
        """Whether all fields fit a signed 64-bit number."""
        return self.bits * len(self.windows) <= 62

    def weight(self, position: int) -> int:
        """What an event adds that lies in the window at `position` and so in all longer ones."""
        return sum(1 << (self.bits * field) for field in range(position, len(self.windows)))

    def steps(self, at: int) -> list[tuple[int, int]]:
        """(instant, weight) pairs: an event after the instant, and no later pair's, weighs so."""
        return [(at - days * DAY, self.weight(i)) for i, days in enumerate(self.windows)]

    def field(self, days: int) -> tuple[int, int]:
        """Shift and mask of a window's count."""
        return self.bits * self.windows.index(days), (1 << self.bits) - 1


@dataclass(frozen=True)
class Asked:
    """The rules, as rivals look at them."""

    rules: tuple[Rule, ...]
    bits: int
    """Bits that hold the largest number of events of one name of one person."""

    @property
    def codes(self) -> list[int]:
        """The events that are asked for."""
        return sorted({rule.code for rule in self.rules})

    def windows(self, code: int) -> tuple[int, ...]:
        """The windows asked for one event, in days, shortest first."""
        return tuple(sorted({rule.days for rule in self.rules if rule.code == code}))

    def of(self, code: int) -> list[Rule]:
        """The rules about one event."""
        return [rule for rule in self.rules if rule.code == code]

    @property
    def packing(self) -> Packing:
        """All windows in one sum."""
        return Packing(WINDOWS, self.bits)

    def relevant(self, at: int) -> str:
        """SQL: the events that can count for any rule. Each window's longest is what matters."""
        horizon = at - max(rule.days for rule in self.rules) * DAY
        codes = ", ".join(map(str, self.codes))
        return f"ts > {horizon} AND ts <= {at} AND e IN ({codes})"
