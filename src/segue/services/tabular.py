"""What a table that is no event log can still say: outcomes by group, and what texts are about.

A table with one row per person and yes-or-no columns is often an experiment or a profile: the
groups that differ most in an outcome are worth knowing. A table of texts with a label is voices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

MOST_GROUPS: Final = 8
"""A column of more values is no grouping that a reader can compare."""

ALIKE: Final = 0.02
"""Shares that differ by less are taken as equal."""


@dataclass(frozen=True, slots=True)
class Rates:
    """How often `outcome` (a 0/1 column) is 1 within each value of `group`: (value, rows, share),
    highest share first. `alike_in` are the 0/1 columns before `group` whose shares hardly differ
    between its values: as many as there are, and it looks like an experiment."""

    group: str
    outcome: str
    rows: tuple[tuple[str, int, float], ...]
    alike_in: tuple[str, ...] = ()

    @property
    def spread(self) -> float:
        """The difference between the highest and the lowest share."""
        return self.rows[0][2] - self.rows[-1][2]


@dataclass(frozen=True, slots=True)
class Topics:
    """A column of texts with a column of labels: how many labels, and the most frequent."""

    text: str
    label: str
    labels: int
    rows: int
    largest: tuple[tuple[str, int], ...]


def rates_by_group(table: pa.Table) -> Rates | None:
    """The grouping and the outcome between whose groups the shares differ most; None where the
    table has no 0/1 column after a column of few values.

    A grouping whose groups were alike in every 0/1 column before it comes before all others: only
    there does a difference afterwards say what the group did.
    """
    outcomes = [name for name in table.column_names if _is_yes_or_no(table.column(name))]
    groups = [name for name in table.column_names if _is_grouping(table.column(name))]
    found = [one for group in groups for one in _rates_of(table, group, outcomes)]
    return max(found, key=lambda one: (bool(one.alike_in), one.spread), default=None)


def _rates_of(table: pa.Table, group: str, outcomes: Sequence[str]) -> list[Rates]:
    """The rates of every outcome that stands after the group, knowing those before it."""
    place = table.column_names.index(group)
    every = [_rates(table, group, outcome) for outcome in outcomes]
    every = [one for one in every if len(one.rows) > 1]
    before = [one for one in every if table.column_names.index(one.outcome) < place]
    alike = all(one.spread < ALIKE for one in before)
    names = tuple(one.outcome for one in before) if alike else ()
    return [replace(one, alike_in=names) for one in every if one not in before]


def topics(table: pa.Table) -> Topics | None:
    """The texts and their labels; None where no column is free text or none labels it."""
    texts = [name for name in table.column_names if _is_free_text(table.column(name))]
    labels = [
        name
        for name in table.column_names
        if name not in texts and _is_text(table.column(name).type)
    ]
    if not texts or not labels:
        return None
    counts = pc.value_counts(table.column(labels[0])).to_pylist()
    counts.sort(key=lambda one: (-one["counts"], str(one["values"])))
    largest = tuple((str(one["values"]), int(one["counts"])) for one in counts[:5])
    return Topics(texts[0], labels[0], len(counts), table.num_rows, largest)


def _rates(table: pa.Table, group: str, outcome: str) -> Rates:
    grouped = (
        pa.table({"group": table.column(group), "outcome": table.column(outcome).cast("float64")})
        .group_by("group")
        .aggregate([("outcome", "mean"), ("outcome", "count")])
        .to_pylist()
    )
    rows = [
        (str(one["group"]), int(one["outcome_count"]), float(one["outcome_mean"]))
        for one in grouped
        if one["group"] is not None and one["outcome_count"]
    ]
    rows.sort(key=lambda one: (-one[2], one[0]))
    return Rates(group, outcome, tuple(rows))


def _is_yes_or_no(values: pa.ChunkedArray) -> bool:
    if pa.types.is_boolean(values.type):
        return True
    if not pa.types.is_integer(values.type):
        return False
    return set(pc.unique(values.drop_null()).to_pylist()) == {0, 1}


def _is_grouping(values: pa.ChunkedArray) -> bool:
    return _is_text(values.type) and 2 <= pc.count_distinct(values).as_py() <= MOST_GROUPS


def _is_free_text(values: pa.ChunkedArray) -> bool:
    """Long, mostly different texts with spaces."""
    if not _is_text(values.type) or not len(values):
        return False
    different = pc.count_distinct(values).as_py() >= 0.9 * len(values)
    lengths = pc.mean(pc.utf8_length(values)).as_py() or 0
    return bool(different and lengths >= 20)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
