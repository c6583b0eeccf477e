"""The shape of what is extracted from: any DuckDB relation of events, and its people."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any, ClassVar, Final, Self

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from segue.adapters.extract.sql import Bindable, inlined, lifted
from segue.adapters.statements import parsed
from segue.timeline.log import Int32s, Int64s

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

    @property
    def threads(self) -> int:
        """How many threads may work on what is read: as many as the database may use."""
        ((found,),) = self.connection.execute("SELECT current_setting('threads')").fetchall()
        return int(found)

    def table(self, query: str, parameters: Mapping[str, Bindable]) -> pa.Table:
        """The answer to a query with named parameters, as an Arrow table.

        Parameters that the query does not name are left out: a column that was compiled and then
        not needed leaves its values behind, and DuckDB refuses values without a place.
        """
        text = inlined(query)
        return self.connection.sql(text, params=_used(text, parameters)).to_arrow_table()

    def in_order(self, refs: Int64s) -> Int64s:
        """These events, by reference and each once, in the order of `sequence` (none first), bytes
        of the event id, reference: the order of those that are of one person and instant."""
        connection = self.connection
        connection.register("segue_refs", pa.table({"ref": refs}))
        try:
            found = self.table(
                f"SELECT ref FROM {self.source} JOIN segue_refs USING (ref)"
                " ORDER BY sequence NULLS FIRST, event_id, ref",
                {},
            )
        finally:
            connection.unregister("segue_refs")
        return _integers(found["ref"])


FEW: Final = ("ref", "who", "name", "occurred_at", "sequence", "event_id")
"""The columns of what is known of few events without a statement."""


@dataclass(frozen=True, slots=True)
class SmallRelation(Relation):
    """A relation of so few events that it takes longer to plan a statement than to run it.

    `rows` is what stands in it, columns `FEW`, ascending by reference; `parameters` are those that
    `source` names.
    """

    rows: pa.Table
    parameters: Mapping[str, Bindable] = field(default_factory=dict)

    def columns(
        self, expressions: Mapping[str, str], parameters: Mapping[str, Bindable]
    ) -> dict[str, pa.ChunkedArray]:
        """What expressions, each with its name, come to: by name a value for each of `rows`."""
        if not expressions:
            return {}
        selected = ", ".join(f"{text} AS {name}" for text, name in expressions.items())
        text, named = _selecting(selected, self.source)
        known = {**parameters, **self.parameters}
        values = {name: known[name] for name in named if name in known} or None
        # An Arrow result would have the statement planned twice.
        found = self.connection.execute(parsed(text), values).fetchnumpy()
        place = np.argsort(found.pop("ref"), kind="stable")
        return {name: pa.chunked_array([_array(c[place])]) for name, c in found.items()}

    def in_order(self, refs: Int64s) -> Int64s:
        """See `Relation.in_order`."""
        found = self.rows.filter(pa.array(np.isin(self.rows["ref"].to_numpy(), refs)))
        found = found.append_column("is_numbered", found["sequence"].is_valid())
        keys = [(name, "ascending") for name in ("is_numbered", "sequence", "event_id", "ref")]
        return _integers(found["ref"].take(pc.sort_indices(found, sort_keys=keys)))


@lru_cache(maxsize=256)
def _selecting(selected: str, source: str) -> tuple[str, tuple[str, ...]]:
    """The query of what is selected, beside `ref`, and the parameters that it may name."""
    selected, source = lifted(selected, source)
    text = f"SELECT ref, {selected} FROM {source}"
    return text, tuple(set(_PLACEHOLDER.findall(text)))


def _used(query: str, parameters: Mapping[str, Bindable]) -> dict[str, Bindable] | None:
    named = _PLACEHOLDER.findall(query)
    return {name: value for name, value in parameters.items() if name in named} or None


def _integers(column: pa.ChunkedArray) -> Int64s:
    found: Int64s = column.to_numpy()
    return found


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
