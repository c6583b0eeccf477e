"""Some of the people, drawn by chance, with all their events: for what one machine compares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pyarrow as pa

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

EVENTS: Final = 10_000_000
"""Events that they have together at most, about."""
_PIECE: Final = 500_000
"""Events that come to this process at a time, about."""
_GRAINS: Final = 1_000_000
_COLUMNS: Final = ("distinct_id", "event", "event_id", "sequence", "properties")


@dataclass(frozen=True)
class Drawn:
    """People drawn by a hash of their ids, so that the same are drawn every time: `taken` of `of`,
    who have so many `events`."""

    taken: int
    of: int
    events: int
    log: DataFrame = field(repr=False)

    def tables(self) -> Iterator[pa.Table]:
        """Their events, whole people at a time: columns `distinct_id`, `event`, `occurred_at`
        (timestamp in ms, UTC), `event_id`, `sequence`, `properties`."""
        from pyspark.sql import functions as f

        pieces = -(-self.events // _PIECE)
        for piece in range(pieces):
            mine = self.log.where(f.pmod(f.hash("person_id"), f.lit(pieces)) == piece)
            found = mine.select(*_COLUMNS, "occurred_at").toArrow()
            instants = found["occurred_at"].cast(pa.timestamp("ms", "UTC"))
            place = found.schema.get_field_index("occurred_at")
            yield found.set_column(place, "occurred_at", instants)


def drawn(log: DataFrame, people: int) -> Drawn:
    """At most about so many people of a log with the columns `tables.LOG`, and of `EVENTS` events;
    everybody where they are no more."""
    from pyspark.sql import functions as f

    everybody, events = _sizes(log)
    share = min(1.0, people / max(everybody, 1), EVENTS / max(events, 1))
    if share == 1.0:
        return Drawn(everybody, everybody, events, log)
    grain = f.pmod(f.xxhash64("person_id"), f.lit(_GRAINS))
    some = log.where(grain < round(share * _GRAINS)).persist()
    taken, events = _sizes(some)
    return Drawn(taken, everybody, events, some)


def _sizes(log: DataFrame) -> tuple[int, int]:
    from pyspark.sql import functions as f

    row = log.agg(f.count_distinct("person_id"), f.count("*")).collect()[0]
    return int(row[0]), int(row[1])
