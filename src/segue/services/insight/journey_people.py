"""Who the people of a journey are: of a stage, of a way from one to another, of those who
stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from segue.domain.errors import NotFoundError
from segue.insight.arrays import Bools, Int64s, last_until
from segue.insight.journey import Scope, inside_at, standing_at
from segue.insight.ways import Period, Ways
from segue.language.models import Project
from segue.language.resolve import JOURNEY
from segue.language.tree import Definitions, EventPattern
from segue.services.insight.journey import Asked
from segue.services.insight.past import read_past
from segue.services.view import Reader
from segue.timeline.occurring import Wanted

MOST: Final = 500
"""People who are listed at most, those who did something last first."""
NO_STAGE: Final = "-"
"""Stands for being on no stage."""
ELSEWHERE: Final = "+"
"""Stands for not being there yet, or not counting any more."""
_ANY: Final = Wanted(EventPattern())


@dataclass(frozen=True, slots=True)
class Which:
    """Which people: where they were at the start of the period and where at its end (the id of a
    stage, `NO_STAGE` or `ELSEWHERE`; empty: anywhere), and whether only those who stopped."""

    before: str = ""
    after: str = ""
    stopped: bool = False


@dataclass(frozen=True, slots=True)
class Met:
    """One of them: since when they were at the stage at the end of the period (ms; None: on none),
    and when they did something last before it (None: never)."""

    person_id: str
    since: int | None
    last_at: int | None


@dataclass(frozen=True, slots=True)
class PeopleMet:
    """How many they are, and those who did something last."""

    count: int
    people: tuple[Met, ...]


def journey_people(
    store: Reader,
    project: Project,
    definitions: Definitions,
    at: int,
    asked: Asked,
    *,
    which: Which,
) -> PeopleMet:
    """Find the people of a journey as known at the instant; of several segments the first counts.

    Raises `NotFoundError` where there is no such stage or segment.
    """
    ids = [one.stage for one in project.journey]
    segment_ids = asked.segment_ids[:1]
    names = [f"{JOURNEY}.{one}" for one in ids]
    past = read_past(store, definitions, at, [*names, *segment_ids], [_ANY])
    ways = Ways.joined([past.spans[one] for one in names], past.counted, past.at)
    among = past.spans[segment_ids[0]] if segment_ids else None
    scope = Scope(ways, Period(asked.start, asked.end), asked.window, among)
    everybody = np.arange(past.people)
    last = last_until(past.occurred[_ANY], everybody, np.full(past.people, asked.end))
    chosen = _chosen(scope, which, ids)
    if which.stopped:
        chosen &= (last >= 0) & (last <= asked.end - asked.silence)
    people = np.flatnonzero(chosen)
    shown = people[np.argsort(-last[people], kind="stable")][:MOST]
    rows = zip(shown.tolist(), _since(ways, asked.end)[shown].tolist(), strict=True)
    return PeopleMet(
        len(people),
        tuple(
            Met(
                past.person_ids[person].as_py(),
                None if since < 0 else since,
                None if last[person] < 0 else int(last[person]),
            )
            for person, since in rows
        ),
    )


def _chosen(scope: Scope, which: Which, ids: Sequence[str]) -> Bools:
    """Who was where it is asked for, bool[P]; as `Journey.flow` counts them."""
    before = standing_at(replace(scope, among=None), scope.period.start)
    after = standing_at(scope, scope.period.end)
    chosen = np.ones(len(after), np.bool_)
    if scope.among is not None:
        chosen &= inside_at(scope.among, scope.period.end)
    for wanted, standing in ((which.before, before), (which.after, after)):
        if wanted:
            chosen &= standing == _place(wanted, ids)
    return chosen


def _place(wanted: str, ids: Sequence[str]) -> int:
    places = {NO_STAGE: len(ids), ELSEWHERE: len(ids) + 1}
    places |= {one: place for place, one in enumerate(ids)}
    if wanted not in places:
        hint = f"the stages are {', '.join(ids)}" if ids else "there is no journey yet"
        raise NotFoundError(f"There is no stage {wanted!r}", hint=hint)
    return places[wanted]


def _since(ways: Ways, instant: int) -> Int64s:
    """Since when everybody is on their stage at the instant, int64[P]; -1: on none."""
    found = np.full(len(ways.offsets) - 1, -1, np.int64)
    inside = np.flatnonzero((ways.start <= instant) & (instant < ways.end))
    found[ways.person[inside]] = ways.start[inside]
    return found
