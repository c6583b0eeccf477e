"""Groups of people who behave alike: found, explained by a rule of the language, named in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np

from segue.domain.errors import UsageError
from segue.domain.instant import format_duration
from segue.insight.arrays import Bools, Floats, count_within
from segue.insight.features import Asked, Family, Feature
from segue.insight.patterns import FEWEST, STABLE, Effort, Groups, group, mixed, standardised
from segue.insight.rules import Match, explain
from segue.insight.shares import Share
from segue.language import canonical
from segue.language.describe import describe
from segue.language.models import Project
from segue.language.text import to_text
from segue.language.tree import (
    Comparison,
    Condition,
    Definitions,
    EventPattern,
    InSegment,
    Segment,
    Within,
)
from segue.language.walk import with_patterns
from segue.services.insight.as_segment import Proposal, id_from
from segue.services.insight.behaving import (
    ANYTHING,
    VISITS,
    Behaviour,
    Named,
    Vocabulary,
    read_behaviour,
    vocabulary,
    window_for,
)
from segue.services.insight.past import read_past
from segue.services.view import Store, known_segment
from segue.services.words import people

FULL: Final = Effort()
"""How long is looked where nothing else is asked for."""
SEED: Final = 20_261_122
"""The seed of everything that is drawn, where no other is given."""
_TELLING: Final = 0.5
_NAMED: Final = 2
_LEAST: Final = 15

Tell = Callable[[int, int], None]


class View(StrEnum):
    """In which respect people are to be alike."""

    WHAT = "what"
    HOW = "how"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: in which respect people are to be alike, how far back (ms; None: 90 days,
    or as long as there are events), who did the whole at least so often (None: 15 times for a mix,
    else once), of which segment's members, of what the mix is, and how many groups (None: as many
    as are stable)."""

    view: View = View.WHAT
    window: int | None = None
    least: int | None = None
    segment_id: str | None = None
    mix: EventPattern | None = None
    number: int | None = None
    seed: int = SEED

    def __post_init__(self) -> None:
        if self.number is not None and not 2 <= self.number <= 20:
            raise UsageError(f"{self.number} groups are none", hint="ask for 2 to 20")
        if self.least is not None and self.least < 1:
            raise UsageError("people did it once at least", hint="for example 15")


@dataclass(frozen=True, slots=True)
class Mark:
    """What distinguishes a group: by how many standard deviations of all people its mean of a
    feature lies above (below 0) everybody's (for a mix, of its most varied part), what that is
    called, and what is typical of it and of everybody, in words: the median, of parts the mean."""

    name: str
    said: str
    family: Family
    distance: float
    typical: str
    everybody: str


@dataclass(frozen=True, slots=True)
class FoundPattern:
    """One group: its people, what marks it (all features, in their order), its rule as text and
    in plain English, and how well that rule, as the engine evaluates it, names the group."""

    title: str
    people: Share
    marks: tuple[Mark, ...]
    when: str
    sentence: str
    match: Match
    proposal: Proposal

    @property
    def words(self) -> str:
        """The group and its rule, to be read aloud."""
        precision, recall = self.match.precision, self.match.recall
        sure = "its rule holds for nobody"
        if precision is not None:
            sure = (
                f"its rule names {100 * (recall or 0):.0f} % of them, and {100 * precision:.0f} % "
                "of those whom it names belong to them"
            )
        share = 100 * (self.people.value or 0)
        return f"{self.title}: {people(self.people.count)}, {share:.0f} %; {sure}."


@dataclass(frozen=True)
class Patterns:
    """Which groups there are among `people` people at the instant `at`, looking back `window` ms.
    Where none is stable, `patterns` is empty and `groups.tried` says why."""

    at: int
    wish: Wish
    window: int
    least: int
    whole: str
    people: Share
    groups: Groups
    patterns: tuple[FoundPattern, ...]

    @property
    def definition(self) -> str:
        """Who was looked at, and how."""
        times = "once" if self.least == 1 else f"{self.least} times"
        by = "what they do" if self.wish.view is View.WHAT else "how recently, often and variedly"
        within = "" if self.wish.segment_id is None else f" in {self.wish.segment_id}"
        return (
            f"{people(self.people.count)}{within} who did {self.whole} at least {times} in the "
            f"last {format_duration(self.window)}, compared by {by}"
        )

    @property
    def verdict(self) -> str:
        """Whether there are groups, and how sure that is."""
        if self.people.count < FEWEST:
            return (
                f"Cannot tell yet: needs {FEWEST - self.people.count:,} more people who did "
                f"{self.whole} so often."
            )
        found = self.groups.found
        if found is None:
            return "There are no stable groups: people differ by degrees, not in kind."
        if not (found.is_stable and found.is_real):
            return (
                f"These {found.number} groups were asked for; they are not stable: people differ "
                "by degrees there, and another sample would be cut elsewhere."
            )
        return (
            f"{found.number} groups are stable: drawn anew, the least stable of them comes back "
            f"with {100 * found.jaccard[0]:.0f} % of its people ({100 * STABLE:.0f} % is enough)."
        )


def find_patterns(
    store: Store,
    project: Project,
    definitions: Definitions,
    at: int,
    wish: Wish,
    *,
    effort: Effort = FULL,
    tell: Tell = lambda _done, _of: None,
) -> Patterns:
    """The groups of people at the instant, as they are wished for, with rules that stand for them.

    Raises `NotFoundError` where there is no such segment.
    """
    looked = look_at(store, project, definitions, at, wish)
    features = looked.features
    points = _points(features, wish.view) if features else np.zeros((0, 0))
    groups = group(
        points,
        np.random.default_rng(wish.seed),
        number=wish.number,
        effort=effort,
        tell=tell,
    )
    patterns = _Search(looked, groups).told(store, at) if groups.number else ()
    behaviour, asked, least = looked.behaviour, looked.asked, looked.least
    counted = int(behaviour.past.counted.holds(at).sum())
    words = behaviour.words
    whole = _said(_whole(words, wish).name)
    share = Share.measured(len(asked.person), counted)
    return Patterns(at, wish, asked.window, least, whole, share, groups, patterns)


# -------------------------------------------------------------------------------------- who and how


@dataclass(frozen=True)
class Looked:
    """Who is looked at, and what they did: people and instant as `asked`, their features, and how
    often they did the whole at least."""

    behaviour: Behaviour
    wish: Wish
    asked: Asked
    least: int
    features: tuple[Feature, ...]

    @property
    def base(self) -> list[Condition]:
        """Who is looked at, as the language says it."""
        whole = _whole(self.behaviour.words, self.wish)
        when = Within(self.asked.window)
        base: list[Condition] = [canonical.did(whole.pattern, Comparison.GE, self.least, when=when)]
        return [*base, InSegment(self.wish.segment_id)] if self.wish.segment_id else base


def look_at(
    store: Store, project: Project, definitions: Definitions, at: int, wish: Wish
) -> Looked:
    """Everybody who counts, is in the segment and did the whole often enough, with the features in
    which they are compared. Raises `NotFoundError` where there is no such segment."""
    if wish.segment_id is not None:
        known_segment(definitions, wish.segment_id)
    words = vocabulary(store, project, definitions, at, wish.mix)
    behaviour = _read(store, words, at, wish)
    asked, least = _population(behaviour, at, wish)
    features = _features(behaviour, asked, wish.view) if len(asked.person) else []
    return Looked(behaviour, wish, asked, least, tuple(features))


def _read(store: Store, words: Vocabulary, at: int, wish: Wish) -> Behaviour:
    stages = [f"journey.{one.stage}" for one in words.project.journey]
    segments = [wish.segment_id] if wish.segment_id else []
    if wish.view is View.HOW:
        return read_behaviour(store, words, at, words.rhythm, [*stages, *segments])
    chosen = (ANYTHING, VISITS, words.whole, *words.parts)
    return read_behaviour(store, words, at, chosen, segments)


def _whole(words: Vocabulary, wish: Wish) -> Named:
    return ANYTHING if wish.view is View.HOW else words.whole


def _said(name: str) -> str:
    return "anything" if name == ANYTHING.name else name


def _population(behaviour: Behaviour, at: int, wish: Wish) -> tuple[Asked, int]:
    """Who counts, is in the segment and did the whole often enough; and how often that is."""
    past = behaviour.past
    rows = behaviour.deed(_whole(behaviour.words, wish)).occurred
    first = int(past.first_seen.min(initial=at))
    window = wish.window or window_for(first, at)
    least = wish.least or (1 if wish.view is View.HOW else _LEAST)
    inside = past.counted.holds(at)
    if wish.segment_id is not None:
        inside = inside & past.spans[wish.segment_id].holds(at)
    everyone = np.arange(past.people)
    instants = np.full(past.people, at)
    inside = inside & (count_within(rows, everyone, instants - window, instants) >= least)
    person = np.flatnonzero(inside)
    return Asked(person, instants[person], window), least


def _features(behaviour: Behaviour, asked: Asked, view: View) -> list[Feature]:
    if view is View.WHAT:
        return behaviour.mix(asked)
    return [*behaviour.rhythm(asked), *behaviour.steps(asked)]


def _points(features: Sequence[Feature], view: View) -> Floats:
    return mixed(features) if view is View.WHAT else standardised(features)


# ------------------------------------------------------------------------------------- what is told


@dataclass(frozen=True)
class _Search:
    """A finished search: who was looked at, and their groups."""

    looked: Looked
    groups: Groups

    def told(self, store: Store, at: int) -> tuple[FoundPattern, ...]:
        """The groups, each with its rule as the engine evaluates it."""
        marks = [self._marks(place) for place in range(self.groups.number)]
        titles = _told_apart([_title(one) for one in marks])
        rules = [explain(self.looked.features, self._inside(place)) for place in range(len(marks))]
        conditions = [canonical.all_of([*self.looked.base, one.condition]) for one in rules]
        matches = self._matches(store, at, conditions)
        taken = [one.id for one in self.looked.behaviour.words.definitions.segments]
        found = list[FoundPattern]()
        for place, title in enumerate(titles):
            when = to_text(conditions[place])
            id_ = id_from(title, taken)
            taken.append(id_)
            share = Share.measured(int(self._inside(place).sum()), len(self.looked.asked.person))
            found.append(
                FoundPattern(
                    title,
                    share,
                    marks[place],
                    when,
                    describe(conditions[place], titles=self._titles),
                    matches[place],
                    Proposal(
                        id_,
                        title,
                        when,
                        "usage" if self.looked.wish.view is View.HOW else "content",
                    ),
                )
            )
        return tuple(found)

    @property
    def _titles(self) -> dict[str, str]:
        return {one.id: one.title for one in self.looked.behaviour.words.definitions.segments}

    def _inside(self, place: int) -> Bools:
        inside: Bools = self.groups.label == place
        return inside

    def _matches(self, store: Store, at: int, conditions: Sequence[Condition]) -> list[Match]:
        """How well the rules name the groups, by whom the engine finds in them."""
        words, past = self.looked.behaviour.words, self.looked.behaviour.past
        ids = [f"$pattern_{place}" for place in range(len(conditions))]
        segments = tuple(
            Segment(id_, id_, with_patterns(one, words.actions.expand))
            for id_, one in zip(ids, conditions, strict=True)
        )
        definitions = replace(words.definitions, segments=(*words.definitions.segments, *segments))
        spans = read_past(store, definitions, at, ids).spans
        found = []
        for place, id_ in enumerate(ids):
            inside = np.zeros(past.people, np.bool_)
            inside[self.looked.asked.person[self._inside(place)]] = True
            found.append(Match.measured(spans[id_].holds(at), inside))
        return found

    def _marks(self, place: int) -> tuple[Mark, ...]:
        inside = self._inside(place)
        spread = [float(one.scaled().std()) for one in self.looked.features]
        if self.looked.wish.view is View.WHAT:  # on one scale already
            spread = [max(spread)] * len(spread)
        return tuple(
            _mark(one, inside, by) for one, by in zip(self.looked.features, spread, strict=True)
        )


def _mark(feature: Feature, inside: Bools, spread: float) -> Mark:
    scaled, value = feature.scaled(), feature.value
    distance = float((scaled[inside].mean() - scaled.mean()) / spread) if spread > 0 else 0.0
    said = feature.writing.words
    typical = np.mean if feature.family is Family.CONTENT else np.median
    return Mark(
        feature.name,
        feature.more if distance > 0 else feature.less,
        feature.family,
        distance,
        said(float(typical(value[inside]))),
        said(float(typical(value))),
    )


def _title(marks: Sequence[Mark]) -> str:
    """What distinguishes the group most, in words."""
    telling = sorted(marks, key=lambda one: -abs(one.distance))
    chosen = [one.said for one in telling if abs(one.distance) >= _TELLING][:_NAMED]
    title = ", ".join(chosen) or "like most people"
    return title[:1].upper() + title[1:]


def _told_apart(titles: Sequence[str]) -> list[str]:
    """The same titles, those that stand twice with a number."""
    seen = dict[str, int]()
    found = []
    for one in titles:
        seen[one] = seen.get(one, 0) + 1
        found.append(one if seen[one] == 1 else f"{one} ({seen[one]})")
    return found
