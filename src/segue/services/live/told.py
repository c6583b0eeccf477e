"""What a turn tells of its transitions: counts at once, the transitions themselves when asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import overload

import numpy as np
import pyarrow as pa

from segue.domain.live import CAUSES, Cause, Transition


class Told(Sequence[Transition]):
    """Transitions that are made when somebody looks at them: most turns nobody does, and some look
    only at the last ones."""

    def __init__(self, size: int, make: Callable[[int, int], Sequence[Transition]]) -> None:
        """`make` makes those from one place up to, not including, another."""
        self._size, self._make = size, make

    @cached_property
    def _made(self) -> Sequence[Transition]:
        return self._make(0, self._size)

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> Transition: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Transition]: ...

    def __getitem__(self, index: int | slice) -> Transition | Sequence[Transition]:
        if isinstance(index, slice) and "_made" not in self.__dict__:
            start, stop, step = index.indices(self._size)
            if step == 1 and 0 <= stop - start < self._size:
                return self._make(start, stop)
        return self._made[index]


def counts_of(changes: pa.Table) -> Mapping[tuple[str, Cause], int]:
    """How many rows of `TRANSITIONS` there are of each kind and cause."""
    kind = np.where(changes["retracted"].to_numpy(), 2, changes["entered"].to_numpy())
    both, counts = np.unique(kind * len(CAUSES) + changes["cause"].to_numpy(), return_counts=True)
    return {
        (_KINDS[one // len(CAUSES)], CAUSES[one % len(CAUSES)]): count
        for one, count in zip(both.tolist(), counts.tolist(), strict=True)
    }


def lateness_of(changes: pa.Table, known_at: int) -> list[int]:
    """How long (ms) after its instant each of the live rows of `TRANSITIONS` is known."""
    at = changes["at"].to_numpy()[changes["live"].to_numpy()]
    lateness: list[int] = (known_at - at).tolist()
    return lateness


_KINDS = ("left", "entered", "retracted")
