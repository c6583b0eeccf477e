"""The shape of what is extracted from: any DuckDB relation of events, and its people."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, Final, Self

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from segue.adapters.extract.sharing import shared
from segue.adapters.extract.sql import Bindable
from segue.timeline.log import Int32s

COLUMNS: Final = ("ref", "who", "name", "occurred_at", "sequence", "event_id", "properties")
"""The canonical columns of a relation of events: `ref` BIGINT is unique (what `events()` finds an
event by), `who` INTEGER the code of a distinct id, `name` INTEGER the code of an event name,
`occurred_at` BIGINT in ms, `sequence` BIGINT or NULL, `event_id` VARCHAR, `properties` VARIANT."""


class Sources(Enum):
    """Which answers carry references to their events."""

    NONE = "none"
    ORDERED = "ordered"
    """Ordered ones and writes of traits: what is needed to order them among others later."""
    ALL = "all"


_PLACEHOLDER: Final = re.compile(r"\$(\w+)")


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view of events with the canonical columns, visible to `connection`.

    `source` is its name, chosen by Segue and never by a user. `names` are the event names by code.
    """

    connection: duckdb.DuckDBPyConnection
    source: str
    names: Sequence[str]

    def table(self, query: str, parameters: Mapping[str, Bindable]) -> pa.Table:
        """The answer to a query with named parameters, as an Arrow table.

        Parameters that the query does not name are left out: a column that was compiled and then
        not needed leaves its values behind, and DuckDB refuses values without a place.
        """
        return self.connection.sql(query, params=_used(query, parameters)).to_arrow_table()


@dataclass(frozen=True, slots=True)
class SmallRelation(Relation):
    """A relation of so few events that it takes longer to plan a statement than to run it."""

    def table(self, query: str, parameters: Mapping[str, Bindable]) -> pa.Table:
        """See `Relation.table`. An Arrow result would have the statement planned twice."""
        text = shared(query, self.source)
        found = self.connection.execute(text, _used(text, parameters)).fetchnumpy()
        return pa.table({name: _array(column) for name, column in found.items()})


def _used(query: str, parameters: Mapping[str, Bindable]) -> dict[str, Bindable] | None:
    named = _PLACEHOLDER.findall(query)
    return {name: value for name, value in parameters.items() if name in named} or None


def _array(column: NDArray[Any]) -> pa.Array:
    kind = pa.string() if column.dtype == object else None
    return pa.array(np.ma.getdata(column), kind, mask=np.ma.getmaskarray(column))


@dataclass(frozen=True, slots=True)
class People:
    """The people who are asked about: `ids` in the order of their index, and `index` int32[codes]:
    the person behind each code of a distinct id, -1 for nobody who is asked about."""

    ids: Sequence[str]
    index: Int32s

    def __len__(self) -> int:
        return len(self.ids)

    def of(self, whos: Int32s) -> Int32s:
        """The person of each code of a distinct id; -1 for nobody who is asked about."""
        return self.index[whos]

    @classmethod
    def by_code(cls, count: int) -> Self:
        """The codes from 0 up to `count`, each a person of its own, without an id."""
        return cls([""] * count, np.arange(count, dtype=np.int32))

    @property
    def are_partial(self) -> bool:
        """Whether some distinct ids belong to nobody who is asked about."""
        return bool(np.any(self.index < 0))


@dataclass(frozen=True, slots=True)
class Few:
    """Some distinct ids, each a person of its own: `whos` int32[P], ascending; nobody else is in
    the relation. What it takes to find them does not depend on how many others there are."""

    whos: Int32s
    are_partial: ClassVar[bool] = False

    def __len__(self) -> int:
        return len(self.whos)

    def of(self, whos: Int32s) -> Int32s:
        """The place of each code."""
        return np.searchsorted(self.whos, whos).astype(np.int32)
