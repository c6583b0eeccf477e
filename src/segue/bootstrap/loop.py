"""The thread that turns: it sleeps until an event comes or somebody is due, and costs nothing
meanwhile."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from segue.services.live.answers import Turned
from segue.services.live.feed import Feed
from segue.services.live.live import Live

_log = logging.getLogger(__name__)
_RETRY = 1.0
"""Seconds to wait after a turn that failed: a full disk does not clear sooner."""
_STILL = 0.002
"""Seconds without a new batch after which nothing more is likely to come at once."""
_GATHERING = 0.1
"""How long to let batches gather that come one upon the other, as a share of the last turn."""
_QUIET = 5.0
"""Seconds without anything to do after which there is time for something else."""
_SET_BACK = 60_000
"""Milliseconds that the clock may be behind the last turn before that is worth a line."""
_LONGEST = 60.0
"""Seconds to sleep at most: the system's clock may be set meanwhile."""


class Loop:
    """Turns `live` in a thread of its own and tells `feed` what was published.

    `clock` gives now in ms; `turned` is told of every turn that did something; `rested` is called
    when nothing has happened for a few seconds, and nothing will for a few more.
    """

    def __init__(
        self,
        live: Live,
        clock: Callable[[], int],
        feed: Feed,
        *,
        turned: Callable[[Turned], None] = lambda _: None,
        rested: Callable[[], object] = lambda: None,
    ) -> None:
        self._live, self._clock, self._feed = live, clock, feed
        self._turned, self._rested = turned, rested
        self._wake = threading.Event()
        self._stopping = self._behind = False
        self._took = 0.0
        self._thread = threading.Thread(target=self._run, name="segue-loop", daemon=True)
        live.intake.woken = self._wake.set
        live.published, live.erased = self._publish, feed.forget

    def start(self) -> None:
        """Begin to turn."""
        self._thread.start()

    def stop(self) -> None:
        """Take in what waits, and end. Stopping twice does nothing."""
        self._stopping = True
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def is_turning(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while True:
            self._gather()
            self._wake.clear()
            failed = not self._turn()
            if self._stopping and (failed or not self._live.has_work):
                return
            self._sleep(_RETRY if failed else self._rest())

    def _gather(self) -> None:
        """Let what comes at the same time come into the same turn, as each turn costs something
        for itself; no longer than a part of the last turn, and not where nothing is coming."""
        waiting = self._live.intake.waiting
        until = time.monotonic() + _GATHERING * self._took
        while waiting and not self._stopping and time.monotonic() < until:
            time.sleep(_STILL)
            before, waiting = waiting, self._live.intake.waiting
            if waiting == before:
                return

    def _sleep(self, seconds: float) -> None:
        """Sleep, or until there is work; where the sleep is long, put things in order first."""
        if seconds > 2 * _QUIET:
            if self._wake.wait(_QUIET):
                return
            seconds -= _QUIET
            try:
                self._rested()
            except Exception:  # noqa: BLE001 - what was not done now is done the next time
                _log.exception("putting things in order failed")
        self._wake.wait(seconds)

    def _turn(self) -> bool:
        """One turn; whether it went well."""
        began = time.monotonic()
        try:
            turned = self._live.turn(self._now())
        except Exception:  # noqa: BLE001 - the next turn may go well; whoever waits was told
            _log.exception("a turn failed")
            return False
        self._took = time.monotonic() - began
        self._publish(turned)  # also where definitions changed, which no turn tells
        try:
            if turned.events or turned.people:
                self._turned(turned)
        except Exception:  # noqa: BLE001 - what the turn did is durable: those who asked can read it
            _log.exception("not everybody was told of a turn")
        return True

    def _publish(self, turned: Turned) -> None:
        """Tell those who listen; being told of the same again they take no notice."""
        try:
            self._feed.publish(turned.transitions, turned.next_transition)
        except Exception:  # noqa: BLE001 - what the turn did is durable: those who asked can read it
            _log.exception("not everybody was told of a turn")

    def _now(self) -> int:
        """The clock; where it was set back it is said once, as nothing is in time until it is
        where it was."""
        now = self._clock()
        behind = self._live.ticked_at - now > _SET_BACK
        if behind and not self._behind:
            _log.warning(
                "the clock is %s s behind the last turn: nothing is acted upon until it is there",
                (self._live.ticked_at - now) // 1_000,
            )
        self._behind = behind
        return now

    def _rest(self) -> float:
        """Seconds until the next turn is needed."""
        if self._live.has_work:
            return 0.0
        due = self._live.next_due()
        return _LONGEST if due is None else max(0.0, min(_LONGEST, (due - self._clock()) / 1_000))
