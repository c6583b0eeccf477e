"""Traits: the value at every instant from the writes up to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segue.timeline.log import REMOVE, SET_ONCE, Bools, Int8s, Int64s
from segue.timeline.points import Points


@dataclass(frozen=True, slots=True)
class TraitStates:
    """The writes that took effect, in event order, and whether each left the trait present."""

    points: Points
    present: Bools


def effective(writes: Points, kind: Int8s) -> TraitStates:
    """Fold writes: set and remove always take effect, set-once only where the trait is missing.

    writes: N points with order keys; kind: int8[N] of SET, REMOVE, SET_ONCE.
    """
    once = kind == SET_ONCE
    governing = _latest_plain(writes.offsets, ~once)
    missing = np.ones(len(kind), np.bool_)
    governed = governing >= 0
    missing[governed] = kind[governing[governed]] == REMOVE
    # Of several set-onces under one governing write (or none, per person) the first takes effect.
    person = np.repeat(np.arange(writes.people), np.diff(writes.offsets))
    group = np.where(governed, governing, -1 - person)
    first = np.zeros(len(kind), np.bool_)
    candidates = np.flatnonzero(once & missing)
    first[candidates[np.unique(group[candidates], return_index=True)[1]]] = True
    kept = ~once | first
    return TraitStates(writes.only(kept), (kind != REMOVE)[kept])


def _latest_plain(offsets: Int64s, plain: Bools) -> Int64s:
    """For each write the index of the person's latest set or remove up to it; -1 where none."""
    index = np.where(plain, np.arange(len(plain)), -1)
    latest = np.maximum.accumulate(index) if len(index) else index
    start = np.repeat(offsets[:-1], np.diff(offsets))
    return np.where(latest >= start, latest, -1)
