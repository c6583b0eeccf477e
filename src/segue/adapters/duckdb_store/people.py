"""The people of a store: links read from its events, folded, and laid over the distinct ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import duckdb
import numpy as np

from segue.adapters.duckdb_store.dictionary import Dictionary
from segue.adapters.extract import ANONYMOUS_ID, LINK_EVENTS, NameCodes, People, Relation
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
    anonymous = text_of(f"variant_extract(properties, {binder.bind(ANONYMOUS_ID)})")
    alias = text_of(f"variant_extract(properties, {binder.bind('alias')})")
    identify = binder.among("name", codes.of([LinkKind.IDENTIFY]))
    table = relation.table(
        f"SELECT name, who, CASE WHEN {identify} THEN {anonymous} ELSE {alias} END AS other"
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


class Directory:
    """Who is who in a store; kept until links or distinct ids are added."""

    def __init__(self, ids: Dictionary) -> None:
        self._ids = ids
        self._identities: Identities | None = None
        self._members: Mapping[str, Sequence[str]] = {}
        self._everybody: People | None = None

    def links_changed(self) -> None:
        """Read and fold the links again when next asked."""
        self._identities = None
        self._everybody = None

    def identities(self, db: duckdb.DuckDBPyConnection, names: Sequence[str]) -> Identities:
        """What the links of the store amount to."""
        if self._identities is None:
            self._identities = read_identities(Relation(db, "events", names), self._ids.texts)
            members: dict[str, list[str]] = defaultdict(list)
            for distinct_id, person_id in self._identities.person_of.items():
                members[person_id].append(distinct_id)
            self._members = {person_id: sorted(found) for person_id, found in members.items()}
        return self._identities

    def everybody(self, identities: Identities) -> People:
        """All people, sorted by the UTF-8 bytes of their ids."""
        if self._everybody is None or len(self._everybody.index) != len(self._ids):
            owners = [identities.person(distinct_id) for distinct_id in self._ids.texts]
            person_ids = sorted(set(owners) - {""}, key=str.encode)
            place = {person_id: index for index, person_id in enumerate(person_ids)} | {"": -1}
            index = np.fromiter(map(place.__getitem__, owners), np.int32, len(owners))
            self._everybody = People(person_ids, index)
        return self._everybody

    def some(self, identities: Identities, wanted: Collection[str]) -> People:
        """Those of the named people who exist, sorted like everybody."""
        index = np.full(len(self._ids), -1, np.int32)
        found: list[str] = []
        for person_id in sorted(set(wanted), key=str.encode):
            codes = [self._ids.code(member) for member in self.members(identities, person_id)]
            known = [code for code in codes if code is not None]
            index[known] = len(found)
            found += [person_id] if known else []
        return People(found, index)

    def members(self, identities: Identities, person_id: str) -> Sequence[str]:
        """The distinct ids of a person, sorted; none where nobody has this person id."""
        if person_id in self._members:
            return self._members[person_id]
        alone = self._ids.code(person_id) is not None and identities.person(person_id) == person_id
        return [person_id] if alone else []

    def person_of(self, identities: Identities, distinct_id: str) -> str | None:
        """The person who has this distinct id; None where it never occurred."""
        known = self._ids.code(distinct_id) is not None or distinct_id in identities.person_of
        return identities.person(distinct_id) if known else None
