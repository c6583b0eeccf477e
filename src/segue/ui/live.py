"""The page of what happens now: events and transitions as they come.

All who watch with the same filter get the same message, made once: the last few of what came, how
many more there were, and how many come per second. So thousands of events a second cost what a few
lines cost, twice a second, however many people watch.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from segue.bootstrap import environment
from segue.bootstrap.serving import Serving
from segue.domain.instant import DAY, SECOND
from segue.domain.live import Transition
from segue.domain.ports import StoredEvent
from segue.services.live.tap import Seen, Wanted
from segue.services.view import known_segment
from segue.services.words import counted, number
from segue.ui.pages import Page
from segue.ui.signing import SignedIn

LISTED: Final = 100
"""Events, and transitions, that a page lists."""
AT_ONCE: Final = 12
"""Events, and transitions, that one message shows: more nobody can read."""
PERIOD: Final = 0.5
"""Seconds between two messages."""
_PER_FILTER: Final = 0.04
"""Seconds that each further filter adds to that, so that many filters cost what one does."""
_SEARCHED: Final = 500
"""The latest transitions among which those that are wanted are looked for, at each message."""
_BEHIND: Final = 20_000
"""The latest events of the log, and transitions, among which a page looks when it is opened."""
_ALIVE: Final = 15.0
"""Seconds after which a stream in which nothing happens says that it is there."""
_LONGEST: Final = 600.0
"""Seconds after which a stream ends; the browser opens another, if it may still."""
_EXCERPT: Final = 160

router = APIRouter()


class Asked(BaseModel):
    """What is looked at: events of a name, transitions of a segment, what somebody does. Where only
    one of event and segment is given, the other kind is left out."""

    model_config = {"frozen": True}
    event: str = Field(default="", max_length=1000)
    segment: str = Field(default="", max_length=200)
    person: str = Field(default="", max_length=1000)

    @property
    def has_events(self) -> bool:
        """Whether events are looked at."""
        return bool(self.event) or not self.segment

    @property
    def has_changes(self) -> bool:
        """Whether transitions are looked at."""
        return bool(self.segment) or not self.event


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for, with all ids of the person (None: anybody), and which of them is theirs
    now (None: nobody has it yet)."""

    asked: Asked
    ids: frozenset[str] | None
    person: str | None = None

    @classmethod
    def of(cls, serving: Serving, asked: Asked) -> Filter:
        """The filter. Raises `NotFoundError` where there is no such segment."""
        if asked.segment:
            known_segment(serving.live.definitions, asked.segment)
        person = asked.person.strip()
        if not person:
            return cls(asked, None)
        known = serving.store.person_of(person)
        others = serving.store.distinct_ids(known) if known else ()
        return cls(asked, frozenset({person, *others}), known)

    @property
    def wanted(self) -> Wanted:
        """Which events that is."""
        return Wanted((self.asked.event,) if self.asked.event else None, self.ids)

    @property
    def is_open(self) -> bool:
        """Whether it lets every transition through."""
        return self.ids is None and not self.asked.segment

    def lets(self, one: Transition) -> bool:
        """Whether it lets a transition through."""
        segment = self.asked.segment
        return (not segment or one.segment_id == segment) and (
            self.ids is None or one.person_id in self.ids
        )


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event in the list: when, by whom, its name, and the beginning of its properties."""

    at: str
    person: str
    event: str
    properties: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A transition in the list: when, who, what, and the segment with its title."""

    at: str
    person: str
    kind: str
    segment_id: str
    segment: str


@router.get("/live")
def live(request: Request, session: SignedIn, asked: Annotated[Asked, Query()]) -> Response:
    """The latest events and transitions, and those that come while one looks."""
    del session
    page = Page.of(request)
    serving = page.serving
    chosen = Filter.of(serving, asked)
    with serving.store.browsing() as browser:
        names = browser.event_names()
    values = {
        "asked": asked,
        "events": _arrived(serving, chosen) if asked.has_events else (),
        "changes": _published(serving, chosen) if asked.has_changes else (),
        "names": names,
        "segments": [(one.id, one.title) for one in serving.live.definitions.segments],
        "rate": rate_words(serving.live.tap.rate(page.now)),
        "stream": f"/studio/live/stream?{request.url.query}",
        "is_known": chosen.ids is None or chosen.person is not None,
    }
    return page.shown("live", values, title="Live")


@router.get("/live/stream")
async def stream(request: Request, session: SignedIn, asked: Annotated[Asked, Query()]) -> Response:
    """What happens, as server-sent events, at most every `PERIOD` seconds."""
    del session
    serving: Serving = request.app.state.serving
    chosen = await run_in_threadpool(Filter.of, serving, asked)
    hub = getattr(request.app.state, "hub", None) or Hub(serving)
    request.app.state.hub = hub
    return StreamingResponse(
        hub.watch(chosen),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


# ------------------------------------------------------------------------------------ who watches


@dataclass(slots=True, eq=False)
class _Channel:
    """All who watch with one filter: the last message, its number, and what wakes them."""

    chosen: Filter
    viewers: int = 0
    number: int = 0
    message: bytes = b""
    ring: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def tell(self, message: bytes) -> None:
        """Give everybody a message."""
        self.number, self.message = self.number + 1, message
        ring, self.ring = self.ring, asyncio.Event()
        ring.set()


class Hub:
    """Who watches what. All of it happens on the server's event loop but the making of messages."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._channels: dict[Filter, _Channel] = {}

    @property
    def viewers(self) -> int:
        """How many people watch."""
        return sum(one.viewers for one in self._channels.values())

    async def watch(self, chosen: Filter) -> AsyncIterator[bytes]:
        """The messages for a filter, until the server ends or the browser has had enough."""
        loop = asyncio.get_running_loop()
        end = loop.time() + _LONGEST
        channel = self._joined(chosen)
        seen = channel.number
        try:
            yield b"retry: 2000\n\n"
            while not self._serving.feed.closed and loop.time() < end:
                if channel.number == seen and not await _rung(channel.ring):
                    yield b": alive\n\n"
                elif channel.number != seen:
                    seen = channel.number
                    yield channel.message
        finally:
            self._leave(channel)

    def _joined(self, chosen: Filter) -> _Channel:
        channel = self._channels.setdefault(chosen, _Channel(chosen))
        channel.viewers += 1
        if channel.task is None:
            channel.task = asyncio.create_task(self._keep_telling(channel))
        return channel

    def _leave(self, channel: _Channel) -> None:
        channel.viewers -= 1
        if not channel.viewers and channel.task is not None:
            channel.task.cancel()
            self._channels.pop(channel.chosen, None)

    async def _keep_telling(self, channel: _Channel) -> None:
        """Look at what came every so often, and tell it where there is something to tell."""
        serving, last = self._serving, ""
        teller = Teller(serving, channel.chosen, serving.feed.next_transition - 1)
        with serving.live.tap.watched() as teller.upto:
            while not serving.feed.closed:
                await asyncio.sleep(PERIOD + _PER_FILTER * (len(self._channels) - 1))
                told = await run_in_threadpool(teller.told, environment.now())
                if told != last:
                    last = told
                    channel.tell(b"data: %s\n\n" % told.encode())
        channel.ring.set()


async def _rung(ring: asyncio.Event) -> bool:
    """Whether it rang before it was time to say that one is there."""
    try:
        async with asyncio.timeout(_ALIVE):
            await ring.wait()
    except TimeoutError:
        return False
    return True


@dataclass(slots=True)
class Teller:
    """Makes the messages for a filter, one after the other: what came since the last one."""

    serving: Serving
    chosen: Filter
    cursor: int
    upto: int = 0

    def told(self, now: int) -> str:
        """The next message as JSON: `rate`, `events` and `changes` (latest first), and in words how
        many more of each came."""
        serving, asked = self.serving, self.chosen.asked
        came = serving.live.tap.since(self.upto, self.chosen.wanted, AT_ONCE * asked.has_events)
        published, latest = self._changed() if asked.has_changes else (0, [])
        self.upto = came.upto
        events = _event_rows(came.events, now, serving.live.definitions.timezone)
        changes = change_rows(serving, latest, now)
        return json.dumps(
            {
                "rate": rate_words(serving.live.tap.rate(now)),
                "events": [[one.at, one.person, one.event, one.properties] for one in events],
                "more_events": _more((came.count - len(events)) * asked.has_events, "event"),
                "changes": [
                    [one.at, one.person, one.kind, one.segment_id, one.segment] for one in changes
                ],
                "more_changes": _more(published - len(changes), "change"),
            },
            ensure_ascii=False,
        )

    def _changed(self) -> tuple[int, list[Transition]]:
        """How many transitions came (at least), and the last of them, latest first."""
        feed, chosen = self.serving.feed, self.chosen
        last = feed.next_transition - 1
        before, self.cursor = self.cursor, last
        most = AT_ONCE if chosen.is_open else _SEARCHED
        found = feed.after(max(before, last - most), most) or ()
        wanted = [one for one in found if chosen.lets(one)]
        return last - before if chosen.is_open else len(wanted), wanted[::-1][:AT_ONCE]


def _more(count: int, noun: str) -> str:
    return f"and {counted(count, f'more {noun}')}" if count > 0 else ""


def rate_words(rate: float) -> str:
    """`4,310`: events per second; a few with a decimal."""
    return number(round(rate)) if rate >= 10 or rate == 0 else f"{rate:.1f}"


# ------------------------------------------------------------------------------------------- rows


def _arrived(serving: Serving, chosen: Filter) -> list[EventRow]:
    """The last of the events in the log."""
    names, ids = chosen.wanted.names or (), chosen.ids or ()
    with serving.store.browsing() as browser:
        found = browser.arrived(_BEHIND, LISTED, names=names, ids=ids)
    return _event_rows(found, environment.now(), serving.live.definitions.timezone)


def _published(serving: Serving, chosen: Filter) -> list[ChangeRow]:
    """The last of the transitions."""
    last = serving.feed.next_transition - 1
    within = LISTED if chosen.is_open else _BEHIND
    found: Sequence[Transition] = serving.store.transitions(
        after=last - within,
        limit=within,
        segment_id=chosen.asked.segment or None,
        person_id=chosen.person,
    )
    wanted = [one for one in found if chosen.lets(one)]
    return change_rows(serving, wanted[::-1][:LISTED], environment.now())


def _event_rows(events: Sequence[Seen | StoredEvent], now: int, zone: str) -> list[EventRow]:
    return [
        EventRow(
            clock(one.occurred_at, now, zone),
            one.distinct_id,
            one.event,
            "" if one.properties == "{}" else _shortened(one.properties),
        )
        for one in events
    ]


def change_rows(serving: Serving, changes: Sequence[Transition], now: int) -> list[ChangeRow]:
    """Transitions as they are listed."""
    definitions = serving.live.definitions
    titles = {one.id: one.title for one in definitions.segments}
    return [
        ChangeRow(
            clock(one.at, now, definitions.timezone),
            one.person_id,
            KINDS[one.kind],
            one.segment_id,
            titles.get(one.segment_id, one.segment_id),
        )
        for one in changes
    ]


KINDS: Final = {"entered": "entered", "left": "left", "retracted": "was not in"}
"""What a transition is called in a list."""


def _shortened(text: str) -> str:
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…"


def clock(instant: int, now: int, zone: str) -> str:
    """The time of an instant to the second; of another day than now with that day."""
    local = dt.datetime.fromtimestamp(instant / SECOND, ZoneInfo(zone))
    if abs(now - instant) >= DAY:
        return f"{local.day} {local:%b %H:%M}"
    return f"{local:%H:%M:%S}"
