"""One turn of the loop: who changed, what that changes, and what to publish of it.

What is published of a person is the history of the log as it was at the last turn, so it need not
be kept: it is computed again from that log, beside the history of the log as it is now, and the
difference of the two is published.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from segue.domain.instant import DAY
from segue.domain.live import Cause
from segue.services.live.focus import Around, Focus, focus_of
from segue.services.live.looking import (
    Limits,
    Looked,
    Project,
    View,
    joined,
    look_at,
    look_twice,
    moved,
    without,
)
from segue.services.live.publishing import Arrivals, Boundaries, Circumstances, differences
from segue.services.live.span_table import unlike
from segue.services.live.store import Store, Writing
from segue.timeline.calendar import midnights_between
from segue.timeline.evaluate import rankings_of, thresholds_of
from segue.timeline.growing import GrowingLog
from segue.timeline.log import Int32s, Log
from segue.timeline.parts import Arrived, Codebook, Groups
from segue.timeline.quantiles import Ranking, grid_of
from segue.timeline.runs import Run
from segue.timeline.stacking import stacked


@dataclass(frozen=True, slots=True)
class State:
    """Everything as of the last turn, at the instant `at` (ms): the definitions in force, the log
    of all events before the reference `next_ref`, and the thresholds of the population."""

    project: Project
    log: GrowingLog
    limits: Limits
    at: int
    next_ref: int

    @property
    def next_grid(self) -> int | None:
        """The next instant (ms) at which thresholds are taken anew; None where there are none."""
        if not self.project.ranks:
            return None
        zone = self.project.definitions.timezone
        coming = midnights_between(zone, self.at, self.at + 3 * DAY)
        return int(coming[coming > self.at][0])


@dataclass(frozen=True, slots=True)
class Affected:
    """People whom a turn looks at, as they were and as they are."""

    before: Groups
    after: Groups


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a turn comes to: the state after it, who was looked at (`before` int32: the people who
    they were), and what to publish, a `TRANSITIONS` table."""

    state: State
    before: Int32s
    looked: Looked
    changes: pa.Table


@dataclass(frozen=True, slots=True)
class Grown:
    """The log with what arrived; `came` is all that it has beyond the log before (None: more than
    that changed, or nothing did)."""

    log: GrowingLog
    came: Run | None


def grown(state: State, turn: Writing, arrived: Arrived, codebook: Codebook) -> Grown:
    """The log of a state with what arrived."""
    log, came = state.log, None
    quiet = state.project.definitions.not_activity
    if len(arrived.ref):
        came = log.arriving(turn.delta(log.requests, codebook, not_activity=quiet))
        log = log.joining(came)
    if len(arrived.replaced):
        anew = turn.reread(arrived.replaced, log.requests, codebook, not_activity=quiet)
        return Grown(log.replacing(anew), None)
    return Grown(log, came)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a turn works with: the store and its open turn, the state before, what arrived and the
    log with it; `at` is up to when people are looked at, `known_at` now (ms)."""

    store: Store
    turn: Writing
    state: State
    grown: Grown
    arrived: Arrived
    at: int
    known_at: int


def work_out(occasion: Occasion, due: Int32s, late_after: int, cause: Cause | None) -> Outcome:
    """Compare what is published of everybody who is touched or due with their history now."""
    state, at = occasion.state, occasion.at
    people = _affected(occasion, due)
    if state.project.ranks:
        seen = _looked_with_ranks(occasion, people)
    else:
        both, focus = _both(occasion, people, due)
        seen = _Seen(people, *_looked(occasion, people, both, focus), state.limits)
    was, looked = seen.was, seen.looked
    old, new = was.spans, looked.spans
    if np.array_equal(was.people, looked.people):
        old, new = unlike(old, new, len(was.people), state.at, at)
    changes = differences(
        Boundaries.of(was.people, old, state.at),
        Boundaries.of(looked.people, new, at),
        _coming(looked, at, occasion.known_at),
        Circumstances(
            known_at=occasion.known_at,
            published_to=state.at,
            late_after=late_after,
            arrivals=_arrivals(occasion.arrived),
            moved=moved(seen.people.before, seen.people.after),
            cause=cause,
        ),
    )
    next_ref = int(occasion.arrived.ref.max(initial=state.next_ref - 1)) + 1
    state = replace(state, log=occasion.grown.log, limits=seen.limits, at=at, next_ref=next_ref)
    return Outcome(state, was.people, looked, changes)


def _coming(looked: Looked, at: int, known_at: int) -> Boundaries:
    """Boundaries after what this turn looks at that have come nevertheless."""
    if known_at == at:
        return Boundaries.none()
    return Boundaries.of(looked.people, looked.spans, known_at).between(at, known_at)


def _affected(occasion: Occasion, due: Int32s) -> Affected:
    """The people whom events or links touched, and those who are due."""
    arrived = occasion.arrived
    touched = np.union1d(arrived.before.person, arrived.after.person)
    rest = occasion.store.groups(np.setdiff1d(due, touched, assume_unique=True))
    return Affected(joined(arrived.before, rest), joined(arrived.after, rest))


def _everybody(occasion: Occasion, touched: Affected) -> Affected:
    everybody = occasion.store.everybody()
    rest = without(everybody, touched.after.person)
    return Affected(joined(touched.before, rest), everybody)


@dataclass(frozen=True, slots=True)
class _Seen:
    """People as they were and as they are, and the thresholds that hold now."""

    people: Affected
    was: Looked
    looked: Looked
    limits: Limits


def _both(occasion: Occasion, people: Affected, due: Int32s) -> tuple[Log, Focus | None]:
    """The log of people as they were, and below it that of people as they are; and what has to be
    looked at of them, where that is not everything."""
    came, ranks, log = occasion.grown.came, occasion.turn.ranks, occasion.state.log
    if came is None:
        return stacked(*_gathered(occasion, people)), None
    before, after, demands = people.before, people.after, occasion.state.project.demands
    gathering = log.gather_around(came, before, after, ranks)
    focus = focus_of(demands, Around(gathering, before, after, log.origin, log.numbers), due)
    return gathering.log(demands.asked(log.numbers, focus.pairs)), focus


def _gathered(occasion: Occasion, people: Affected) -> tuple[Log, Log]:
    ranks = occasion.turn.ranks
    return (
        occasion.state.log.gather(people.before, ranks),
        occasion.grown.log.gather(people.after, ranks),
    )


def _looked(
    occasion: Occasion, people: Affected, both: Log, focus: Focus | None = None
) -> tuple[Looked, Looked]:
    state = occasion.state
    before = View(people.before.person, state.at)
    after = View(people.after.person, occasion.at)
    return look_twice(state.project, both, before, after, state.limits, focus=focus)


def _looked_with_ranks(occasion: Occasion, touched: Affected) -> _Seen:
    """Where people are ranked: everybody, if thresholds change."""
    state, at = occasion.state, occasion.at
    old, new = _gathered(occasion, touched)
    if not _population_changed(state, touched, old, new, at):
        both = _looked(occasion, touched, stacked(old, new))
        return _Seen(touched, *both, state.limits)
    people = _everybody(occasion, touched)
    old, new = _gathered(occasion, people)
    limits = thresholds_of(state.project.definitions, new, at)
    was = look_at(state.project, old, View(people.before.person, state.at), state.limits)
    looked = look_at(state.project, new, View(people.after.person, at), limits)
    return _Seen(people, was, looked, limits)


def _population_changed(state: State, people: Affected, old: Log, new: Log, at: int) -> bool:
    """Whether thresholds may have changed: a new grid instant has come, or these people rank
    otherwise at an earlier one than they did."""
    if state.next_grid is None:
        return False
    if at >= state.next_grid:
        return True
    definitions = state.project.definitions
    seen = np.concatenate([old.first_seen, new.first_seen])
    grid = grid_of(seen, state.at, definitions.timezone)
    was = rankings_of(definitions, old, state.at, state.limits, grid)
    now = rankings_of(definitions, new, at, state.limits, grid)
    if not any(one.ranked.any() for one in (*was, *now)):
        return False
    same_people = np.array_equal(people.before.person, people.after.person)
    return not same_people or not all(map(_equal, was, now))


def _equal(left: Ranking, right: Ranking) -> bool:
    return all(
        np.array_equal(getattr(left, name), getattr(right, name))
        for name in ("place", "person", "numerator", "denominator", "ranked")
    )


def _arrivals(arrived: Arrived) -> Arrivals:
    """Whose the arrived events are."""
    after = arrived.after
    owner = np.repeat(after.person, np.diff(after.offsets))
    order = np.argsort(after.whos)
    place = np.searchsorted(after.whos[order], arrived.who)
    return Arrivals(owner[order][place], arrived.at, arrived.ref)
