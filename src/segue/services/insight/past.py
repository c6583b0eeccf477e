"""One reading of the log for everything that insight asks of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from segue.domain.errors import NotFoundError
from segue.domain.instant import DAY
from segue.language.tree import Definitions, Pattern, Quantile
from segue.services.summarise import COUNTED, with_counted
from segue.services.view import Reader, known_segment
from segue.timeline.evaluate import history, requests_of
from segue.timeline.log import Int64s, Log, Occurrences, Request, TraitRequest
from segue.timeline.occurring import Wanted, occurrences, requests_for
from segue.timeline.quantiles import Thresholds
from segue.timeline.spans import Spans

FOLLOWED: Final = 14 * DAY
"""How long people are followed for a goal that has no window of its own, as by campaigns."""


@dataclass(frozen=True)
class Past:
    """What people did and where they were, as known at the instant `at` (ms).

    The people stand in the order of the UTF-8 bytes of their ids; `first_seen` int64[P] is when
    each is first seen (FOREVER: not by then). `counted` are the spans of the people who count:
    everyone whom the project does not exclude; who is outside it is in no figure. `spans` are those
    of the segments that were asked for, up to `at` and on as if nothing more happened.
    """

    definitions: Definitions
    at: int
    person_ids: pa.Array = field(repr=False)
    first_seen: Int64s = field(repr=False)
    counted: Spans = field(repr=False)
    spans: dict[str, Spans] = field(repr=False)
    occurred: dict[Wanted, Occurrences] = field(repr=False)

    @property
    def people(self) -> int:
        """P, the number of people."""
        return len(self.first_seen)


@dataclass(frozen=True, slots=True)
class Goal:
    """What counts as success, and within how long (ms; None: ever)."""

    id: str
    pattern: Pattern
    within: int | None

    @property
    def window(self) -> int:
        """How long it is waited for (ms): `FOLLOWED` where it has no window of its own."""
        return FOLLOWED if self.within is None else self.within

    @property
    def wanted(self) -> Wanted:
        """Its occurrences, to be asked of `read_past`."""
        return Wanted(self.pattern)


def goals_of(definitions: Definitions) -> list[Goal]:
    """The goals of a project, in its order."""
    return [Goal(*one) for one in definitions.goals]


def known_goal(definitions: Definitions, goal_id: str) -> Goal:
    """The goal of that id. Raises `NotFoundError` where there is none."""
    goals = {one.id: one for one in goals_of(definitions)}
    if goal_id in goals:
        return goals[goal_id]
    hint = f"there are {', '.join(goals)}" if goals else "segue.yaml has no `goals:` yet"
    raise NotFoundError(f"There is no goal {goal_id!r}", hint=hint)


def goal_or_first(definitions: Definitions, goal_id: str | None) -> Goal:
    """The goal of that id (None: the first of the project). Raises `NotFoundError` where there is
    none."""
    if goal_id is None and definitions.goals:
        return goals_of(definitions)[0]
    if goal_id is None:
        raise NotFoundError(
            "The project has no goal yet",
            hint="add one to segue.yaml, for example goals: {subscribed: {event: subscribed,"
            " within: 14 days}}",
        )
    return known_goal(definitions, goal_id)


def read_past(
    store: Reader,
    definitions: Definitions,
    at: int,
    segment_ids: Iterable[str] = (),
    wanted: Sequence[Wanted] = (),
) -> Past:
    """Read the log cut at the instant once: the spans of the segments, and when everything that is
    wanted occurred. Raises `NotFoundError` where a segment does not exist."""
    ids = list(dict.fromkeys(known_segment(definitions, one) for one in segment_ids))
    requests = requests_of_past(definitions, ids, wanted)
    read = store.read(requests, at=at, not_activity=definitions.not_activity)
    people = pa.array(read.person_ids, pa.string())
    return past_of(definitions, read.log, people, at=at, segment_ids=ids, wanted=wanted)


def requests_of_past(
    definitions: Definitions, segment_ids: Sequence[str], wanted: Sequence[Wanted]
) -> frozenset[Request | TraitRequest]:
    """What has to be read of a log for `past_of`."""
    counted = with_counted(definitions)
    needed = requests_of(counted, [*segment_ids, COUNTED])
    return frozenset(needed) | requests_for(counted, wanted)


def past_of(
    definitions: Definitions,
    log: Log,
    person_ids: pa.Array,
    *,
    at: int,
    segment_ids: Sequence[str],
    wanted: Sequence[Wanted],
    limits: Mapping[Quantile, Thresholds] | None = None,
) -> Past:
    """The past of the people of a log. `limits` are the thresholds of everybody where the log is
    about some people only; else those of the log's own people are found."""
    counted = with_counted(definitions)
    spans = history(counted, log, at, [*segment_ids, COUNTED], limits)
    found = occurrences(counted, log, at, wanted)
    return Past(
        definitions,
        at,
        person_ids,
        log.first_seen,
        spans.pop(COUNTED),
        spans,
        dict(zip(wanted, found, strict=True)),
    )
