"""Requests for the writes of traits: one scan of the profile events for all of them.

`$identify` and `$set` write each top-level key of their properties, `$set_once` writes a key once,
`$unset` removes its keys (or those that a list `$unset` in its properties names). Writing null is
removing, except that `$set_once` of null is no write. `$anon_distinct_id` of `$identify` is
identity and no trait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from segue.adapters.extract.names import IDENTIFY, SET, SET_ONCE, TRAIT_EVENTS, UNSET, NameCodes
from segue.adapters.extract.order import Ranks, in_event_order, offsets_of, rank_ties
from segue.adapters.extract.relation import Few, People, Relation
from segue.adapters.extract.scan import Rows, Scan, codes, integers
from segue.adapters.extract.sql import once
from segue.adapters.extract.values import is_set, property_at
from segue.timeline import log
from segue.timeline.log import Answer, Code, Occurrences, Request, TraitRequest, TraitWrites

ANONYMOUS_ID = "$anon_distinct_id"
"""The key of `$identify` that links a distinct id and is no trait."""


def read_traits(
    relation: Relation,
    people: People | Few,
    requests: Sequence[TraitRequest],
    names: NameCodes,
    *,
    at: int | None,
    zone: str,
    sources: bool,
) -> dict[Request | TraitRequest, Answer]:
    """The writes of each requested trait, in event order."""
    if not requests:
        return {}
    scan = Scan(names, names.of(TRAIT_EVENTS), zone)
    columns = trait_columns(scan, requests)
    scan.wanted |= {f"({_kind(request.key, scan)}) IS NOT NULL" for request in requests}
    rows = scan.run(relation, people, at)
    ranks = rank_ties(relation, [rows.events])
    return trait_writes(rows, columns, len(people), ranks=ranks, sources=sources)


Columns: TypeAlias = Mapping[TraitRequest, tuple[str, str | None]]


def trait_columns(scan: Scan, requests: Sequence[TraitRequest]) -> Columns:
    """The columns of a scan that say what each event does to each trait, and the reading."""
    return {
        request: (scan.column(_kind(request.key, scan)), scan.read(request.reading))
        for request in requests
    }


def trait_writes(
    rows: Rows, columns: Columns, people: int, *, ranks: Ranks, sources: bool
) -> dict[Request | TraitRequest, Answer]:
    """The writes of each trait among the rows of a scan, in event order."""
    events, _ = in_event_order(rows.events, ranks)
    rows = Rows(events, rows.columns)
    return {
        request: _writes(rows, people, request, kind=kind, value=value, sources=sources)
        for request, (kind, value) in columns.items()
    }


def _kind(key: str, scan: Scan) -> str:
    """The SQL of what an event does to the trait: SET, REMOVE, SET_ONCE, or NULL for nothing."""
    if not key:
        return "NULL::TINYINT"
    name = scan.binder.bind(key)
    written = once(f"variant_exists(properties, {name})")
    present = is_set(property_at((key,), scan.binder))
    cases = []
    for event, effect in (
        (IDENTIFY, f"CASE WHEN {present} THEN {log.SET} WHEN {written} THEN {log.REMOVE} END"),
        (SET, f"CASE WHEN {present} THEN {log.SET} WHEN {written} THEN {log.REMOVE} END"),
        (SET_ONCE, f"CASE WHEN {present} THEN {log.SET_ONCE} END"),
        (UNSET, f"CASE WHEN {_unset(name)} THEN {log.REMOVE} END"),
    ):
        for code in scan.names.of([event]):
            ignored = event == IDENTIFY and key == ANONYMOUS_ID
            cases.append(f"WHEN {code} THEN {'NULL' if ignored else effect}")
    return f"(CASE name {' '.join(cases)} END)::TINYINT" if cases else "NULL::TINYINT"


def _unset(name: str) -> str:
    """Whether `$unset` removes the key: named in its list, or without a list a property."""
    listed = f"variant_extract(properties, '{UNSET}')"
    texts = f"try_cast({listed} AS VARCHAR[])"
    return (
        f"CASE WHEN starts_with(variant_typeof({listed}), 'ARRAY')"
        f" THEN list_contains({texts}, {name})"
        f" ELSE {once(f'variant_exists(properties, {name})')} END"
    )


def _writes(
    rows: Rows,
    people: int,
    request: TraitRequest,
    *,
    kind: str,
    value: str | None,
    sources: bool,
) -> TraitWrites:
    kinds, known = integers(rows.columns[kind])
    events = rows.events
    if known is not None:
        events = events.taken(np.flatnonzero(known[events.row]))
    assert value is not None
    column = rows.columns[value]
    coded = isinstance(request.reading, Code)
    read, readable = codes([column])[0] if coded else integers(column)
    writes = Occurrences(
        offsets_of(events.person, people),
        events.at,
        value=read[events.row],
        known=None if readable is None else readable[events.row],
        source=events.ref if sources else None,
    )
    return TraitWrites(writes, kinds[events.row].astype(np.int8))
