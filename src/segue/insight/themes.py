"""Themes of what people wrote: a codebook first, proposals for what it does not know.

A codebook names themes by words that speak of them, and by examples that somebody confirmed. What
it leaves unassigned is searched for further themes, but only where there are enough texts, and as
proposals: with phrases, with quotes, and with how stable they are; a person accepts, renames or
drops them. Everything is deterministic, and no text leaves the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.insight.texts import says, says_something, spoken_form, stems

if TYPE_CHECKING:
    from sklearn.decomposition import NMF
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import Pipeline

FEWEST_TEXTS: Final = 100
"""Below this nothing is proposed: so few short texts fall into no stable groups."""
FEWEST_EXAMPLES: Final = 5
"""Confirmed examples from which on a theme is also recognised by what they have in common."""
MOST_THEMES: Final = 16
QUOTES: Final = 3

_SURER: Final = 0.1
"""How far from chance to certainty the likeliest theme of a text must be."""
_CLEAR: Final = 0.35
"""The least share of a text's weight that its strongest proposal must have."""
_WORTH_IT: Final = 0.15
"""How much less agreement a larger number of themes may have."""
_SAMPLE: Final = 2_000
_HALVES: Final = 3
_SMALLEST: Final = 12
"""Texts that a theme must have on average."""


@dataclass(frozen=True, slots=True)
class Theme:
    """What is spoken of: `seeds` are words and phrases that say so, `examples` texts that somebody
    confirmed."""

    id: str
    title: str
    seeds: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A theme that the texts themselves suggest.

    `phrases` are the most telling ones as they are said; `members` are the places of its texts,
    the most typical first, `quotes` of three of them; `stability` is how well two halves of the
    texts agree on themes at all (adjusted Rand index: 0 by chance, 1 wholly).
    """

    phrases: tuple[str, ...]
    quotes: tuple[str, ...]
    members: tuple[int, ...]
    stability: float


def default_codebook() -> tuple[Theme, ...]:
    """Themes that come up wherever software is sold; a start, to be edited."""
    return tuple(Theme(name, title, seeds) for name, title, seeds in _DEFAULT)


# ---------------------------------------------------------------------------------------- codebook


def assign(texts: Sequence[str], codebook: Sequence[Theme]) -> list[tuple[str, ...]]:
    """The ids of the themes of each text, in the order of the codebook; none where none speaks."""
    by_seed = [_by_seed(text, codebook) for text in texts]
    by_example = _by_example(texts, [one for one in codebook if _is_learnable(one)])
    return [
        tuple(theme.id for theme in codebook if theme.id in seen or theme.id == likely)
        for seen, likely in zip(by_seed, by_example, strict=True)
    ]


def _is_learnable(theme: Theme) -> bool:
    return len(theme.examples) >= FEWEST_EXAMPLES


def _by_seed(text: str, codebook: Sequence[Theme]) -> set[str]:
    return {theme.id for theme in codebook if any(says(text, seed) for seed in theme.seeds)}


def _by_example(texts: Sequence[str], themes: Sequence[Theme]) -> list[str | None]:
    """The likeliest theme of each text, None where no theme is likely enough."""
    if len(themes) < 2 or not texts:
        return [None] * len(texts)
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    examples = [(text, theme.id) for theme in themes for text in theme.examples]
    model = make_pipeline(_vectors(1), LogisticRegression(C=20.0, max_iter=1_000))
    model.fit([text for text, _ in examples], [name for _, name in examples])
    return _likely(model, texts, 1.0 / len(themes))


def _likely(model: Pipeline, texts: Sequence[str], chance: float) -> list[str | None]:
    likelihood = model.predict_proba(texts)
    best = likelihood.argmax(axis=1)
    sure = likelihood[np.arange(len(texts)), best] >= chance + _SURER * (1 - chance)
    names = model.classes_[best].tolist()
    return [name if yes else None for name, yes in zip(names, sure.tolist(), strict=True)]


def _vectors(least: int) -> TfidfVectorizer:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        analyzer=_terms, sublinear_tf=True, min_df=least, max_df=0.8 if least > 1 else 1.0
    )


def _terms(text: str) -> list[str]:
    found = stems(text)
    return found + [" ".join(pair) for pair in pairwise(found)]


# --------------------------------------------------------------------------------------- proposals


def propose(texts: Sequence[str], *, count: int | None = None) -> list[Proposal]:
    """Themes that the texts suggest, the largest first; none where there are too few texts.

    `count` is how many; where it is not given it is the number on which two halves of the texts
    agree best. Texts that no theme fits clearly belong to none.
    """
    places = [place for place, text in enumerate(texts) if says_something(text)]
    if len(places) < FEWEST_TEXTS:
        return []
    said = [texts[place] for place in places]
    weights, vocabulary = _matrix(said)
    chosen, stability = _best_count(weights) if count is None else _given(weights, count)
    model = _factors(chosen).fit(weights)
    strength = _shares(model.transform(weights))
    found = []
    for column, component in enumerate(model.components_):
        rows = _typical(strength, column)
        members = [said[row] for row in rows]
        quotes = tuple(dict.fromkeys(members))[:QUOTES]
        phrases = _telling(component, vocabulary, members)
        found.append(Proposal(phrases, quotes, tuple(places[row] for row in rows), stability))
    return sorted((one for one in found if one.members), key=lambda one: -len(one.members))


def _typical(strength: NDArray[np.float64], column: int) -> list[int]:
    """The rows that clearly belong to a theme, the most typical first."""
    mine = (strength.argmax(axis=1) == column) & (strength[:, column] >= _CLEAR)
    rows = np.flatnonzero(mine)
    order = np.argsort(-strength[rows, column], kind="stable")
    typical: list[int] = rows[order].tolist()
    return typical


def _matrix(texts: Sequence[str]) -> tuple[Any, NDArray[Any]]:
    vectors = _vectors(2)
    weights = vectors.fit_transform(texts)
    return weights, vectors.get_feature_names_out()


def _factors(count: int) -> NMF:
    from sklearn.decomposition import NMF

    return NMF(count, init="nndsvda", random_state=0, max_iter=400, tol=1e-3)


def _shares(strength: NDArray[np.float64]) -> NDArray[np.float64]:
    total = strength.sum(axis=1, keepdims=True)
    shares: NDArray[np.float64] = strength / np.where(total > 0, total, 1)
    return shares


def _given(weights: Any, count: int) -> tuple[int, float]:
    return count, _agreement(weights, count)


def _best_count(weights: Any) -> tuple[int, float]:
    """The number of themes on which halves of the texts agree best, and how well."""
    most = max(2, min(MOST_THEMES, weights.shape[0] // _SMALLEST))
    counts = [count for count in (2, 3, 4, 5, 6, 8, 10, 12, 14, 16) if count <= most]
    agreement = {count: _agreement(weights, count) for count in counts}
    # Few themes agree easily, and a person can merge two but not part one: the larger number.
    least = max(agreement.values()) - _WORTH_IT
    best = max(count for count, well in agreement.items() if well >= least)
    return best, agreement[best]


def _agreement(weights: Any, count: int) -> float:
    """How well the themes of two halves of the texts agree on all of them."""
    from sklearn.metrics import adjusted_rand_score
    from sklearn.model_selection import ShuffleSplit

    halves = ShuffleSplit(_HALVES, train_size=0.5, random_state=0)
    sample = weights[:: -(-weights.shape[0] // _SAMPLE)]
    found = []
    for parts in halves.split(sample):
        labels = [
            _factors(count).fit(sample[part]).transform(sample).argmax(axis=1) for part in parts
        ]
        found.append(adjusted_rand_score(*labels))
    return float(np.mean(found))


def _telling(
    component: NDArray[np.float64], vocabulary: NDArray[Any], members: Sequence[str]
) -> tuple[str, ...]:
    """The strongest terms as they are said, none of which is part of another."""
    chosen: list[str] = []
    for term in vocabulary[np.argsort(-component)[:20]]:
        if not any(set(term.split()) <= set(other.split()) for other in chosen):
            chosen = [other for other in chosen if not set(other.split()) <= set(term.split())]
            chosen.append(term)
    return tuple(spoken_form(term.split(), members) for term in chosen[:4])


# ------------------------------------------------------------------------------------------ default

_DEFAULT: Final = (
    ("price", "Price", ("price", "pricing", "expensive", "cost", "too much money", "cheaper",
                        "budget", "afford")),
    ("speed", "Speed", ("slow", "takes forever", "speed", "loading", "lag", "performance",
                        "waiting")),
    ("reliability", "Reliability", ("bug", "crash", "error", "broken", "does not work",
                                    "doesn't work", "not working", "lost data", "fails")),
    ("onboarding", "Getting started", ("onboarding", "setup", "set up", "get started",
                                       "getting started", "tutorial", "first steps", "install")),
    ("usability", "Ease of use", ("confusing", "complicated", "hard to use", "easy to use",
                                  "intuitive", "cannot find", "can't find", "unclear",
                                  "difficult")),
    ("missing", "Something missing", ("missing", "feature", "would like", "please add", "wish",
                                      "lacks", "no way to", "need to be able")),
    ("integrations", "Integrations", ("integration", "integrate", "api", "import", "export",
                                      "connect", "sync")),
    ("support", "Support", ("support", "help desk", "customer service", "no reply", "response",
                            "documentation", "docs")),
    ("trust", "Trust", ("security", "privacy", "secure", "trust", "gdpr", "data protection")),
    ("no_need", "No need", ("no need", "do not need", "don't need", "no time", "too busy",
                            "just looking", "just trying", "not now", "already use",
                            "another tool")),
)  # fmt: skip
