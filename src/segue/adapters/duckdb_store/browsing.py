"""Looking around in one moment of a store: a `Browser`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import duckdb
import pyarrow as pa

from segue.domain.browsing import Beat, EventCount, Lately, Mark, Since
from segue.domain.ports import StoredEvent

_THEIRS: Final = """
    who IN (
        SELECT code FROM distinct_ids WHERE distinct_id IN (SELECT unnest($ids::VARCHAR[]))
    )
"""
_EVENTS: Final = """
    SELECT event_id, distinct_id, names.name, occurred_at, received_at, sequence,
        properties::JSON::VARCHAR
    FROM events
    JOIN names ON names.code = events.name
    JOIN distinct_ids ON distinct_ids.code = events.who
"""
_BEFORE: Final = """
    AND (
        occurred_at < $at OR (occurred_at = $at AND (
            coalesce(sequence < $sequence::BIGINT, sequence IS NULL AND $sequence IS NOT NULL)
            OR (sequence IS NOT DISTINCT FROM $sequence::BIGINT AND event_id < $event_id)
        ))
    )
"""
"""Before a place in event order: by instant, then sequence (none first), then event id."""
_NAMED: Final = """
    AND name IN (SELECT code FROM names WHERE name IN (SELECT unnest($events::VARCHAR[])))
"""
_NEWEST_FIRST: Final = "ORDER BY occurred_at DESC, sequence DESC NULLS LAST, event_id DESC"
_IN_ORDER: Final = "ORDER BY occurred_at, sequence NULLS FIRST, event_id"


class Browser:
    """Reads within the transaction of its connection."""

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db

    def ids_starting(self, beginning: str, most: int) -> list[str]:
        """See the port."""
        rows = self._db.execute(
            "SELECT distinct_id FROM distinct_ids WHERE starts_with(distinct_id, $beginning)"
            " ORDER BY distinct_id LIMIT $most",
            {"beginning": beginning, "most": most},
        ).fetchall()
        return [distinct_id for (distinct_id,) in rows]

    def ids_writing(self, events: Collection[str], key: str, value: str, most: int) -> list[str]:
        """See the port."""
        rows = self._db.execute(
            "SELECT DISTINCT distinct_id FROM events"
            " JOIN distinct_ids ON distinct_ids.code = events.who"
            " WHERE name IN (SELECT code FROM names WHERE name IN (SELECT unnest($e::VARCHAR[])))"
            " AND try_cast(variant_extract(properties, $key) AS VARCHAR) = $value"
            " ORDER BY distinct_id LIMIT $most",
            {"e": list(events), "key": key, "value": value, "most": most},
        ).fetchall()
        return [distinct_id for (distinct_id,) in rows]

    def counts(self, distinct_ids: Collection[str]) -> list[EventCount]:
        """See the port."""
        rows = self._db.execute(
            "SELECT names.name, count(*), min(occurred_at), max(occurred_at) FROM events"
            f" JOIN names ON names.code = events.name WHERE {_THEIRS}"
            " GROUP BY names.name ORDER BY count(*) DESC, names.name",
            {"ids": list(distinct_ids)},
        ).fetchall()
        return [EventCount(*row) for row in rows]

    def beats(self, distinct_ids: Collection[str], since: int, until: int, step: int) -> list[Beat]:
        """See the port."""
        rows = self._db.execute(
            "SELECT names.name, (occurred_at - $since) // $step AS step, count(*),"
            " min(occurred_at), max(occurred_at) FROM events"
            f" JOIN names ON names.code = events.name WHERE {_THEIRS}"
            " AND occurred_at >= $since AND occurred_at < $until GROUP BY ALL ORDER BY ALL",
            {"ids": list(distinct_ids), "since": since, "until": until, "step": step},
        ).fetchall()
        return [Beat(*row) for row in rows]

    def lately(self, since: int, leaving_out: Collection[str], most: int) -> list[Lately]:
        """See the port."""
        rows = self._db.execute(
            "SELECT distinct_id, last_at FROM"
            " (SELECT who, max(occurred_at) AS last_at FROM events WHERE ref >= $since"
            " AND name NOT IN (SELECT code FROM names WHERE name IN (SELECT unnest($e::VARCHAR[])))"
            " GROUP BY who ORDER BY last_at DESC, who LIMIT $most)"
            " JOIN distinct_ids ON distinct_ids.code = who ORDER BY last_at DESC, distinct_id",
            {"since": since, "e": list(leaving_out), "most": most},
        ).fetchall()
        return [Lately(*row) for row in rows]

    def newest(
        self,
        distinct_ids: Collection[str],
        most: int,
        *,
        before: Mark | None = None,
        named: Collection[str] = (),
    ) -> list[StoredEvent]:
        """See the port."""
        values: dict[str, object] = {"ids": list(distinct_ids), "most": most}
        if before is not None:
            values |= {"at": before.occurred_at, "event_id": before.event_id}
            values["sequence"] = before.sequence
        upto = "" if before is None else _BEFORE
        if named:
            upto += _NAMED
            values["events"] = list(named)
        # First which they are: properties are read of those only.
        which = f"SELECT ref FROM events WHERE {_THEIRS} {upto} {_NEWEST_FIRST} LIMIT $most"
        refs = self._db.execute(which, values).fetchall()
        return self._by_ref([ref for (ref,) in refs], _NEWEST_FIRST)

    def arrived(
        self, within: int, most: int, *, names: Collection[str] = (), ids: Collection[str] = ()
    ) -> list[StoredEvent]:
        """See the port."""
        ((last,),) = self._db.execute("SELECT coalesce(max(ref), 0) FROM events").fetchall()
        values: dict[str, object] = {"after": last - within, "most": most}
        which = ""
        if names:
            which += " AND name IN (SELECT code FROM names WHERE name IN (SELECT unnest($names)))"
            values["names"] = list(names)
        if ids:
            which += f" AND {_THEIRS}"
            values["ids"] = list(ids)
        refs = self._db.execute(
            f"SELECT ref FROM events WHERE ref > $after {which} ORDER BY ref DESC LIMIT $most",
            values,
        ).fetchall()
        return self._by_ref([ref for (ref,) in refs])

    def _by_ref(self, refs: Collection[int], order: str = "ORDER BY ref DESC") -> list[StoredEvent]:
        """These events, the last stored first. Few texts are looked up; joining would read all."""
        rows = self._db.execute(
            "SELECT event_id, who, name, occurred_at, received_at, sequence,"
            " properties::JSON::VARCHAR FROM events WHERE ref IN (SELECT unnest($refs::BIGINT[]))"
            f" {order}",
            {"refs": list(refs)},
        ).fetchall()
        who = self._texts("distinct_ids", "distinct_id", {row[1] for row in rows})
        names = self._texts("names", "name", {row[2] for row in rows})
        return [StoredEvent(row[0], who[row[1]], names[row[2]], *row[3:]) for row in rows]

    def _texts(self, table: str, column: str, codes: Collection[int]) -> dict[int, str]:
        query = f"SELECT code, {column} FROM {table} WHERE code IN (SELECT unnest(?::INT[]))"
        return dict(self._db.execute(query, [list(codes)]).fetchall())

    def last_of(
        self, distinct_ids: Collection[str], leaving_out: Collection[str]
    ) -> list[StoredEvent]:
        """See the port."""
        rows = self._db.execute(
            f"{_EVENTS} WHERE {_THEIRS} AND names.name NOT IN (SELECT unnest($out::VARCHAR[]))"
            " AND len(list_filter($starts::VARCHAR[], lambda x: starts_with(names.name, x))) = 0"
            " QUALIFY row_number() OVER (PARTITION BY events.who ORDER BY occurred_at DESC,"
            " sequence DESC NULLS LAST, event_id DESC) = 1",
            {
                "ids": list(distinct_ids),
                "out": list(leaving_out),
                "starts": [one[:-1] for one in leaving_out if one.endswith("*")],
            },
        ).fetchall()
        return [StoredEvent(*row) for row in rows]

    def event_names(self) -> list[str]:
        """See the port."""
        rows = self._db.execute("SELECT name FROM names ORDER BY name").fetchall()
        return [name for (name,) in rows]

    def since(self, instant: int) -> Since:
        """See the port."""
        ((events, transitions),) = self._db.execute(
            "SELECT (SELECT count(*) FROM events WHERE received_at >= $at),"
            " (SELECT count(*) FROM transitions WHERE known_at >= $at)",
            {"at": instant},
        ).fetchall()
        return Since(events, transitions)

    def named(self, distinct_ids: Collection[str], events: Collection[str]) -> list[StoredEvent]:
        """See the port."""
        rows = self._db.execute(
            f"{_EVENTS} WHERE {_THEIRS}"
            f" AND names.name IN (SELECT unnest($events::VARCHAR[])) {_IN_ORDER}",
            {"ids": list(distinct_ids), "events": list(events)},
        ).fetchall()
        return [StoredEvent(*row) for row in rows]

    def every_event(self, rows: int) -> Iterator[pa.RecordBatch]:
        """See the port."""
        yield from self._db.sql(
            "SELECT distinct_id AS person_id, names.name AS event, occurred_at, event_id, sequence,"
            " properties::JSON::VARCHAR AS properties FROM events"
            " JOIN names ON names.code = events.name"
            " JOIN distinct_ids ON distinct_ids.code = events.who ORDER BY ref"
        ).to_arrow_reader(rows)
