"""Where everybody stands when a server begins: as just seen, or as it was kept by the last one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from segue.domain.instant import FOREVER
from segue.language.tree import Definitions
from segue.services.live.current import CurrentMemberships
from segue.services.live.due import Due
from segue.services.live.establishing import Established
from segue.services.live.kept import KeptStanding, owners_of
from segue.services.live.looking import Limits, Project, View, look_at
from segue.services.live.meanings import fingerprints
from segue.services.live.store import Store
from segue.timeline.growing import GrowingLog
from segue.timeline.log import Int32s
from segue.timeline.parts import Codebook


@dataclass(frozen=True, slots=True)
class Index:
    """A log in memory that was kept from an earlier run: what it answers, the codes of its texts,
    the reference after the last event in it; where everybody stood when it was kept, and the
    distinct ids (int32) of whom events came since."""

    log: GrowingLog
    codebook: Codebook
    next_ref: int
    kept: KeptStanding | None = None
    came: Int32s = field(default_factory=lambda: np.empty(0, np.int32))


@dataclass(frozen=True, slots=True)
class Standing:
    """Definitions in force, where everybody stands, and when to look at whom."""

    project: Project
    limits: Limits
    current: CurrentMemberships
    due: Due

    @classmethod
    def of(cls, done: Established) -> Self:
        """From everybody as just seen."""
        looked = done.looked
        current = CurrentMemberships.of_everybody(looked.people, looked.spans, done.at)
        return cls(done.project, done.limits, current, Due(looked.people, looked.next_change))


def resumed(store: Store, definitions: Definitions, index: Index, at: int) -> Standing | None:
    """Where everybody stands at `at` (ms), the instant of the last turn, from where they stood when
    the index was kept: only whom events, links or time have touched since are looked at.

    None where that is not to be had: nothing was kept, or segments mean something else now, or
    people are ranked (thresholds are not kept).
    """
    kept = index.kept
    if kept is None:
        return None
    versions = store.versions()
    if {one.segment_id: one.fingerprint for one in versions} != fingerprints(definitions):
        return None
    codes = {one.segment_id: one.code for one in versions}
    project = Project.of(definitions, {one.id: codes[one.id] for one in definitions.segments})
    if project.ranks or not kept.fits(codes.values(), at):
        return None
    due = Due(kept.due_person, kept.due_at)
    standing = Standing(project, {}, CurrentMemberships.restored(kept), due)
    _catch_up(store, standing, index, kept, at)
    return standing


def _catch_up(store: Store, then: Standing, index: Index, kept: KeptStanding, at: int) -> None:
    """Look at everybody who may stand elsewhere than they were kept."""
    everybody = store.everybody()
    whos, owners = owners_of(everybody)
    touched = [kept.due_person[kept.due_at <= at], _moved(kept, whos, owners)]
    touched.append(owners[np.isin(whos, index.came)])
    people = store.groups(np.unique(np.concatenate(touched)))
    # That codes are given once each is known: to find that out takes longer than the rest.
    gone = np.setdiff1d(kept.person, everybody.person, assume_unique=True)
    log = index.log.gather(people, store.ranks)
    looked = look_at(then.project, log, View(people.person, at), then.limits)
    before = np.intersect1d(kept.person, people.person, assume_unique=True)
    before = np.union1d(before, gone)
    then.current.replace(before, looked.people, looked.spans, at)
    then.due.set(gone, np.full(len(gone), FOREVER))
    then.due.set(looked.people, looked.next_change)


def _moved(kept: KeptStanding, whos: Int32s, owners: Int32s) -> Int32s:
    """The people who gained or lost a distinct id, as they were and as they are, int32."""
    _, was, now = np.intersect1d(kept.whos, whos, assume_unique=True, return_indices=True)
    other = kept.owners[was] != owners[now]
    new, old = ~np.isin(whos, kept.whos), ~np.isin(kept.whos, whos)
    parts = [kept.owners[was][other], owners[now][other], owners[new], kept.owners[old]]
    return np.concatenate(parts)
