"""Who listens to transitions, and the latest of them: told after each turn, from memory.

A listener holds a cursor, the id of the last transition it has seen, and asks for what came after.
The feed keeps the latest transitions for all of them together, so an idle listener costs one call
per turn and a slow one costs nothing: where the feed no longer reaches back to its cursor, it reads
the store, where all transitions are for ever. Nobody is waited for and nothing is lost.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from segue.domain.live import Transition

RECENT: Final = 20_000
"""Transitions kept in memory at least, once so many were published."""


class Feed:
    """The latest transitions and who is told of new ones. Threads may share it."""

    def __init__(self, next_transition: int, *, recent: int = RECENT) -> None:
        """`next_transition` is the id after the last transition published so far."""
        self._most = recent
        self._next = next_transition
        self._recent: deque[Sequence[Transition]] = deque()
        self._size = 0
        self._changed = threading.Condition()
        self._listeners: dict[int, Callable[[], None]] = {}
        self._number = 0
        self._closed = False

    # ----------------------------------------------------------------------------------- the loop

    def publish(self, transitions: Sequence[Transition], upto: int) -> None:
        """Tell of what a turn has made durable: ascending by id; `upto` is the id after the last.

        The transitions may be only the latest of the turn, or none of them: what is missing is read
        from the store. Nobody looks at them before somebody asks.
        """
        with self._changed:
            if upto <= self._next:
                return
            self._keep(transitions, upto)
            self._next = upto
            listeners = list(self._listeners.values())
            self._changed.notify_all()
        for wake in listeners:
            wake()

    def forget(self) -> None:
        """Keep none of the transitions in memory: somebody was erased whom they may name."""
        with self._changed:
            self._recent.clear()
            self._size = 0

    def close(self) -> None:
        """Tell everybody that nothing more will come. Closing twice does nothing."""
        with self._changed:
            self._closed = True
            listeners = list(self._listeners.values())
            self._changed.notify_all()
        for wake in listeners:
            wake()

    def _keep(self, transitions: Sequence[Transition], upto: int) -> None:
        """Remember transitions without a gap: what stands before one is forgotten."""
        if len(transitions) != upto - self._next:
            self._recent.clear()
            self._size = 0
        self._recent.append(transitions)
        self._size += len(transitions)
        while self._size - len(self._recent[0]) >= self._most:
            self._size -= len(self._recent.popleft())

    # ------------------------------------------------------------------------------ the listeners

    @property
    def next_transition(self) -> int:
        """The id after the last transition published."""
        return self._next

    @property
    def closed(self) -> bool:
        """Whether nothing more will come."""
        return self._closed

    @property
    def listeners(self) -> int:
        """How many are told of new transitions."""
        return len(self._listeners)

    def after(self, cursor: int, most: int) -> Sequence[Transition] | None:
        """The transitions with ids above the cursor, at most so many, ascending; None where the
        feed does not reach back so far and the store has to be asked."""
        with self._changed:
            missing = self._next - 1 - cursor
            if missing <= 0:
                return ()
            if missing > self._size:
                return None
            recent = list(self._recent)
            skipped = self._size - missing
        return _taken(recent, skipped, most)

    def listen(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call `wake` after each turn that published something, on the thread of the loop, and when
        the feed closes; it must be quick. What is returned ends that."""
        with self._changed:
            self._number += 1
            number = self._number
            self._listeners[number] = wake

        def stop() -> None:
            with self._changed:
                self._listeners.pop(number, None)

        return stop

    def wait(self, cursor: int, seconds: float) -> bool:
        """Block this thread until there is a transition above the cursor, the feed closes or so
        much time has passed; whether there is one."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._next - 1 > cursor, seconds)
            return self._next - 1 > cursor


def _taken(parts: Sequence[Sequence[Transition]], skipped: int, most: int) -> list[Transition]:
    """At most so many transitions of the parts, after the first `skipped`."""
    found: list[Transition] = []
    for part in parts:
        if len(found) >= most:
            break
        found += part[skipped : skipped + most - len(found)] if skipped < len(part) else ()
        skipped = max(skipped - len(part), 0)
    return found
