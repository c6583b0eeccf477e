"""What operators have switched, whom nobody writes to, and events that say what became of messages.

Everything here runs inside a transaction of whoever calls.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa

from segue.adapters.duckdb_store.tables import registered
from segue.domain.acting import Controls, Fact, FactStretch, TriggeringEvent
from segue.domain.campaigns import Channel, Suppressed, Suppression

_ERASED: Final = "sha256:"
"""What stands before the hash of an address whose owner was erased."""
_PREFIXES: Final = ("$message_", "$survey_")
_FACTS: Final = """
    SELECT ref, name, who, occurred_at, properties::JSON::VARCHAR FROM events
    WHERE ref > $after AND name IN (SELECT unnest($names::INTEGER[]))
    ORDER BY ref LIMIT $limit
"""
_TRIGGERING: Final = """
    SELECT id, name, occurred_at, properties::JSON::VARCHAR
    FROM events
    JOIN (SELECT id, ref FROM transitions WHERE id IN (SELECT unnest(?::BIGINT[]))) USING (ref)
"""


# --------------------------------------------------------------------------------------- facts


def facts(
    db: duckdb.DuckDBPyConnection, names: Sequence[str], after: int, limit: int
) -> FactStretch:
    """See `ActingStore.facts`; `names` are the event names by code."""
    codes = [code for code, name in enumerate(names) if name.startswith(_PREFIXES)]
    values = {"after": after, "names": codes, "limit": limit}
    rows = db.execute(_FACTS, values).fetchall() if codes else []
    found = tuple(
        Fact(ref, names[name], who, at, json.loads(properties))
        for ref, name, who, at, properties in rows
    )
    if len(found) == limit:
        return FactStretch(found, found[-1].ref if found else after)
    return FactStretch(found, max(after, last_ref(db)))


def triggering(
    db: duckdb.DuckDBPyConnection, names: Sequence[str], transition_ids: Collection[int]
) -> dict[int, TriggeringEvent]:
    """See `ActingStore.triggering`; `names` are the event names by code."""
    rows = db.execute(_TRIGGERING, [list(transition_ids)]).fetchall()
    return {
        number: TriggeringEvent(names[name], at, json.loads(properties))
        for number, name, at, properties in rows
    }


def last_ref(db: duckdb.DuckDBPyConnection) -> int:
    """The reference of the last event; -1 where there is none."""
    ((last,),) = db.execute("SELECT coalesce(max(ref), -1) FROM events").fetchall()
    return int(last)


# ------------------------------------------------------------------------------- suppressions


def forms(addresses: Collection[str]) -> dict[str, str]:
    """All forms in which addresses may stand in the list, each with its address."""
    return {form: one.lower() for one in addresses for form in _forms(one)}


def listed(
    db: duckdb.DuckDBPyConnection, found: Collection[str], channel: Channel
) -> list[Suppressed]:
    """The entries with these addresses, in the form in which they stand in the list."""
    rows = db.execute(
        "SELECT address, channel, purpose, reason, since FROM suppressions"
        " WHERE channel = ? AND address IN (SELECT unnest(?::VARCHAR[])) ORDER BY ALL",
        [channel.value, list(found)],
    ).fetchall()
    return [_suppressed(row) for row in rows]


def _forms(address: str) -> tuple[str, str]:
    """How an address may stand in the list."""
    return address.lower(), hidden(address)


def hidden(address: str) -> str:
    """How the address of somebody who was erased stands in the list."""
    return _ERASED + hashlib.sha256(address.lower().encode()).hexdigest()


def suppress(db: duckdb.DuckDBPyConnection, entries: Sequence[Suppressed]) -> int:
    """See `ActingStore.suppress`: of an entry that is there the one there stays."""
    rows = pa.table(
        {
            "address": [one.address.lower() for one in entries],
            "channel": [one.channel.value for one in entries],
            "purpose": [one.purpose for one in entries],
            "reason": [one.reason.value for one in entries],
            "since": pa.array([one.since for one in entries], pa.int64()),
        }
    )
    with registered(db, "segue_suppressed", rows):
        ((count,),) = db.execute(
            "INSERT INTO suppressions"
            " SELECT DISTINCT ON (address, channel, purpose) * FROM segue_suppressed"
            " ANTI JOIN suppressions USING (address, channel, purpose)"
            " ORDER BY since"
        ).fetchall()
    return int(count)


def unsuppress(db: duckdb.DuckDBPyConnection, address: str, channel: Channel, purpose: str) -> bool:
    """See `ActingStore.unsuppress`."""
    ((count,),) = db.execute(
        "DELETE FROM suppressions WHERE address IN (?, ?) AND channel = ? AND purpose = ?",
        [*_forms(address), channel.value, purpose],
    ).fetchall()
    return bool(count)


def suppressions(db: duckdb.DuckDBPyConnection, *, after: str, limit: int) -> list[Suppressed]:
    """See `ActingStore.suppressions`."""
    rows = db.execute(
        "SELECT address, channel, purpose, reason, since FROM suppressions"
        " WHERE address IN (SELECT DISTINCT address FROM suppressions"
        " WHERE address > ? ORDER BY address LIMIT ?) ORDER BY ALL",
        [after, limit],
    ).fetchall()
    return [_suppressed(row) for row in rows]


def _suppressed(row: Sequence[Any]) -> Suppressed:
    address, channel, purpose, reason, since = row
    return Suppressed(address, Channel(channel), purpose, Suppression(reason), since)


def hide(db: duckdb.DuckDBPyConnection, addresses: Iterable[str]) -> None:
    """Leave of these addresses on the list only what tells whether one is the same."""
    rows = pa.table(
        {
            "address": [one.lower() for one in addresses],
            "hidden": [hidden(one) for one in addresses],
        }
    )
    with registered(db, "segue_hidden", rows):
        db.execute(
            "UPDATE suppressions SET address = segue_hidden.hidden FROM segue_hidden"
            " WHERE suppressions.address = segue_hidden.address"
        )


# ------------------------------------------------------------------------------------ controls


def controls(db: duckdb.DuckDBPyConnection) -> Controls:
    """See `ActingStore.controls`."""
    ((stopped,),) = db.execute("SELECT stopped FROM acting_progress").fetchall()
    rows = db.execute("SELECT campaign_id, paused, launched FROM campaign_controls").fetchall()
    return Controls(
        stopped,
        {one: paused for one, paused, _ in rows if paused is not None},
        {one: launched for one, _, launched in rows if launched is not None},
    )


def set_stopped(db: duckdb.DuckDBPyConnection, stopped: bool) -> None:
    """See `ActingStore.set_stopped`."""
    db.execute("UPDATE acting_progress SET stopped = ?", [stopped])


def set_paused(db: duckdb.DuckDBPyConnection, campaign_id: str, why: str | None) -> None:
    """See `ActingStore.set_paused`."""
    _control(db, campaign_id)
    db.execute("UPDATE campaign_controls SET paused = ? WHERE campaign_id = ?", [why, campaign_id])


def set_launched(db: duckdb.DuckDBPyConnection, campaign_id: str, at: int) -> None:
    """See `ActingStore.set_launched`."""
    _control(db, campaign_id)
    db.execute("UPDATE campaign_controls SET launched = ? WHERE campaign_id = ?", [at, campaign_id])


def _control(db: duckdb.DuckDBPyConnection, campaign_id: str) -> None:
    """A row for the campaign, where there is none."""
    db.execute(
        "INSERT INTO campaign_controls SELECT $id, NULL, NULL"
        " WHERE $id NOT IN (SELECT campaign_id FROM campaign_controls)",
        {"id": campaign_id},
    )
