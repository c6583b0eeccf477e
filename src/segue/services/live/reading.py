"""What is known of one person, and finding people: profile, timeline, segments and why, export."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import pyarrow as pa

from segue.domain.browsing import Browsable, EventCount, Mark
from segue.domain.live import Membership, Transition, TransitionReader
from segue.domain.ports import EventStore, StoredEvent
from segue.language.describe import describe
from segue.language.resolve import JOURNEY
from segue.language.tree import And, Definitions, InSegment, Or
from segue.services.explain import known_person
from segue.services.live.following import BEGINNING, Wanted, stored
from segue.services.live.live import CurrentMembership, Live
from segue.timeline.evaluate import quantiles_of
from segue.timeline.explain import explain, requests_to_explain
from segue.timeline.explanation import Explanation
from segue.timeline.log import Int32s, Log, Request, TraitRequest

IDENTIFY: Final = "$identify"
SET: Final = "$set"
SET_ONCE: Final = "$set_once"
UNSET: Final = "$unset"
PROFILE_EVENTS: Final = (IDENTIFY, SET, SET_ONCE, UNSET)
"""Events that write traits."""
_NO_TRAITS: Final = frozenset({"$anon_distinct_id"})
EMAIL: Final = "email"
"""The trait by which people are found."""


class ReadingStore(
    EventStore[Request | TraitRequest, Log, pa.Table],
    Browsable[pa.RecordBatch],
    TransitionReader,
    Protocol,
):
    """What reading asks of a store."""

    def person_ids(self, people: Int32s) -> Sequence[str]:
        """The ids of people by their codes."""


# ------------------------------------------------------------------------------------- one person


@dataclass(frozen=True, slots=True)
class TraitValue:
    """The value of a trait (any JSON value) and when it was set (ms)."""

    value: Any
    set_at: int


@dataclass(frozen=True, slots=True)
class Stay:
    """A segment that a person is in: since when, until when if nothing more happens (ms; None:
    without end), and why, as a short sentence (empty where nobody asked)."""

    segment_id: str
    title: str
    kind: str
    since: int
    until: int | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of one person as of `as_of` (ms): who they are, their traits by name, where
    they stand, what they did how often, and their latest events, latest first.

    `first_seen` and `last_seen` (ms) are of any event; `stage` is that of the journey, "" where the
    project has none.
    """

    person_id: str
    distinct_ids: tuple[str, ...]
    first_seen: int
    last_seen: int
    traits: Mapping[str, TraitValue]
    stage: str
    segments: tuple[Stay, ...]
    counts: tuple[EventCount, ...]
    newest: tuple[StoredEvent, ...]
    as_of: int


def profile(
    store: ReadingStore, live: Live, distinct_id: str, now: int, *, newest: int = 20
) -> Profile:
    """Everything about the person who has this distinct id, with so many of their latest events.

    Raises `NotFoundError` where nobody has it.
    """
    standing = live.standing(distinct_id)
    person_id = known_person(store, distinct_id)
    ids = store.distinct_ids(person_id)
    with store.browsing() as browser:
        counts = browser.counts(ids)
        traits = fold_traits(browser.named(ids, PROFILE_EVENTS), now)
        events = browser.newest(ids, newest)
    definitions = live.definitions
    whys = (
        reasons(store, definitions, person_id, standing.memberships, standing.as_of)
        if live.knows_reasons
        else asked(definitions, standing.memberships)
    )
    return Profile(
        person_id,
        ids,
        min((one.first_at for one in counts), default=now),
        max((one.last_at for one in counts), default=now),
        traits,
        stage_of(definitions, standing.memberships),
        stays(definitions, standing.memberships, whys),
        tuple(counts),
        tuple(events),
        standing.as_of,
    )


def fold_traits(events: Iterable[StoredEvent], at: int) -> dict[str, TraitValue]:
    """The traits at the instant that these profile events, in event order, amount to.

    The same rules as in the language: the latest write counts, null and `$unset` remove,
    `$set_once` writes only what is missing.
    """
    traits: dict[str, TraitValue] = {}
    for event in events:
        if event.occurred_at <= at:
            _write(traits, event, json.loads(event.properties))
    return dict(sorted(traits.items()))


def _write(traits: dict[str, TraitValue], event: StoredEvent, written: dict[str, Any]) -> None:
    if event.event == UNSET:
        listed = written.get(UNSET)
        for key in listed if isinstance(listed, list) else written:
            traits.pop(key, None)
        return
    for key, value in written.items():
        if not key or (event.event == IDENTIFY and key in _NO_TRAITS):
            continue
        if event.event == SET_ONCE:
            if value is not None:
                traits.setdefault(key, TraitValue(value, event.occurred_at))
        elif value is None:
            traits.pop(key, None)
        else:
            traits[key] = TraitValue(value, event.occurred_at)


def stays(
    definitions: Definitions,
    memberships: Sequence[CurrentMembership],
    whys: Mapping[str, str],
) -> tuple[Stay, ...]:
    """The memberships with the titles of their segments and the reasons."""
    known = {segment.id: segment for segment in definitions.segments}
    return tuple(
        Stay(
            one.segment_id,
            known[one.segment_id].title,
            known[one.segment_id].kind,
            one.since,
            one.until,
            whys.get(one.segment_id, ""),
        )
        for one in memberships
        if one.segment_id in known
    )


def stage_of(definitions: Definitions, memberships: Sequence[CurrentMembership]) -> str:
    """The journey stage among these memberships; "" where there is none."""
    inside = {one.segment_id for one in memberships}
    stages = [
        segment.stage
        for segment in definitions.segments
        if segment.id in inside and segment.id.startswith(f"{JOURNEY}.")
    ]
    return stages[0] if stages else ""


# ---------------------------------------------------------------------------------------- and why


def reasons(
    store: ReadingStore,
    definitions: Definitions,
    person_id: str,
    memberships: Sequence[CurrentMembership],
    at: int,
) -> dict[str, str]:
    """Why the person is in each of these segments, as short sentences; the log is read once."""
    known = {segment.id for segment in definitions.segments}
    titles = {segment.id: segment.title for segment in definitions.segments}
    inside = [one.segment_id for one in memberships if one.segment_id in known]
    # A rank depends on everybody: those segments say what they ask, not what this person did.
    ranked = {one for one in inside if any(quantiles_of(definitions, [one]))}
    told = [one for one in inside if one not in ranked]
    requests = {r for one in told for r in requests_to_explain(definitions, one)}
    read = store.read(
        requests, at=at, people=[person_id], not_activity=definitions.not_activity, sources=True
    )
    whys = {
        one: sentence(explain(definitions, read.log, one, at, {}).condition, titles) for one in told
    }
    for one in ranked:
        whys[one] = describe(definitions.segment(one).condition, titles=titles)
    return whys


def asked(definitions: Definitions, memberships: Sequence[CurrentMembership]) -> Mapping[str, str]:
    """What the segments of these memberships ask, where why somebody is in them is not known."""
    titles = {one.id: one.title for one in definitions.segments}
    inside = {one.segment_id for one in memberships}
    return {
        one.id: describe(one.condition, titles=titles)
        for one in definitions.segments
        if one.id in inside
    }


def sentence(one: Explanation, titles: Mapping[str, str]) -> str:
    """Why a condition holds, to be read after the person's name: of alternatives the first that
    holds, of several conditions all."""
    if isinstance(one.condition, And):
        return ", and ".join(sentence(child, titles) for child in one.children)
    if isinstance(one.condition, Or):
        holding = [child for child in one.children if child.holds]
        return sentence(holding[0], titles) if holding else describe(one.condition, titles=titles)
    if isinstance(one.condition, InSegment):
        name = one.condition.segment
        return f"is in “{titles.get(name, name)}”"
    return describe(one.condition, titles=titles)


# --------------------------------------------------------------------------------------- timeline


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events, latest first, and the cursor of the next page (None: there is none)."""

    person_id: str
    events: tuple[StoredEvent, ...]
    cursor: str | None


def timeline(
    store: ReadingStore,
    distinct_id: str,
    *,
    limit: int,
    cursor: str | None = None,
    named: Collection[str] = (),
) -> EventPage:
    """A page of the events of the person who has this distinct id, latest first; only of these
    names (none: of any).

    Raises `NotFoundError` where nobody has it and `UsageError` where the cursor is none.
    """
    before = None if cursor is None else Mark.read(cursor)
    person_id = known_person(store, distinct_id)
    with store.browsing() as browser:
        ids = store.distinct_ids(person_id)
        found = browser.newest(ids, limit + 1, before=before, named=named)
    more = len(found) > limit
    page = tuple(found[:limit])
    return EventPage(person_id, page, str(Mark.of(page[-1])) if more and page else None)


# ---------------------------------------------------------------------------------------- finding


@dataclass(frozen=True, slots=True)
class Found:
    """A person who was found, and the distinct id or the email by which."""

    person_id: str
    matched: str


def search(store: ReadingStore, query: str, now: int, *, limit: int) -> list[Found]:
    """People with a distinct id that begins so, or whose trait `email` is the query now (an address
    has an @); each once, at most so many, those found by their email first."""
    found: dict[str, Found] = {}
    with store.browsing() as browser:
        writes = (IDENTIFY, SET, SET_ONCE)
        writers = browser.ids_writing(writes, EMAIL, query, limit) if "@" in query else []
        starting = browser.ids_starting(query, limit * 2)
    for distinct_id in writers:
        person_id = store.person_of(distinct_id)
        if person_id and person_id not in found and _has_email(store, person_id, query, now):
            found[person_id] = Found(person_id, query)
    for distinct_id in starting:
        person_id = store.person_of(distinct_id)
        if person_id:
            found.setdefault(person_id, Found(person_id, distinct_id))
    return list(found.values())[:limit]


def _has_email(store: ReadingStore, person_id: str, email: str, now: int) -> bool:
    """Whether the person's email is this one now: it may have been another one's, or changed."""
    ids = store.distinct_ids(person_id)
    with store.browsing() as browser:
        traits = fold_traits(browser.named(ids, PROFILE_EVENTS), now)
    return EMAIL in traits and traits[EMAIL].value == email


# ------------------------------------------------------------------------------------- everything

_ALL: Final = 1 << 40
"""More of anything than anybody has."""


@dataclass(frozen=True, slots=True)
class WholePerson:
    """Everything that is stored about one person; events in event order, transitions by id."""

    person_id: str
    distinct_ids: tuple[str, ...]
    exported_at: int
    traits: Mapping[str, TraitValue]
    memberships: tuple[Membership, ...]
    transitions: tuple[Transition, ...]
    events: tuple[StoredEvent, ...]


def whole_person(store: ReadingStore, distinct_id: str, now: int) -> WholePerson:
    """Everything about the person who has this distinct id. Raises `NotFoundError` where nobody
    has it."""
    person_id = known_person(store, distinct_id)
    ids = store.distinct_ids(person_id)
    with store.browsing() as browser:
        events = browser.newest(ids, _ALL)[::-1]
    written = [event for event in events if event.event in PROFILE_EVENTS]
    return WholePerson(
        person_id,
        ids,
        now,
        fold_traits(written, now),
        tuple(store.memberships_of(person_id)),
        tuple(stored(store, Wanted(person_ids=frozenset(ids)), BEGINNING, _ALL)),
        tuple(events),
    )
