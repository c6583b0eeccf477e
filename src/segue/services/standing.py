"""Where everybody stands, asked again and again of one reading of the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segue.language.tree import Definitions
from segue.services.view import Store
from segue.timeline.evaluate import now, requests_of
from segue.timeline.log import Log
from segue.timeline.outlook import Outlook


@dataclass(frozen=True, slots=True)
class Standing:
    """A log read into arrays: `person_ids[i]` is the person with index i in every answer."""

    definitions: Definitions
    person_ids: Sequence[str]
    log: Log

    def at(self, instant: int) -> dict[str, Outlook]:
        """Who is in each segment at the instant, and until when if nothing more happens."""
        return now(self.definitions, self.log, instant)


def stand(store: Store, definitions: Definitions, until: int) -> Standing:
    """Read what the segments need of the log cut at `until`; ask at any instant up to then."""
    read = store.read(requests_of(definitions), at=until, not_activity=definitions.not_activity)
    return Standing(definitions, read.person_ids, read.log)
