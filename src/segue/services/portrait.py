"""What a sample of JSON objects says about each of its keys: how often it is there, which types its
values have, and which values are frequent. Pure: texts in, a frozen result out."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from segue.domain.instant import parse_instant
from segue.language.lexicon import write_name

MOST_KEYS: Final = 200
"""Keys that are looked at; the first ones that occur."""
MOST_VALUES: Final = 5
"""Frequent values that are told of a key."""
DEEPEST: Final = 3
"""Objects within objects are followed so far; deeper ones are one value."""
_LONGEST: Final = 80


@dataclass(frozen=True, slots=True)
class Trace:
    """One key, as the language writes it (`cart.total`): in how many objects it has a value, of
    which types, most frequent first, its frequent values with their counts, how many different
    ones it has, and of numbers the smallest, the middle and the largest."""

    name: str
    filled: int
    kinds: tuple[str, ...]
    values: tuple[tuple[str, int], ...]
    different: int
    numbers: tuple[float, float, float] | None


@dataclass(frozen=True, slots=True)
class Portrait:
    """How many objects were looked at, and each key of theirs, the most often filled first."""

    looked_at: int
    traces: tuple[Trace, ...]


def portrait(texts: Iterable[str]) -> Portrait:
    """The keys of JSON objects given as texts. What is null is not there."""
    seen: dict[str, _Seen] = defaultdict(_Seen)
    looked_at = 0
    for text in texts:
        looked_at += 1
        for name, value in _flat(json.loads(text), 1):
            if name in seen or len(seen) < MOST_KEYS:
                seen[name].add(value)
    found = [one.trace(name) for name, one in seen.items()]
    return Portrait(looked_at, tuple(sorted(found, key=lambda one: (-one.filled, one.name))))


def kind_of(value: object) -> str:
    """The type of a value in plain words."""
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "time" if _is_time(value) else "text"
    return "list" if isinstance(value, list) else "object"


@dataclass(slots=True)
class _Seen:
    """The values of one key so far."""

    kinds: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)
    numbers: list[float] = field(default_factory=list)

    def add(self, value: object) -> None:
        kind = kind_of(value)
        self.kinds[kind] += 1
        self.values[_said(value)] += 1
        if kind == "number" and math.isfinite(float(value)):  # type: ignore[arg-type]
            self.numbers.append(float(value))  # type: ignore[arg-type]

    def trace(self, name: str) -> Trace:
        spread = (
            (min(self.numbers), median(self.numbers), max(self.numbers)) if self.numbers else None
        )
        return Trace(
            name,
            self.kinds.total(),
            tuple(kind for kind, _ in self.kinds.most_common()),
            tuple(self.values.most_common(MOST_VALUES)),
            len(self.values),
            spread,
        )


def _flat(found: object, depth: int, before: str = "") -> Iterator[tuple[str, Any]]:
    """The values of an object that are none themselves, each with its path."""
    if not isinstance(found, Mapping):
        return
    for key, value in found.items():
        name = f"{before}{write_name(key)}"
        if isinstance(value, Mapping) and value and depth < DEEPEST:
            yield from _flat(value, depth + 1, f"{name}.")
        elif value is not None:
            yield name, value


def _said(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _is_time(text: str) -> bool:
    if not text[:4].isdigit() or text[4:5] != "-":
        return False
    try:
        parse_instant(text)
    except ValueError:
        return False
    return True
