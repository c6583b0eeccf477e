"""Requests for event names alone: every one of them out of one pass over three integer columns.

Person and instant are packed into one integer, the rows are split by name, each part is sorted on
its own (in parallel: sorting releases the interpreter), and the instants are unpacked in place. So
there is no permutation, and nothing beside the answers stays in memory.
"""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segue.adapters.extract.order import offsets_of
from segue.adapters.extract.relation import People, Relation
from segue.adapters.extract.sql import Binder, all_of
from segue.timeline.log import Int32s, Int64s, Occurrences

Codes = frozenset[int]
_THREADS = 4


def read_plain(
    relation: Relation, people: People, wanted: Collection[Codes], at: int | None
) -> dict[Codes, Occurrences]:
    """The occurrences of each wanted set of event names."""
    rows = _pack(relation, people, frozenset().union(*wanted), at)
    with ThreadPoolExecutor(_THREADS) as pool:
        answers = pool.map(lambda codes: rows.occurrences(codes, len(people)), wanted)
        return dict(zip(wanted, answers, strict=True))


@dataclass(frozen=True, slots=True)
class _Packed:
    """Rows as `person << width | at - base`, with the code of the event name of each."""

    name: Int32s
    key: Int64s
    width: int
    base: int

    def occurrences(self, codes: Codes, people: int) -> Occurrences:
        """The rows of these names as occurrences."""
        key = self.key[self._chosen(codes)]
        key.sort()
        offsets = offsets_of(key >> self.width, people)
        key &= (1 << self.width) - 1
        key += self.base
        return Occurrences(offsets, key)

    def _chosen(self, codes: Codes) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        chosen = np.zeros(len(self.name), np.bool_)
        for code in codes:
            chosen |= self.name == code
        return chosen


def _pack(relation: Relation, people: People, codes: Codes, at: int | None) -> _Packed:
    """Pack the rows chunk by chunk: nothing of the table is copied, and it is gone on return."""
    table = _table(relation, people, codes, at)
    extremes = pc.min_max(table["occurred_at"]).as_py()
    base = extremes["min"] or 0
    width = ((extremes["max"] or 0) - base).bit_length()
    assert width + len(people).bit_length() <= 63
    name, key = np.empty(len(table), np.int32), np.empty(len(table), np.int64)
    end = 0
    for batch in table.to_batches():
        here = slice(end, end := end + len(batch))
        name[here] = batch["name"].to_numpy()
        key[here] = people.index[batch["who"].to_numpy()]
        key[here] <<= width
        key[here] += batch["occurred_at"].to_numpy() - base
    return _Packed(name, key, width, base)


def _table(relation: Relation, people: People, codes: Codes, at: int | None) -> pa.Table:
    """Who, name and instant of every row of people who are asked about."""
    binder = Binder()
    conditions = [binder.among("name", codes)]
    if at is not None:
        conditions.append(f"occurred_at <= {binder.bind(at)}::BIGINT")
    table = relation.table(
        f"SELECT who, name, occurred_at FROM {relation.source} WHERE {all_of(conditions)}",
        binder.values,
    )
    if not people.are_partial:
        return table
    return table.filter(people.index[table["who"].to_numpy()] >= 0)
