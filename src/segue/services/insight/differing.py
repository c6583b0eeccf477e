"""What a change of definitions would do: to segments, to people, to messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from segue.domain.campaigns import Acting, Campaign
from segue.domain.errors import UsageError
from segue.domain.instant import DAY, format_duration
from segue.insight.arrays import Bools
from segue.language.acting import acting
from segue.language.models import Project
from segue.language.resolve import Entry, entries, resolve
from segue.language.text import to_text
from segue.language.tree import Definitions
from segue.services.acting.hindsight import Stays, past_within
from segue.services.acting.simulate import Fate, simulate
from segue.services.insight.past import Past, read_past
from segue.services.summarise import size_at
from segue.services.view import Store
from segue.timeline.spans import Spans, no_spans

DAYS: Final = 30
"""Days looked back where nobody says."""
MOST_DAYS: Final = 3660
"""Days looked back at most."""


class Kind(StrEnum):
    """What happens to a segment or a campaign."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    """Another id, the same condition."""
    CHANGED = "changed"
    """It says something else itself."""
    AFFECTED = "affected"
    """It says the same, and something else comes of it: of what it rests on."""


@dataclass(frozen=True, slots=True)
class Moved:
    """People before and after: how many in both, only after (in), only before (out)."""

    both: int
    into: int
    out: int

    @property
    def before(self) -> int:
        """How many there were."""
        return self.both + self.out

    @property
    def after(self) -> int:
        """How many there would be."""
        return self.both + self.into

    @property
    def alike(self) -> float | None:
        """Of those who are in before or after, the share that is in both (Jaccard); None of
        nobody."""
        either = self.both + self.into + self.out
        return self.both / either if either else None


@dataclass(frozen=True, slots=True)
class SegmentChange:
    """What happens to one segment: its id and condition before and after (None: it is not there),
    who is in now, who ever was in the period, and how often somebody entered in it."""

    kind: Kind
    title: str
    old_id: str | None
    new_id: str | None
    old_when: str | None
    new_when: str | None
    now: Moved
    period: Moved
    old_entries: int
    new_entries: int

    @property
    def id(self) -> str:
        """The id that it has after the change, else the one before."""
        return self.new_id or self.old_id or ""


@dataclass(frozen=True, slots=True)
class CampaignChange:
    """What happens to one campaign or survey: messages that it would have sent in the period before
    and after (None: it is not there)."""

    kind: Kind
    id: str
    title: str
    segment_id: str
    old_messages: int | None
    new_messages: int | None

    @property
    def more(self) -> int:
        """So many messages more; below 0: fewer."""
        return (self.new_messages or 0) - (self.old_messages or 0)


@dataclass(frozen=True, slots=True)
class RuleChange:
    """Something else that the project says, before and after (None: nothing)."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Diff:
    """What a change of definitions does as of `at` (ms) and in the `days` before.

    `old_people` and `new_people` count now; `segments` are those to which something happens out of
    `compared` in all, `campaigns` likewise.
    """

    at: int
    timezone: str
    days: int
    old_people: int
    new_people: int
    compared: int
    segments: tuple[SegmentChange, ...]
    campaigns: tuple[CampaignChange, ...]
    rules: tuple[RuleChange, ...]

    @property
    def is_change(self) -> bool:
        """Whether anything changes."""
        return bool(self.segments or self.campaigns or self.rules)

    @property
    def more_messages(self) -> int:
        """So many messages more in the period, of all campaigns; below 0: fewer."""
        return sum(one.more for one in self.campaigns)


def diff(store: Store, old: Project, new: Project, at: int, days: int = DAYS) -> Diff:
    """Compare two projects on the same events, as known at the instant (ms).

    Titles, kinds and stages are not compared. Raises `UsageError` for fewer days than one and
    `DefinitionError` where campaigns cannot be used.
    """
    if not 1 <= days <= MOST_DAYS:
        raise UsageError(f"{days} days are no period", hint=f"1 to {MOST_DAYS}, for example 30")
    before, after = (_Side.read(store, project, at, days) for project in (old, new))
    pairs = list(_pairs(before, after))
    segments = [one for pair in pairs if (one := _segment_change(before, after, *pair))]
    touched = {one for change in segments for one in (change.old_id, change.new_id) if one}
    return Diff(
        at,
        after.definitions.timezone,
        days,
        size_at(before.past.counted, at),
        size_at(after.past.counted, at),
        len(pairs),
        tuple(segments),
        tuple(_campaign_changes(before, after, touched)),
        tuple(_rule_changes(old, new)),
    )


# ----------------------------------------------------------------------------------------- one side


@dataclass(frozen=True)
class _Side:
    """One of the two projects on the events."""

    store: Store
    project: Project
    definitions: Definitions
    rules: Acting
    written: Mapping[str, Entry]
    past: Past
    start: int

    @classmethod
    def read(cls, store: Store, project: Project, at: int, days: int) -> _Side:
        definitions = resolve(project)
        past = read_past(store, definitions, at, [one.id for one in definitions.segments])
        written = {one.segment.id: one for one in entries(project)}
        return cls(
            store, project, definitions, acting(project), written, past, max(at - days * DAY, 0)
        )

    def spans(self, segment_id: str | None) -> Spans:
        """Nobody's, where there is no such segment."""
        return no_spans(self.past.people) if segment_id is None else self.past.spans[segment_id]

    def now(self, segment_id: str | None) -> Bools:
        """Who is in, bool[P]."""
        return self.spans(segment_id).holds(self.past.at)

    def ever(self, segment_id: str | None) -> Bools:
        """Who was in at some instant of the period, bool[P]."""
        spans = self.spans(segment_id)
        kept = (spans.start <= self.past.at) & (spans.end > self.start)
        ever: Bools = np.bincount(spans.person[kept], minlength=self.past.people) > 0
        return ever

    def stays(self, segment_id: str | None) -> tuple[bytes, ...]:
        """Everybody's stays in the period, as something that can be compared."""
        spans = self.spans(segment_id)
        kept = (spans.start <= self.past.at) & (spans.end > self.start)
        start, end = spans.start[kept], np.minimum(spans.end[kept], self.past.at + 1)
        return tuple(one.tobytes() for one in (spans.person[kept], start, end))

    def entries(self, segment_id: str | None) -> int:
        """How often somebody entered in the period."""
        start = self.spans(segment_id).start
        return int(np.count_nonzero((start > self.start) & (start <= self.past.at)))

    def when(self, segment_id: str | None) -> str | None:
        """The condition as it is written."""
        return None if segment_id is None else to_text(self.written[segment_id].own)

    def title(self, segment_id: str) -> str:
        return self.definitions.segment(segment_id).title

    def messages(self, campaign: Campaign | None) -> int | None:
        """How many messages a campaign would have sent in the period; None where there is none."""
        if campaign is None:
            return None
        if not campaign.enabled:
            return 0
        messaging, at = self.rules.messaging, self.past.at
        stays = Stays(self.past.person_ids, self.past.spans[campaign.segment_id])
        people = past_within(
            self.store, self.definitions, campaign, messaging, stays, start=self.start, end=at
        )
        return simulate(campaign, messaging, people, self.start, at).count(Fate.MESSAGED)


# ----------------------------------------------------------------------------------------- segments

_Pair = tuple[str | None, str | None]


def _pairs(before: _Side, after: _Side) -> Iterator[_Pair]:
    """Which segment becomes which: the same id, else the same condition, else none."""
    gone = [one for one in before.written if one not in after.written]
    for new_id in after.written:
        if new_id in before.written:
            yield new_id, new_id
            continue
        meaning = after.definitions.segment(new_id).condition
        same = (one for one in gone if before.definitions.segment(one).condition == meaning)
        old_id = next(same, None)
        if old_id is not None:
            gone.remove(old_id)
        yield old_id, new_id
    yield from ((old_id, None) for old_id in gone)


def _segment_change(
    before: _Side, after: _Side, old_id: str | None, new_id: str | None
) -> SegmentChange | None:
    kind = _kind(before, after, old_id, new_id)
    if kind is None:
        return None
    return SegmentChange(
        kind,
        after.title(new_id) if new_id else before.title(old_id or ""),
        old_id,
        new_id,
        before.when(old_id),
        after.when(new_id),
        _moved(before.now(old_id), after.now(new_id)),
        _moved(before.ever(old_id), after.ever(new_id)),
        before.entries(old_id),
        after.entries(new_id),
    )


def _kind(before: _Side, after: _Side, old_id: str | None, new_id: str | None) -> Kind | None:
    if old_id is None:
        return Kind.ADDED
    if new_id is None:
        return Kind.REMOVED
    if old_id != new_id:
        return Kind.RENAMED
    if before.when(old_id) != after.when(new_id):
        return Kind.CHANGED
    return Kind.AFFECTED if before.stays(old_id) != after.stays(new_id) else None


def _moved(before: Bools, after: Bools) -> Moved:
    both = int(np.count_nonzero(before & after))
    return Moved(both, int(np.count_nonzero(after)) - both, int(np.count_nonzero(before)) - both)


# ---------------------------------------------------------------------------------------- campaigns


def _campaign_changes(before: _Side, after: _Side, touched: set[str]) -> Iterator[CampaignChange]:
    olds = {one.id: one for one in before.rules.campaigns}
    news = {one.id: one for one in after.rules.campaigns}
    for campaign_id in dict.fromkeys([*news, *olds]):
        old, new = olds.get(campaign_id), news.get(campaign_id)
        kind = _campaign_kind(old, new)
        there = new or old
        if there is None or (
            kind is Kind.AFFECTED and not _may_differ(before, after, there, touched)
        ):
            continue
        yield CampaignChange(
            kind,
            campaign_id,
            there.title,
            there.segment_id,
            before.messages(old),
            after.messages(new),
        )


def _campaign_kind(old: Campaign | None, new: Campaign | None) -> Kind:
    if old is None or new is None:
        return Kind.ADDED if old is None else Kind.REMOVED
    return Kind.AFFECTED if old.fingerprint == new.fingerprint else Kind.CHANGED


def _may_differ(before: _Side, after: _Side, campaign: Campaign, touched: set[str]) -> bool:
    """Whether something else can come of a campaign that says the same."""
    goals = [
        next((one for one in side.definitions.goals if one[0] == campaign.goal), None)
        for side in (before, after)
    ]
    rules = before.rules.messaging == after.rules.messaging
    return campaign.segment_id in touched or not rules or goals[0] != goals[1]


# -------------------------------------------------------------------------------------------- rules


def _rule_changes(old: Project, new: Project) -> Iterator[RuleChange]:
    """What else of evaluation is said differently."""
    before, after = _rules(old), _rules(new)
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield RuleChange(name, before.get(name), after.get(name))


def _rules(project: Project) -> dict[str, str]:
    rules = {"timezone": project.timezone}
    if project.exclude is not None:
        rules["exclude"] = to_text(project.exclude)
    for name in ("not_activity", "page_events", "campaign_keys"):
        listed = ", ".join(getattr(project, name))
        rules |= {name: listed} if listed else {}
    rules |= {f"actions.{name}": to_text(one) for name, one in project.actions.items()}
    for name, goal in project.goals.items():
        within = "" if goal.within is None else f" within {format_duration(goal.within)}"
        rules[f"goals.{name}"] = to_text(goal.event) + within
    return rules
