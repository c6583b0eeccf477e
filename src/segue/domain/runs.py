"""Memberships that were evaluated elsewhere: runs that are published in a folder, and what a store
makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RunPart:
    """Files of one part of a run: spans, the people who were evaluated, and those who became
    others."""

    spans: tuple[str, ...]
    people: tuple[str, ...]
    gone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublishedRun:
    """Everybody's memberships as of the instant `at` (ms), and as they go on if nothing more
    happens; `definitions` is the text of the project that they are of. Of several `parts` the last
    one that has a person counts. `people` is how many there are (None: it is not told)."""

    run: str
    at: int
    definitions: str
    parts: tuple[RunPart, ...]
    people: int | None = None


@dataclass(frozen=True, slots=True)
class AdoptedRun:
    """The run whose memberships a store has: its instant, when that was (ms), and the codes of the
    segments' versions that it was of."""

    run: str
    at: int
    known_at: int
    segments: frozenset[int]


@dataclass(frozen=True, slots=True)
class Adopting:
    """How to take over a run: `codes` are the versions of segments in force by segment id, of which
    `fresh` have no memberships yet; `known_at` is now and `late_after` how late (ms) something may
    become known and be acted upon. `established`: nobody is to act upon any of it."""

    run: PublishedRun
    codes: Mapping[str, int]
    known_at: int
    late_after: int
    established: bool
    fresh: frozenset[int] = field(default_factory=frozenset)
