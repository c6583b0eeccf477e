"""Requests for event names alone: every one of them out of one pass over three integer columns.

Person and instant are packed into one integer, the rows are split by name, each part is sorted on
its own (in parallel: sorting releases the interpreter), and the instants are unpacked in place. So
there is no permutation, and nothing beside the answers stays in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segue.adapters.extract.order import offsets_of
from segue.adapters.extract.relation import People, Relation
from segue.adapters.extract.sql import Binder, all_of
from segue.timeline.log import Int64s, Occurrences

Codes = frozenset[int]
_THREADS = 4
_NONE = np.empty(0, np.int64)


def read_plain(
    relation: Relation, people: People, wanted: Collection[Codes], at: int | None
) -> dict[Codes, Occurrences]:
    """The occurrences of each wanted set of event names."""
    threads = min(_THREADS, relation.threads)
    packed = _pack(_table(relation, people, frozenset().union(*wanted), at), people, threads)
    uses = Counter(code for codes in wanted for code in codes)
    parts = [packed.part(codes, shared=any(uses[code] > 1 for code in codes)) for codes in wanted]
    with ThreadPoolExecutor(threads) as pool:
        answers = pool.map(lambda part: packed.occurrences(part, len(people)), parts)
        return dict(zip(wanted, answers, strict=True))


@dataclass(frozen=True, slots=True)
class _Packed:
    """Rows as `person << width | at - base`, those of one event name side by side: `places` says
    where by its code."""

    key: Int64s
    places: Mapping[int, slice]
    width: int
    base: int

    def part(self, codes: Codes, *, shared: bool) -> Int64s:
        """The rows of these names, in an array that nobody else will change."""
        parts = [self.key[self.places[code]] for code in codes if code in self.places]
        return parts[0] if len(parts) == 1 and not shared else np.concatenate([_NONE, *parts])

    def occurrences(self, key: Int64s, people: int) -> Occurrences:
        """Rows as occurrences: sorted and unpacked where they are."""
        key.sort()
        offsets = offsets_of(key >> self.width, people)
        key &= (1 << self.width) - 1
        key += self.base
        return Occurrences(offsets, key)


def _pack(table: pa.Table, people: People, threads: int) -> _Packed:
    """Pack the rows chunk by chunk, each row to where those of its name stand."""
    extremes = pc.min_max(table["occurred_at"]).as_py()
    base = extremes["min"] or 0
    width = ((extremes["max"] or 0) - base).bit_length()
    assert width + len(people).bit_length() <= 63
    batches = table.to_batches()
    names = [batch["name"].to_numpy() for batch in batches]
    highest = max((int(name.max()) for name in names if len(name)), default=0)
    narrow = np.uint16 if highest < 1 << 16 else np.int32  # NumPy sorts 16 bits by radix
    counts = np.array([np.bincount(name, minlength=highest + 1) for name in names], np.int64)
    counts = counts.reshape(len(batches), highest + 1)
    ends = np.cumsum(counts.T).reshape(highest + 1, len(batches))
    key = np.empty(len(table), np.int64)

    def fill(chunk: int) -> None:
        batch = batches[chunk]
        packed = people.index[batch["who"].to_numpy()].astype(np.int64)
        packed <<= width
        packed += batch["occurred_at"].to_numpy() - base
        packed = packed[np.argsort(names[chunk].astype(narrow), kind="stable")]
        taken = 0
        for code in np.flatnonzero(counts[chunk]).tolist():
            end, count = int(ends[code, chunk]), int(counts[chunk, code])
            key[end - count : end] = packed[taken : taken + count]
            taken += count

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, range(len(batches))))
    totals = counts.sum(axis=0)
    stops = np.cumsum(totals)
    places = {
        code: slice(int(stops[code] - totals[code]), int(stops[code]))
        for code in np.flatnonzero(totals).tolist()
    }
    return _Packed(key, places, width, base)


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
