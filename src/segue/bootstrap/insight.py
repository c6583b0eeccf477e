"""Insight into a store: every question about journeys, findings, measures and definitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from segue.bootstrap.definitions import Given, ProjectFile
from segue.bootstrap.instants import At, instant_of
from segue.bootstrap.opening import OpenStore
from segue.domain.errors import NotFoundError, UsageError
from segue.language.acting import acting
from segue.language.models import Project
from segue.language.resolve import resolve
from segue.language.templates.lifecycle import PERIOD
from segue.language.tree import Condition, Definitions
from segue.services.insight import discovering
from segue.services.insight.backtesting import DAYS as BACKTEST_DAYS
from segue.services.insight.backtesting import Backtest, Question, backtest
from segue.services.insight.differing import DAYS as DIFF_DAYS
from segue.services.insight.differing import Diff, diff
from segue.services.insight.identity import SEED, Compared, compare_identity
from segue.services.insight.identity import WINDOW as IDENTITY_WINDOW
from segue.services.insight.journey import (
    DAYS,
    SILENCE,
    WINDOW,
    Asked,
    JourneyFound,
    asked_for,
    journey,
)
from segue.services.insight.journey_people import PeopleMet, Which, journey_people
from segue.services.insight.linting import Linted, lint_portfolio
from segue.services.insight.measuring import WEEKS, Measures, measure, quietly
from segue.services.insight.panel import Tick
from segue.services.insight.past import goal_or_first
from segue.services.insight.patterns import Patterns, Wish, find_patterns
from segue.services.insight.ready import WINDOW as RFM_WINDOW
from segue.services.insight.ready import Buying, Ready, ready_made
from segue.services.insight.report import NotLooked, Report
from segue.services.insight.versions import Versions, versions
from segue.services.view import known_segment

REPORT_DAYS: Final = 28
"""The days of a report, unless told otherwise."""
DAYS_OF_WEEK: Final = 7


@dataclass(frozen=True)
class Insight:
    """What a project's people did up to the instant `at` (ms), and what can be concluded.

    `Engine.insight` makes one. Every method reads what it needs from the store once.
    """

    store: OpenStore
    project: Project
    definitions: Definitions
    at: int

    def lint(self) -> Linted:
        """The mistakes of the segments and campaigns as a whole, with evidence and advice."""
        rules = acting(self.project)
        return lint_portfolio(self.store, self.project, self.definitions, rules, self.at)

    def journey(
        self,
        *,
        start: At = None,
        until: At = None,
        days: int = DAYS,
        window: int = WINDOW,
        silence: int = SILENCE,
        segments: Sequence[str] = (),
        by_week: bool = False,
    ) -> JourneyFound:
        """What becomes of people on the journey, in the period `(start, until]`; by default the
        last days. See `services.insight.journey.Asked` for the rest."""
        end = self.at if until is None else self._instant(until)
        begin = None if start is None else self._instant(start)
        period = asked_for(begin, end, days)
        asked = Asked(*period, window, silence, tuple(dict.fromkeys(segments)), by_week)
        return journey(self.store, self.project, self.definitions, self.at, asked)

    def journey_people(
        self, which: Which, *, days: int = DAYS, until: At = None, segments: Sequence[str] = ()
    ) -> PeopleMet:
        """Who the people of the journey are, in the last days; see
        `services.insight.journey_people.Which`."""
        end = self.at if until is None else self._instant(until)
        asked = Asked(*asked_for(None, end, days), segment_ids=tuple(segments))
        project, definitions = self.project, self.definitions
        return journey_people(self.store, project, definitions, self.at, asked, which=which)

    def measures(
        self, *, goal: str | None = None, weeks: int = WEEKS, tick: Tick = quietly
    ) -> Measures:
        """What each segment does: size, conversion, retention, growth and more, each against
        everybody else and the period before.

        `goal` is the main one (None: the first of the project), `weeks` the length of a period.
        `tick` is told what is done next. Raises `NotFoundError` where there is no such goal.
        """
        rules = acting(self.project)
        return measure(
            self.store,
            self.project,
            self.definitions,
            rules,
            self.at,
            goal_id=goal,
            weeks=weeks,
            tick=tick,
        )

    def versions(
        self, segment_id: str, old: Given, *, goal: str | None = None, weeks: int = WEEKS
    ) -> Versions:
        """A segment as it is defined now against how `old` defines it (the path of a `segue.yaml`
        or a dict of its shape), measured on the same people.

        Raises `NotFoundError` where one of them has no such segment, or there is no such goal.
        """
        before = ProjectFile(old).project
        earlier = resolve(before)
        for definitions in (self.definitions, earlier):
            known_segment(definitions, segment_id)
        other = replace(self, project=before, definitions=earlier)
        shared = goal if goal is None or goal in before.goals else None
        return versions(
            segment_id,
            self.measures(goal=goal, weeks=weeks),
            other.measures(goal=shared, weeks=weeks),
        )

    def _instant(self, at: At) -> int:
        return instant_of(at, self.definitions.timezone, lambda: self.at)

    def backtest(
        self,
        segment_id: str | None = None,
        *,
        when: str | Condition | None = None,
        title: str = "",
        days: int = BACKTEST_DAYS,
        goal: str | None = None,
        campaign: str | None = None,
    ) -> Backtest:
        """What a segment of the project, or a condition, would have done in so many days.

        Raises `UsageError` where neither or both are given, `DefinitionError` where the condition
        is none, `NotFoundError` where the segment, goal or campaign does not exist.
        """
        question = Question(segment_id, when, title, days, goal, campaign)
        return backtest(self.store, self.project, self.at, question)

    def discover(
        self,
        goal: str | None = None,
        *,
        segment: str | None = None,
        windows: Sequence[int] = discovering.WINDOWS,
        counts: int = discovering.COUNTS,
        period: int | None = None,
        seed: int = 0,
        tick: Tick = quietly,
    ) -> discovering.Discovered:
        """What people do early that goes along with reaching a goal (None: the project's first).

        People begin with the first thing they do, or by entering `segment`; `windows` and `period`
        are in ms. See `services.insight.discovering.Asked`.
        """
        asked = discovering.Asked(goal, segment, tuple(windows), counts, period, seed)
        return discovering.find_actions(
            self.store, self.project, self.definitions, self.at, asked, tick=tick
        )

    def patterns(self, wish: Wish = Wish(), *, tick: Tick = quietly) -> Patterns:  # noqa: B008
        """Groups of people who behave alike, each with a rule that names it; or that there are
        none. See `services.insight.patterns.Wish` for what can be asked."""

        def tell(done: int, of: int) -> None:
            tick(f"Looking for groups, {done} of {of}")

        return find_patterns(self.store, self.project, self.definitions, self.at, wish, tell=tell)

    def identity(
        self,
        goal: str | None = None,
        *,
        entering: str | None = None,
        window: int = IDENTITY_WINDOW,
        seed: int = SEED,
        tick: Tick = quietly,
    ) -> Compared:
        """How well traits, behaviour and both foretell a goal (None: the project's first), of
        people watched for `window` ms from their first deed or from entering a segment."""
        tick("Learning from earlier people")
        chosen = goal_or_first(self.definitions, goal)
        return compare_identity(
            self.store,
            self.project,
            self.definitions,
            self.at,
            chosen,
            segment_id=entering,
            window=window,
            seed=seed,
        )

    def ready(
        self,
        *,
        buying: Buying | None = None,
        period: str = PERIOD,
        window: str = RFM_WINDOW,
        tick: Tick = quietly,
    ) -> Ready:
        """Ready-made groups: everybody's lifecycle, and buyers by recency, frequency and money."""
        tick("Sorting people")
        return ready_made(
            self.store,
            self.project,
            self.definitions,
            self.at,
            buying=buying,
            period=period,
            window=window,
        )

    def diff(
        self, old: Given | None = None, new: Given | None = None, *, days: int = DIFF_DAYS
    ) -> Diff:
        """What a change of definitions would do, as of the instant and in so many days before:
        paths of a `segue.yaml` or dicts of its shape (None: the project's own).

        Raises `DefinitionError` with every problem of either.
        """
        before, after = (
            self.project if given is None else ProjectFile(given).project for given in (old, new)
        )
        return diff(self.store, before, after, self.at, days)

    def report(
        self, *, days: int = REPORT_DAYS, goal: str | None = None, tick: Tick = quietly
    ) -> Report:
        """Everything at once: the segments in the last days, the journey in these or in 90 days,
        what predicts the goal, and what is to be mended.

        `tick` is told what is done next. Raises `UsageError` for less than a week, `NotFoundError`
        where there is no goal of that id.
        """
        check_days(days)
        tick("Following everybody's way")
        found = self.journey(days=max(days, DAYS), by_week=True)
        measures = self.measures(goal=goal, weeks=days // DAYS_OF_WEEK, tick=tick)
        findings = self.findings(goal, tick)
        tick("Looking for mistakes")
        name, zone = named(self.project), self.definitions.timezone
        return Report(name, zone, self.at, days, found, measures, findings, self.lint())

    def findings(self, goal: str | None, tick: Tick) -> discovering.Discovered | NotLooked:
        """What `discover` finds; or why it cannot look, and what to do."""
        try:
            return self.discover(goal, tick=tick)
        except (NotFoundError, UsageError) as error:
            return NotLooked(error.message, error.hint)


def check_days(days: int) -> None:
    """Raise `UsageError` where so many days are too few for a report."""
    if days < DAYS_OF_WEEK:
        raise UsageError(f"{days} days are no period", hint="give at least 7")


def named(project: Project) -> str:
    """What a report calls the project."""
    return project.project or "This project"
