"""What each segment does: size, conversion, engagement, retention, growth, adoption, promise.

Members are taken as of their entry, or as of the start of the days that a figure is about; only
whole calendar days of the project's zone count, and only people whose time is over.
`services.insight.measures_words` says of every figure how it is defined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

import pyarrow as pa

from segue.domain.campaigns import Acting
from segue.domain.instant import DAY
from segue.domain.ports import EventStore
from segue.domain.results import ResultsStore
from segue.insight import activity
from segue.insight.adoption import Adoption, Users, Uses, adoption
from segue.insight.arrays import Bools, Int64s, first_after
from segue.insight.cohorts import Cohort, Everybody, Group, Stretch
from segue.insight.comparisons import false_discovery
from segue.insight.days import ActiveDays, Days
from segue.insight.entries import Stays, reached
from segue.insight.growth import Growth, growth_of_active, growth_of_members
from segue.insight.promise import Promise
from segue.insight.retention import HORIZON, Cell, retention
from segue.insight.shares import Mean, Share
from segue.insight.standing import Standing, together
from segue.insight.survival import LogRank, Survival
from segue.language.models import Project
from segue.language.resolve import actions_of, engaging_of
from segue.language.tree import Definitions, Segment
from segue.services.daily import Day, dates_until, days_of, limits_of
from segue.services.insight.past import Goal, Past, goals_of, known_goal, read_past
from segue.services.insight.promising import Promising, promised
from segue.services.insight.satisfaction import Satisfaction, satisfaction, scored
from segue.services.summarise import size_at
from segue.timeline.log import Log, Request, TraitRequest
from segue.timeline.occurring import Wanted

WEEKS: Final = 4
"""The weeks of a period, unless told otherwise."""
MOST_WEEKS: Final = 52
"""The longest period, in weeks."""
GROWTH_WEEKS: Final = 12
"""The weeks of which growth is told."""

Tick: TypeAlias = Callable[[str], None]
"""Is told, in words, what is done next."""


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
    goals = goals_of(definitions)
    main = known_goal(definitions, goal_id) if goal_id else next(iter(goals), None)
    asked = Asked.of(project, definitions, acting)
    tick("reading the log")
    ids = [one.id for one in definitions.segments]
    past = read_past(store, definitions, at, ids, asked.wanted)
    promise = promised(store, project, acting, main, at)
    return measured(past, asked, main, promise, weeks=weeks, tick=tick)


# -------------------------------------------------------------------------------- what is looked at


@dataclass(frozen=True)
class Asked:
    """What is to be read of the log: when goals were reached, when people engaged, when they used
    each action of the project, what they answered to surveys; and what goals are worth."""

    goals: tuple[Goal, ...]
    engaging: Wanted
    features: Mapping[str, Wanted]
    acting: Acting
    values: Mapping[str, float | None]

    @classmethod
    def of(cls, project: Project, definitions: Definitions, acting: Acting) -> Asked:
        """What the measures of a project ask."""
        features = {name: Wanted(pattern) for name, pattern in actions_of(project).items()}
        engaging = Wanted(engaging_of(project))
        values = {name: goal.value for name, goal in project.goals.items()}
        return cls(tuple(goals_of(definitions)), engaging, features, acting, values)

    @property
    def wanted(self) -> list[Wanted]:
        """All of it, each once."""
        goals = [one.wanted for one in self.goals]
        said = [one for question in scored(self.acting) for one in question.wanted]
        return list(dict.fromkeys([*goals, self.engaging, *self.features.values(), *said]))


@dataclass(frozen=True)
class _Panel:
    """The past, made ready for measuring: groups of segments, the days on which people engaged."""

    past: Past
    asked: Asked
    weeks: int
    everybody: Everybody
    active: ActiveDays
    segments: tuple[Segment, ...]
    groups: list[Group] = field(repr=False)

    @classmethod
    def made(cls, past: Past, asked: Asked, weeks: int) -> _Panel:
        zone = past.definitions.timezone
        days = Days(_whole_days(past.at, zone, max(HORIZON + 14 * weeks, 7 * (GROWTH_WEEKS + 1))))
        return cls(
            past,
            asked,
            weeks,
            Everybody(past.first_seen, Stays.of(past.counted)),
            ActiveDays.measured(past.occurred[asked.engaging], days),
            past.definitions.segments,
            [(Stays.of(past.spans[one.id]),) for one in past.definitions.segments],
        )

    @property
    def period(self) -> int:
        """The days of a period."""
        return 7 * self.weeks

    @property
    def began(self) -> int:
        """The instant at which the last period of whole days began."""
        return int(self.active.days.limits[len(self.active.days) - self.period])

    @property
    def weeks_of_growth(self) -> list[int]:
        """The instants between which growth is told: ends of whole weeks."""
        limits = self.active.days.limits
        return [int(limits[len(limits) - 1 - 7 * back]) for back in range(GROWTH_WEEKS, -1, -1)]

    @property
    def kinds(self) -> dict[str, list[int]]:
        """The places of the segments of each kind."""
        found: dict[str, list[int]] = {}
        for place, segment in enumerate(self.segments):
            if segment.kind:
                found.setdefault(segment.kind, []).append(place)
        return found

    def cohort(self, groups: Sequence[Group], window: int) -> Cohort:
        """Those who entered in two periods, as late as the window (ms) allows."""
        until = self.past.at - window
        length = self.period * DAY
        return Cohort.gathered(
            groups, self.everybody, Stretch(until - 2 * length, until - length, until)
        )


def _whole_days(at: int, zone: str, days: int) -> Int64s:
    """The limits of so many whole days, the last of which is over at the instant."""
    dates = dates_until(at + 1, zone, days + 1)
    return limits_of(dates, at, zone)[:-1]


# ------------------------------------------------------------------------------------- the measures


def measured(
    past: Past,
    asked: Asked,
    main: Goal | None,
    promise: Promising,
    *,
    weeks: int = WEEKS,
    tick: Tick = quietly,
) -> Measures:
    """The measures of every segment, of a past that was read of what was asked."""
    panel = _Panel.made(past, asked, weeks)
    tick("conversion")
    by_kind = list(panel.kinds.items())
    kinds = [tuple(panel.groups[place][0] for place in places) for _, places in by_kind]
    conversion, cohorts = _conversion(panel, [*panel.groups, *kinds])
    count = len(panel.segments)
    tick("time to the goal")
    times = _times(panel, main, cohorts)
    tick("retention and engagement")
    cells = retention(panel.groups, panel.everybody, panel.active, panel.period)
    shares = _Shares.of(panel, cells)
    tick("features and what was said")
    adopted = _adoption(panel)
    said = satisfaction(panel.past, panel.asked.acting)
    found = _Found(panel, main, promise, conversion, times, shares, adopted, said)
    return Measures(
        at=panel.past.at,
        zone=panel.past.definitions.timezone,
        day_end=int(panel.active.days.limits[-1]) + 1,
        weeks=panel.weeks,
        goal=main,
        goals=panel.asked.goals,
        goal_value=panel.asked.values.get(main.id) if main else None,
        features=tuple(panel.asked.features),
        everybody=_everybody(panel),
        segments=tuple(found.segment(place) for place in range(count)),
        kinds=tuple(
            KindMeasures(
                kind,
                tuple(panel.segments[place].id for place in places),
                {goal: standings[count + row] for goal, standings in conversion.items()},
            )
            for row, (kind, places) in enumerate(by_kind)
        ),
    )


@dataclass(frozen=True)
class _Found:
    """The figures of all segments, measure by measure, in the order of the segments."""

    panel: _Panel
    goal: Goal | None
    promise: Promising
    conversion: Mapping[str, list[Standing]]
    times: list[TimeToGoal]
    shares: _Shares
    adopted: list[Adoption]
    said: Mapping[str, tuple[Satisfaction, ...]]

    def segment(self, place: int) -> SegmentMeasures:
        """Those of one segment."""
        panel, shares, goal = self.panel, self.shares, self.goal
        past, active, group = panel.past, panel.active, panel.groups[place]
        segment, length = panel.segments[place], panel.period * DAY
        spans = past.spans[segment.id]
        size, people = size_at(spans, past.at), size_at(past.counted, past.at)
        conversion = {one: found[place] for one, found in self.conversion.items()}
        entered = len(group[0].entered(past.at - length, past.at))
        return SegmentMeasures(
            segment=segment,
            size=Share.measured(size, people),
            size_before=size_at(spans, past.at - length),
            days=tuple(days_of(spans, past.definitions.timezone, past.at, panel.period + 1)),
            growth=tuple(growth_of_members(group[0], panel.weeks_of_growth)),
            conversion=conversion,
            time_to_goal=self.times[place] if self.times else None,
            engagement=shares.engagement[place],
            retention={cell: found[place] for cell, found in shares.retention.items()},
            churn=shares.churn[place],
            reactivation=shares.reactivation[place],
            changing=shares.changing[place],
            stickiness=activity.stickiness(
                active, activity.members_at(group, panel.began), panel.period
            ),
            adoption=self.adopted[place],
            satisfaction=self.said[segment.id],
            promise=self.promise(segment.id, entered, conversion[goal.id].now) if goal else None,
        )


def _conversion(
    panel: _Panel, groups: Sequence[Group]
) -> tuple[dict[str, list[Standing]], dict[int, Cohort]]:
    """The conversion of each group to each goal, and the cohorts by window. Segments are one family
    of comparisons, kinds another."""
    cohorts: dict[int, Cohort] = {}
    found, count = {}, len(panel.segments)
    for goal in panel.asked.goals:
        window = goal.window
        if window not in cohorts:
            cohorts[window] = panel.cohort(groups, window)
        rows = panel.past.occurred[goal.wanted]

        def converted(person: Int64s, since: Int64s) -> Bools:
            return reached(rows, person, since, window)  # noqa: B023 - asked before the next turn

        standings = cohorts[window].standings(converted)
        found[goal.id] = [*together(standings[:count]), *together(standings[count:])]
    return found, cohorts


def _times(panel: _Panel, goal: Goal | None, cohorts: Mapping[int, Cohort]) -> list[TimeToGoal]:
    """How long each segment takes to the main goal; none where there is no goal."""
    if goal is None:
        return []
    rows = panel.past.occurred[goal.wanted]
    cohort = cohorts[goal.window]
    pairs = cohort.waits(lambda person, since: first_after(rows, person, since), panel.past.at)
    pairs = pairs[: len(panel.segments)]
    against = [mine.against(rest) for mine, rest in pairs]
    q_values = false_discovery([one.p_value for one in against])
    return [
        TimeToGoal(mine.survival(), rest.survival(), one, float(q_value))
        for (mine, rest), one, q_value in zip(pairs, against, q_values, strict=True)
    ]


@dataclass(frozen=True)
class _Shares:
    """Shares of each segment, with q-values."""

    engagement: list[Standing]
    churn: list[Standing]
    reactivation: list[Standing]
    changing: list[Standing]
    retention: dict[Cell, list[Standing]]

    @classmethod
    def of(cls, panel: _Panel, cells: Mapping[Cell, list[Standing]]) -> _Shares:
        groups, everybody, active = panel.groups, panel.everybody, panel.active
        quiet = activity.reactivated(panel.period)
        weekly = activity.standings
        return cls(
            together(weekly(groups, everybody, active, activity.engaged)),
            together(weekly(groups, everybody, active, activity.churned, activity.WEEK)),
            together(weekly(groups, everybody, active, quiet)),
            together([activity.changed(group, active) for group in groups]),
            {cell: together(found) for cell, found in cells.items()},
        )


def _adoption(panel: _Panel) -> list[Adoption]:
    """How active members of each segment use the actions of the project."""
    past, active = panel.past, panel.active
    end = len(active.days)

    def engaged(members: Int64s) -> Int64s:
        return members[active.any(members, end - panel.period, end)]

    rows = [past.occurred[wanted] for wanted in panel.asked.features.values()]
    uses = Uses.measured(rows, past.people, panel.began, int(active.days.limits[-1]))
    users = [
        Users(
            engaged(activity.members_at(group, panel.began)),
            group[0].entered(past.at - panel.period * DAY, past.at),
        )
        for group in panel.groups
    ]
    return adoption(uses, engaged(panel.everybody.counted.at(panel.began)), users, past.at)


def _everybody(panel: _Panel) -> EverybodyMeasures:
    past, active = panel.past, panel.active
    end, counted = len(active.days), panel.everybody.counted
    ends = [end - 7 * back for back in range(GROWTH_WEEKS + 1, -1, -1)]
    week = counted.at(int(active.days.limits[end - 7]))
    return EverybodyMeasures(
        size_at(past.counted, past.at),
        tuple(growth_of_active(active, counted.at(past.at), ends)),
        activity.engaged(active, week, end - 7),
        activity.stickiness(active, counted.at(panel.began), panel.period),
    )
