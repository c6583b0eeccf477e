"""Lift: by how much those who were treated do better than those who were held out.

People are compared by what they were assigned to, not by what reached them (intention to treat).
The intervals hold at every moment at once, so that looking every day is safe: they are asymptotic
confidence sequences, a normal mixture around the difference (Waudby-Smith, Arbour, Sinha, Kennedy
and Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences", 2024). At a
few thousand people they are about one and a half times as wide as an interval for a single look.
Where an arm has too few people for them nothing is concluded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from segue.insight.shares import LEVEL, Interval, Share

WORTH_KNOWING: Final = 0.1
"""The relative lift that is looked for where none is seen yet."""
MOST_NEEDED: Final = 10_000_000
"""More people per arm than this are not waited for."""
FEWEST: Final = 10
"""Successes and failures that each arm must have for its share to be taken as about normal."""
SUSPECT: Final = 0.001
"""A split as uneven as this chance, or less, was not made by chance alone (Fabijan et al. 2019)."""

_NARROWEST_AT: Final = 5_000
"""The number of people at which the sequence is made to be narrowest."""
_PRIOR: Final = 0.5
_EDGE: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Arm:
    """People who were assigned alike, and how many of them reached the goal."""

    people: int
    successes: int

    def __post_init__(self) -> None:
        if not 0 <= self.successes <= self.people:
            raise ValueError(f"{self.successes} of {self.people} is no arm")

    @property
    def share(self) -> float:
        """The share of them who reached the goal; there must be somebody."""
        return self.successes / self.people

    @property
    def error(self) -> float:
        """The standard error of the share."""
        return math.sqrt(self.share * (1 - self.share) / self.people)


class Finding(StrEnum):
    """What can be said of the treated against the others."""

    BETTER = "better"
    WORSE = "worse"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Lift:
    """The treated against the held out.

    `treated` and `control` are shares who reached the goal, each with an interval for one look.
    `absolute` is the range of the difference of the shares, `relative` that of their ratio minus 1;
    both hold at every look at once, and are None where there are too few people (see `FEWEST`).
    `p_value` is always valid. `needs` is about how many more people per arm would tell, were the
    truth as it looks now, or were the lift `WORTH_KNOWING` where less is seen; None where it is
    known already, or no number would do.
    """

    treated: Share
    control: Share
    finding: Finding
    absolute: Interval | None
    relative: Interval | None
    p_value: float
    needs: int | None

    @property
    def difference(self) -> float | None:
        """The difference of the shares as measured."""
        treated, control = self.treated.value, self.control.value
        return None if treated is None or control is None else treated - control

    @property
    def ratio(self) -> float | None:
        """The relative lift as measured: 0.2 is a fifth more."""
        treated, control = self.treated.value, self.control.value
        return None if treated is None or not control else treated / control - 1


def measure(treated: Arm, control: Arm, *, level: float = LEVEL) -> Lift:
    """The lift of one arm over another. Raises `ValueError` unless `0 < level < 1`."""
    if not 0 < level < 1:
        raise ValueError(f"{level} is no confidence level")
    alpha = 1 - level
    seen, base = (Share.measured(arm.successes, arm.people) for arm in (treated, control))
    if not (_is_normal(treated) and _is_normal(control)):
        needed = _needed(treated, control, alpha)
        return Lift(seen, base, Finding.CANNOT_TELL, None, None, 1.0, needed)
    people = treated.people + control.people
    difference = treated.share - control.share
    error = math.hypot(treated.error, control.error)
    margin = error * _stretch(people, alpha)
    absolute = Interval(difference - margin, difference + margin)
    finding = _finding(absolute)
    return Lift(
        seen,
        base,
        finding,
        absolute,
        _relative(treated, control, _stretch(people, alpha)),
        _p_value(difference / error, people),
        _needed(treated, control, alpha) if finding is Finding.CANNOT_TELL else None,
    )


def _is_normal(arm: Arm) -> bool:
    return min(arm.successes, arm.people - arm.successes) >= FEWEST


def _relative(treated: Arm, control: Arm, stretch: float) -> Interval:
    """The range of the ratio minus 1, by the logarithm of the ratio (delta method)."""
    ratio = math.log(treated.share / control.share)
    error = math.hypot(treated.error / treated.share, control.error / control.share)
    return Interval(math.expm1(ratio - stretch * error), math.expm1(ratio + stretch * error))


def _finding(difference: Interval) -> Finding:
    if difference.low > 0:
        return Finding.BETTER
    return Finding.WORSE if difference.high < 0 else Finding.CANNOT_TELL


def _spread(people: float) -> float:
    """N ρ² of the mixture, with ρ such that the sequence is narrowest at `_NARROWEST_AT`."""
    wide = -2 * math.log(1 - LEVEL)
    return people * (wide + math.log(wide + 1)) / _NARROWEST_AT


def _stretch(people: float, alpha: float) -> float:
    """How many standard errors wide the sequence is to either side after so many people."""
    spread = _spread(people)
    return math.sqrt((spread + 1) / spread * math.log((spread + 1) / alpha**2))


def _p_value(deviation: float, people: float) -> float:
    """The level at which the sequence just reaches so many standard errors."""
    spread = _spread(people)
    exponent = deviation * deviation * spread / (2 * (spread + 1))
    return min(1.0, math.sqrt(spread + 1) * math.exp(-exponent))


# ------------------------------------------------------------------------------- how many it takes


def _needed(treated: Arm, control: Arm, alpha: float) -> int | None:
    """About how many more people per arm would tell; None where `MOST_NEEDED` would not."""
    supposed = _supposed(treated, control)
    if supposed is None:
        return None
    difference = abs(supposed[0] - supposed[1])

    def tells(more: int) -> bool:
        arms = [
            (arm.people + more, rate)
            for arm, rate in zip((treated, control), supposed, strict=True)
        ]
        error = math.sqrt(sum(rate * (1 - rate) / people for people, rate in arms))
        enough = all(people * min(rate, 1 - rate) >= FEWEST for people, rate in arms)
        stretch = _stretch(sum(people for people, _ in arms), alpha)
        return enough and difference >= stretch * error

    if not tells(MOST_NEEDED):
        return None
    low, high = 0, MOST_NEEDED
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if tells(middle) else (middle, high)
    return high


def _supposed(treated: Arm, control: Arm) -> tuple[float, float] | None:
    """The shares that further people are supposed to have: as they look now, or a lift worth
    knowing over what is seen in all where they look alike or are not known yet."""
    people = treated.people + control.people
    pooled = (treated.successes + control.successes) / people if people else 0.0
    if not 0 < pooled < 1:
        return None
    if _is_normal(treated) and _is_normal(control):
        now = treated.share, control.share
        if abs(now[0] - now[1]) >= WORTH_KNOWING * pooled:
            return now
    return min((1 + pooled) / 2, pooled * (1 + WORTH_KNOWING)), pooled


# ------------------------------------------------------------------------------------ other checks


@dataclass(frozen=True, slots=True)
class Split:
    """How people came out of an assignment: `people` by arm, `shares` as meant (they add up to 1),
    and the chance of a split at least as uneven (χ²). `is_suspect`: something else than chance made
    it, and a lift measured on it means nothing."""

    people: tuple[int, ...]
    shares: tuple[float, ...]
    p_value: float

    @property
    def is_suspect(self) -> bool:
        """Whether chance alone hardly made it."""
        return self.p_value < SUSPECT


def check_split(people: Sequence[int], shares: Sequence[float]) -> Split:
    """Whether people were assigned in the proportions that were meant (sample ratio mismatch).

    Raises `ValueError` where there are not as many shares as arms or they are not positive.
    """
    if len(people) != len(shares) or min(shares, default=0) <= 0:
        raise ValueError("one positive share for each arm")
    total, meant = sum(people), sum(shares)
    fractions = tuple(share / meant for share in shares)
    if total == 0 or len(people) < 2:
        return Split(tuple(people), fractions, 1.0)
    from scipy.stats import chisquare

    expected = [total * fraction for fraction in fractions]
    return Split(tuple(people), fractions, float(chisquare(list(people), expected).pvalue))


@dataclass(frozen=True, slots=True)
class Harm:
    """A share of people who were hurt (unsubscribed, dismissed) against what is borne: `least` is
    what it is at the least, at every look at once. `is_certain`: it is more than is borne."""

    share: Share
    borne: float
    least: float

    @property
    def is_certain(self) -> bool:
        """Whether it is too much beyond doubt."""
        return self.least > self.borne


def watch(hurt: Arm, borne: float, *, level: float = LEVEL) -> Harm:
    """Whether more people are hurt than is borne (a share), however often one looks: exact for any
    number of people, by a mixture of beta distributions (Robbins 1970)."""
    share = Share.measured(hurt.successes, hurt.people)
    if not hurt.successes:
        return Harm(share, borne, 0.0)
    from scipy.optimize import brentq
    from scipy.special import betaln

    unhurt = hurt.people - hurt.successes
    mixture = float(betaln(hurt.successes + _PRIOR, unhurt + _PRIOR) - betaln(_PRIOR, _PRIOR))
    limit = mixture - math.log(1 / (1 - level))

    def excess(value: float) -> float:
        return limit - hurt.successes * math.log(value) - unhurt * math.log1p(-value)

    return Harm(share, borne, float(brentq(excess, _EDGE, min(share.count / share.of, 1 - _EDGE))))
