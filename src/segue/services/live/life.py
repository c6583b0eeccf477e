"""One person's life as a picture shows it: what they did over a stretch of time, step by step, and
the segments, levels and stages they were in meanwhile, with what comes if nothing more happens.

However much somebody did, what is read is bounded: events are counted by the store, and of long
lists only the latest are taken (`Life.cut` says which).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from segue.domain.browsing import Beat, EventCount
from segue.domain.identity import LinkKind
from segue.domain.instant import DAY
from segue.domain.ports import StoredEvent
from segue.language.tree import Definitions
from segue.services.explain import known_person
from segue.services.live.answers import CurrentMembership
from segue.services.live.live import Live
from segue.services.live.reading import (
    IDENTIFY,
    PROFILE_EVENTS,
    ReadingStore,
    Stay,
    TraitValue,
    asked,
    fold_traits,
    reasons,
    stage_of,
    stays,
)

MOST_READ: Final = 5_000
"""So many of the latest profile events, links and answers are read."""
MOST_EXPLAINED: Final = 20_000
"""Of whoever did more than that it is said what their segments ask, not why they are in."""
MONTH: Final = 28
"""Over so many days somebody's life is told where nobody chose."""
ANSWERED: Final = "$survey_answered"
_ANONYMOUS: Final = "$anon_distinct_id"
_NOTED: Final = (*PROFILE_EVENTS, LinkKind.CREATE_ALIAS, LinkKind.MERGE_DANGEROUSLY, ANSWERED)


@dataclass(frozen=True, slots=True)
class Spell:
    """That somebody was in a segment: since when (ms), until when as it is published (None: still
    in), and if they are still in, until when if nothing more happens (None: without end)."""

    segment_id: str
    title: str
    since: int
    left_at: int | None
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A distinct id of somebody, and which event linked it to them when (ms; None: none, it is the
    id that they are called by, or the one that did)."""

    distinct_id: str
    how: LinkKind | None = None
    by: str = ""
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """An answer to a survey: of which, to which question, when (ms), and what (any JSON value)."""

    campaign_id: str
    question_id: str
    answer: Any
    at: int


@dataclass(frozen=True, slots=True)
class Life:
    """See the module. `[since, until)` is the stretch (ms) in steps of `step` ms. `counts` are of
    all events ever, most frequent first; `cut`: so many profile events, links and answers were
    read, and there are older ones (0: all were); `explained`: whether `segments` say why."""

    person_id: str
    since: int
    until: int
    step: int
    beats: tuple[Beat, ...]
    spells: tuple[Spell, ...]
    counts: tuple[EventCount, ...]
    stage: str
    segments: tuple[Stay, ...]
    traits: Mapping[str, TraitValue]
    distinct_ids: tuple[Known, ...]
    said: tuple[Said, ...]
    cut: int
    explained: bool
    as_of: int

    @property
    def events(self) -> int:
        """How many events there are of this person."""
        return sum(one.count for one in self.counts)

    @property
    def first_seen(self) -> int:
        """The instant of the first event (ms)."""
        return min((one.first_at for one in self.counts), default=self.until)

    @property
    def last_seen(self) -> int:
        """The instant of the latest event (ms)."""
        return max((one.last_at for one in self.counts), default=self.until)


def life(
    store: ReadingStore, live: Live, distinct_id: str, now: int, *, days: int | None, steps: int
) -> Life:
    """The life of the person who has this distinct id: the last `days` days (0: all; None: a month,
    or all where they did nothing in that) in so many steps. Raises `NotFoundError` where nobody
    has it."""
    standing = live.standing(distinct_id)
    person_id = known_person(store, distinct_id)
    ids = store.distinct_ids(person_id)
    with store.browsing() as browser:
        counts = browser.counts(ids)
        since, step = _stretch(counts, now, MONTH if days is None else days, steps)
        beats = browser.beats(ids, since, now + 1, step)
        if days is None and not beats:
            since, step = _stretch(counts, now, 0, steps)
            beats = browser.beats(ids, since, now + 1, step)
        noted = browser.newest(ids, MOST_READ + 1, named=_NOTED) if _any(counts, _NOTED) else []
    definitions, read = live.definitions, noted[:MOST_READ][::-1]
    explained = live.knows_reasons and sum(one.count for one in counts) <= MOST_EXPLAINED
    whys = (
        reasons(store, definitions, person_id, standing.memberships, standing.as_of)
        if explained
        else asked(definitions, standing.memberships)
    )
    return Life(
        person_id,
        since,
        now + 1,
        step,
        tuple(beats),
        _spells(store, definitions, person_id, standing.memberships),
        tuple(counts),
        stage_of(definitions, standing.memberships),
        stays(definitions, standing.memberships, whys),
        fold_traits((one for one in read if one.event in PROFILE_EVENTS), now),
        _known(ids, person_id, read),
        tuple(_said(one) for one in reversed(read) if one.event == ANSWERED),
        len(read) if len(noted) > MOST_READ else 0,
        explained,
        standing.as_of,
    )


def _stretch(counts: Sequence[EventCount], now: int, days: int, steps: int) -> tuple[int, int]:
    """Since when (ms), and how long a step is (ms)."""
    first = min((one.first_at for one in counts), default=now)
    since = now - days * DAY if days else min(first, now - DAY)
    return since, max(-(-(now + 1 - since) // steps), 1)


def _any(counts: Sequence[EventCount], names: Sequence[str]) -> bool:
    return any(one.event in names for one in counts)


def _spells(
    store: ReadingStore,
    definitions: Definitions,
    person_id: str,
    memberships: Sequence[CurrentMembership],
) -> tuple[Spell, ...]:
    titles = {one.id: one.title for one in definitions.segments}
    expected = {one.segment_id: one.until for one in memberships}
    return tuple(
        Spell(
            one.segment_id,
            titles[one.segment_id],
            one.entered_at,
            one.left_at,
            expected.get(one.segment_id) if one.left_at is None else None,
        )
        for one in store.memberships_of(person_id)
        if one.segment_id in titles
    )


def _known(ids: Sequence[str], person_id: str, noted: Sequence[StoredEvent]) -> tuple[Known, ...]:
    """The distinct ids, the person's own first; of every other one the earliest link that named
    it."""
    found: dict[str, Known] = {}
    for event in noted:
        for one in _linked(event):
            if one.distinct_id in ids:
                found.setdefault(one.distinct_id, one)
    own = [Known(person_id)] if person_id in ids else []
    others = (found.get(one, Known(one)) for one in ids if one != person_id)
    return (*own, *others)


def _linked(event: StoredEvent) -> list[Known]:
    """The ids that an event links with each other, each as linked by the other."""
    if event.event not in list(LinkKind):
        return []
    kind = LinkKind(event.event)
    other = json.loads(event.properties).get(_ANONYMOUS if event.event == IDENTIFY else "alias")
    if not isinstance(other, str) or other == event.distinct_id:
        return []
    at = event.occurred_at
    return [Known(other, kind, event.distinct_id, at), Known(event.distinct_id, kind, other, at)]


def _said(event: StoredEvent) -> Said:
    told = json.loads(event.properties)
    campaign, question = (str(told.get(key, "")) for key in ("campaign_id", "question_id"))
    return Said(campaign, question, told.get("answer"), event.occurred_at)
