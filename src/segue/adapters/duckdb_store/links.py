"""The links that events attempted, refused ones included, by codes of distinct ids.

Of equal links the earliest counts (see `segue.domain.identity.resolve`), so that the many
`$identify` events of one person are one link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segue.adapters.duckdb_store.dictionary import Dictionary
from segue.adapters.duckdb_store.tables import registered
from segue.adapters.extract import LINK_EVENTS, OTHER_ID, NameCodes, Relation
from segue.domain.identity import (
    IGNORED_IDS,
    Link,
    LinkKind,
    Place,
    Refusal,
    fold_links,
    is_ignored,
    place_of,
)
from segue.timeline.log import Bools, Int32s, Int64s

KINDS: Final = tuple(LinkKind)
NOBODY: Final = -1
"""In place of the other id where a link names none, or one that is nobody's: such a link only says
that its distinct id is known."""

Attempt: TypeAlias = tuple[int, int, int]
"""A link that was attempted: the place of its kind in `KINDS`, the code of its distinct id, and
that of the other one, or `NOBODY`."""

_GIVEN: Final = f"""
    SELECT {OTHER_ID} AS other
    FROM (SELECT event AS kind, properties::JSON::VARIANT AS properties FROM segue_links)
"""
_LINKS: Final = f"""
    SELECT * FROM (
        SELECT kind, who, {OTHER_ID} AS other, occurred_at, sequence, event_id
        FROM (
            SELECT * EXCLUDE (name), names.name AS kind
            FROM {{source}} AS links JOIN names ON names.code = links.name
            WHERE links.name IN ({{names}}) AND {{whos}}
        )
    )
    WHERE other IS NOT NULL OR kind = '{LinkKind.IDENTIFY}'
"""
_ATTEMPTED: Final = """
    SELECT links.*, others.code AS code, CASE WHEN others.code IS NULL THEN other END AS unknown
    FROM ({links}) AS links
    LEFT JOIN distinct_ids AS others ON others.distinct_id = other
    ORDER BY occurred_at, sequence NULLS FIRST, event_id
"""
_TEXTS: Final = """
    SELECT kind, distinct_id, other FROM ({links}) AS links
    JOIN distinct_ids ON distinct_ids.code = who
    ORDER BY occurred_at, sequence NULLS FIRST, event_id
"""
_SUSPICIOUS: Final = (
    "(?i)[^a-z0-9\\[]*(" + "|".join(sorted(map(re.escape, IGNORED_IDS))) + ")?[^a-z0-9\\]]*"
)
"""Every id that is nobody's matches this, and few others do."""


@dataclass(frozen=True, slots=True)
class Given:
    """The N links of a batch: their kinds, distinct ids, others (None: none) and places."""

    kinds: Sequence[str]
    distinct_ids: Sequence[str]
    others: Sequence[str | None]
    places: Sequence[Place]

    def new_ids(self, ids: Dictionary) -> list[str]:
        """The other ids that have no code yet and need one, in order."""
        found = {
            other: None
            for distinct_id, other in zip(self.distinct_ids, self.others, strict=True)
            if other is not None
            and ids.code(other) is None
            and not is_ignored(other)
            and not is_ignored(distinct_id)
        }
        return list(found)

    def attempts(self, ids: Dictionary) -> Iterator[tuple[Attempt, Place]]:
        """The links that may link somebody, by codes."""
        rows = zip(self.kinds, self.distinct_ids, self.others, self.places, strict=True)
        for kind, distinct_id, other, place in rows:
            if not is_ignored(distinct_id):
                one = NOBODY if other is None or is_ignored(other) else _code(ids, other)
                yield (KINDS.index(LinkKind(kind)), _code(ids, distinct_id), one), place


def _code(ids: Dictionary, text: str) -> int:
    code = ids.code(text)
    if code is None:
        raise KeyError(text)
    return code


def given(db: duckdb.DuckDBPyConnection, batch: pa.Table) -> Given | None:
    """The links of a batch; None where it has none."""
    rows = batch.filter(pc.is_in(batch["event"], pa.array(LINK_EVENTS)))
    if not len(rows):
        return None
    with registered(db, "segue_links", rows):
        others = db.sql(_GIVEN).to_arrow_table()["other"].to_pylist()
    rows = rows.append_column("other", pa.array(others, pa.string()))
    rows = rows.filter(_meant(rows["event"].to_pylist(), others))
    columns = (rows[name].to_pylist() for name in ("occurred_at", "sequence", "event_id"))
    places = [place_of(*one) for one in zip(*columns, strict=True)]
    kinds, distinct_ids, named = (
        rows[name].to_pylist() for name in ("event", "distinct_id", "other")
    )
    return Given(kinds, distinct_ids, named, places)


def _meant(kinds: Sequence[str], others: Sequence[str | None]) -> pa.Array:
    """Whether each event is a link: an alias of nothing is none."""
    pairs = zip(kinds, others, strict=True)
    return pa.array([other is not None or kind == LinkKind.IDENTIFY for kind, other in pairs])


@dataclass(frozen=True, slots=True)
class Attempts:
    """Different links in event order, N of them: the columns of `Attempt`, and of their places."""

    kind: Int32s
    who: Int32s
    other: Int32s
    occurred_at: Int64s
    sequence: pa.Array
    event_id: pa.Array

    def __len__(self) -> int:
        return len(self.kind)

    def taken(self, rows: Int64s) -> Attempts:
        """Some of them, in the order given."""
        return Attempts(
            self.kind[rows],
            self.who[rows],
            self.other[rows],
            self.occurred_at[rows],
            self.sequence.take(pa.array(rows)),
            self.event_id.take(pa.array(rows)),
        )

    def pairs(self, start: int = 0, end: int | None = None) -> Iterator[tuple[Attempt, Place]]:
        """Each link with its place, of a slice."""
        part = slice(start, end)
        links = zip(
            self.kind[part].tolist(), self.who[part].tolist(), self.other[part].tolist(),
            strict=True,
        )  # fmt: skip
        places = map(
            place_of,
            self.occurred_at[part].tolist(),
            self.sequence[part].to_pylist(),
            self.event_id[part].to_pylist(),
        )
        return zip(links, places, strict=True)


def attempted(relation: Relation, ids: Dictionary, whos: Sequence[int] | None = None) -> Attempts:
    """The links that events attempted: of everybody, or those with these codes of distinct ids.

    Other ids that no event carries get codes, which are written.
    """
    found = relation.connection.sql(_ATTEMPTED.format(links=_links(relation, whos)))
    rows, nobody = found.to_arrow_table(), _nobodys(relation.connection, ids)
    who = rows["who"].to_numpy()
    other = rows["code"].fill_null(NOBODY).to_numpy().astype(np.int32)
    other[np.isin(other, nobody)] = NOBODY
    somebody = ~np.isin(who, nobody)
    new = rows["unknown"].is_valid().to_numpy() & somebody
    other[new] = _numbered(relation.connection, ids, rows["unknown"].filter(new).to_pylist())
    every = Attempts(
        _kinds(rows["kind"]),
        who,
        other,
        rows["occurred_at"].to_numpy(),
        rows["sequence"].combine_chunks(),
        rows["event_id"].combine_chunks(),
    )
    return every.taken(_earliest(every, somebody))


def refusals(relation: Relation) -> tuple[Refusal, ...]:
    """The links that were not made, in event order, repeated ones each time."""
    rows = relation.connection.sql(_TEXTS.format(links=_links(relation, None))).fetchall()
    return fold_links(Link(LinkKind(kind), who, other) for kind, who, other in rows).refusals


def _links(relation: Relation, whos: Sequence[int] | None) -> str:
    codes = NameCodes(relation.names).of(LINK_EVENTS)
    return _LINKS.format(
        source=relation.source,
        names=", ".join(map(str, codes)) or "NULL",
        whos="true" if whos is None else f"who IN ({', '.join(map(str, whos))})",
    )


def _kinds(texts: pa.ChunkedArray) -> Int32s:
    """The place of each kind in `KINDS`."""
    found: Int32s = pc.index_in(texts, pa.array(KINDS, pa.string())).to_numpy()
    return found.astype(np.int32)


def _nobodys(db: duckdb.DuckDBPyConnection, ids: Dictionary) -> Int32s:
    """The codes of ids that are nobody's, as far as events carry them."""
    query = "SELECT code FROM distinct_ids WHERE regexp_full_match(distinct_id, ?)"
    likely = (code for (code,) in db.execute(query, [_SUSPICIOUS]).fetchall())
    return np.array([code for code in likely if is_ignored(ids.texts[code])], np.int32)


def _numbered(db: duckdb.DuckDBPyConnection, ids: Dictionary, texts: Sequence[str]) -> list[int]:
    """The codes of ids that had none, and now have; `NOBODY` for those that are nobody's."""
    ids.add(db, [text for text in dict.fromkeys(texts) if not is_ignored(text)])
    codes = (ids.code(text) for text in texts)
    return [NOBODY if code is None else code for code in codes]


def _earliest(attempts: Attempts, meant: Bools) -> Int64s:
    """Of equal ones the first, in order, those not meant left out."""
    who, other = attempts.who.astype(np.uint64), (attempts.other + 1).astype(np.uint64)
    key = (who << np.uint64(33)) | (other << np.uint64(2)) | attempts.kind.astype(np.uint64)
    _, first = np.unique(key, return_index=True)
    first.sort()
    chosen: Int64s = first[meant[first]]
    return chosen
