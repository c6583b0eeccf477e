"""The demo while it is served: the simulated business goes on, at the present time.

What is served is a workspace of its own, so that the one that was shown stays as it is. Its past
is the simulated one moved by whole weeks, so that it ends now and weekdays and hours stay; from
then on the simulated people do what they do at the real present, `speed` times as fast as in the
simulation (the windows of the segments count real time).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Final

import pyarrow as pa

from segue.bootstrap.engine import Engine
from segue.bootstrap.workspace import Workspace
from segue.demo import DAYS, SCHEMA, START, StreamedEvent, definitions, stream
from segue.domain.errors import BusyError, InputError, SegueError
from segue.domain.instant import DAY, FOREVER, SECOND, WEEK
from segue.services.live.intake import Batch, Receipt

FOLDER: Final = "live"
"""The folder of the served workspace, within the demo's own."""
REACHED: Final = "traffic"
"""The file in it that says how far the simulated traffic went, as an instant of the simulation."""
SPEED: Final = 60.0
"""How many times as fast as in the simulation things happen: about one event a second."""

_LOG: Final = logging.getLogger("segue.demo")
_LONGEST_WAIT: Final = 60 * SECOND
"""The clock is looked at this often at least (ms): clocks are set."""

Submit = Callable[[Batch], Future[Receipt]]
"""See `Live.submit`."""


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
        self._events: Iterator[StreamedEvent] = stream(after=begin)
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

    def _real(self, simulated: int) -> int:
        return self._now + min(int((simulated - self._begin) / self._speed), FOREVER)


class Traffic:
    """Sends the simulated events of a served workspace, on a thread of its own."""

    def __init__(
        self, folder: Path, submit: Submit, now: Callable[[], int], *, speed: float = SPEED
    ) -> None:
        self._folder, self._submit, self._now = folder, submit, now
        self._paced = Paced(reached(folder), now(), speed)
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
        while not self._stopping.wait(self._rest()):
            events = self._paced.due(self._now())
            if events:
                self._send(events)

    def _rest(self) -> float:
        return max(0, min(self._paced.next_at - self._now(), _LONGEST_WAIT)) / SECOND

    def _send(self, events: list[StreamedEvent]) -> None:
        """Send events until they are durable, then note how far that is."""
        while not self._stopping.is_set():
            try:
                self._submit(batch_of(events, self._now())).result()
                note_reached(self._folder, self._paced.reached)
            except BusyError as error:
                self._stopping.wait(error.retry_after)
            except SegueError as error:
                _LOG.error("the simulated traffic cannot be stored: %s", error.message)
                self._stopping.wait(1)
            else:
                return


def batch_of(events: list[StreamedEvent], received_at: int) -> Batch:
    """Events of the simulation as the live service takes them."""
    return Batch(
        distinct_id=[one.person_id for one in events],
        event=[one.event for one in events],
        occurred_at=[one.occurred_at for one in events],
        event_id=[one.event_id for one in events],
        sequence=[None] * len(events),
        properties=[one.properties for one in events],
        received_at=received_at,
    )
