"""What people said in numbers: NPS, CSAT and CES with margins, beside how many answered at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from segue.insight.shares import Interval, Mean, Share

Numbers = NDArray[np.float64]


class Scale(StrEnum):
    """How numbers that people gave are summed up."""

    NPS = "nps"
    """0 to 10: the share of 9 and 10 minus the share of 0 to 6, in points from -100 to 100."""
    CSAT = "csat"
    """1 to 5: the share of 4 and 5."""
    CES = "ces"
    """1 to 7: the mean."""
    RATING = "rating"
    """1 to any number: the mean."""


@dataclass(frozen=True, slots=True)
class Score:
    """What the answers come to.

    `value` is in points for NPS, a share (0 to 1) for CSAT, a mean for the others, with its
    interval (None where too few answered). `response` is the share of those who were asked that
    answered, always to be shown beside it: who answers is not everybody.
    """

    scale: Scale
    value: float | None
    interval: Interval | None
    response: Share

    @property
    def answers(self) -> int:
        """How many answered."""
        return self.response.count


def score(scale: Scale, answers: Sequence[float] | Numbers, asked: int) -> Score:
    """Sum up answers, of so many people who were asked.

    Raises `ValueError` where an answer is outside the scale, or more answered than were asked.
    """
    numbers = np.asarray(answers, np.float64)
    _check(scale, numbers)
    response = Share.measured(len(numbers), asked)
    if scale is Scale.CSAT:
        satisfied = Share.measured(int(np.sum(numbers >= 4)), len(numbers))
        return Score(scale, satisfied.value, satisfied.interval, response)
    if scale is Scale.NPS:
        numbers = 100.0 * ((numbers >= 9).astype(np.float64) - (numbers <= 6))
    mean = Mean.measured(float(numbers.sum()), float((numbers**2).sum()), len(numbers))
    return Score(scale, mean.value, mean.interval, response)


_RANGE = {Scale.NPS: (0, 10), Scale.CSAT: (1, 5), Scale.CES: (1, 7)}


def _check(scale: Scale, numbers: Numbers) -> None:
    low, high = _RANGE.get(scale, (1, np.inf))
    wrong = numbers[(numbers < low) | (numbers > high) | ~np.isfinite(numbers)]
    if len(wrong):
        raise ValueError(f"{wrong[0]:g} is no answer on a scale of {scale.value}")
