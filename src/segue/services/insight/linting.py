"""Lint of a project as a whole: reads what the rules look at, and applies them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pyarrow as pa

from segue.domain.campaigns import Acting, Campaign, Messaging
from segue.domain.ports import EventStore
from segue.domain.results import ResultsStore
from segue.insight import arrays
from segue.insight.overlap import Overlaps
from segue.insight.portfolio.facts import NOBODY, CampaignFacts, Portfolio
from segue.insight.portfolio.findings import LintFinding
from segue.insight.portfolio.lint import lint
from segue.insight.shares import Share
from segue.language.canonical import all_of
from segue.language.models import Project
from segue.language.tree import And, Definitions, Segment
from segue.services.acting.results import results
from segue.services.insight.past import Goal, Past, goals_of, read_past
from segue.services.mistakes import QUIET
from segue.timeline.log import Log, Request, TraitRequest
from segue.timeline.spans import Spans


class LintStore(EventStore[Request | TraitRequest, Log, pa.Table], ResultsStore, Protocol):
    """What lint asks: the log, and what became of campaigns."""


@dataclass(frozen=True, slots=True)
class Linted:
    """What lint found at the instant `at` (ms), and how much the segments looked at (by id, in the
    project's order) are the same people; `campaigns` is how many campaigns and surveys there are.
    """

    at: int
    findings: tuple[LintFinding, ...]
    segments: tuple[str, ...]
    overlaps: Overlaps
    people: int
    campaigns: int


def lint_portfolio(
    store: LintStore,
    project: Project,
    definitions: Definitions,
    acting: Acting,
    at: int,
) -> Linted:
    """Lint a project, of these definitions and campaigns, as its people were at the instant."""
    shortened = dict(_shortened(definitions))
    wider = replace(definitions, segments=(*definitions.segments, *shortened.values(), QUIET))
    goals = [
        goal for goal in goals_of(definitions) if any(c.goal == goal.id for c in acting.campaigns)
    ]
    ids = [one.id for one in wider.segments]
    past = read_past(store, wider, at, ids, [goal.wanted for goal in goals])
    portfolio = Portfolio(
        at,
        definitions,
        {one.id: past.spans[one.id] for one in definitions.segments},
        {key: past.spans[one.id] for key, one in shortened.items()},
        {id_: segment.when for id_, segment in project.segments.items()},
        past.counted,
        past.spans[QUIET.id],
        past.first_seen,
        store.summaries(),
        acting.campaigns,
        dict(_facts(store, past, acting, goals)),
    )
    overlaps = portfolio.overlaps
    names = tuple(one.id for one in portfolio.segments)
    return Linted(at, lint(portfolio), names, overlaps, portfolio.people, len(acting.campaigns))


def _shortened(definitions: Definitions) -> Iterator[tuple[tuple[str, int], Segment]]:
    """Each segment of several terms without one of them, by its id and the term's place."""
    for segment in definitions.segments:
        if "." in segment.id or not isinstance(segment.condition, And):
            continue
        for place in range(len(segment.condition.terms)):
            rest = [term for i, term in enumerate(segment.condition.terms) if i != place]
            id_ = f"$without.{segment.id}.{place}"
            yield (segment.id, place), Segment(id_, segment.title, all_of(rest))


def _facts(
    kept: ResultsStore, past: Past, acting: Acting, goals: Sequence[Goal]
) -> Iterator[tuple[str, CampaignFacts]]:
    known = {goal.id: goal for goal in goals}
    for campaign in acting.campaigns:
        came = results(kept, campaign, acting.messaging, past.at)
        goal = known.get(campaign.goal)
        spans = past.spans.get(campaign.segment_id)
        entrants = NOBODY
        if goal is not None and spans is not None:
            entrants = _reached(past, spans, goal, campaign.goal_within)
        yield (
            campaign.id,
            CampaignFacts(
                came.reached.delivered or came.reached.shown,
                came.reached.clicked,
                kept.lateness(campaign.id),
                entrants,
                _held(campaign, acting.messaging),
            ),
        )


def _held(campaign: Campaign, messaging: Messaging) -> float:
    """The share of people whom neither the project nor the campaign messages."""
    return float(1 - (1 - messaging.holdout) * (1 - campaign.holdout)) or 0.05


def _reached(past: Past, spans: Spans, goal: Goal, within: int) -> Share:
    """Who reached the goal within so long after they first entered, of those who had the time."""
    some = np.flatnonzero(np.diff(spans.offsets))
    entered = spans.start[spans.offsets[some]]
    had_time = entered + within <= past.at
    some, entered = some[had_time], entered[had_time]
    reached = arrays.first_after(past.occurred[goal.wanted], some, entered) <= entered + within
    return Share.measured(int(np.count_nonzero(reached)), len(some))
