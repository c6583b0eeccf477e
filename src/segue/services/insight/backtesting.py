"""A backtest: what a segment, saved or not, would have done in the days up to an instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from segue.domain.campaigns import AlreadyIn, Campaign, Channel, Moment, Variant, When
from segue.domain.campaigns import Content as Words
from segue.domain.errors import UsageError
from segue.domain.instant import FOREVER
from segue.insight.arrays import Bools, first_after
from segue.insight.backtest import Contrast, Entries, contrast
from segue.insight.lateness import Lateness
from segue.insight.matching import Known
from segue.insight.overlap import Overlaps
from segue.insight.shares import Share
from segue.insight.survival import Survival
from segue.language.acting import acting
from segue.language.actions import Actions
from segue.language.describe import describe
from segue.language.models import Project
from segue.language.resolve import entries, resolve
from segue.language.text import to_text
from segue.language.tree import Condition, Definitions, EventPattern, Segment
from segue.language.variations import Variation, variations
from segue.language.walk import with_patterns
from segue.services.acting.hindsight import Stays, past_within
from segue.services.acting.previewing import known_campaign
from segue.services.acting.simulate import Simulation, simulate
from segue.services.daily import Day, dates_until, days_of, limits_of
from segue.services.insight.past import FOLLOWED, Goal, Past, goals_of, known_goal, read_past
from segue.services.summarise import size_at
from segue.services.trial import tried_beside
from segue.services.view import Store, known_segment
from segue.timeline.occurring import Wanted
from segue.timeline.spans import Spans

DAYS: Final = 90
"""Days of a backtest, the day at hand included, where nobody says."""
MOST_DAYS: Final = 3660
"""Days of a backtest at most."""
SEED: Final = 1
"""Of what is drawn by chance: the same question gives the same answer."""
PLAIN: Final = "backtest"
"""The id of the campaign that is tried where none is named."""

_ACTIVITY: Final = Wanted(EventPattern())


@dataclass(frozen=True, slots=True)
class Question:
    """What is backtested: a segment of the project, or a condition (text or tree) with a title; how
    many calendar days of the project's zone, the one at hand included; against which goal (None:
    the project's first); and with which campaign (None: one on the segment, else a plain one)."""

    segment_id: str | None = None
    when: str | Condition | None = None
    title: str = ""
    days: int = DAYS
    goal: str | None = None
    campaign: str | None = None


@dataclass(frozen=True, slots=True)
class Together:
    """How much two segments are the same people: in the one, in the other, in both."""

    this: int
    other: int
    both: int

    @property
    def jaccard(self) -> float:
        """Of those who are in either, the share that is in both (0 to 1); 0 of nobody."""
        either = self.this + self.other - self.both
        return self.both / either if either else 0.0


@dataclass(frozen=True, slots=True)
class Shared:
    """What a segment has in common with another one of the project: of those who are in now, and of
    those who ever were in the period."""

    segment_id: str
    title: str
    now: Together
    period: Together


@dataclass(frozen=True, slots=True)
class Varied:
    """What the segment would be with one threshold changed (None: as it is): who is in now, how
    often somebody entered in the period, how many of the people who entered reached the goal
    within its window (only those with a whole one; None: no goal), and how much those who ever were
    in are the same people."""

    variation: Variation | None
    size: int
    entries: int
    reached: Share | None
    period: Together


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a segment would have done in `(start, at]` (ms).

    `segment_id` is "" for a condition that is not saved. `people` count now, `size` of them are in.
    `entries` are the stays that began in the period, of `entrants` people; `dwell` says how long
    they last. `days` is day by day. `contrast` (None: there is no goal) sets what entrants did
    within `window` ms against people like them. `messages` is what the campaign would have sent;
    `daily` how late a job would have been that looks at every midnight of the project's zone.
    `shared` are the other segments, the most alike over the period first; `varied` the sensitivity
    to the condition's own thresholds, the first one as it is.
    """

    segment_id: str
    title: str
    when: str
    sentence: str
    timezone: str
    start: int
    at: int
    people: int
    size: int
    entries: int
    entrants: int
    days: tuple[Day, ...]
    dwell: Survival = field(repr=False)
    goal: Goal | None
    window: int
    contrast: Contrast | None = field(repr=False)
    messages: Simulation = field(repr=False)
    daily: Lateness
    shared: tuple[Shared, ...] = field(repr=False)
    varied: tuple[Varied, ...] = field(repr=False)


def backtest(store: Store, project: Project, at: int, question: Question) -> Backtest:
    """Ask what a segment would have done, as known at the instant. The log is read once for all of
    it, and once more for the campaign.

    Raises `UsageError` where the question is none, `DefinitionError` where its condition is none,
    and `NotFoundError` where a segment, goal or campaign does not exist.
    """
    asked = _Asked.of(project, question)
    past = read_past(
        store,
        asked.definitions,
        at,
        [one.id for one in asked.definitions.segments],
        [_ACTIVITY, *([asked.goal.wanted] if asked.goal else [])],
    )
    return _Made(store, asked, past, question).backtest()


# ------------------------------------------------------------------------------------- the question


@dataclass(frozen=True)
class _Asked:
    """A question about a project: the project with the condition in it, what evaluates it with all
    of its variations, by id, and what is to be compared."""

    project: Project
    definitions: Definitions
    segment_id: str
    condition: Condition
    is_saved: bool
    variations: Mapping[str, Variation]
    goal: Goal | None
    campaign: Campaign

    @classmethod
    def of(cls, project: Project, question: Question) -> _Asked:
        """Raises as `backtest`."""
        if (question.segment_id is None) == (question.when is None):
            raise UsageError(
                "A backtest is about one segment",
                hint="name a segment of the project, or give a condition",
            )
        if not 1 <= question.days <= MOST_DAYS:
            raise UsageError(
                f"{question.days} days are no period", hint=f"1 to {MOST_DAYS}, for example 90"
            )
        segment_id = question.segment_id
        if segment_id is None:
            written = {"when": question.when, "title": question.title}
            trial = tried_beside(project, written)
            project, segment_id = trial.project, trial.segment_id
        definitions = resolve(project)
        known_segment(definitions, segment_id)
        condition = next(
            one.segment.condition for one in entries(project) if one.segment.id == segment_id
        )
        varied = {f"{segment_id}~{n}": one for n, one in enumerate(variations(condition), 1)}
        goals = goals_of(definitions)
        goal = known_goal(definitions, question.goal) if question.goal else next(iter(goals), None)
        return cls(
            project,
            _with_variations(project, definitions, varied),
            segment_id,
            condition,
            question.segment_id is not None,
            varied,
            goal,
            _campaign(project, question, segment_id, goal),
        )

    @property
    def title(self) -> str:
        """The segment's title, "" where a condition was given none."""
        if self.is_saved or self.project.segments[self.segment_id].title:
            return self.definitions.segment(self.segment_id).title
        return ""

    @property
    def others(self) -> list[Segment]:
        """The other segments of the project."""
        own = {self.segment_id, *self.variations}
        return [one for one in self.definitions.segments if one.id not in own]


def _with_variations(
    project: Project, definitions: Definitions, varied: Mapping[str, Variation]
) -> Definitions:
    """The definitions with a segment more for each variation, its actions expanded."""
    actions = Actions(project.actions)
    more = (
        Segment(segment_id, "", with_patterns(one.condition, actions.expand))
        for segment_id, one in varied.items()
    )
    return replace(definitions, segments=(*definitions.segments, *more))


def _campaign(project: Project, question: Question, segment_id: str, goal: Goal | None) -> Campaign:
    """The campaign that is tried: the one that is named, spoken to the segment; else one that
    speaks to it already; else a plain one."""
    rules = acting(project)
    if question.campaign is not None:
        return replace(known_campaign(rules, question.campaign), segment_id=segment_id)
    speaking = (one for one in rules.campaigns if one.segment_id == segment_id)
    return next(speaking, None) or plain_campaign(segment_id, goal)


def plain_campaign(segment_id: str, goal: Goal | None = None) -> Campaign:
    """One message in the product to everybody who enters, once."""
    return Campaign(
        id=PLAIN,
        title="One message in the product on entering",
        segment_id=segment_id,
        when=When(Moment.ENTERING),
        channel=Channel.IN_APP,
        variants=(Variant("a", Words({})),),
        already_in=AlreadyIn.SKIP,
        goal=goal.id if goal else "",
    )


# --------------------------------------------------------------------------------------- the answer


@dataclass(frozen=True)
class _Made:
    """The answer, made out of one reading of the past."""

    store: Store
    asked: _Asked
    past: Past
    question: Question

    @property
    def start(self) -> int:
        """The last instant before the period; not before the first event."""
        zone = self.asked.definitions.timezone
        dates = dates_until(self.past.at, zone, self.question.days)
        limits = limits_of(dates, self.past.at, zone)
        begun = int(self.past.first_seen.min(initial=FOREVER))
        return int(limits[max(int(np.searchsorted(limits, begun, side="left")) - 1, 0)])

    @property
    def spans(self) -> Spans:
        """Those of the segment."""
        return self.past.spans[self.asked.segment_id]

    def backtest(self) -> Backtest:
        asked, at, start = self.asked, self.past.at, self.start
        zone = asked.definitions.timezone
        found = Entries.within(self.spans, start, at)
        titles = {one.id: one.title for one in asked.definitions.segments}
        looks = limits_of(dates_until(at, zone, self.question.days), at, zone)[:-1] + 1
        condition = asked.definitions.segment(asked.segment_id).condition
        return Backtest(
            segment_id=asked.segment_id if asked.is_saved else "",
            title=asked.title,
            when=to_text(asked.condition),
            sentence=describe(condition, titles=titles),
            timezone=zone,
            start=start,
            at=at,
            people=size_at(self.past.counted, at),
            size=size_at(self.spans, at),
            entries=len(found),
            entrants=len(np.unique(found.person)),
            days=tuple(self._days()),
            dwell=found.dwell(at),
            goal=asked.goal,
            window=self._window,
            contrast=self._contrast(found),
            messages=self._messages(),
            daily=Lateness.measured(found.start, found.end, looks),
            shared=tuple(self._shared()),
            varied=tuple(self._varied()),
        )

    @property
    def _window(self) -> int:
        goal = self.asked.goal
        return goal.window if goal else FOLLOWED

    def _days(self) -> Sequence[Day]:
        """From the first day of the period on."""
        every = days_of(
            self.spans, self.asked.definitions.timezone, self.past.at, self.question.days
        )
        zone, at = self.asked.definitions.timezone, self.past.at
        limits = limits_of([one.day for one in every], at, zone)
        return every[int(np.searchsorted(limits, self.start, side="left")) :]

    def _contrast(self, found: Entries) -> Contrast | None:
        goal = self.asked.goal
        if goal is None:
            return None
        past = self.past
        known = Known(
            past.first_seen,
            self.spans,
            past.counted,
            past.occurred[_ACTIVITY],
            past.occurred[goal.wanted],
        )
        generator = np.random.default_rng(SEED)
        return contrast(known, found, generator, window=self._window, at=past.at)

    def _messages(self) -> Simulation:
        asked, past = self.asked, self.past
        messaging = acting(asked.project).messaging
        stays = Stays(past.person_ids, self.spans)
        people = past_within(
            self.store,
            asked.definitions,
            asked.campaign,
            messaging,
            stays,
            start=self.start,
            end=past.at,
        )
        return simulate(asked.campaign, messaging, people, self.start, past.at)

    # -------------------------------------------------------------------------- other segments

    def _shared(self) -> list[Shared]:
        others = self.asked.others
        ids = [self.asked.segment_id, *(one.id for one in others)]
        now = _together([self.past.spans[one].holds(self.past.at) for one in ids])
        period = _together([self._ever(one) for one in ids])
        found = [
            Shared(one.id, one.title, now[place], period[place])
            for place, one in enumerate(others, 1)
        ]
        return sorted(found, key=lambda one: (-one.period.jaccard, one.segment_id))

    def _ever(self, segment_id: str) -> Bools:
        """Who was in at some instant of the period, bool[P]."""
        spans = self.past.spans[segment_id]
        kept = (spans.start <= self.past.at) & (spans.end > self.start)
        ever: Bools = np.bincount(spans.person[kept], minlength=self.past.people) > 0
        return ever

    # ------------------------------------------------------------------------- other thresholds

    def _varied(self) -> list[Varied]:
        every: dict[str, Variation | None] = {
            self.asked.segment_id: None,
            **self.asked.variations,
        }
        mine = self._ever(self.asked.segment_id)
        return [self._one_varied(segment_id, one, mine) for segment_id, one in every.items()]

    def _one_varied(self, segment_id: str, variation: Variation | None, mine: Bools) -> Varied:
        spans = self.past.spans[segment_id]
        found = Entries.within(spans, self.start, self.past.at)
        period = _together([mine, self._ever(segment_id)])[1]
        return Varied(
            variation, size_at(spans, self.past.at), len(found), self._reached(found), period
        )

    def _reached(self, found: Entries) -> Share | None:
        """How many of the people who entered reached the goal, each at their first entry."""
        goal = self.asked.goal
        if goal is None:
            return None
        firsts = found.first()
        whole = firsts.only(firsts.start <= self.past.at - self._window)
        when = first_after(self.past.occurred[goal.wanted], whole.person, whole.start)
        reached = np.count_nonzero(when <= whole.start + self._window)
        return Share.measured(int(reached), len(whole))


def _together(members: Sequence[Bools]) -> list[Together]:
    """The first with each (with itself too)."""
    found = Overlaps.measured(np.stack(members))
    sizes, both = found.size.tolist(), found.both[0].tolist()
    return [Together(sizes[0], size, common) for size, common in zip(sizes, both, strict=True)]
