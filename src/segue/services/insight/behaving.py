"""What people of a project do, as features: which deeds there are, read from the log once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import numpy as np

from segue.domain.instant import DAY, WEEK
from segue.domain.ports import EventSummary
from segue.insight.arrays import Int64s
from segue.insight.features import (
    Asked,
    Deed,
    Family,
    Feature,
    active_days,
    active_weeks,
    breadth,
    frequency,
    part,
    recency,
    stage,
    total,
)
from segue.language.actions import Actions
from segue.language.activity import is_activity, selects
from segue.language.models import Project
from segue.language.patterns import every_filter
from segue.language.resolve import JOURNEY
from segue.language.templates import Guess, guess_parameters
from segue.language.text import to_text
from segue.language.tree import (
    Definitions,
    EventPattern,
    Filter,
    FilterOr,
    Name,
    Op,
    Path,
    Pattern,
    PatternUnion,
    Test,
)
from segue.services.insight.past import Past, read_past
from segue.services.view import Store
from segue.timeline.calendar import days_of
from segue.timeline.log import Number, Occurrences, Reading
from segue.timeline.occurring import NOTHING, Wanted

MOST_PARTS: Final = 20
"""At most so many parts of a mix: those of most people."""
_FEWEST_OF: Final = 100
"""A path that has less than so small a part of the people of the most frequent value names no
section."""
_VALUES: Final = 5_000
_PATHS: Final = ("path", "$pathname", "pathname", "page_path", "$current_url", "url")
_ANY: Final = EventPattern()
_VISITS: Final = EventPattern((Name("$session_started", True),))


@dataclass(frozen=True, slots=True)
class Named:
    """A pattern as a definition writes it, and its name in words; with a reading of each
    occurrence where numbers are wanted."""

    name: str
    pattern: EventPattern
    reading: Reading = NOTHING


@dataclass(frozen=True)
class Vocabulary:
    """What can be asked of a project's log: its patterns, by what they are for.

    `whole` is what a mix is of, and `parts` what it consists of; `deeds` are the different things
    that people do; `value` is what brings money, and the property that holds it, if anything does.
    """

    project: Project
    definitions: Definitions
    whole: Named
    parts: tuple[Named, ...]
    deeds: tuple[Named, ...]
    value: tuple[Named, Path] | None

    @cached_property
    def actions(self) -> Actions:
        """The project's actions, to expand what is written."""
        return Actions(self.project.actions)

    def wanted(self, one: Named) -> Wanted:
        """The occurrences of a pattern, to be asked of the past."""
        return Wanted(self.actions.expand(one.pattern), one.reading)

    @property
    def rhythm(self) -> tuple[Named, ...]:
        """Every pattern that recency, frequency, value, breadth and rhythm look at."""
        money = (self.value[0],) if self.value else ()
        return (ANYTHING, VISITS, *self.deeds, *money)


ANYTHING: Final = Named("activity", _ANY)
"""Everything that people did themselves."""
VISITS: Final = Named("visits", _VISITS)
"""The beginnings of visits."""


def vocabulary(
    store: Store,
    project: Project,
    definitions: Definitions,
    at: int,
    mix: EventPattern | None = None,
) -> Vocabulary:
    """What people of the project do, up to the instant. `mix` is what the mix is of; by default
    pages viewed, where their events say which, else everything."""
    summaries = [
        one
        for one in sorted(store.summaries(), key=lambda one: one.event)
        if one.first_at <= at and is_activity(one.event, definitions.not_activity)
    ]
    actions = Actions(project.actions)
    whole = mix or _pages(project, definitions, summaries) or _ANY
    parts = _parts(store, actions, whole, summaries, at)
    if mix is None and len(parts) < 2:
        whole = _ANY
        parts = [_event(one) for one in summaries]
    return Vocabulary(
        project,
        definitions,
        Named("activity" if whole.is_any else to_text(whole), whole),
        tuple(parts),
        _deeds(project, actions, summaries),
        _value(project, actions, summaries),
    )


# -------------------------------------------------------------------------------------- what exists


def _event(one: EventSummary) -> Named:
    return Named(one.event, EventPattern((Name(one.event, True),)))


def _pages(
    project: Project, definitions: Definitions, summaries: Sequence[EventSummary]
) -> EventPattern | None:
    """The views of pages, under the name that an action gives them where one does."""
    names = {
        one.event
        for one in summaries
        if any(selects(page, one.event) for page in definitions.page_events)
    }
    if not names:
        return None
    actions = Actions(project.actions)
    for action in project.actions:
        expanded = actions.expand(EventPattern((Name(action),)))
        plain = isinstance(expanded, EventPattern) and expanded.where is None
        if plain and names <= set(names_of(expanded)):
            return EventPattern((Name(action),))
    return EventPattern(tuple(Name(name, True) for name in sorted(names)))


def names_of(pattern: Pattern) -> list[str]:
    """The event names of an expanded pattern; none for `any`."""
    parts = pattern.alternatives if isinstance(pattern, PatternUnion) else (pattern,)
    return list(dict.fromkeys(name.text for one in parts for name in one.names))


def _parts(
    store: Store,
    actions: Actions,
    whole: EventPattern,
    summaries: Sequence[EventSummary],
    at: int,
) -> list[Named]:
    """What the whole consists of: sections of the site where its events have paths, else the event
    names."""
    known = [one.event for one in summaries]
    wanted = names_of(actions.expand(whole))
    names = [name for name in known if not wanted or any(selects(w, name) for w in wanted)]
    if not whole.is_any and names:
        values = store.common_values(names, at=at, least=2, most=_VALUES)
        people = max((one.people for one in values), default=0)
        common = [one for one in values if one.people * _FEWEST_OF >= people]
        found = _sections(whole, sorted((one.property, one.value) for one in common))
        if len(found) > 1:
            return found
    return [Named(name, EventPattern((Name(name, True),), whole.where)) for name in names]


def _sections(whole: EventPattern, paths: Sequence[tuple[str, str]]) -> list[Named]:
    """The parts of a site by the first word of their paths, those of most people first."""
    key = next((key for key in _PATHS if any(one == key for one, _ in paths)), "")
    texts = [text.partition("?")[0] for one, text in paths if one == key and text.startswith("/")]
    found = dict.fromkeys("/" + text.split("/")[1] for text in texts)
    return [
        Named(
            section, EventPattern(whole.names, _both(whole.where, _in_section(key, section, texts)))
        )
        for section in found
    ]


def _in_section(key: str, section: str, texts: Iterable[str]) -> Filter:
    if section == "/":
        return Test((key,), Op.EQ, "/")
    inside = f"{section}/"
    if all(
        text == section or text.startswith(inside) for text in texts if text.startswith(section)
    ):
        return Test((key,), Op.STARTS_WITH, section)
    return FilterOr((Test((key,), Op.EQ, section), Test((key,), Op.STARTS_WITH, inside)))


def _both(one: Filter | None, other: Filter) -> Filter:
    return other if one is None else every_filter([one, other])


def _deeds(
    project: Project, actions: Actions, summaries: Sequence[EventSummary]
) -> tuple[Named, ...]:
    """The different things that people do: the project's actions, and events that are in none."""
    happened = {one.event for one in summaries}
    named, covered = list[Named](), set[str]()
    for action in project.actions:
        pattern = EventPattern((Name(action),))
        names = set(names_of(actions.expand(pattern)))
        covered |= names
        if names & happened:
            named.append(Named(action.replace("_", " "), pattern))
    rest = [_event(one) for one in summaries if one.event not in covered]
    return (*named, *rest)


def _value(
    project: Project, actions: Actions, summaries: Sequence[EventSummary]
) -> tuple[Named, Path] | None:
    """Purchases and the property with their money, where an action or event is called that."""
    properties = {one.event: one.properties for one in summaries}
    for action in ("purchase", "sale"):
        if action not in project.actions and action not in properties:
            continue
        pattern = EventPattern((Name(action),))
        events = tuple(names_of(actions.expand(pattern)))
        guessed = guess_parameters({"purchase": Guess(events, 1.0, "")}, properties)["revenue"]
        if guessed:
            path = (guessed.strip('"'),)
            return Named(action, pattern, Number(path)), path
    return None


# ------------------------------------------------------------------------------------ the features


@dataclass(frozen=True)
class Behaviour:
    """What was read of a project's log, to make features of at any instants up to then."""

    words: Vocabulary
    past: Past
    _days: dict[Wanted, Int64s] = field(default_factory=dict, repr=False)

    def deed(self, one: Named) -> Deed:
        """A pattern with its occurrences."""
        return Deed(one.name, one.pattern, self.past.occurred[self.words.wanted(one)])

    def rhythm(self, asked: Asked) -> list[Feature]:
        """How recently, how often, how regularly, how much and how variedly people did things."""
        anything = self.deed(ANYTHING)
        found = [
            recency(asked, anything),
            frequency(asked, anything),
            frequency(asked, self.deed(VISITS), Family.RHYTHM),
            active_days(asked, anything, self._day(ANYTHING)),
            breadth(asked, [self.deed(one) for one in self.words.deeds]),
        ]
        if asked.window >= 4 * WEEK:
            found.append(active_weeks(asked, anything))
        if self.words.value is not None:
            named, path = self.words.value
            valued = self.past.occurred[self.words.wanted(named)]
            found.append(total(asked, self.deed(named), path, valued))
        return found

    def steps(self, asked: Asked) -> list[Feature]:
        """How far along the journey people are; nothing where the project has none."""
        ids = [f"{JOURNEY}.{one.stage}" for one in self.words.project.journey]
        if not ids or not all(one in self.past.spans for one in ids):
            return []
        place = np.full(len(asked.person), -1, np.int64)
        for number, one in enumerate(ids):
            place[self.past.spans[one].holds(int(asked.at[0]))[asked.person]] = number
        return [stage(place, ids)]

    def mix(self, asked: Asked) -> list[Feature]:
        """Which part of what they did was what."""
        whole = self.deed(self.words.whole)
        found = [part(asked, self.deed(one), whole) for one in self.words.parts]
        return [one for one in found if one.top.any()]

    def deeds(self, asked: Asked) -> list[Feature]:
        """How often people did each of the different things."""
        return [frequency(asked, self.deed(one)) for one in self.words.deeds]

    def _day(self, one: Named) -> Int64s:
        wanted = self.words.wanted(one)
        if wanted not in self._days:
            zone = self.words.definitions.timezone
            self._days[wanted] = days_of(self.past.occurred[wanted].at, zone)
        return self._days[wanted]


def read_behaviour(
    store: Store,
    words: Vocabulary,
    at: int,
    chosen: Sequence[Named],
    segment_ids: Iterable[str] = (),
) -> Behaviour:
    """Read the log cut at the instant once for these patterns and segments. Of deeds and parts
    those remain that most people did."""
    wanted = list(dict.fromkeys(words.wanted(one) for one in chosen))
    past = read_past(store, words.definitions, at, segment_ids, wanted)

    def common(given: Sequence[Named]) -> tuple[Named, ...]:
        found = {one: past.occurred.get(words.wanted(one)) for one in given}
        people = {one: _people(rows) for one, rows in found.items() if rows is not None}
        return tuple(sorted(people, key=lambda one: -people[one])[:MOST_PARTS])

    narrowed = replace(words, deeds=common(words.deeds), parts=common(words.parts))
    return Behaviour(narrowed, past)


def _people(rows: Occurrences) -> int:
    return int((np.diff(rows.offsets) > 0).sum())


def window_for(first_at: int, at: int) -> int:
    """How far back is looked where nothing is asked for: 90 days, or the whole weeks that hold all
    there is."""
    return min(90 * DAY, ((at - first_at) // WEEK + 1) * WEEK)
