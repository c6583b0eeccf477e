"""What is counted of people for measures: the past made ready, and tallied measure by measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np

from segue.domain.campaigns import Acting
from segue.domain.instant import DAY
from segue.insight import activity, adoption
from segue.insight.adoption import Users, Uses
from segue.insight.arrays import Bools, Int64s, first_after
from segue.insight.cohorts import Cohort, Everybody, Group, Stretch
from segue.insight.days import ActiveDays, Days
from segue.insight.entries import Stays, reached
from segue.insight.growth import Growth, growth_of_active, growth_of_members
from segue.insight.retention import HORIZON, retention
from segue.insight.tallies import Counts, named
from segue.language.models import Project
from segue.language.resolve import actions_of, engaging_of
from segue.language.tree import Definitions, Segment
from segue.services.daily import dates_until, flow_of, limits_of
from segue.services.insight import satisfaction
from segue.services.insight.past import Goal, Past, goals_of
from segue.services.insight.satisfaction import scored
from segue.services.summarise import size_at
from segue.timeline.occurring import Wanted

GROWTH_WEEKS: Final = 12
"""The weeks of which growth is told."""
DAYS_OF_WEEK: Final = 7
SIZES: Final = 3
"""What is counted of the size of a segment: now, a period before, who entered since."""

Tick: TypeAlias = Callable[[str], None]
"""Is told, in words, what is done next."""


def kinds_of(segments: Sequence[Segment]) -> dict[str, list[int]]:
    """The places of the segments of each kind."""
    found: dict[str, list[int]] = {}
    for place, segment in enumerate(segments):
        if segment.kind:
            found.setdefault(segment.kind, []).append(place)
    return found


def days_measured(at: int, zone: str, weeks: int) -> Days:
    """The whole days that figures of periods of so many weeks look at; the last of them is over at
    the instant."""
    count = max(HORIZON + 2 * DAYS_OF_WEEK * weeks, DAYS_OF_WEEK * (GROWTH_WEEKS + 1))
    dates = dates_until(at + 1, zone, count + 1)
    return Days(limits_of(dates, at, zone)[:-1])


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
class Panel:
    """The past, made ready for measuring: groups of segments, the days on which people engaged."""

    past: Past
    asked: Asked
    weeks: int
    everybody: Everybody
    active: ActiveDays
    groups: list[Group] = field(repr=False)

    @classmethod
    def made(cls, past: Past, asked: Asked, weeks: int, order: Int64s) -> Panel:
        """For periods of so many weeks; `order` int64[P] is the people's place among all who are
        seen."""
        days = days_measured(past.at, past.definitions.timezone, weeks)
        return cls(
            past,
            asked,
            weeks,
            Everybody(past.first_seen, Stays.of(past.counted), order),
            ActiveDays.measured(past.occurred[asked.engaging], days),
            [(Stays.of(past.spans[one.id]),) for one in past.definitions.segments],
        )

    @property
    def period(self) -> int:
        """The days of a period."""
        return DAYS_OF_WEEK * self.weeks

    @property
    def began(self) -> int:
        """The instant at which the last period of whole days began."""
        return int(self.active.days.limits[len(self.active.days) - self.period])

    @property
    def weeks_of_growth(self) -> list[int]:
        """The instants between which growth is told: ends of whole weeks."""
        limits = self.active.days.limits
        backs = range(GROWTH_WEEKS, -1, -1)
        return [int(limits[len(limits) - 1 - DAYS_OF_WEEK * back]) for back in backs]

    def cohort(self, groups: Sequence[Group], window: int) -> Cohort:
        """Those who entered in two periods, as late as the window (ms) allows."""
        until = self.past.at - window
        length = self.period * DAY
        return Cohort.gathered(
            groups, self.everybody, Stretch(until - 2 * length, until - length, until)
        )

    def tallied(self, goal: Goal | None, tick: Tick) -> dict[str, Counts]:
        """Everything that is counted of these people; `goal` is the main one."""
        tick("conversion")
        conversion, cohorts = self._conversion()
        tick("time to the goal")
        waits = self._waits(goal, cohorts)
        tick("retention and engagement")
        tables = {**self._sizes(), **self._everybody(), **self._shares(), **conversion}
        tick("features and what was said")
        return {
            **{name: Counts.table(one) for name, one in tables.items()},
            **dict(self._active()),
            **named("waits", waits),
            **named("adoption", self._adoption()),
            **named("said", satisfaction.tallied(self.past, self.asked.acting)),
        }

    def _conversion(self) -> tuple[dict[str, Int64s], dict[int, Cohort]]:
        """The conversion of each segment and each kind to each goal, and the cohorts by window."""
        kinds = kinds_of(self.past.definitions.segments).values()
        joined = [tuple(self.groups[place][0] for place in places) for places in kinds]
        cohorts: dict[int, Cohort] = {}
        found = {}
        for goal in self.asked.goals:
            window = goal.window
            if window not in cohorts:
                cohorts[window] = self.cohort([*self.groups, *joined], window)
            rows = self.past.occurred[goal.wanted]

            def converted(person: Int64s, since: Int64s) -> Bools:
                return reached(rows, person, since, window)  # noqa: B023 - asked before the next turn

            found[f"conversion/{goal.id}"] = cohorts[window].counts(converted)
        return found, cohorts

    def _waits(self, goal: Goal | None, cohorts: Mapping[int, Cohort]) -> dict[str, Counts]:
        """How long each segment takes to the main goal; nothing where there is no goal."""
        if goal is None:
            return {}
        rows, cohort = self.past.occurred[goal.wanted], cohorts[goal.window]
        found = cohort.waits(lambda person, since: first_after(rows, person, since), self.past.at)
        return found.tallied()

    def _sizes(self) -> dict[str, Int64s]:
        """How many there are of each segment, come and go."""
        past, length = self.past, self.period * DAY
        found, sizes = {}, np.zeros((len(self.groups), SIZES), np.int64)
        for place, (segment, group) in enumerate(
            zip(past.definitions.segments, self.groups, strict=True)
        ):
            spans = past.spans[segment.id]
            entered = len(group[0].entered(past.at - length, past.at))
            sizes[place] = size_at(spans, past.at), size_at(spans, past.at - length), entered
            zone, days = past.definitions.timezone, self.period + 1
            found[f"days {place}"] = flow_of(spans, zone, past.at, days)
            growth = growth_of_members(group[0], self.weeks_of_growth)
            found[f"growth {place}"] = _growth(growth)
        return {"sizes": sizes, **found}

    def _everybody(self) -> dict[str, Int64s]:
        """How many count, engage, come and go as active people."""
        past, active, counted = self.past, self.active, self.everybody.counted
        end = len(active.days)
        ends = [end - DAYS_OF_WEEK * back for back in range(GROWTH_WEEKS + 1, -1, -1)]
        week = counted.at(int(active.days.limits[end - DAYS_OF_WEEK]))
        return {
            "people": np.array([size_at(past.counted, past.at)]),
            "growth": _growth(growth_of_active(active, counted.at(past.at), ends)),
            "engaged": np.array(activity.engaged(active, week, end - DAYS_OF_WEEK)),
        }

    def _shares(self) -> dict[str, Int64s]:
        """Of each segment, for `standing.standings_of`."""
        groups, everybody, active = self.groups, self.everybody, self.active
        weekly, quiet = activity.counts, activity.reactivated(self.period)
        cells = retention(groups, everybody, active, self.period).values()
        return {
            "engagement": weekly(groups, everybody, active, activity.engaged),
            "churn": weekly(groups, everybody, active, activity.churned, activity.WEEK),
            "reactivation": weekly(groups, everybody, active, quiet),
            "changing": activity.changed(groups, active),
            **{f"retention {place}": cell for place, cell in enumerate(cells)},
        }

    def _active(self) -> Iterator[tuple[str, Counts]]:
        """On how many days of the period members were active, and everybody."""
        everybody = self.everybody.counted.at(self.began)
        yield "active", activity.days_active(self.active, everybody, self.period)
        for place, group in enumerate(self.groups):
            members = activity.members_at(group, self.began)
            yield f"active {place}", activity.days_active(self.active, members, self.period)

    def _adoption(self) -> dict[str, Counts]:
        """How active members of each segment use the actions of the project."""
        past, active = self.past, self.active
        end = len(active.days)

        def engaged(members: Int64s) -> Int64s:
            return members[active.any(members, end - self.period, end)]

        rows = [past.occurred[wanted] for wanted in self.asked.features.values()]
        uses = Uses.measured(rows, past.people, self.began, int(active.days.limits[-1]))
        users = [
            Users(
                engaged(activity.members_at(group, self.began)),
                group[0].entered(past.at - self.period * DAY, past.at),
            )
            for group in self.groups
        ]
        everybody = engaged(self.everybody.counted.at(self.began))
        return adoption.tallied(uses, everybody, users, past.at)


def _growth(found: Sequence[Growth]) -> Int64s:
    """The parts, int64[steps, 5], in the order of the fields."""
    return np.array([(one.before, one.new, one.returned, one.gone, one.now) for one in found])
