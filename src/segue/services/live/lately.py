"""What people did last, of many at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from segue.domain.ports import StoredEvent
from segue.language.activity import NEVER_ACTIVITY
from segue.services.live.reading import ReadingStore


def last_done(
    store: ReadingStore, person_ids: Sequence[str], not_activity: Collection[str]
) -> dict[str, StoredEvent]:
    """The latest thing that each of the people did, by person id; who never did anything is not
    there."""
    owner = {one: person for person in person_ids for one in store.distinct_ids(person)}
    with store.browsing() as browser:
        events = browser.last_of(list(owner), [*NEVER_ACTIVITY, *not_activity])
    events.sort(key=lambda one: (one.occurred_at, one.event_id))
    return {owner[one.distinct_id]: one for one in events}
