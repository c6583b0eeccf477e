"""The segments that are measured: `did E at least n times within W`, all of them different."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from segue.domain.instant import DAY
from segue.language.tree import Comparison, Definitions, Did, EventPattern, Name, Segment, Within

WINDOWS: Final = (1, 7, 14, 30, 90)
"""Days."""
TIMES: Final = (1, 2, 3, 5, 10)
"""The several n."""


@dataclass(frozen=True, order=True)
class Rule:
    """`did event at least `times` times within `days` days`."""

    code: int
    times: int
    days: int

    @property
    def id(self) -> str:
        """Name of the segment."""
        return f"e{self.code:02}_n{self.times:02}_d{self.days:02}"

    @property
    def window(self) -> int:
        """Length of the window in ms."""
        return self.days * DAY


def rules(count: int, codes: Sequence[int], seed: int = 7) -> tuple[Rule, ...]:
    """`count` different rules over the events, drawn evenly: the same for the same arguments."""
    rng = np.random.default_rng(seed)
    every = [Rule(code, times, days) for code, times, days in product(codes, TIMES, WINDOWS)]
    if count > len(every):
        raise ValueError(f"there are only {len(every)} different rules, not {count}")
    chosen = rng.permutation(len(every))
    by_code: dict[int, list[Rule]] = {code: [] for code in codes}
    for number in chosen:
        by_code[every[number].code].append(every[number])
    rounds = [rule for turn in zip(*by_code.values(), strict=True) for rule in turn]
    return tuple(rounds[:count])


def definitions(chosen: Sequence[Rule], event_names: Sequence[str]) -> Definitions:
    """The rules as segments of a project."""
    return Definitions(
        tuple(
            Segment(
                rule.id,
                rule.id,
                Did(
                    EventPattern((Name(event_names[rule.code], quoted=True),)),
                    Comparison.GE,
                    rule.times,
                    when=Within(rule.window),
                ),
            )
            for rule in chosen
        )
    )
