"""Leaving nothing of a person behind."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

import duckdb

from segue.adapters.duckdb_store import acting_tables
from segue.adapters.extract import ANONYMOUS_ID, LINK_EVENTS, TRAIT_EVENTS

_THEIRS: Final = f"""
    who IN (SELECT code FROM distinct_ids WHERE distinct_id IN (SELECT unnest($ids::VARCHAR[])))
    OR (
        name IN (SELECT code FROM names WHERE name IN {LINK_EVENTS!r})
        AND (
            variant_extract(properties, '{ANONYMOUS_ID}')::VARCHAR IN
                (SELECT unnest($ids::VARCHAR[]))
            OR variant_extract(properties, 'alias')::VARCHAR IN (SELECT unnest($ids::VARCHAR[]))
        )
    )
"""
"""Their events, and events of others that tried to link one of their ids."""
_LEFT: Final = f"""
    SELECT code FROM distinct_ids
    WHERE code IN (SELECT unnest($whos::INTEGER[])) AND code NOT IN (SELECT who FROM events)
    AND NOT EXISTS (
        SELECT 1 FROM events
        WHERE name IN (SELECT code FROM names WHERE name IN {LINK_EVENTS!r})
        AND distinct_id IN (
            variant_extract(properties, '{ANONYMOUS_ID}')::VARCHAR,
            variant_extract(properties, 'alias')::VARCHAR
        )
    )
"""
_HASHED: Final = """
    INSERT INTO erased_ids
    SELECT DISTINCT sha256(distinct_id) FROM (SELECT unnest($ids::VARCHAR[]) AS distinct_id)
    WHERE EXISTS (SELECT 1 FROM adopted_runs)
"""
"""Hashes of their ids, where later runs may have them again."""
_UNUSED: Final = "code NOT IN (SELECT name FROM events)"


_REJECTED: Final = """
    EXISTS (
        SELECT 1 FROM unnest($texts::VARCHAR[]) AS texts(text)
        WHERE contains(concat_ws(' ', excerpt, reason, message_id), text)
    )
"""
"""Rejected events in which one of their ids stands: too many rather than too few."""
_UNNAMED: Final = "person IN (SELECT code FROM former_ids WHERE distinct_id = '')"


def former_ids(db: duckdb.DuckDBPyConnection, person_id: str) -> tuple[str, ...]:
    """The id itself, where it has no event left, but was published about; else nothing."""
    query = (
        "SELECT DISTINCT distinct_id FROM former_ids WHERE distinct_id = ? AND distinct_id <> ''"
    )
    return tuple(text for (text,) in db.execute(query, [person_id]).fetchall())


def delete(db: duckdb.DuckDBPyConnection, distinct_ids: Sequence[str]) -> int:
    """Delete a person by all their distinct ids, in one commit; how many events that were.

    Event names that nobody else did go too, and every threshold, because they counted the person
    (so that everybody is to be evaluated anew);
    what was published about them, their deliveries, and the rejected events that name them. Of
    their addresses on the suppression list only hashes stay; so do hashes of their ids where
    memberships come from runs, which may have them again.
    """
    ids = {"ids": list(distinct_ids)}
    db.begin()
    acting_tables.hide(db, _addresses(db, distinct_ids))
    ((before,),) = db.execute("SELECT count(*) FROM events").fetchall()
    whose = set(db.execute(f"DELETE FROM events WHERE {_THEIRS} RETURNING who", ids).fetchall())
    _forget_ids(db, distinct_ids)
    db.execute(_HASHED, ids)
    _leave_out(db, [who for (who,) in whose])
    db.execute(f"DELETE FROM names WHERE {_UNUSED}")
    db.execute("DELETE FROM thresholds")
    db.execute("DELETE FROM segue_meta WHERE key = 'evaluated_by'")
    db.execute(f"DELETE FROM rejected_events WHERE {_REJECTED}", {"texts": _written(distinct_ids)})
    ((after,),) = db.execute("SELECT count(*) FROM events").fetchall()
    db.commit()
    return int(before - after)


def _addresses(db: duckdb.DuckDBPyConnection, distinct_ids: Sequence[str]) -> set[str]:
    """What may be an address of theirs: their ids, and every text among their traits."""
    rows = db.execute(
        "SELECT properties::JSON::VARCHAR FROM events"
        " WHERE who IN (SELECT code FROM distinct_ids"
        " WHERE distinct_id IN (SELECT unnest($ids::VARCHAR[])))"
        f" AND name IN (SELECT code FROM names WHERE name IN {TRAIT_EVENTS!r})",
        {"ids": list(distinct_ids)},
    ).fetchall()
    written = (value for (text,) in rows for value in json.loads(text).values())
    return {*distinct_ids, *(value for value in written if isinstance(value, str))}


def _leave_out(db: duckdb.DuckDBPyConnection, whos: Sequence[int]) -> None:
    """Take out those of these distinct ids that have neither an event nor a link left: all that
    they did was to try to link one of the person's."""
    rows = db.execute(_LEFT, {"whos": list(whos)}).fetchall()
    codes = {"codes": [code for (code,) in rows]}
    theirs = "code IN (SELECT unnest($codes::INTEGER[]))"
    db.execute(f"INSERT INTO former_ids SELECT * FROM distinct_ids WHERE {theirs}", codes)
    db.execute(f"DELETE FROM distinct_ids WHERE {theirs}", codes)


def _forget_ids(db: duckdb.DuckDBPyConnection, distinct_ids: Sequence[str]) -> None:
    """Delete distinct ids and the transitions about them; their codes stay taken."""
    rows = db.execute(
        "SELECT code FROM texts_of_ids WHERE distinct_id IN (SELECT unnest(?::VARCHAR[]))",
        [list(distinct_ids)],
    ).fetchall()
    codes = {"codes": [code for (code,) in rows]}
    theirs = "IN (SELECT unnest($codes::INTEGER[]))"
    db.execute(
        "DELETE FROM dead_letters WHERE transition IN"
        f" (SELECT id FROM transitions WHERE person {theirs})",
        codes,
    )
    db.execute(f"DELETE FROM transitions WHERE person {theirs}", codes)
    db.execute(f"DELETE FROM deliveries WHERE person {theirs}", codes)
    db.execute(f"DELETE FROM adopted_spans WHERE person {theirs}", codes)
    db.execute(f"DELETE FROM distinct_ids WHERE code {theirs}", codes)
    db.execute(f"DELETE FROM former_ids WHERE code {theirs}", codes)
    db.execute("INSERT INTO former_ids SELECT unnest($codes::INTEGER[]), ''", codes)


def count(db: duckdb.DuckDBPyConnection, distinct_ids: Sequence[str]) -> int:
    """How often any of the distinct ids, or anything published about nobody, is still found."""
    found = db.execute(
        f"""
        SELECT (SELECT count(*) FROM events WHERE {_THEIRS})
            + (SELECT count(*) FROM texts_of_ids WHERE distinct_id IN
                (SELECT unnest($ids::VARCHAR[])))
            + (SELECT count(*) FROM transitions WHERE {_UNNAMED})
            + (SELECT count(*) FROM deliveries WHERE {_UNNAMED} OR person_id IN
                (SELECT unnest($ids::VARCHAR[])))
            + (SELECT count(*) FROM adopted_spans WHERE {_UNNAMED})
            + (SELECT count(*) FROM suppressions WHERE address IN
                (SELECT lower(unnest($ids::VARCHAR[]))))
            + (SELECT count(*) FROM dead_letters WHERE transition NOT IN
                (SELECT id FROM transitions))
            + (SELECT count(*) FROM rejected_events WHERE {_REJECTED})
        """,
        {"ids": list(distinct_ids), "texts": _written(distinct_ids)},
    ).fetchall()
    return int(found[0][0])


def _written(distinct_ids: Sequence[str]) -> list[str]:
    """The ids as they may stand in what was sent: as they are, and as JSON writes them."""
    forms = {
        text
        for one in distinct_ids
        for text in (one, json.dumps(one)[1:-1], json.dumps(one, ensure_ascii=False)[1:-1])
    }
    return sorted(forms)
