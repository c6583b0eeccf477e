"""What the log knows of names, kept for some seconds: counting them reads every event."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

from segue.domain.instant import SECOND
from segue.domain.ports import EventSummary
from segue.language.check import Catalog
from segue.services.view import Store

KEPT: Final = 30 * SECOND
"""How old an answer may be."""


@dataclass(frozen=True, slots=True)
class Names:
    """Event names with their counts, most frequent first, and trait names, sorted; as of (ms)."""

    as_of: int
    events: tuple[EventSummary, ...]
    traits: tuple[str, ...]

    @property
    def catalog(self) -> Catalog:
        """The same as definitions are checked against."""
        return Catalog(
            events=tuple(one.event for one in self.events),
            properties={one.event: one.properties for one in self.events},
            traits=self.traits,
        )


class Catalogue:
    """Counts names at most every so often. Threads may share it: one counts, the others wait."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._counting = threading.Lock()
        self._names: Names | None = None

    def names(self, now: int) -> Names:
        """The names, as of now or some seconds ago."""
        with self._counting:
            if self._names is None or not 0 <= now - self._names.as_of < KEPT:
                events, traits = self._store.summaries(), self._store.trait_names()
                self._names = Names(now, tuple(events), tuple(traits))
            return self._names
