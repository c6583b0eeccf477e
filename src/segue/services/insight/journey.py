"""What becomes of people on the journey of a project: measured, by segment and week, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from segue.domain.errors import UsageError
from segue.domain.instant import DAY, local_date, start_of_day
from segue.insight import stopping
from segue.insight.comparisons import Difference
from segue.insight.journey import (
    Against,
    Frame,
    Journey,
    Scope,
    StageFigures,
    finished,
    finished_against,
    tallied,
    tallied_against,
)
from segue.insight.stopping import Stopped
from segue.insight.tallies import Counts, Tally, named, under
from segue.insight.ways import Period, Ways
from segue.language.activity import is_activity
from segue.language.models import Project
from segue.language.resolve import JOURNEY
from segue.language.tree import Definitions, EventPattern, Name
from segue.services.insight.past import Past, read_past
from segue.services.insight.wording import NOT_CAUSE, length_words, share_words
from segue.services.view import Store, known_segment
from segue.services.words import people
from segue.timeline.occurring import Wanted

DAYS: Final = 90
"""The period that is looked at where none is asked for."""
WINDOW: Final = 30 * DAY
"""The time in which people are to go on, where none is asked for."""
SILENCE: Final = 14 * DAY
"""Who did nothing for so long has stopped, where nothing else is asked for."""
MOST_EVENTS: Final = 200
"""Event names of which it is looked what people did last: the most frequent up to then."""
SURE: Final = 0.05
"""The q-value up to which something is told as a finding."""

NO_JOURNEY: Final = (
    "This project has no journey yet. Add one to segue.yaml: its stages in order; a person is on "
    "the last one that holds."
)
"""What to do where there is no journey."""
EXAMPLE: Final = """\
journey:
  - {stage: visitor, when: everyone}
  - {stage: trial, when: did trial_started}
  - {stage: customer, when: did subscribed and not did cancelled since last subscribed}
"""
"""What such a journey looks like in segue.yaml."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked about a journey: the period `(start, end]`, the time in which people are to go
    on, after how long without anything they have stopped (all ms), whose journey beside
    everybody's, and whether beginnings are told by week."""

    start: int
    end: int
    window: int = WINDOW
    silence: int = SILENCE
    segment_ids: tuple[str, ...] = ()
    by_week: bool = False

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise UsageError("the period ends before it begins", hint="give an earlier start")


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: its name in the project file and its title."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class LastDone:
    """What people did last before they stopped (a), against those who went on (b)."""

    event: str
    difference: Difference
    q_value: float

    @property
    def is_told(self) -> bool:
        """Whether the two differ for sure, over everything that was compared."""
        return self.q_value <= SURE and self.difference.is_told


@dataclass(frozen=True, slots=True)
class Stop:
    """Where people stop: of those on a stage, who did nothing for so long, and what they did last,
    most frequent first."""

    stopped: Stopped
    last: tuple[LastDone, ...]


@dataclass(frozen=True, slots=True)
class SegmentJourney:
    """The journey of those who are in a segment at the instant concerned; for each stage but the
    last `against` sets them against all others who entered it."""

    segment_id: str
    title: str
    journey: Journey
    against: tuple[Against, ...]


@dataclass(frozen=True)
class JourneyFound:
    """A project's journey, as known at `at`; `zone` is the project's. Where the project has no
    journey `everybody` is None, and so is all the rest."""

    at: int
    zone: str
    asked: Asked
    stages: tuple[Stage, ...] = ()
    everybody: Journey | None = None
    stops: tuple[Stop, ...] = ()
    segments: tuple[SegmentJourney, ...] = ()

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles of the stages."""
        return tuple(one.title for one in self.stages)

    @property
    def words(self) -> tuple[str, ...]:
        """What was found, in sentences."""
        if self.everybody is None:
            return (NO_JOURNEY,)
        onward = [self._onward(place) for place in range(len(self.stages) - 1)]
        return tuple(one for one in (*onward, *self._stopping(), *self._compared()) if one)

    @property
    def headline(self) -> tuple[str, ...]:
        """What matters most: where people stop; where nobody does, how many go on at first."""
        return tuple(self._stopping() if self.everybody else ()) or self.words[:1]

    def _onward(self, place: int) -> str:
        assert self.everybody is not None
        return onward_words(self.stages, place, self.everybody.stages[place], self.asked.window)

    def _stopping(self) -> list[str]:
        """Where most people stop, and what they did last."""
        if not any(one.stopped.share.count for one in self.stops):
            return []
        most = max(range(len(self.stops)), key=lambda place: self.stops[place].stopped.share.count)
        stop = self.stops[most]
        share, title = stop.stopped.share, self.stages[most].title
        said = (
            f"More people stop at {title} than anywhere else: of the {share.of:,} who are there, "
            f"{share_words(share)} have done nothing for {length_words(self.asked.silence)}."
        )
        told = sorted(
            (one for one in stop.last if one.is_told), key=lambda one: -(one.difference.value or 0)
        )
        telling = told[0] if told else None
        return [said, _last_words(title, telling)] if telling else [said]

    def _compared(self) -> list[str]:
        return [_segment_words(one, self.stages, self.asked.window) for one in self.segments]


def journey(
    store: Store, project: Project, definitions: Definitions, at: int, asked: Asked
) -> JourneyFound:
    """Measure the journey of a project as known at the instant.

    Raises `NotFoundError` where a segment does not exist, `UsageError` where the period ends after
    the instant.
    """
    plan = planned(project, definitions, at, asked, store.event_counts(at=at))
    past = read_past(store, definitions, at, plan.segment_ids, plan.wanted)
    return plan.told(plan.tallied(past))


def planned(
    project: Project,
    definitions: Definitions,
    at: int,
    asked: Asked,
    event_counts: Mapping[str, int],
) -> Plan:
    """What is to be counted of people for `journey`, given how many events there are by name up to
    the instant, most frequent first. Raises as `journey`."""
    if asked.end > at:
        raise UsageError("the period ends after the instant", hint="give an earlier end")
    for one in asked.segment_ids:
        known_segment(definitions, one)
    stages = tuple(
        Stage(one.stage, definitions.segment(f"{JOURNEY}.{one.stage}").title)
        for one in project.journey
    )
    active = [one for one in event_counts if is_activity(one, definitions.not_activity)]
    return Plan(definitions, at, asked, stages, tuple(active[:MOST_EVENTS]) if stages else ())


@dataclass(frozen=True)
class Plan:
    """How a journey is counted, of some people at a time, and told of everybody. `names` are the
    events by which it is told what people did last."""

    definitions: Definitions
    at: int
    asked: Asked
    stages: tuple[Stage, ...]
    names: tuple[str, ...]

    @property
    def segment_ids(self) -> tuple[str, ...]:
        """The segments whose spans are needed."""
        mine = [f"{JOURNEY}.{one.id}" for one in self.stages]
        return tuple(dict.fromkeys((*mine, *self.asked.segment_ids)))

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        """The occurrences that are needed."""
        return (_ANY, *map(_named, self.names)) if self.stages else ()

    def tallied(self, past: Past) -> dict[str, Counts]:
        """What `told` tells it from, counted over the people of the past."""
        if not self.stages:
            return {}
        scope, weeks = self._scope(past), self._frame.weeks
        things = [past.occurred[_named(one)] for one in self.names]
        stops = stopping.tallied(scope, self.asked.silence, past.occurred[_ANY], things)
        tally = named("everybody", tallied(scope, weeks)) | named("stops", stops)
        for one in self.asked.segment_ids:
            among = replace(scope, among=past.spans[one])
            tally |= named(f"in {one}", tallied(among, weeks))
            for stage in range(len(self.stages) - 1):
                tally |= named(f"{stage} against {one}", tallied_against(among, stage))
        return tally

    def told(self, tally: Tally) -> JourneyFound:
        """What is found of everybody whom the tally counts."""
        zone = self.definitions.timezone
        if not self.stages:
            return JourneyFound(self.at, zone, self.asked)
        return JourneyFound(
            self.at,
            zone,
            self.asked,
            self.stages,
            finished(under("everybody", tally), self._frame),
            self._stops(under("stops", tally)),
            tuple(self._segment(one, tally) for one in self.asked.segment_ids),
        )

    @property
    def _frame(self) -> Frame:
        asked = self.asked
        weeks = weeks_of(asked, self.definitions.timezone) if asked.by_week else ()
        return Frame(len(self.stages), Period(asked.start, asked.end), asked.window, tuple(weeks))

    def _scope(self, past: Past) -> Scope:
        """The ways of the people through the stages."""
        spans = [past.spans[f"{JOURNEY}.{one.id}"] for one in self.stages]
        ways = Ways.joined(spans, past.counted, past.at)
        return Scope(ways, self._frame.period, self.asked.window)

    def _stops(self, tally: Tally) -> tuple[Stop, ...]:
        names = self.names
        return tuple(
            Stop(
                one,
                tuple(LastDone(names[it.place], it.difference, it.q_value) for it in one.last),
            )
            for one in stopping.finished(tally, len(self.stages), len(names))
        )

    def _segment(self, segment_id: str, tally: Tally) -> SegmentJourney:
        return SegmentJourney(
            segment_id,
            self.definitions.segment(segment_id).title,
            finished(under(f"in {segment_id}", tally), self._frame),
            tuple(
                finished_against(under(f"{stage} against {segment_id}", tally))
                for stage in range(len(self.stages) - 1)
            ),
        )


_ANY: Final = Wanted(EventPattern())


def _named(event: str) -> Wanted:
    return Wanted(EventPattern((Name(event, quoted=True),)))


def weeks_of(asked: Asked, zone: str) -> list[int]:
    """The limits of the weeks of the period: its start, every Monday of the zone, its end."""
    first, last = asked.start + 1, asked.end + 1
    monday = local_date(first, zone)
    monday += dt.timedelta(days=7 - monday.weekday())
    limits = [first]
    while start_of_day(monday, zone) < last:
        limits.append(start_of_day(monday, zone))
        monday += dt.timedelta(days=7)
    return [*limits, last]


# ------------------------------------------------------------------------------------------ words


def onward_words(stages: Sequence[Stage], place: int, figures: StageFigures, window: int) -> str:
    """How many go on from a stage, and how fast."""
    title, share = stages[place].title, figures.onward[0]
    farther = stages[place + 1].title + (" or farther" if place + 2 < len(stages) else "")
    if not figures.entrants:
        return f"Nobody came to {title} in this time."
    if not share.of:
        return (
            f"{title}: cannot tell yet how many go on; {people(figures.entrants)} came to it, "
            f"nobody of them {length_words(window)} ago."
        )
    said = (
        f"{title}: {share_words(share)} of {people(share.of)} went on to {farther} within "
        f"{length_words(window)}; "
    )
    return said + pace_words(figures)


def pace_words(figures: StageFigures) -> str:
    """How long it takes until half of the people have gone on."""
    median = figures.next.median
    if median is not None:
        return f"half have gone on after {length_words(median)}."
    return f"half have not within {length_words(figures.next.followed)}."


def _last_words(title: str, told: LastDone) -> str:
    more = "more" if (told.difference.value or 0) > 0 else "less"
    sides = f"{share_words(told.difference.a)} against {share_words(told.difference.b)}"
    return (
        f"Those who stopped at {title} did “{told.event}” last {more} often than those who went "
        f"on: {sides}. {NOT_CAUSE}"
    )


def _segment_words(one: SegmentJourney, stages: Sequence[Stage], window: int) -> str:
    """How those in a segment go on against the others, at the first stage that can be told."""
    for stage, against in zip(stages, one.against, strict=False):
        if against.next.is_told:
            return (
                f"{one.title}: who is in it when they come to {stage.title} goes on within "
                f"{length_words(window)} in {share_words(against.next.a)}, all others in "
                f"{share_words(against.next.b)}. {NOT_CAUSE}"
            )
    return f"{one.title}: it cannot be told yet that its people go on otherwise than the others."


DEFINITIONS: Final = {
    "people": "Who is on the stage at the end of the period, and counts.",
    "entrants": "People who entered the stage in the period, each once: their first entry.",
    "onward": "Of the entrants who were followed for the whole window after they entered, those "
    "who reached the stage named, or a later one, after they entered and within the window. Who "
    "has not been followed that long yet is left out.",
    "stay": "How long entrants stay on the stage at that visit (Kaplan-Meier; who is still there "
    "counts for as long as they were followed).",
    "next": "How long it takes entrants to reach any later stage, falls in between included "
    "(Kaplan-Meier).",
    "begun": "People who were first on any stage in the period (of a segment: who entered it), and "
    "of those followed for the whole window who was on each stage or a later one within it.",
    "moves": "Steps from one stage to another in the period, each counted; first visits are none.",
    "flow": "People by where they were at the start of the period and where at its end.",
    "occupancy": "How many people were on each stage at instants of the period.",
    "stopped": "Of those on the stage at the end of the period who did nothing for so long. What "
    "they did last, against what those who went on in the period did last before that step.",
    "segment": "Who is in the segment at the instant concerned: when they enter the stage, when "
    "they move, at the end.",
}
"""What each figure means."""


def asked_for(start: int | None, end: int, days: int) -> tuple[int, int]:
    """The period from a start, or so many days back, to the end (ms)."""
    if start is None and days < 1:
        raise UsageError(f"{days} days are no period", hint="for example 90")
    return (max(0, end - days * DAY) if start is None else start), end
