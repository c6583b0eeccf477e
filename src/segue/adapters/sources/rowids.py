"""Event ids of rows that have none: equal for equal imports, different for equal rows.

The id is a hash of what the row says, and of how many equal rows stand before it in the same
import. So rows that are equal all count, the same file imported twice adds nothing, and it does not
matter in how large pieces a file is read.
"""

from __future__ import annotations

from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segue.adapters.hashset import HashSet, repeated

HASHED: Final = """
    left(sha256(concat_ws(chr(31), strlen(distinct_id), distinct_id, strlen(event), event,
        occurred_at, coalesce(sequence::VARCHAR, ''), properties)), 32)
"""
"""What a row says, as the text of 32 hexadecimal digits."""
_HASHES: Final = f"SELECT {HASHED} AS id, hash(id) AS hash FROM segue_rows"


def numbered(row_id: str, before: int) -> str:
    """The id of a row with `before` equal ones before it."""
    return f"{row_id}-{before}" if before else row_id


class RowIds:
    """Gives ids, over all batches of one import."""

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db
        self._seen = HashSet(np.empty(0, np.uint64))
        self._counts: dict[str, int] = {}

    def complete(self, events: pa.Table) -> pa.Table:
        """The events with an id in every row."""
        column = events.schema.get_field_index("event_id")
        ids = events["event_id"]
        if ids.null_count == 0:
            return events
        lacking = pc.is_null(ids)
        given = self._ids(events.filter(lacking))
        filled = pc.replace_with_mask(ids.combine_chunks(), lacking.combine_chunks(), given)
        return events.set_column(column, "event_id", filled)

    def _ids(self, rows: pa.Table) -> pa.Array:
        self._db.register("segue_rows", rows)
        try:
            found = self._db.sql(_HASHES).to_arrow_table()
        finally:
            self._db.unregister("segue_rows")
        ids, hashes = found["id"].combine_chunks(), found["hash"].to_numpy()
        seen = self._seen.contains(hashes)
        places = np.flatnonzero(seen | repeated(hashes))
        self._seen.add(hashes)
        if len(places) == 0:
            return ids
        equal = np.zeros(len(ids), np.bool_)
        equal[places] = True
        rows = zip(ids.filter(equal).to_pylist(), seen[places].tolist(), strict=True)
        numbered = pa.array([self._numbered(row_id, before) for row_id, before in rows])
        return pc.replace_with_mask(ids, equal, numbered)

    def _numbered(self, row_id: str, seen: bool) -> str:
        """The id of a row that has equals, by how many of them stand before it."""
        before = self._counts.get(row_id, int(seen))
        self._counts[row_id] = before + 1
        return numbered(row_id, before)
