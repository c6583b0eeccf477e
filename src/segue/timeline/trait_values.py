"""What the traits of everybody were at any instant: the writes that took effect, with values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segue.language.tree import Definitions
from segue.timeline.evaluate import over_blocks
from segue.timeline.intervals import instant_of
from segue.timeline.log import Bools, Int64s, Log, TraitRequest


@dataclass(frozen=True, slots=True)
class TraitHistory:
    """How a trait of P people changed, in event order.

    offsets: int64[P + 1]; at: int64[N] in ms; value: int64[N] what was read of the value then;
    known: bool[N] whether the trait was there then and could be read so.
    """

    offsets: Int64s
    at: Int64s
    value: Int64s
    known: Bools


def trait_histories(
    definitions: Definitions, log: Log, at: int, requests: Sequence[TraitRequest]
) -> list[TraitHistory]:
    """The history of each trait, of the log cut at `at`; for everybody, excluded or not."""
    blocks = over_blocks(
        definitions, log, at, [], lambda e: [e.block.trait_states(one) for one in requests]
    )
    found = []
    for place in range(len(requests)):
        states = [block[place] for block in blocks]
        counts = np.concatenate([np.diff(one.points.offsets) for one in states])
        values = [one.points.value for one in states if one.points.value is not None]
        known = [
            one.present if one.points.known is None else one.present & one.points.known
            for one in states
        ]
        found.append(
            TraitHistory(
                np.concatenate(([0], np.cumsum(counts))),
                np.concatenate([instant_of(one.points.key) for one in states]),
                np.concatenate(values),
                np.concatenate(known),
            )
        )
    return found
