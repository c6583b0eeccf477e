"""Open text as words: what the themes of answers are made of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Final

import snowballstemmer

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_VOWELS: Final = frozenset("aeiouyàáâäæèéêëìíîïòóôöøœùúûüаеёиоуыэюя")
_STEMMER: Final = snowballstemmer.stemmer("english")
_TELLING: Final = frozenset(
    {"no", "not", "never", "cannot", "nothing", "without", "up", "out", "off", "down", "back"}
)
"""Negations, and the particles of verbs such as "set up"."""


@cache
def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS) - _TELLING


def words(text: str) -> list[str]:
    """The words of a text, lower case, in order."""
    return [word.replace("’", "'") for word in _WORD.findall(text.lower())]


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """What a word has in common with its other forms (Snowball, English)."""
    return str(_STEMMER.stemWord(word))


def stems(text: str) -> list[str]:
    """The stems of the words of a text that carry a meaning, in order."""
    return [stem(word) for word in words(text) if word not in _stop_words()]


def says_something(text: str) -> bool:
    """Whether a text is an answer: at least two words, of which one could be a word at all."""
    found = words(text)
    return len(found) >= 2 and any(_VOWELS & set(word) for word in found)


def says(text: str, phrase: str) -> bool:
    """Whether the words of a phrase stand together in a text, in any of their forms."""
    wanted, found = _all_stems(phrase), _all_stems(text)
    starts = range(len(found) - len(wanted) + 1)
    return bool(wanted) and any(found[at : at + len(wanted)] == wanted for at in starts)


@lru_cache(maxsize=4_096)
def _all_stems(text: str) -> list[str]:
    return [stem(word) for word in words(text)]


def spoken_form(phrase: Sequence[str], texts: Sequence[str]) -> str:
    """How a run of stems is most often said in the texts."""
    counts: dict[str, int] = {}
    for text in texts:
        kept = [word for word in words(text) if word not in _stop_words()]
        for start in range(len(kept) - len(phrase) + 1):
            run = kept[start : start + len(phrase)]
            if [stem(word) for word in run] == list(phrase):
                said = " ".join(run)
                counts[said] = counts.get(said, 0) + 1
    return max(sorted(counts), key=lambda said: counts[said], default=" ".join(phrase))
