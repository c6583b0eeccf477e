"""What the people of a segment say more often than the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.insight.comparisons import Difference, false_discovery
from segue.insight.shares import LEVEL, Interval, Share
from segue.insight.texts import stems

FEWEST_SHOWN: Final = 5
"""Cells of fewer respondents are not shown: they would tell who said what."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Spoken:
    """How often people of a segment speak of a theme, against the other respondents.

    Shares are of respondents, not of texts. `difference` is inside minus outside, with its interval
    (Newcombe; None where one side has nobody); `q_value` is the chance of as much by accident,
    over all themes compared at once (Benjamini–Hochberg). `is_shown`: enough people said it.
    """

    theme: str
    inside: Share
    outside: Share
    difference: Interval | None
    q_value: float

    @property
    def is_shown(self) -> bool:
        """Whether so many said it that nobody is given away."""
        return self.inside.count >= FEWEST_SHOWN

    @property
    def is_telling(self) -> bool:
        """Whether the segment really differs, as far as can be told."""
        return self.is_shown and self.q_value < 1 - LEVEL


def compare_themes(themes: Mapping[str, Bools], inside: Bools) -> list[Spoken]:
    """For each theme, who of the respondents bool[N] spoke of it, inside a segment and outside.

    The themes that differ most surely come first. Raises `ValueError` where lengths differ.
    """
    if any(len(spoke) != len(inside) for spoke in themes.values()):
        raise ValueError("every theme needs a truth for every respondent")
    found = {name: _difference(spoke, inside) for name, spoke in themes.items()}
    adjusted = false_discovery([one.p_value for one in found.values()])
    spoken = [
        Spoken(name, one.a, one.b, one.interval, q_value)
        for (name, one), q_value in zip(found.items(), adjusted.tolist(), strict=True)
    ]
    return sorted(spoken, key=lambda one: (one.q_value, -one.inside.count, one.theme))


def _difference(spoke: Bools, inside: Bools) -> Difference:
    return Difference.measured(
        Share.measured(int(np.sum(spoke & inside)), int(np.sum(inside))),
        Share.measured(int(np.sum(spoke & ~inside)), int(np.sum(~inside))),
    )


@dataclass(frozen=True, slots=True)
class TellingWord:
    """A word that one side uses more: `z` standard deviations of its weighted log-odds ratio, above
    0 for the segment; in how many texts of the segment and of the others it stands."""

    stem: str
    z: float
    inside: int
    outside: int


def telling_words(texts: Sequence[str], inside: Bools, most: int = 10) -> list[TellingWord]:
    """The words that the segment uses more than the others, the surest first.

    Weighted log-odds with an informative Dirichlet prior: Monroe, Colaresi and Quinn, "Fightin'
    Words", 2008. The prior is the use of words in all texts together.
    """
    vocabulary, used = _used(texts)
    if not len(vocabulary) or not inside.any() or inside.all():
        return []
    here = used[inside].sum(axis=0).astype(np.float64)
    there = used[~inside].sum(axis=0).astype(np.float64)
    z = _log_odds(here, there)
    order = np.argsort(-z, kind="stable")[:most]
    return [
        TellingWord(vocabulary[i], float(z[i]), int(here[i]), int(there[i]))
        for i in order.tolist()
        if z[i] > 0
    ]


def _used(texts: Sequence[str]) -> tuple[list[str], NDArray[np.bool_]]:
    """The stems of all texts, ascending, and which stand in which text."""
    said = [set(stems(text)) for text in texts]
    vocabulary = sorted(set().union(*said)) if said else []
    place = {word: i for i, word in enumerate(vocabulary)}
    used = np.zeros((len(texts), len(vocabulary)), np.bool_)
    for row, found in enumerate(said):
        used[row, [place[word] for word in found]] = True
    return vocabulary, used


def _log_odds(here: NDArray[np.float64], there: NDArray[np.float64]) -> NDArray[np.float64]:
    prior = (here + there) / (here + there).sum() * 100
    in_here, in_there = here + prior, there + prior
    ratio = _logit(in_here) - _logit(in_there)
    z: NDArray[np.float64] = ratio / np.sqrt(1 / in_here + 1 / in_there)
    return z


def _logit(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    logit: NDArray[np.float64] = np.log(counts / (counts.sum() - counts))
    return logit
