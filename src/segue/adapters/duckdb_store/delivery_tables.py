"""Deliveries, suppressed addresses and switches in the store: see `ActingStore`.

Everything here runs inside a transaction of whoever calls. Deliveries stand about as they were
made, by `known_at`: a statement about a batch names the range that its rows were known in, so that
the rest of the table is not read.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

import duckdb
import pyarrow as pa

from segue.adapters.duckdb_store.tables import registered
from segue.adapters.statements import parsed
from segue.domain.acting import Contact, Count, Past
from segue.domain.campaigns import Because, Channel, Delivery, Occasion, State
from segue.timeline.log import Int32s

_NAMES: Final = tuple(one.name for one in fields(Delivery))
_FIXED: Final = frozenset(
    {"id", "campaign_id", "person", "person_id", "occasion", "occasion_key", "known_at"}
)
"""What never changes of a delivery."""
_KINDS: Final[Mapping[str, pa.DataType]] = {
    **dict.fromkeys(_NAMES, pa.int64()),
    **dict.fromkeys(
        ("id", "campaign_id", "fingerprint", "person_id", "channel", "variant", "occasion"),
        pa.string(),
    ),
    **dict.fromkeys(("state", "because", "detail", "tags", "segments"), pa.string()),
    **dict.fromkeys(("transactional", "approved"), pa.bool_()),
    **dict.fromkeys(("person", "attempts"), pa.int32()),
}
_LISTS: Final = frozenset({"tags", "segments"})
_COLUMNS: Final = ", ".join(_NAMES)
_INSERT: Final = f"INSERT INTO deliveries BY NAME SELECT {_COLUMNS} FROM segue_deliveries"
_UPDATE: Final = f"""
    UPDATE deliveries
    SET {", ".join(f"{name} = changed.{name}" for name in _NAMES if name not in _FIXED)}
    FROM segue_deliveries AS changed
    WHERE deliveries.id = changed.id AND deliveries.known_at BETWEEN $first AND $last
"""
_WAITING: Final = "state IN ('due', 'sending') AND approved IS NOT FALSE"
_STANDING: Final = "state NOT IN ('refused', 'failed')"
_THEIRS: Final = "person IN (SELECT unnest($people::INTEGER[]))"
_CONTACTS: Final = f"""
    SELECT person, campaign_id, channel, tags,
        CASE WHEN channel = 'in_app' THEN shown_at ELSE handed_at END AS "at", transactional
    FROM deliveries
    WHERE {_THEIRS} AND state IN ('due', 'sending', 'delivered', 'shown', 'clicked', 'converted')
    AND CASE WHEN channel = 'in_app' THEN shown_at ELSE handed_at END > $since
"""
_PAST: Final = f"""
    SELECT person, campaign_id, state, due_at FROM deliveries
    WHERE {_THEIRS} AND {_STANDING} AND campaign_id IN (SELECT unnest($campaigns::VARCHAR[]))
"""


# -------------------------------------------------------------------------------------- writing


def table_of(deliveries: Sequence[Delivery]) -> pa.Table:
    """Deliveries as columns."""
    columns: dict[str, pa.Array] = {}
    for name in _NAMES:
        values = [getattr(one, name) for one in deliveries]
        if name in _LISTS:
            values = [json.dumps(value) if value else "[]" for value in values]
        columns[name] = pa.array(values, _KINDS[name])
    return pa.table(columns)


def those_known(db: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> set[str]:
    """Which of these deliveries there are."""
    query = "SELECT id FROM deliveries WHERE id IN (SELECT unnest(?::VARCHAR[]))"
    return {text for (text,) in db.execute(query, [list(ids)]).fetchall()}


def insert(db: duckdb.DuckDBPyConnection, rows: pa.Table) -> None:
    """Add deliveries that are not there."""
    with registered(db, "segue_deliveries", rows):
        db.execute(parsed(_INSERT))


def update(db: duckdb.DuckDBPyConnection, changed: Sequence[Delivery]) -> None:
    """Put deliveries in place of those with their ids."""
    known = [one.known_at for one in changed]
    with registered(db, "segue_deliveries", table_of(changed)):
        db.execute(parsed(_UPDATE), {"first": min(known), "last": max(known)})


def move(db: duckdb.DuckDBPyConnection, cursors: Mapping[str, int | None]) -> None:
    """Move cursors (columns of `acting_progress`); None stays."""
    moved = {name: value for name, value in cursors.items() if value is not None}
    if moved:
        columns = ", ".join(f'"{name}" = ${name}' for name in moved)
        db.execute(parsed(f"UPDATE acting_progress SET {columns}"), moved)


# -------------------------------------------------------------------------------------- reading


def progress(db: duckdb.DuckDBPyConnection) -> tuple[int, int, int]:
    """The last transition, fact and goal that were looked at."""
    transition, fact, goal = db.execute(
        'SELECT "transition", fact, goal FROM acting_progress'
    ).fetchall()[0]
    return transition, fact, goal


def due(
    db: duckdb.DuckDBPyConnection,
    now: int,
    limit: int,
    channels: Collection[Channel] | None = None,
) -> list[Delivery]:
    """See `ActingStore.due_deliveries`."""
    where = f"{_WAITING} AND not_before <= $now AND {_over(channels)}"
    values = {"now": now, "limit": limit}
    return _read(db, f"{where} ORDER BY not_before, id LIMIT $limit", values)


def next_at(
    db: duckdb.DuckDBPyConnection, channels: Collection[Channel] | None = None
) -> int | None:
    """See `ActingStore.next_delivery_at`."""
    ((found,),) = db.execute(
        f"SELECT min(not_before) FROM deliveries WHERE {_WAITING} AND {_over(channels)}"
    ).fetchall()
    return None if found is None else int(found)


def _over(channels: Collection[Channel] | None) -> str:
    """The condition that a delivery goes over one of the channels."""
    if channels is None:
        return "true"
    return f"channel IN ({', '.join(repr(one.value) for one in channels)})" if channels else "false"


def by_id(db: duckdb.DuckDBPyConnection, ids: Collection[str]) -> list[Delivery]:
    """See `ActingStore.deliveries_by_id`."""
    return _read(db, "id IN (SELECT unnest(?::VARCHAR[]))", [list(ids)])


def theirs(db: duckdb.DuckDBPyConnection, people: Collection[int]) -> list[Delivery]:
    """All deliveries to a few people, by (known_at, id): numbers in the text, and no more than
    that, are planned in a third of the time."""
    rows = _read(db, f"person IN ({', '.join(map(str, people))})")
    return sorted(rows, key=lambda one: (one.known_at, one.id.encode()))


def offers(db: duckdb.DuckDBPyConnection, people: Collection[int]) -> list[Delivery]:
    """See `ActingStore.offers`."""
    return _read(
        db,
        f"{_THEIRS} AND channel = 'in_app'"
        " AND (state = 'offered' OR (state = 'held_out' AND shown_at IS NULL))"
        " ORDER BY known_at, id",
        {"people": list(people)},
    )


def contacts(db: duckdb.DuckDBPyConnection, people: Collection[int], since: int) -> list[Contact]:
    """See `ActingStore.contacts`."""
    values = {"since": since, "people": list(people)}
    rows = db.execute(parsed(_CONTACTS), values).fetchall()
    return [
        Contact(person, campaign_id, Channel(channel), tuple(json.loads(tags)), at, transactional)
        for person, campaign_id, channel, tags, at, transactional in rows
    ]


def past(
    db: duckdb.DuckDBPyConnection, campaigns: Collection[str], people: Collection[int]
) -> list[Past]:
    """See `ActingStore.past`."""
    values = {"people": list(people), "campaigns": list(campaigns)}
    rows = db.execute(parsed(_PAST), values).fetchall()
    return [Past(person, campaign, State(state), due) for person, campaign, state, due in rows]


def people(db: duckdb.DuckDBPyConnection) -> Int32s:
    """The codes of everybody who has a delivery."""
    found: Int32s = db.execute("SELECT DISTINCT person FROM deliveries").fetchnumpy()["person"]
    return found


def unconverted(
    db: duckdb.DuckDBPyConnection, people: Collection[int], since: int
) -> list[Delivery]:
    """See `ActingStore.unconverted`."""
    where = f"{_THEIRS} AND converted_at IS NULL AND due_at > $since ORDER BY id"
    return _read(db, where, {"people": list(people), "since": since})


def counts(db: duckdb.DuckDBPyConnection) -> list[Count]:
    """See `ActingStore.counts`."""
    rows = db.execute(
        "SELECT campaign_id, channel, state, because, count(*) FROM deliveries"
        " GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [
        Count(campaign, Channel(channel), State(state), because and Because(because), count)
        for campaign, channel, state, because, count in rows
    ]


def approved_counts(db: duckdb.DuckDBPyConnection, campaigns: Collection[str]) -> dict[str, int]:
    """See `ActingStore.approved_counts`."""
    return dict(
        db.execute(
            "SELECT campaign_id, count(*) FROM deliveries"
            " WHERE approved AND campaign_id IN (SELECT unnest(?::VARCHAR[])) GROUP BY ALL",
            [list(campaigns)],
        ).fetchall()
    )


def page(
    db: duckdb.DuckDBPyConnection,
    *,
    campaign_id: str | None,
    people: Collection[int],
    states: Collection[State],
    because: Because | None,
    channel: Channel | None,
    after: str | None,
    limit: int,
    latest_first: bool,
) -> list[Delivery]:
    """See `ActingStore.deliveries`."""
    beyond, order = ("<", "DESC") if latest_first else (">", "ASC")
    clauses = ["true"]
    values: dict[str, object] = {"limit": limit}
    if campaign_id is not None:
        clauses.append("campaign_id = $campaign")
        values["campaign"] = campaign_id
    if people:
        clauses.append("person IN (SELECT unnest($people::INTEGER[]))")
        values["people"] = list(people)
    if states:
        clauses.append("state IN (SELECT unnest($states::VARCHAR[]))")
        values["states"] = [one.value for one in states]
    if because is not None:
        clauses.append("because = $because")
        values["because"] = because.value
    if channel is not None:
        clauses.append("channel = $channel")
        values["channel"] = channel.value
    if after is not None:
        clauses.append(
            f"(known_at, id) {beyond} (SELECT (known_at, id) FROM deliveries WHERE id = $after)"
        )
        values["after"] = after
    ordered = f"ORDER BY known_at {order}, id {order} LIMIT $limit"
    return _read(db, f"{' AND '.join(clauses)} {ordered}", values)


def _read(db: duckdb.DuckDBPyConnection, where: str, values: Any = None) -> list[Delivery]:
    rows = db.execute(f"SELECT {_COLUMNS} FROM deliveries WHERE {where}", values).fetchall()
    return [_delivery(dict(zip(_NAMES, row, strict=True))) for row in rows]


def _delivery(row: dict[str, Any]) -> Delivery:
    row["channel"], row["state"] = Channel(row["channel"]), State(row["state"])
    row["occasion"] = Occasion(row["occasion"])
    row["because"] = row["because"] and Because(row["because"])
    for name in _LISTS:
        row[name] = tuple(json.loads(row[name]))
    return Delivery(**row)
