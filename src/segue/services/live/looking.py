"""Looking at people: their spans in every segment, and when to look at them again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np

from segue.domain.instant import FOREVER
from segue.language.tree import Definitions, Quantile
from segue.services.live.focus import Demands, Focus
from segue.services.live.span_table import SpanTable
from segue.timeline.evaluate import histories, quantiles_of
from segue.timeline.log import Int32s, Int64s, Log, Occurrences, TraitWrites
from segue.timeline.parts import Groups
from segue.timeline.quantiles import Thresholds
from segue.timeline.stacking import cut

Limits: TypeAlias = Mapping[Quantile, Thresholds]


@dataclass(frozen=True, slots=True)
class Project:
    """Definitions in force, and the code of each segment's version."""

    definitions: Definitions
    codes: Mapping[str, int]
    ranks: bool
    """Whether any segment ranks people, and so has thresholds that change with the population."""
    demands: Demands

    @classmethod
    def of(cls, definitions: Definitions, codes: Mapping[str, int]) -> Self:
        """Definitions put in force under these codes."""
        ranking = next(quantiles_of(definitions, list(codes)), None)
        return cls(definitions, codes, ranking is not None, Demands(definitions, codes))

    @property
    def ids(self) -> dict[int, str]:
        """The id of each segment by the code of its version."""
        return {code: segment_id for segment_id, code in self.codes.items()}


@dataclass(frozen=True, slots=True)
class View:
    """People (int32 codes), and the instant (ms) at which to look at them."""

    people: Int32s
    at: int


@dataclass(frozen=True, slots=True)
class Looked:
    """P people as seen at an instant: `people` int32[P] their codes, their `spans`, `next_change`
    int64[P] the instant (ms) at which something changes if nothing more arrives, FOREVER where
    nothing does. Both are of what was in `focus`; None: everything."""

    people: Int32s
    spans: SpanTable
    next_change: Int64s
    focus: Focus | None = None


def look_twice(
    project: Project,
    both: Log,
    before: View,
    after: View,
    limits: Limits,
    *,
    focus: Focus | None = None,
) -> tuple[Looked, Looked]:
    """People as they were, then people as they are, looked at as one population under the same
    thresholds: half the steps, each twice as long. `both` is their log, one upon the other, and
    answers at least what is in `focus`."""
    size = len(before.people)
    log = cut(both, size, before.at)
    spans = _spans(project, log, after.at, limits, focus)
    coming = next_change(log, spans, after.at)
    was, now = spans.split(size)
    return (
        Looked(before.people, was, coming[:size], focus and focus.of(slice(size))),
        Looked(after.people, now, coming[size:], focus and focus.of(slice(size, None))),
    )


def look_at(project: Project, log: Log, view: View, limits: Limits) -> Looked:
    """Everything about the people of the log at the instant."""
    spans = _spans(project, log, view.at, limits)
    return Looked(view.people, spans, next_change(log, spans, view.at))


def _spans(
    project: Project, log: Log, at: int, limits: Limits, focus: Focus | None = None
) -> SpanTable:
    ids, codes = list(project.codes), project.demands.codes
    if focus is None:
        return SpanTable.of(codes, histories(project.definitions, log, at, ids, limits))
    some = np.flatnonzero(focus.pairs.any(axis=1))
    ids = [ids[place] for place in some.tolist()]
    spans = histories(project.definitions, log, at, ids, limits)
    seen = focus.pairs[np.repeat(some, spans.count), spans.person]
    return SpanTable.of(codes[some], spans).only(seen)


def next_change(log: Log, spans: SpanTable, at: int) -> Int64s:
    """When each person of the log must be looked at again, int64[P]: a boundary after `at`, or an
    event that is dated after it."""
    found = np.where(log.first_seen > at, log.first_seen, FOREVER)
    _earliest(found, spans.person, spans.start, at)
    _earliest(found, spans.person, spans.end, at)
    if log.until <= at:
        return found
    for answer in log.answers.values():
        occurrences = answer.writes if isinstance(answer, TraitWrites) else answer
        if len(occurrences) and int(occurrences.at.max()) > at:
            _earliest(found, _people_of(occurrences), occurrences.at, at)
    return found


def _earliest(found: Int64s, person: Int64s, instant: Int64s, at: int) -> None:
    later = np.flatnonzero(instant > at)
    np.minimum.at(found, person[later], instant[later])


def _people_of(occurrences: Occurrences) -> Int64s:
    return np.repeat(np.arange(occurrences.people), np.diff(occurrences.offsets))


def joined(left: Groups, right: Groups) -> Groups:
    """The people of both, who are different people, ascending."""
    person = np.concatenate([left.person, right.person])
    counts = np.concatenate([np.diff(left.offsets), np.diff(right.offsets)])
    whos = np.concatenate([left.whos, right.whos])
    order = np.argsort(person, kind="stable")
    starts = np.cumsum(counts) - counts
    offsets = np.concatenate([[0], np.cumsum(counts[order])])
    place = np.repeat(starts[order] - offsets[:-1], counts[order]) + np.arange(len(whos))
    return Groups(person[order], offsets, whos[place])


def without(groups: Groups, person: Int32s) -> Groups:
    """The groups without these people."""
    kept = ~np.isin(groups.person, person)
    counts = np.diff(groups.offsets)
    return Groups(
        groups.person[kept],
        np.concatenate([[0], np.cumsum(counts[kept])]),
        groups.whos[np.repeat(kept, counts)],
    )


def moved(before: Groups, after: Groups) -> Int32s:
    """The people of `after`, int32 ascending, who have a distinct id that was somebody else's."""
    old, new = _owners(before), _owners(after)
    _, was, now = np.intersect1d(before.whos, after.whos, assume_unique=True, return_indices=True)
    return np.unique(new[now][old[was] != new[now]])


def _owners(groups: Groups) -> Int32s:
    owners: Int32s = np.repeat(groups.person, np.diff(groups.offsets))
    return owners
