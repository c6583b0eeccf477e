"""Analyses of the whole log, for pages that must not wait for them.

A page asks the board and is answered at once: what is known, of when that is, and what is being
done. An analysis that nobody made, or that is no longer fresh, is worked on in the background,
alone (see `Serving.alone`), and its result kept for whoever asks next.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Generic, TypeAlias, TypeVar, cast

from segue.domain.errors import BusyError, SegueError
from segue.domain.instant import MINUTE

FRESH: Final = 15 * MINUTE
"""How old a result may be before it is made anew, unless told otherwise (ms)."""
KEPT: Final = 64
"""How many results are kept; the one that was asked for longest ago goes first."""
WAITING: Final = 16
"""How many analyses may wait for their turn."""
ANSWERED: Final = 0.2
"""Seconds until work begins that nobody waits for: beside it, the page that asked for it would take
several times as long."""
_LOG: Final = logging.getLogger("segue.studio")

T = TypeVar("T")
Tick: TypeAlias = Callable[[str], None]
"""Is told, in words, what an analysis does next."""


@dataclass(frozen=True, slots=True)
class Looked(Generic[T]):
    """What is there of an analysis: its `result` (None: none yet) as of an instant, what is being
    done for a new one and for how many seconds (`doing` empty: nothing), and why the last try
    failed."""

    result: T | None
    as_of: int | None = None
    doing: str = ""
    seconds: float = 0.0
    trouble: SegueError | None = None


@dataclass(slots=True)
class _Entry:
    basis: object = None
    result: object = None
    as_of: int | None = None
    doing: str = ""
    began: float = 0.0
    trouble: SegueError | None = None
    done: threading.Event = field(default_factory=threading.Event)


@dataclass
class Board:
    """See the module. `alone` is held while one works."""

    alone: threading.Lock
    _entries: OrderedDict[Hashable, _Entry] = field(default_factory=OrderedDict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def look(
        self,
        key: Hashable,
        work: Callable[[Tick], T],
        *,
        now: int,
        basis: object = None,
        fresh: int = FRESH,
        patience: float = 0.0,
    ) -> Looked[T]:
        """What is known of the analysis called `key`; begins it where it is not fresh, and waits
        for it until `patience` seconds after it began, so that what is quick is there at once. What
        nobody waits for begins when whoever asked was answered, about.

        A result is fresh for `fresh` ms, and only while `basis` (the definitions, say) is the same
        object. What failed is tried again once it is no longer fresh. Raises `BusyError` where too
        many wait.
        """
        with self._guard:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            is_fresh = entry.as_of is not None and now - entry.as_of < fresh
            if not entry.doing and not (is_fresh and entry.basis is basis):
                self._begin(key, entry, partial(self._work, entry, work, now, basis, patience))
            left = entry.began + patience - time.perf_counter() if entry.doing else 0.0
        if left > 0:
            entry.done.wait(left)
        with self._guard:
            seconds = time.perf_counter() - entry.began if entry.doing else 0.0
            result = cast("T | None", entry.result)
            return Looked(result, entry.as_of, entry.doing, seconds, entry.trouble)

    def _begin(self, key: Hashable, entry: _Entry, work: Callable[[], None]) -> None:
        if sum(bool(one.doing) for one in self._entries.values()) >= WAITING:
            raise BusyError("Too many analyses wait", retry_after=15, hint="look again in a while")
        entry.doing, entry.began = "waiting for its turn", time.perf_counter()
        entry.done.clear()
        for old in [one for one, kept in self._entries.items() if not kept.doing][:-KEPT]:
            del self._entries[old]
        threading.Thread(target=work, name=f"studio {key}", daemon=True).start()

    def _work(
        self,
        entry: _Entry,
        work: Callable[[Tick], T],
        now: int,
        basis: object,
        patience: float,
    ) -> None:
        def tick(words: str) -> None:
            entry.doing = words or entry.doing

        result, trouble = entry.result, None
        if not patience:
            time.sleep(ANSWERED)
        try:
            with self.alone:
                tick("reading what people did")
                result = work(tick)
        except SegueError as error:
            result, trouble = None, error
        except Exception:  # noqa: BLE001 - whoever waits has to hear of it, whatever it is
            _LOG.exception("an analysis of the studio failed")
            hint = "the server's log says why"
            result, trouble = None, SegueError("This could not be worked out", hint=hint)
        with self._guard:
            entry.result, entry.trouble, entry.basis, entry.as_of = result, trouble, basis, now
            entry.doing = ""
            entry.done.set()
