"""In-app messages at work: what a page may show to somebody, answered from memory where it can be.

What the store has of somebody is read once and kept until it is told that it changed. Pages that
listen are woken then, and nobody else.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np

from segue.domain.acting import ActingStore, Contact, Controls
from segue.domain.campaigns import REACHED, Acting, Because, Campaign, Channel, Delivery
from segue.domain.errors import NotFoundError, SegueError
from segue.domain.instant import MINUTE
from segue.services.acting.caps import contacts_of, longest_window
from segue.services.in_app.documents import item
from segue.services.in_app.eligible import Judged, Known, Stop, chosen, is_offered, judged
from segue.services.in_app.trace import Trace, traced
from segue.services.live.answers import PersonStanding
from segue.timeline.log import Int32s
from segue.timeline.parts import Groups

KEPT: Final = MINUTE
"""How long what the store has of somebody is believed at least, and up to twice as long, though
nothing told of a change (ms)."""
_APART: Final = 6_007
"""Far enough that people who were read one after another are not read anew all at once (ms)."""
MOST_KEPT: Final = 50_000
"""People of whom it is kept."""
_PAGE: Final = 1000

Parts = Mapping[str, str]
Wake = Callable[[Collection[int] | None], None]
"""Told of the codes of the people for whom something changed; None: for everybody."""


class InAppStore(ActingStore, Protocol):
    """What in-app messages ask of a store."""

    def person_code(self, distinct_id: str) -> int | None:
        """The code of the id of the person who has this distinct id; None where there is none."""

    def theirs(self, people: Collection[int]) -> list[Delivery]:
        """All deliveries to a few people (codes of distinct ids), by (known_at, id)."""

    def groups(self, people: Int32s) -> Groups:
        """Those of these people (int32 codes of person ids, ascending) who exist."""


@dataclass(frozen=True, slots=True)
class Means:
    """What in-app messages work with.

    `standing` gives the segments of whoever has a distinct id; `parts` the final texts of a
    delivery (it raises `SegueError` where one cannot be made); `now` is the clock (ms); `controls`
    what operators have switched.
    """

    store: InAppStore
    acting: Callable[[], Acting]
    standing: Callable[[str], PersonStanding]
    parts: Callable[[Campaign, Delivery], Parts]
    now: Callable[[], int]
    controls: Callable[[], Controls]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a page is told: the items, the most important first, as JSON, and their mark."""

    etag: str
    items: bytes


def decision_of(items: Sequence[Mapping[str, Any]]) -> Decision:
    """The decision with these items."""
    text = json.dumps(items, separators=(",", ":"), ensure_ascii=False).encode()
    return Decision(hashlib.sha256(text).hexdigest()[:24], text)


NOTHING: Final = decision_of(())
"""What anybody is told for whom there is nothing, known or not."""


@dataclass(slots=True)
class _Rows:
    """What the store has of one person, as of an instant; `parts` as they are made."""

    read_at: int
    offers: Sequence[Delivery]
    reached: Sequence[Delivery]
    contacts: Sequence[Contact]
    parts: dict[str, Parts | SegueError] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether there is nothing that a page could show."""
        return not self.offers and not self.reached


class InApp:
    """See the module. Threads may share it."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._rows: OrderedDict[int, _Rows] = OrderedDict()
        self._lock = threading.Lock()
        self._changes = 0
        self._listeners: dict[int, Wake] = {}
        self._number = 0

    # ------------------------------------------------------------------------------------ changes

    def changed(self, people: Collection[int] | None) -> None:
        """Note that rows of these people (codes of their ids; None: of anybody) changed, and wake
        whoever listens for them."""
        with self._lock:
            self._changes += 1
            if people is None:
                self._rows.clear()
            else:
                for code in people:
                    self._rows.pop(code, None)
            listeners = list(self._listeners.values())
        for wake in listeners:
            wake(people)

    def listen(self, wake: Wake) -> Callable[[], None]:
        """Call `wake` at every change, on the thread that made it; what is given back ends it."""
        with self._lock:
            self._number += 1
            number = self._number
            self._listeners[number] = wake

        def stop() -> None:
            with self._lock:
                self._listeners.pop(number, None)

        return stop

    # ------------------------------------------------------------------------------------- asking

    def person(self, ids: Sequence[str]) -> int | None:
        """The code of whoever has the first of these distinct ids that anybody has."""
        found = (self._means.store.person_code(one) for one in ids)
        return next((code for code in found if code is not None), None)

    def decide(self, ids: Sequence[str], seen: Collection[str] = ()) -> Decision:
        """What a page may show to whoever has one of these distinct ids; `seen` are deliveries that
        it has drawn already. It is the same for people without offers and for nobody."""
        person = self.person(ids)
        rows = None if person is None else self._rows_of(person)
        return NOTHING if rows is None or rows.empty else self._decided(rows, ids, seen)

    def decide_from_memory(self, ids: Sequence[str], seen: Collection[str] = ()) -> Decision | None:
        """The same where nothing has to be read for it; None where something has to."""
        person = self.person(ids)
        if person is None:
            return NOTHING
        rows = self._kept(person)
        if rows is None or rows.empty:
            return None if rows is None else NOTHING
        found = self._judged(rows, ids, seen)
        return self._told(found, rows) if all(_is_made(one, rows) for one in found.every) else None

    def trace(self, distinct_id: str) -> list[Trace]:
        """For every in-app campaign whether this person is shown it, else why not. Raises
        `NotFoundError` where nobody has the distinct id."""
        person = self.person((distinct_id,))
        if person is None:
            raise NotFoundError(f"There is no person {distinct_id!r}")
        acting, now = self._means.acting(), self._means.now()
        rows = self._read(person)
        known = self._known(rows, distinct_id, ())
        found = [self._made(one, rows) for one in judged(known, acting, now)]
        rest = self._means.store.deliveries(people=self._codes(person), limit=_PAGE)
        return traced(acting, known, found, rest)

    # ------------------------------------------------------------------------------------ reading

    def _decided(self, rows: _Rows, ids: Sequence[str], seen: Collection[str]) -> Decision:
        return self._told(self._judged(rows, ids, seen), rows)

    def _judged(self, rows: _Rows, ids: Sequence[str], seen: Collection[str]) -> _Found:
        who = next(one for one in ids if self._means.store.person_code(one) is not None)
        known = self._known(rows, who, seen)
        every = judged(known, self._means.acting(), self._means.now())
        return _Found(sorted(known.segments), every)

    def _told(self, found: _Found, rows: _Rows) -> Decision:
        made = chosen(self._made(one, rows) for one in found.every)
        items = [item(one, self._texts(one, rows), found.segments) for one in made]
        return decision_of(items) if items else NOTHING

    def _known(self, rows: _Rows, distinct_id: str, seen: Collection[str]) -> Known:
        standing = self._means.standing(distinct_id)
        segments = frozenset(one.segment_id for one in standing.memberships)
        controls = self._means.controls()
        return Known(segments, rows.offers, rows.reached, rows.contacts, controls, seen)

    def _made(self, one: Judged, rows: _Rows) -> Judged:
        """The same, stopped where its texts cannot be made."""
        if not _has_words(one) or one.campaign is None:
            return one
        if one.delivery.id not in rows.parts:
            rows.parts[one.delivery.id] = self._attempt(one, one.campaign)
        parts = rows.parts[one.delivery.id]
        if not isinstance(parts, SegueError):
            return one
        return Judged(one.delivery, one.campaign, Stop(Because.TEMPLATE, parts.message))

    def _attempt(self, one: Judged, campaign: Campaign) -> Parts | SegueError:
        try:
            parts = self._means.parts(campaign, one.delivery)
            item(one, parts, ())  # what must be JSON is JSON
        except SegueError as error:
            return error
        return parts

    def _texts(self, one: Judged, rows: _Rows) -> Parts:
        parts = rows.parts.get(one.delivery.id, {})
        return {} if isinstance(parts, SegueError) else parts

    def _kept(self, person: int) -> _Rows | None:
        with self._lock:
            rows = self._rows.get(person)
        return rows if rows and 0 <= self._means.now() - rows.read_at < _believed(person) else None

    def _rows_of(self, person: int) -> _Rows:
        kept = self._kept(person)
        if kept is not None:
            return kept
        changes = self._changes
        rows = self._read(person)
        with self._lock:
            if changes == self._changes:  # else it may be of before the change
                self._rows[person] = rows
                if len(self._rows) > MOST_KEPT:
                    self._rows.popitem(last=False)
        return rows

    def _codes(self, person: int) -> list[int]:
        """The codes of all distinct ids of a person."""
        groups = self._means.store.groups(np.array([person], np.int32))
        codes: list[int] = groups.whos.tolist()
        return codes

    def _read(self, person: int) -> _Rows:
        store, now = self._means.store, self._means.now()
        codes = self._codes(person)
        every = store.theirs(codes)
        rows = [one for one in every if one.channel is Channel.IN_APP]
        offers = [one for one in rows if is_offered(one)]
        reached = [one for one in rows if one.state in REACHED]
        if not offers and not reached:
            return _Rows(now, (), (), ())
        contacts = contacts_of(every, now - longest_window(self._means.acting()))
        return _Rows(now, offers, reached, contacts)


def _believed(person: int) -> int:
    """How long what the store has of a person is believed (ms)."""
    return KEPT + person * _APART % KEPT


@dataclass(frozen=True, slots=True)
class _Found:
    """The segments that somebody is in, and what was judged of their messages."""

    segments: list[str]
    every: list[Judged]


def _has_words(one: Judged) -> bool:
    """Whether a page would draw it, so that it has to be written."""
    return one.stop is None and one.campaign is not None and not one.control


def _is_made(one: Judged, rows: _Rows) -> bool:
    """Whether it is written already, where it has to be."""
    return not _has_words(one) or one.delivery.id in rows.parts
