"""The people of a store: links read from its events, folded, and laid over the distinct ids."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np

from segue.adapters.extract import LINK_EVENTS, NameCodes, People, Relation
from segue.adapters.extract.sql import Binder
from segue.adapters.extract.values import text_of
from segue.domain.identity import Identities, Link, LinkKind, fold_links


def read_identities(relation: Relation, ids: Sequence[str]) -> Identities:
    """Fold the links of all events, in event order. `ids` are the distinct ids by code."""
    codes = NameCodes(relation.names)
    linking = codes.of(LINK_EVENTS)
    if not linking:
        return fold_links(())
    binder = Binder()
    anonymous = text_of(f"variant_extract(properties, {binder.bind('$anon_distinct_id')})")
    alias = text_of(f"variant_extract(properties, {binder.bind('alias')})")
    identify = binder.among("name", codes.of([LinkKind.IDENTIFY]))
    table = relation.table(
        f"SELECT name, who, CASE WHEN {identify} THEN {anonymous} ELSE {alias} END AS other"  # noqa: S608
        f" FROM {relation.source} WHERE {binder.among('name', linking)}"
        " ORDER BY occurred_at, sequence NULLS FIRST, event_id",
        binder.values,
    )
    rows = zip(*(table[name].to_pylist() for name in ("name", "who", "other")), strict=True)
    return fold_links(_links(relation, ids, rows))


def _links(
    relation: Relation, ids: Sequence[str], rows: Iterable[tuple[int, int, str | None]]
) -> Iterable[Link]:
    for name, who, other in rows:
        kind = LinkKind(relation.names[name])
        if other is not None or kind is LinkKind.IDENTIFY:
            yield Link(kind, ids[who], other)


def everybody(ids: Sequence[str], identities: Identities) -> People:
    """All people, sorted by the UTF-8 bytes of their ids."""
    owners = [identities.person_of.get(distinct_id, distinct_id) for distinct_id in ids]
    person_ids = sorted(set(owners), key=str.encode)
    place = {person_id: index for index, person_id in enumerate(person_ids)}
    return People(person_ids, np.array([place[owner] for owner in owners], np.int32))


def some_people(wanted: Collection[str], ids: Sequence[str], identities: Identities) -> People:
    """The named people, those who exist, sorted like everybody."""
    everyone = everybody(ids, identities)
    kept = {
        index: number
        for number, index in enumerate(
            index for index, person_id in enumerate(everyone.ids) if person_id in wanted
        )
    }
    return People(
        [everyone.ids[index] for index in kept],
        np.array([kept.get(index, -1) for index in everyone.index.tolist()], np.int32),
    )
