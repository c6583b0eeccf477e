"""The one compiler of patterns, filters, readings and trait requests to bound DuckDB SQL.

`extract` answers many requests about a relation of events in as few scans as it can, straight
through Arrow into the arrays of `segue.timeline.log`. The event store, frames without a store and a
Spark partition all call it, so a filter means the same everywhere.
"""

from __future__ import annotations

from segue.adapters.extract.answer import extract, first_seen, is_plain
from segue.adapters.extract.content import CONTENT
from segue.adapters.extract.few import extract_few
from segue.adapters.extract.filters import check_regex
from segue.adapters.extract.linking import OTHER_ID
from segue.adapters.extract.names import (
    IDENTIFY,
    LINK_EVENTS,
    SET,
    SET_ONCE,
    TRAIT_EVENTS,
    UNSET,
    NameCodes,
)
from segue.adapters.extract.order import ranks
from segue.adapters.extract.relation import COLUMNS, FEW, People, Relation, SmallRelation, Sources
from segue.adapters.extract.traits import ANONYMOUS_ID

__all__ = [
    "ANONYMOUS_ID",
    "COLUMNS",
    "CONTENT",
    "FEW",
    "IDENTIFY",
    "LINK_EVENTS",
    "OTHER_ID",
    "SET",
    "SET_ONCE",
    "TRAIT_EVENTS",
    "UNSET",
    "NameCodes",
    "People",
    "Relation",
    "SmallRelation",
    "Sources",
    "check_regex",
    "extract",
    "extract_few",
    "first_seen",
    "is_plain",
    "ranks",
]
