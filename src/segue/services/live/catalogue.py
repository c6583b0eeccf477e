"""What the log knows of names, kept for a while: counting them reads every event."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from segue.domain.instant import SECOND
from segue.domain.ports import EventSummary
from segue.language.check import Catalog
from segue.services.view import Store

KEPT: Final = 30 * SECOND
"""How old an answer may be before names are counted anew, at least."""
RESTED: Final = 20
"""How many times as long as a count took it is kept, at least: counting costs no more than a
twentieth of the time."""
GROWN: Final = 1.05
"""How many times as large as when it was counted a log may be until names are counted anew."""
PATIENCE: Final = 0.3
"""Seconds that an answer waits for a count."""
_LOG: Final = logging.getLogger("segue.catalogue")


@dataclass(frozen=True, slots=True)
class Names:
    """Event names with their counts, most frequent first, and trait names, sorted; as of (ms).

    `counting`: they are being counted anew; of a log that never was, nothing is known yet."""

    as_of: int
    events: tuple[EventSummary, ...]
    traits: tuple[str, ...]
    counting: bool = False

    @property
    def catalog(self) -> Catalog:
        """The same as definitions are checked against."""
        return Catalog(
            events=tuple(one.event for one in self.events),
            properties={one.event: one.properties for one in self.events},
            traits=self.traits,
        )


class Catalogue:
    """Counts names in the background, at most every so often, and answers with what is known.
    Threads may share it. `size` tells about how many events the store has."""

    def __init__(self, store: Store, size: Callable[[], int] = lambda: 0) -> None:
        self._store, self._size = store, size
        self._counted = 0
        self._guard = threading.Lock()
        self._names: Names | None = None
        self._kept = KEPT
        self._counting: threading.Event | None = None

    def names(self, now: int, *, patience: float | None = PATIENCE) -> Names:
        """The names, as of now or some time ago; waits for a count that is under way, but not for
        more than `patience` seconds (None: as long as it takes)."""
        with self._guard:
            fresh = self._names is not None and 0 <= now - self._names.as_of < self._kept
            fresh = fresh and self._size() <= GROWN * self._counted
            if not fresh and self._counting is None:
                self._counting = threading.Event()
                threading.Thread(
                    target=self._count, args=(now, self._counting), name="names", daemon=True
                ).start()
            counting = self._counting
        if counting is not None and not fresh:
            counting.wait(patience)
        with self._guard:
            known = self._names or Names(now, (), ())
            return replace(known, counting=self._counting is not None)

    def _count(self, now: int, done: threading.Event) -> None:
        began, size = time.perf_counter(), self._size()
        try:
            events, traits = self._store.summaries(), self._store.trait_names()
            names: Names | None = Names(now, tuple(events), tuple(traits))
        except Exception:  # noqa: BLE001 - whoever asks has what was known before
            _LOG.warning("names could not be counted", exc_info=True)
            names = None
        took = time.perf_counter() - began
        with self._guard:
            self._names, self._counted = names or self._names, size
            self._kept = max(KEPT, round(RESTED * took * SECOND))
            self._counting = None
        done.set()
