"""Putting definitions in force: at the start, after an edit, after an erasure.

Everybody is evaluated once. Segments that mean something new get a version whose whole history is
published; where events came in while nobody was looking, what they changed is published too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from segue.domain.live import Cause, SegmentVersion
from segue.language.tree import Definitions
from segue.services.live.looking import Limits, Looked, Project, View, look_at
from segue.services.live.meanings import fingerprints
from segue.services.live.publishing import (
    Arrivals,
    Boundaries,
    Circumstances,
    differences,
    publication,
)
from segue.services.live.store import Store, Writing
from segue.timeline.evaluate import thresholds_of
from segue.timeline.growing import GrowingLog
from segue.timeline.parts import Groups


@dataclass(frozen=True, slots=True)
class Established:
    """Definitions in force, and everybody as seen at the instant `at` (ms)."""

    project: Project
    limits: Limits
    looked: Looked
    at: int

    def boundaries(self, code: int) -> Boundaries:
        """What the history of one segment's version says."""
        return Boundaries.of(self.looked.people, self.looked.spans.of_segment(code), self.at)


def establish(
    store: Store,
    definitions: Definitions,
    log: GrowingLog,
    *,
    at: int,
    known_at: int,
    by: str,
    unseen: Cause | None = None,
) -> Established:
    """Put definitions in force at an instant, in one commit. `log` answers what they ask; `by` is
    the version of Segue.

    `unseen`: events or erasures came between the last turn and now, so that what is published of
    unchanged segments is compared with their history; differences are published with this cause.
    """
    published = None if unseen is None else store.net_boundaries()
    people = store.everybody()
    with store.turn() as turn:
        versions = {version.segment_id: version for version in store.versions()}
        project, fresh = in_force(turn, definitions, versions, at)
        done = _look(turn, project, log, people, at)
        for code in sorted(fresh):
            turn.publish(publication(done.boundaries(code), Cause.DEFINITION), known_at=known_at)
        if published is not None:
            kept = sorted(set(project.codes.values()) - fresh)
            how = _overlooked(done, known_at, unseen)
            for changes in _differences(done, published, kept, how):
                turn.publish(changes, known_at=known_at)
        turn.ticked(at)
        turn.evaluated(by)
    return done


def in_force(
    turn: Writing, definitions: Definitions, versions: dict[str, SegmentVersion], at: int
) -> tuple[Project, set[int]]:
    """The project, with new versions where meanings changed; the codes of those."""
    meanings = fingerprints(definitions)
    for segment_id in versions.keys() - meanings.keys():
        turn.retire(segment_id, until=at)
    codes, fresh = {}, set()
    for segment_id, fingerprint in meanings.items():
        version = versions.get(segment_id)
        if version is None or version.fingerprint != fingerprint:
            version = turn.define(segment_id, fingerprint, since=at)
            fresh.add(version.code)
        codes[segment_id] = version.code
    return Project.of(definitions, codes), fresh


def _look(turn: Writing, project: Project, log: GrowingLog, people: Groups, at: int) -> Established:
    whole = log.gather(people, turn.ranks)
    limits = thresholds_of(project.definitions, whole, at)
    looked = look_at(project, whole, View(people.person, at), limits)
    return Established(project, limits, looked, at)


def _overlooked(done: Established, known_at: int, cause: Cause | None) -> Circumstances:
    nobody = done.looked.people[:0]
    return Circumstances(known_at, done.at, 0, Arrivals.none(), nobody, cause)


def _differences(
    done: Established, published: pa.Table, codes: list[int], how: Circumstances
) -> Iterator[pa.Table]:
    """What to publish of each segment that has changed, one by one: memory is bounded by one."""
    for code in codes:
        before = Boundaries.published(published, code)
        changes = differences(before, done.boundaries(code), Boundaries.none(), how)
        if len(changes):
            yield changes
