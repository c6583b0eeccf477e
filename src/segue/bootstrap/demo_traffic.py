"""The demo while it is served: the simulated business goes on, at the present time.

What is served is a workspace of its own, so that the one that was shown stays as it is. Its past
is the simulated one moved by whole weeks, so that it ends now and weekdays and hours stay; from
then on the simulated people do what they do at the real present, `speed` times as fast as in the
simulation (the windows of the segments count real time).
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import httpx
import pyarrow as pa

from segue.adapters.extract import ANONYMOUS_ID
from segue.bootstrap import environment
from segue.bootstrap.demo_readers import Mailbox, Pages, Read, Readings
from segue.bootstrap.engine import Engine
from segue.bootstrap.serving import Welcome, serve
from segue.bootstrap.settings import Settings
from segue.bootstrap.workspace import Workspace
from segue.demo import DAYS, SCHEMA, START, StreamedEvent, World, definitions, stream
from segue.domain.campaigns import Channel
from segue.domain.errors import BusyError, InputError, SegueError
from segue.domain.instant import DAY, FOREVER, SECOND, WEEK, format_instant

FOLDER: Final = "live"
"""The folder of the served workspace, within the demo's own."""
REACHED: Final = "traffic"
"""The file in it that says how far the simulated traffic went, as an instant of the simulation."""
SPEED: Final = 60.0
"""How many times as fast as in the simulation things happen: about one event a second."""

_LOG: Final = logging.getLogger("segue.demo")
_LONGEST_WAIT: Final = 60 * SECOND
"""The clock is looked at this often at least (ms): clocks are set."""

_BATCH: Final = 500
"""Events of one request."""

Send = Callable[[list[StreamedEvent]], None]
"""Makes events durable, or raises a `SegueError`."""


def served_workspace(folder: Path, now: int) -> Path:
    """The workspace to serve for the demo in a folder: made with its past where there is none.

    Raises `InputError` where it cannot be written.
    """
    place = folder / FOLDER
    if not (place / REACHED).exists():
        Workspace(place).write_definitions(definitions())
        with Engine.open(place) as engine:
            engine.record(past(now))
        note_reached(place, now - shift(now))
    return place


def shift(now: int) -> int:
    """By how much the simulation is moved to end at or before now: whole weeks, in ms."""
    return (now - START - DAYS * DAY) // WEEK * WEEK


def past(now: int) -> pa.Table:
    """The simulated events up to now, moved there; columns as of `simulate`."""
    moved = shift(now)
    events = [
        replace(one, occurred_at=one.occurred_at + moved)
        for one in takewhile(lambda one: one.occurred_at + moved <= now, stream())
    ]
    return pa.Table.from_pydict(
        {name: [getattr(one, name) for one in events] for name in SCHEMA.names}, schema=SCHEMA
    )


def reached(folder: Path) -> int:
    """How far the traffic of a served workspace went, as an instant of the simulation.

    Raises `InputError` where the file that says it cannot be read.
    """
    path = folder / REACHED
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"Cannot read {path}", hint=f"remove the folder {folder} to begin anew"
        ) from error


def note_reached(folder: Path, instant: int) -> None:
    """Note how far the traffic went. Raises `InputError` where that cannot be written."""
    path = folder / REACHED
    draft = path.with_suffix(".new")
    try:
        draft.write_text(str(instant), "ascii")
        draft.replace(path)
    except OSError as error:
        raise InputError(f"Cannot write {path}: {error.strerror or error}") from error


class Paced:
    """The simulation from an instant of its own (`begin`), told at the pace of real time from the
    real instant `now` on, `speed` times as fast."""

    def __init__(self, begin: int, now: int, speed: float = SPEED) -> None:
        self._begin, self._now, self._speed = begin, now, speed
        self._world = World()
        self._events: Iterator[StreamedEvent] = self._world.events(after=begin)
        self._next = next(self._events)
        self.reached = begin
        """Everything up to this instant of the simulation was told."""

    @property
    def next_at(self) -> int:
        """The real instant of the next event (ms)."""
        return self._real(self._next.occurred_at)

    def due(self, now: int) -> list[StreamedEvent]:
        """The events up to a real instant that were not told yet, dated at real instants."""
        found = []
        while self.next_at <= now:
            found.append(replace(self._next, occurred_at=self.next_at))
            self.reached = self._next.occurred_at
            self._next = next(self._events)
        return found

    def tell(self, person_id: str, campaign_id: str, now: int) -> None:
        """Let a message reach somebody at a real instant."""
        simulated = self._begin + int((now - self._now) * self._speed)
        self._world.tell(person_id, campaign_id, max(simulated, self.reached))

    def _real(self, simulated: int) -> int:
        return self._now + min(int((simulated - self._begin) / self._speed), FOREVER)


class Traffic:
    """Sends the simulated events of a served workspace, on a thread of its own; `send` returns when
    they are durable."""

    def __init__(
        self,
        folder: Path,
        send: Send,
        now: Callable[[], int],
        *,
        speed: float = SPEED,
        readings: Readings | None = None,
    ) -> None:
        self._folder, self._send, self._now = folder, send, now
        self._readings = readings or Readings()
        self._begin, self._speed = reached(folder), speed
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="segue-traffic")

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Stop sending. Stopping twice does nothing."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        paced = Paced(self._begin, self._now(), self._speed)
        while not self._stopping.wait(self._rest(paced)):
            for person_id, campaign_id in self._readings.take():
                paced.tell(person_id, campaign_id, self._now())
            events = paced.due(self._now())
            if events:
                self._sent(events, paced.reached)

    def _rest(self, paced: Paced) -> float:
        return max(0, min(paced.next_at - self._now(), _LONGEST_WAIT)) / SECOND

    def _sent(self, events: list[StreamedEvent], upto: int) -> None:
        """Send events until they are durable, then note how far that is."""
        wait: float = 0
        while not self._stopping.wait(wait):
            try:
                self._send(events)
                note_reached(self._folder, upto)
            except BusyError as error:
                wait = error.retry_after
            except SegueError as error:
                _LOG.info("the simulated traffic waits: %s", error.message)
                wait = 1
            else:
                return


class Poster:
    """Sends simulated events as an SDK does: over HTTP, with a write key. The pages that people
    open show them messages; `read` is told whom one reached."""

    def __init__(self, address: str, write_key: str, read: Read = lambda *_: None) -> None:
        self._client = httpx.Client(
            base_url=address, auth=(write_key, ""), timeout=30.0, trust_env=False
        )
        self._pages = Pages(self._client, write_key, read)

    def send(self, events: list[StreamedEvent]) -> None:
        """Send events, a batch at a time; they are durable then.

        Raises `BusyError` where the server asks to wait, `InputError` where it does not take them.
        """
        for first in range(0, len(events), _BATCH):
            self._post([message_of(one) for one in events[first : first + _BATCH]])
        try:
            self._pages.opened(events)
        except InputError as error:
            _LOG.info("a simulated page was told nothing: %s", error.message)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _post(self, messages: list[dict[str, Any]]) -> None:
        try:
            response = self._client.post("/v1/batch", json={"batch": messages})
        except httpx.TransportError as error:
            raise InputError(f"no answer: {type(error).__name__}") from error
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            wait = response.headers.get("retry-after", "1")
            raise BusyError("the server is busy", retry_after=int(wait))
        if not response.is_success:
            raise InputError(f"the server answered {response.status_code}")


def message_of(event: StreamedEvent) -> dict[str, Any]:
    """An event of the simulation as a message of Segment's HTTP API."""
    properties = json.loads(event.properties)
    message = {
        "messageId": event.event_id,
        "timestamp": format_instant(event.occurred_at),
        "userId": event.person_id,
    }
    if event.event != "$identify":
        return {**message, "type": "track", "event": event.event, "properties": properties}
    if ANONYMOUS_ID in properties:  # else only traits change
        message["anonymousId"] = properties.pop(ANONYMOUS_ID)
    return {**message, "type": "identify", "traits": properties}


def serve_demo(
    folder: Path, settings: Settings, speed: float, welcome: Callable[[Welcome], None]
) -> None:
    """Serve the workspace that `served_workspace` made, with simulated traffic, until the process
    is told to end; see `bootstrap.serving.serve`."""
    readings = Readings()
    mail = {Channel.EMAIL: Mailbox(readings.note)}
    settings = replace(settings, channels=replace(settings.channels, instead=mail))
    with contextlib.ExitStack() as ending:

        def begin(told: Welcome) -> None:
            welcome(told)
            poster = Poster(told.address, told.write_key, readings.note)
            ending.callback(poster.close)
            traffic = Traffic(folder, poster.send, environment.now, speed=speed, readings=readings)
            ending.callback(traffic.stop)
            traffic.start()

        serve(Workspace(folder), settings, begin)
