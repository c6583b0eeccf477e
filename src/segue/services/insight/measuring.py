"""What each segment does: size, conversion, engagement, retention, growth, adoption, promise.

Members are taken as of their entry, or as of the start of the days that a figure is about; only
whole calendar days of the project's zone count, and only people whose time is over.
`services.insight.measures_words` says of every figure how it is defined.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import pyarrow as pa

from segue.domain.campaigns import Acting
from segue.domain.ports import EventStore
from segue.domain.results import ResultsStore
from segue.insight import activity, adoption
from segue.insight.adoption import Adoption
from segue.insight.arrays import Int64s
from segue.insight.cohorts import Waiting
from segue.insight.comparisons import false_discovery
from segue.insight.entries import order_of
from segue.insight.growth import Growth
from segue.insight.promise import Promise
from segue.insight.retention import CELLS, Cell
from segue.insight.shares import Mean, Share
from segue.insight.standing import SIDES, Standing, standings_of, together
from segue.insight.survival import LogRank, Survival
from segue.insight.tallies import Counts, Tally, counts, numbers, under
from segue.language.models import Project
from segue.language.tree import Definitions, Segment
from segue.services.daily import Day, days_told
from segue.services.insight.panel import (
    DAYS_OF_WEEK,
    GROWTH_WEEKS,
    SIZES,
    Asked,
    Panel,
    Tick,
    days_measured,
    kinds_of,
)
from segue.services.insight.past import Goal, Past, goals_of, known_goal, read_past
from segue.services.insight.promising import Promising, promised
from segue.services.insight.satisfaction import Satisfaction, satisfaction
from segue.timeline.log import Log, Request, TraitRequest
from segue.timeline.occurring import Wanted

WEEKS: Final = 4
"""The weeks of a period, unless told otherwise."""
MOST_WEEKS: Final = 52
"""The longest period, in weeks."""


class MeasuredStore(EventStore[Request | TraitRequest, Log, pa.Table], ResultsStore, Protocol):
    """What measures ask: the log, and what became of campaigns."""


def quietly(_: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class TimeToGoal:
    """How long those who entered take to the goal, and everybody else from their landmarks;
    `against` compares the two, `q_value` is its p-value among those of all segments."""

    survival: Survival
    rest: Survival
    against: LogRank
    q_value: float


@dataclass(frozen=True, slots=True)
class SegmentMeasures:
    """Everything that is measured of one segment.

    `size` is of all who count, at the instant; `size_before` a period earlier. `days` tells comings
    and goings of the period, `growth` those of `GROWTH_WEEKS` weeks. `conversion` is by the id of
    the goal, `time_to_goal` of the main one (None: there is no goal). `engagement`, `churn`,
    `reactivation` and `changing` are of the last whole week; `stickiness` is of the period.
    `promise` is None where the conversion is not known yet or there is no goal.
    """

    segment: Segment
    size: Share
    size_before: int
    days: tuple[Day, ...]
    growth: tuple[Growth, ...]
    conversion: Mapping[str, Standing]
    time_to_goal: TimeToGoal | None
    engagement: Standing
    retention: Mapping[Cell, Standing]
    churn: Standing
    reactivation: Standing
    changing: Standing
    stickiness: Mean
    adoption: Adoption
    satisfaction: tuple[Satisfaction, ...]
    promise: Promise | None


@dataclass(frozen=True, slots=True)
class KindMeasures:
    """The conversion of those who entered any segment of a kind, by the id of the goal."""

    kind: str
    segment_ids: tuple[str, ...]
    conversion: Mapping[str, Standing]


@dataclass(frozen=True, slots=True)
class EverybodyMeasures:
    """Everybody who counts: how many, how they grow as active people week by week, the share who
    engaged in the last whole week, and on what share of the period's days the active are active."""

    people: int
    growth: tuple[Growth, ...]
    engagement: Share
    stickiness: Mean


@dataclass(frozen=True)
class Measures:
    """The measures of all segments at the instant `at` (ms), in the project's order.

    The period is `weeks` whole weeks. `goal` is the main one (None: the project has none), `goals`
    are all; `goal_value` is what the main one is worth (None: not said). `features` are the names
    of the actions, in the order of `Adoption.features`. Whole days, of the project's `zone`, end
    at `day_end` (ms).
    """

    at: int
    zone: str
    day_end: int
    weeks: int
    goal: Goal | None
    goals: tuple[Goal, ...]
    goal_value: float | None
    features: tuple[str, ...]
    everybody: EverybodyMeasures
    segments: tuple[SegmentMeasures, ...]
    kinds: tuple[KindMeasures, ...]

    @property
    def ranking(self) -> list[SegmentMeasures]:
        """The segments on which acting promises most, the best first."""
        known = [one for one in self.segments if one.promise is not None]
        return sorted(known, key=_promised)

    def of(self, segment_id: str) -> SegmentMeasures:
        """Those of one segment. Raises `KeyError` where there is none of that id."""
        for one in self.segments:
            if one.segment.id == segment_id:
                return one
        raise KeyError(segment_id)


def _promised(one: SegmentMeasures) -> float:
    assert one.promise is not None
    return -one.promise.expected


def measure(
    store: MeasuredStore,
    project: Project,
    definitions: Definitions,
    acting: Acting,
    at: int,
    *,
    goal_id: str | None = None,
    weeks: int = WEEKS,
    tick: Tick = quietly,
) -> Measures:
    """Measure every segment of a project. `tick` is told what is done next.

    Raises `NotFoundError` where there is no goal of that id.
    """
    plan = planned(project, definitions, acting, at, goal_id=goal_id, weeks=weeks)
    tick("reading the log")
    past = read_past(store, definitions, at, plan.segment_ids, plan.wanted)
    promise = promised(store, project, acting, plan.goal, at)
    return plan.told(plan.tallied(past, order_of(past.first_seen), tick=tick), promise)


def planned(
    project: Project,
    definitions: Definitions,
    acting: Acting,
    at: int,
    *,
    goal_id: str | None = None,
    weeks: int = WEEKS,
) -> Plan:
    """What is to be counted of people for `measure`. Raises as it does."""
    goals = goals_of(definitions)
    main = known_goal(definitions, goal_id) if goal_id else next(iter(goals), None)
    return Plan(definitions, at, weeks, Asked.of(project, definitions, acting), main)


@dataclass(frozen=True)
class Plan:
    """How segments are measured: counted of some people at a time, and told of everybody. `goal` is
    the main one (None: there is none)."""

    definitions: Definitions
    at: int
    weeks: int
    asked: Asked
    goal: Goal | None

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments that are measured."""
        return self.definitions.segments

    @property
    def segment_ids(self) -> tuple[str, ...]:
        """Their ids: those whose spans are needed."""
        return tuple(one.id for one in self.segments)

    @property
    def wanted(self) -> list[Wanted]:
        """The occurrences that are needed."""
        return self.asked.wanted

    def tallied(self, past: Past, order: Int64s, *, tick: Tick = quietly) -> dict[str, Counts]:
        """What `told` tells it from, counted over the people of the past; `order` int64[P] is their
        place among everybody who is seen (`entries.order_of`)."""
        return Panel.made(past, self.asked, self.weeks, order).tallied(self.goal, tick)

    def told(self, tally: Tally, promise: Promising) -> Measures:
        """The measures of everybody whom the tally counts."""
        found = _Found(self, tally, promise)
        asked, goal = self.asked, self.goal
        return Measures(
            at=self.at,
            zone=self.definitions.timezone,
            day_end=int(days_measured(self.at, self.definitions.timezone, self.weeks).limits[-1])
            + 1,
            weeks=self.weeks,
            goal=goal,
            goals=asked.goals,
            goal_value=asked.values.get(goal.id) if goal else None,
            features=tuple(asked.features),
            everybody=found.everybody(),
            segments=tuple(found.segment(place) for place in range(len(self.segments))),
            kinds=tuple(found.kinds()),
        )


# ------------------------------------------------------------------------------- what was found


@dataclass(frozen=True)
class _Found:
    """What a tally comes to, measure by measure: of all segments, in their order."""

    plan: Plan
    tally: Tally
    promise: Promising

    def segment(self, place: int) -> SegmentMeasures:
        """The measures of one segment."""
        plan, goal = self.plan, self.plan.goal
        segment, zone = plan.segments[place], plan.definitions.timezone
        size, before, entered = self._numbers("sizes", (self._count, SIZES))[place].tolist()
        conversion = {one: found[place] for one, found in self._conversion.items()}
        days = numbers(self.tally, f"days {place}", (3, DAYS_OF_WEEK * plan.weeks + 1))
        promise = self.promise(segment.id, entered, conversion[goal.id].now) if goal else None
        return SegmentMeasures(
            segment=segment,
            size=Share.measured(size, self._people),
            size_before=before,
            days=tuple(days_told(days, zone, plan.at)),
            growth=self._growth(f"growth {place}"),
            conversion=conversion,
            time_to_goal=self._times[place] if goal else None,
            engagement=self._engagement[place],
            retention={cell: found[place] for cell, found in self._retention.items()},
            churn=self._churn[place],
            reactivation=self._reactivation[place],
            changing=self._changing[place],
            stickiness=self._stickiness(f"active {place}"),
            adoption=self._adoption[place],
            satisfaction=self._satisfaction[segment.id],
            promise=promise,
        )

    def kinds(self) -> Iterator[KindMeasures]:
        """The measures of all kinds of segments."""
        for row, (kind, places) in enumerate(kinds_of(self.plan.segments).items(), self._count):
            ids = tuple(self.plan.segments[place].id for place in places)
            yield KindMeasures(
                kind, ids, {goal: found[row] for goal, found in self._conversion.items()}
            )

    def everybody(self) -> EverybodyMeasures:
        """Those of everybody who counts."""
        return EverybodyMeasures(
            self._people,
            self._growth("growth"),
            Share.measured(*self._numbers("engaged", [2]).tolist()),
            self._stickiness("active"),
        )

    @property
    def _count(self) -> int:
        return len(self.plan.segments)

    @cached_property
    def _people(self) -> int:
        return int(self._numbers("people", [1])[0])

    def _numbers(self, what: str, shape: Sequence[int]) -> Int64s:
        return numbers(self.tally, what, shape)

    def _growth(self, what: str) -> tuple[Growth, ...]:
        return tuple(Growth(*one) for one in self._numbers(what, (GROWTH_WEEKS, 5)).tolist())

    def _stickiness(self, what: str) -> Mean:
        return activity.stickiness(counts(self.tally, what), DAYS_OF_WEEK * self.plan.weeks)

    def _standings(self, what: str) -> list[Standing]:
        return together(standings_of(self._numbers(what, (SIDES, self._count, 2))))

    @cached_property
    def _conversion(self) -> dict[str, list[Standing]]:
        """By the id of the goal: of the segments, which are one family of comparisons, and of the
        kinds, which are another."""
        shape = (SIDES, self._count + len(kinds_of(self.plan.segments)), 2)
        found = {}
        for goal in self.plan.asked.goals:
            every = standings_of(self._numbers(f"conversion/{goal.id}", shape))
            found[goal.id] = [*together(every[: self._count]), *together(every[self._count :])]
        return found

    @cached_property
    def _times(self) -> list[TimeToGoal]:
        """How long each segment takes to the main goal."""
        pairs = list(Waiting.of(under("waits", self.tally), self._count).pairs())
        against = [mine.against(rest) for mine, rest in pairs]
        q_values = false_discovery([one.p_value for one in against])
        return [
            TimeToGoal(mine.survival(), rest.survival(), one, float(q_value))
            for (mine, rest), one, q_value in zip(pairs, against, q_values, strict=True)
        ]

    @cached_property
    def _engagement(self) -> list[Standing]:
        return self._standings("engagement")

    @cached_property
    def _churn(self) -> list[Standing]:
        return self._standings("churn")

    @cached_property
    def _reactivation(self) -> list[Standing]:
        return self._standings("reactivation")

    @cached_property
    def _changing(self) -> list[Standing]:
        return self._standings("changing")

    @cached_property
    def _retention(self) -> dict[Cell, list[Standing]]:
        return {cell: self._standings(f"retention {place}") for place, cell in enumerate(CELLS)}

    @cached_property
    def _adoption(self) -> list[Adoption]:
        features = len(self.plan.asked.features)
        return adoption.finished(under("adoption", self.tally), self._count, features)

    @cached_property
    def _satisfaction(self) -> dict[str, tuple[Satisfaction, ...]]:
        acting = self.plan.asked.acting
        return satisfaction(under("said", self.tally), acting, self.plan.segment_ids)
