"""Webhook endpoints and dead letters in the store: see `WebhookStore`.

Everything here runs inside a transaction of whoever calls. A dead letter refers to its transition
and copies nothing of it, so that what is erased is gone here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import duckdb

from segue.adapters.duckdb_store.published import Named, transitions_by_id
from segue.domain.webhooks import DeadLetter, Endpoint

_ENDPOINTS: Final = """
    SELECT * FROM webhook_endpoints ORDER BY created_at, id
"""


def endpoints(db: duckdb.DuckDBPyConnection) -> list[Endpoint]:
    """All of them, oldest first."""
    return [_endpoint(row) for row in db.execute(_ENDPOINTS).fetchall()]


def _endpoint(row: tuple[Any, ...]) -> Endpoint:
    number, url, secret, cursor, created_at, live_only, segments, kinds, *texts = row
    return Endpoint(
        number,
        url,
        secret,
        cursor,
        created_at,
        live_only,
        tuple(segments),
        tuple(kinds),
        *texts,
    )


def save_endpoint(db: duckdb.DuckDBPyConnection, endpoint: Endpoint) -> None:
    """Keep an endpoint, in place of the one with its id."""
    db.execute("DELETE FROM webhook_endpoints WHERE id = ?", [endpoint.id])
    db.execute(
        "INSERT INTO webhook_endpoints VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            endpoint.id,
            endpoint.url,
            endpoint.secret,
            endpoint.cursor,
            endpoint.created_at,
            endpoint.live_only,
            list(endpoint.segments),
            list(endpoint.kinds),
            endpoint.description,
            endpoint.disabled,
        ],
    )


def delete_endpoint(db: duckdb.DuckDBPyConnection, endpoint_id: str) -> None:
    """Forget an endpoint and its dead letters."""
    db.execute("DELETE FROM dead_letters WHERE endpoint = ?", [endpoint_id])
    db.execute("DELETE FROM webhook_endpoints WHERE id = ?", [endpoint_id])


def advance(db: duckdb.DuckDBPyConnection, endpoint_id: str, cursor: int) -> None:
    """Move an endpoint's cursor forwards."""
    db.execute(
        "UPDATE webhook_endpoints SET cursor = $cursor WHERE id = $id AND cursor < $cursor",
        {"id": endpoint_id, "cursor": cursor},
    )


def bury(db: duckdb.DuckDBPyConnection, letter: DeadLetter) -> None:
    """Keep a dead letter, in place of an earlier one of its endpoint and transition."""
    exhume(db, letter.endpoint_id, [letter.transition.id])
    db.execute(
        "INSERT INTO dead_letters VALUES (?, ?, ?, ?, ?)",
        [
            letter.endpoint_id,
            letter.transition.id,
            letter.attempts,
            letter.buried_at,
            letter.error,
        ],
    )


def dead_letters(named: Named, endpoint_id: str, *, after: int, limit: int) -> list[DeadLetter]:
    """Dead letters by ascending id of their transitions, from the first id beyond `after`."""
    rows = named.db.execute(
        "SELECT transition, attempts, buried_at, error FROM dead_letters"
        " WHERE endpoint = ? AND transition > ? ORDER BY transition LIMIT ?",
        [endpoint_id, after, limit],
    ).fetchall()
    found = transitions_by_id(named, [row[0] for row in rows])
    return [DeadLetter(endpoint_id, found[row[0]], *row[1:]) for row in rows if row[0] in found]


def exhume(db: duckdb.DuckDBPyConnection, endpoint_id: str, transition_ids: Sequence[int]) -> int:
    """Forget dead letters; how many there were."""
    ((count,),) = db.execute(
        "DELETE FROM dead_letters"
        " WHERE endpoint = ? AND transition IN (SELECT unnest(?::BIGINT[]))",
        [endpoint_id, list(transition_ids)],
    ).fetchall()
    return int(count)
