"""Published transitions, read: pages of them, and the memberships that they amount to.

What is in force is what was published minus what was retracted of versions in force: the view
`boundaries`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from segue.adapters.duckdb_store import transitions as writing
from segue.domain.live import (
    CAUSES,
    Boundary,
    Crossing,
    CrossingsPage,
    Flow,
    Member,
    Membership,
    MembersPage,
    SegmentVersion,
    Transition,
)
from segue.domain.webhooks import Stretch
from segue.timeline.log import Int64s

_KIND: Final = "CASE WHEN retracted THEN 'retracted' WHEN entered THEN 'entered' ELSE 'left' END"
_OF_SEGMENTS: Final = """
    segment IN (
        SELECT code FROM segment_versions WHERE segment_id IN (SELECT unnest($segments::VARCHAR[]))
    )
"""
_STAYS: Final = """
    SELECT segment, person, true_at AS entered_at, left_at
    FROM (
        SELECT *, lead(true_at) OVER (PARTITION BY segment, person ORDER BY true_at) AS left_at
        FROM boundaries
        WHERE {which}
    )
    WHERE entered
"""
_INSIDE: Final = """
    SELECT person, distinct_id
    FROM (
        SELECT person FROM transitions WHERE segment = $segment AND true_at <= $at
        GROUP BY person HAVING sum(CASE WHEN entered <> retracted THEN 1 ELSE -1 END) > 0
    )
    JOIN texts_of_ids ON code = person
    WHERE distinct_id > $after ORDER BY distinct_id LIMIT $limit
"""
_CROSSINGS: Final = """
    WITH crossings AS MATERIALIZED (
        SELECT person, true_at FROM transitions
        WHERE segment = $segment AND entered = $entered AND true_at > $after AND true_at <= $until
        GROUP BY ALL HAVING sum(CASE WHEN retracted THEN -1 ELSE 1 END) > 0
    )
    SELECT person, true_at, (SELECT count(*) FROM crossings) AS total FROM crossings
    WHERE true_at < $at OR (true_at = $at AND person < $person)
    ORDER BY true_at DESC, person DESC LIMIT $limit
"""
_OF_PEOPLE: Final = "segment = $segment AND person IN (SELECT unnest($people::INTEGER[]))"


@dataclass(frozen=True, slots=True)
class Named:
    """A connection inside a transaction, and the distinct ids by code as far as they are known ("":
    not any more)."""

    db: duckdb.DuckDBPyConnection
    texts: Sequence[str]


# ------------------------------------------------------------------------------------- transitions


def transitions(
    named: Named,
    *,
    after: int,
    limit: int,
    segment_id: str | None = None,
    person_id: str | None = None,
    only_live: bool = False,
) -> list[Transition]:
    """See `TransitionReader.transitions`."""
    clauses = ["id > $after"] + ["live"] * only_live
    values: dict[str, object] = {"after": after, "limit": limit}
    if segment_id is not None:
        clauses.append(_OF_SEGMENTS)
        values["segments"] = [segment_id]
    if person_id is not None:
        clauses.append("person IN (SELECT code FROM texts_of_ids WHERE distinct_id = $person)")
        values["person"] = person_id
    return _page(named, " AND ".join(clauses), values)


def undelivered(
    named: Named,
    *,
    after: int,
    limit: int,
    live_only: bool,
    segments: Collection[str],
    kinds: Collection[str],
) -> Stretch:
    """See `WebhookStore.undelivered`."""
    clauses = ["id > $after"] + ["live"] * live_only
    values: dict[str, object] = {"after": after, "limit": limit}
    if segments:
        clauses.append(_OF_SEGMENTS)
        values["segments"] = list(segments)
    if kinds:
        clauses.append(f"{_KIND} IN (SELECT unnest($kinds::VARCHAR[]))")
        values["kinds"] = list(kinds)
    found = _page(named, " AND ".join(clauses), values)
    if len(found) == limit:
        return Stretch(tuple(found), found[-1].id if found else after)
    last = writing.position(named.db).next_transition - 1
    return Stretch(tuple(found), max(after, last))


def transitions_by_id(named: Named, ids: Sequence[int]) -> dict[int, Transition]:
    """Those of these transitions that there are, by id."""
    values = {"ids": list(ids), "limit": len(ids)}
    found = _page(named, "id IN (SELECT unnest($ids::BIGINT[]))", values)
    return {one.id: one for one in found}


def count_transitions(db: duckdb.DuckDBPyConnection) -> int:
    """How many transitions are published."""
    ((count,),) = db.execute("SELECT count(*) FROM transitions").fetchall()
    return int(count)


def published_segments(db: duckdb.DuckDBPyConnection) -> set[str]:
    """The ids of all segments that ever had a version."""
    rows = db.execute("SELECT DISTINCT segment_id FROM segment_versions").fetchall()
    return {segment_id for (segment_id,) in rows}


def segment_versions(db: duckdb.DuckDBPyConnection, segment_id: str) -> list[SegmentVersion]:
    """All versions of a segment, oldest first."""
    rows = db.execute(
        "SELECT code, segment_id, version, fingerprint, since, until FROM segment_versions"
        " WHERE segment_id = ? ORDER BY version",
        [segment_id],
    ).fetchall()
    return [SegmentVersion(*row) for row in rows]


def _page(named: Named, where: str, values: dict[str, object]) -> list[Transition]:
    rows = named.db.execute(
        "SELECT id, segment_id, version, person, entered, true_at, known_at, cause,"
        " retracted, corrected, live, ref FROM transitions"
        " JOIN segment_versions ON segment_versions.code = transitions.segment"
        f" WHERE {where} ORDER BY id LIMIT $limit",
        values,
    ).fetchall()
    people = _texts(named, {row[3] for row in rows})
    event_ids = _event_ids(named.db, {row[11] for row in rows if row[11] is not None})
    return [_transition(row, people[row[3]], event_ids.get(row[11])) for row in rows]


def _transition(row: tuple[Any, ...], person_id: str, event_id: str | None) -> Transition:
    number, segment_id, version, _, entered, at, known_at, cause = row[:8]
    retracted, corrected, live = row[8:11]
    return Transition(
        number,
        segment_id,
        version,
        person_id,
        Boundary.ENTERED if entered else Boundary.LEFT,
        at,
        known_at,
        CAUSES[cause],
        retracted=retracted,
        corrected=corrected,
        live=live,
        event_id=event_id,
    )


def _texts(named: Named, codes: Collection[int]) -> dict[int, str]:
    """The ids of people by code; of former ones they are looked up."""
    known = len(named.texts)
    found = {code: named.texts[code] if code < known else "" for code in codes}
    if missing := [code for code, text in found.items() if not text]:
        query = "SELECT code, distinct_id FROM texts_of_ids WHERE code IN (SELECT unnest(?::INT[]))"
        found |= dict(named.db.execute(query, [missing]).fetchall())
    return found


def _event_ids(db: duckdb.DuckDBPyConnection, refs: Collection[int]) -> dict[int, str]:
    """The ids of events by reference, as far as they are still stored."""
    if not refs:
        return {}
    query = "SELECT ref, event_id FROM events WHERE ref IN (SELECT unnest(?::BIGINT[]))"
    return dict(db.execute(query, [list(refs)]).fetchall())


# ------------------------------------------------------------------------------------- memberships


def members(
    db: duckdb.DuckDBPyConnection, segment_id: str, *, at: int, after: str | None, limit: int
) -> MembersPage:
    """See `TransitionReader.members`."""
    code = _in_force(db, segment_id)
    if code is None:
        return MembersPage((), None)
    page: dict[str, object] = {"at": at, "after": after or "", "limit": limit + 1}
    inside = db.execute(_INSIDE, {"segment": code, **page}).fetchall()
    stays = db.execute(
        f"SELECT person, entered_at, left_at FROM ({_STAYS.format(which=_OF_PEOPLE)})"
        " WHERE entered_at <= $at AND (left_at IS NULL OR left_at > $at)",
        {"segment": code, "at": at, "people": [person for person, _ in inside[:limit]]},
    ).fetchall()
    when = {person: (entered_at, left_at) for person, entered_at, left_at in stays}
    found = tuple(Member(name, *when[person]) for person, name in inside[:limit])
    return MembersPage(found, found[-1].person_id if len(inside) > limit else None)


def memberships_of(
    db: duckdb.DuckDBPyConnection, person: int, segment_id: str | None = None
) -> list[Membership]:
    """Every stay of the person with this code, by segment and instant."""
    # With a list to look in, DuckDB groups everybody's boundaries where the list comes late.
    which = "person = $person"
    values: dict[str, object] = {"person": person}
    if segment_id is not None:
        which += f" AND {_OF_SEGMENTS}"
        values["segments"] = [segment_id]
    rows = db.execute(
        f"SELECT segment_id, entered_at, left_at FROM ({_STAYS.format(which=which)})"
        " JOIN segment_versions ON code = segment ORDER BY segment_id, entered_at",
        values,
    ).fetchall()
    return [Membership(*row) for row in rows]


def net_boundaries(db: duckdb.DuckDBPyConnection) -> pa.Table:
    """What is published and not retracted of the versions in force, sorted by all columns:
    `segment` int32, `person` int32, `at` int64 (ms), `entered` bool."""
    return db.sql(
        'SELECT segment, person, true_at AS "at", entered FROM boundaries ORDER BY ALL'
    ).to_arrow_table()


def flows(db: duckdb.DuckDBPyConnection, segment_id: str, limits: Sequence[int]) -> list[Flow]:
    """See `TransitionReader.flows`. What was taken back is subtracted, and counted by a step, as in
    `changes`."""
    if not limits:
        return []
    rows = db.execute(
        "SELECT CASE WHEN true_at <= $first THEN -1 ELSE (true_at - $first - 1) // $step END"
        " AS bucket, entered, sum(CASE WHEN retracted THEN -1 ELSE 1 END)::BIGINT AS count"
        " FROM transitions WHERE segment = $segment AND true_at <= $last GROUP BY ALL",
        {"segment": _in_force(db, segment_id), **_stepped(limits)},
    ).fetchnumpy()
    begun = limits[0] + rows["bucket"] * _step(limits)
    stretch: Int64s = np.searchsorted(np.array(limits, np.int64), begun, side="right")
    entered, counts = rows["entered"], rows["count"]
    came, went = (
        np.bincount(stretch[which], counts[which], minlength=len(limits)).astype(np.int64)
        for which in (entered, ~entered)
    )
    each = zip(came.tolist(), went.tolist(), np.cumsum(came - went).tolist(), strict=True)
    return [Flow(*one) for one in each][1:]


def crossings(
    named: Named,
    segment_id: str,
    boundary: Boundary,
    *,
    after: int,
    until: int,
    before: tuple[int, int] | None,
    limit: int,
) -> CrossingsPage:
    """See `TransitionReader.crossings`. The cursor is the instant and the code of the last one."""
    at, person = before or (until + 1, 0)
    stretch = {"after": after, "until": until, "at": at, "person": person, "limit": limit + 1}
    which = {"segment": _in_force(named.db, segment_id), "entered": boundary is Boundary.ENTERED}
    rows = named.db.execute(_CROSSINGS, {**which, **stretch}).fetchall()
    shown = rows[:limit]
    names = _texts(named, {code for code, _, _ in shown})
    found = tuple(Crossing(names[code], instant) for code, instant, _ in shown)
    cursor = (shown[-1][1], shown[-1][0]) if len(rows) > limit else None
    return CrossingsPage(found, rows[0][2] if rows else 0, cursor)


def changes(
    db: duckdb.DuckDBPyConnection, limits: Sequence[int]
) -> dict[str, list[tuple[int, int]]]:
    """See `TransitionReader.changes`. What was taken back is subtracted, so that no person has to
    be looked at alone; counted by the largest step that all limits but the last lie on."""
    rows = db.execute(
        "SELECT segment, (true_at - $first - 1) // $step AS bucket, entered,"
        " sum(CASE WHEN retracted THEN -1 ELSE 1 END)::BIGINT AS count FROM transitions"
        " WHERE true_at > $first AND true_at <= $last GROUP BY ALL",
        _stepped(limits),
    ).fetchnumpy()
    ids = dict(
        db.execute("SELECT code, segment_id FROM segment_versions WHERE until IS NULL").fetchall()
    )
    codes, segment = np.unique(rows["segment"], return_inverse=True)
    begun = limits[0] + rows["bucket"] * _step(limits)
    stretch = np.searchsorted(np.array(limits, np.int64), begun, side="right") - 1
    place = (segment * (len(limits) - 1) + stretch) * 2 + ~rows["entered"]
    size = len(codes) * (len(limits) - 1) * 2
    counts = np.bincount(place, rows["count"], minlength=size).astype(np.int64)
    each = counts.reshape(len(codes), len(limits) - 1, 2).tolist()
    pairs = zip(codes.tolist(), each, strict=True)
    return {ids[code]: [(a, b) for a, b in days] for code, days in pairs if code in ids}


def _stepped(limits: Sequence[int]) -> dict[str, int]:
    return {"first": limits[0], "last": limits[-1], "step": _step(limits)}


def _step(limits: Sequence[int]) -> int:
    """The largest step that all limits but the last lie on."""
    return math.gcd(*(b - a for a, b in pairwise(limits[:-1]))) or max(limits[-1] - limits[0], 1)


def _in_force(db: duckdb.DuckDBPyConnection, segment_id: str) -> int | None:
    """The code of the version of a segment that is in force."""
    query = "SELECT code FROM segment_versions WHERE segment_id = ? AND until IS NULL"
    rows = db.execute(query, [segment_id]).fetchall()
    return rows[0][0] if rows else None
