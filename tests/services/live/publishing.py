"""Transitions in a real store, published without a live loop."""

import pyarrow as pa

from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.live import CAUSES, Cause
from segue.services.live.publishing import TRANSITIONS
from tests.adapters.stores import event, table


class Published:
    """A store with people and one segment, in which transitions are published by name."""

    def __init__(self, store: DuckDBStore, people) -> None:
        self.store, self._wake = store, lambda: None
        with store.turn() as turn:
            turn.append(table(*(event(person, "came", 1_000) for person in people)), received_at=0)
            self._segments = {
                name: turn.define(name, name, since=0).code for name in ("dormant", "keen")
            }

    def tell(self, wake) -> None:
        """Call this after each publication."""
        self._wake = wake

    def publish(self, *people, segment="dormant", known_at=2_000, **columns) -> list[int]:
        """Publish that people entered a segment; the ids of the transitions."""
        return self.publish_rows(
            [self.row(p, segment=segment, **columns) for p in people], known_at
        )

    def publish_rows(self, rows, known_at=2_000) -> list[int]:
        with self.store.turn() as turn:
            first = turn.publish(pa.Table.from_pylist(rows, schema=TRANSITIONS), known_at=known_at)
        self._wake()
        return list(range(first, first + len(rows)))

    def row(self, person, *, segment="dormant", cause=Cause.EVENT, live=True, **columns):
        return {
            "segment": self._segments[segment],
            "person": self.store.person_code(person),
            "entered": True,
            "retracted": False,
            "corrected": False,
            "live": live,
            "cause": CAUSES.index(cause),
            "at": 1_500,
            "ref": None,
        } | columns
